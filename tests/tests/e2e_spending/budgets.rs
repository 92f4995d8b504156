//! An AWS Budget for each account, in step with the policy.

use crate::world::{World, text};
use serde_json::{Value, json};
use tests::unique;

impl World {
    /// Brings the budgets in step; how many were changed.
    async fn in_step(&self) -> u64 {
        let answer = self.aws.invoke(self.stack.output("BudgetsFunctionName"), &json!({})).await;
        assert_eq!(answer.error, None, "{}", answer.payload);
        answer.payload["changed"].as_u64().expect("a number")
    }

    async fn budgets_api(&self, action: &str, mut body: Value) -> Value {
        body["AccountId"] = json!(self.management());
        self.aws.json("budgets", &format!("AWSBudgetServiceGateway.{action}"), &body).await
    }

    async fn budget(&self, name: &str) -> Value {
        let asked = json!({"BudgetName": name, "ShowFilterExpression": true});
        self.budgets_api("DescribeBudget", asked).await["Budget"].take()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_account_has_its_budget_and_others_stay_as_they_are() {
    let world = World::new().await;
    let account = world.account("dev").await;
    let foreign = unique("foreign");
    let limit = json!({"Amount": "7", "Unit": "USD"});
    let made =
        json!({"Budget": {"BudgetName": foreign, "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": limit}});
    world.budgets_api("CreateBudget", made).await;
    let before = world.budget(&foreign).await;
    world.spent(&account, 20).await;
    world.step(&account).await;

    assert!(world.in_step().await >= 1);
    let name = format!("ai-landing-zone-{account}");
    let budget = world.budget(&name).await;
    let amount = |budget: &Value| text(budget, "/BudgetLimit/Amount").parse::<f64>().ok();
    assert_eq!(amount(&budget), Some(500.0), "{budget}");
    assert!(budget.to_string().contains(&account), "{budget}");
    let told = world.budgets_api("DescribeNotificationsForBudget", json!({"BudgetName": name})).await;
    let told = told["Notifications"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&str> = told.iter().map(|one| text(one, "/NotificationType")).collect();
    assert!(kinds.contains(&"ACTUAL") && kinds.contains(&"FORECASTED"), "{told:?}");
    for notification in &told {
        let asked = json!({"BudgetName": name, "Notification": notification});
        let subscribers = world.budgets_api("DescribeSubscribersForNotification", asked).await;
        let topic = world.stack.output("BellTopicArn");
        assert_eq!(subscribers["Subscribers"], json!([{"SubscriptionType": "SNS", "Address": topic}]));
    }

    // Nothing is touched that is as it should be: an update makes the spend zero for hours.
    world.gateway.post("/_local/budgets/spend", &json!({"budgets": [{"name": name, "actual": "20"}]})).await;
    assert_eq!(world.in_step().await, 0);
    assert_eq!(text(&world.budget(&name).await, "/CalculatedSpend/ActualSpend/Amount").parse::<f64>().ok(), Some(20.0));
    world.allow(&account, "limit", "750").await;
    world.quiet().await;
    assert_eq!(world.in_step().await, 1);
    assert_eq!(amount(&world.budget(&name).await), Some(750.0));
    assert_eq!(world.in_step().await, 0);
    assert_eq!(world.budget(&foreign).await, before);
    world.budgets_api("DeleteBudget", json!({"BudgetName": foreign})).await;
    world.end().await;
}

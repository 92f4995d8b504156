//! The calls that bring a budget in step: pure. What is equal is not touched, for an update makes AWS forget what was spent
//! until there is new data (<https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_UpdateBudget.html>).

use crate::{
    existing::{Existing, Told},
    wanted::Wanted,
};
use aws::Call;
use landing_zone::AccountId;
use serde_json::{Map, Value, json};

/// What only AWS says, and what may not stand beside the fields of ours.
const NOT_SENT: [&str; 7] = [
    "CalculatedSpend",
    "LastUpdatedTime",
    "HealthStatus",
    "CostFilters",
    "CostTypes",
    "PlannedBudgetLimits",
    "AutoAdjustData",
];

/// A change of a budget.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// What it is, in a word.
    pub(crate) what: &'static str,
    pub(crate) call: Call,
}

/// Where budgets are and whom they ring.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pub(crate) payer: &'a AccountId,
    pub(crate) topic: &'a str,
}

impl Place<'_> {
    fn change(&self, what: &'static str, action: &str, parameters: Value) -> Change {
        let mut call = Call::new("budgets", action, parameters);
        call.parameters.insert("AccountId".to_owned(), self.payer.as_str().into());
        Change { what, call }
    }

    fn subscriber(&self) -> Value {
        json!({"SubscriptionType": "SNS", "Address": self.topic})
    }

    /// What brings the budget that is there, if any, to what is wanted.
    pub(crate) fn towards(&self, wanted: &Wanted, existing: Option<&Existing>) -> Vec<Change> {
        let Some(existing) = existing else { return vec![self.create(wanted)] };
        let mut changes = Vec::new();
        if !existing.fits(wanted) {
            let new = updated(wanted, &existing.document);
            changes.push(self.change("updated", "UpdateBudget", json!({"NewBudget": new})));
        }
        let (asked, odd): (Vec<&Told>, Vec<&Told>) =
            existing.told.iter().partition(|told| told.alert.is_some_and(|alert| wanted.alerts.contains(&alert)));
        // What people added stays; a notification without subscribers is gone.
        for told in odd.into_iter().filter(|told| told.topics.iter().any(|topic| topic == self.topic)) {
            changes.push(self.bell(
                wanted,
                "silenced",
                "DeleteSubscriber",
                told,
                json!({"Subscriber": self.subscriber()}),
            ));
        }
        for told in &asked {
            // A notification has one topic at most.
            match told.topics.first() {
                Some(topic) if topic == self.topic => {}
                Some(other) => {
                    let old = json!({"SubscriptionType": "SNS", "Address": other});
                    let parameters = json!({"OldSubscriber": old, "NewSubscriber": self.subscriber()});
                    changes.push(self.bell(wanted, "rewired", "UpdateSubscriber", told, parameters));
                }
                None => {
                    let parameters = json!({"Subscriber": self.subscriber()});
                    changes.push(self.bell(wanted, "rewired", "CreateSubscriber", told, parameters));
                }
            }
        }
        let is_there = |alert: &_| asked.iter().any(|told| told.alert.as_ref() == Some(alert));
        for alert in wanted.alerts.iter().filter(|alert| !is_there(alert)) {
            let parameters = json!({"BudgetName": wanted.name, "Notification": alert.document(),
                "Subscribers": [self.subscriber()]});
            changes.push(self.change("rewired", "CreateNotification", parameters));
        }
        changes
    }

    /// What removes a budget.
    pub(crate) fn removal(&self, name: &str) -> Change {
        self.change("deleted", "DeleteBudget", json!({"BudgetName": name}))
    }

    fn create(&self, wanted: &Wanted) -> Change {
        let subscribers = json!([self.subscriber()]);
        let alerts: Vec<Value> = wanted
            .alerts
            .iter()
            .map(|alert| json!({"Notification": alert.document(), "Subscribers": subscribers}))
            .collect();
        let parameters = json!({"Budget": wanted.document(), "NotificationsWithSubscribers": alerts});
        self.change("created", "CreateBudget", parameters)
    }

    fn bell(&self, wanted: &Wanted, what: &'static str, action: &str, told: &Told, parameters: Value) -> Change {
        let mut change = self.change(what, action, parameters);
        change.call.parameters.insert("BudgetName".to_owned(), wanted.name.as_str().into());
        change.call.parameters.insert("Notification".to_owned(), told.document.clone());
        change
    }
}

/// The whole budget, for an update replaces the whole: also what it has and the suite does not know.
fn updated(wanted: &Wanted, existing: &Map<String, Value>) -> Map<String, Value> {
    let mut document = existing.clone();
    document.retain(|name, _| !NOT_SENT.contains(&name.as_str()));
    if document.get("TimeUnit").and_then(Value::as_str) != Some(wanted.time_unit()) {
        // It began with a period of another length.
        document.remove("TimePeriod");
    }
    document.extend(wanted.document());
    document
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TOPIC, payer, standard};
    use std::collections::BTreeMap;

    fn plan(wanted: &Wanted, existing: Option<&Existing>) -> Vec<Change> {
        Place { payer: &payer(), topic: TOPIC }.towards(wanted, existing)
    }

    /// The budget as AWS shows it once it was made.
    fn as_shown(wanted: &Wanted) -> Existing {
        let mut document = wanted.document();
        document.insert("BudgetLimit".to_owned(), json!({"Amount": "500.0", "Unit": "USD"}));
        document.insert("CalculatedSpend".to_owned(), json!({"ActualSpend": {"Amount": "0.0", "Unit": "USD"}}));
        document.insert("TimePeriod".to_owned(), json!({"Start": 1_793_491_200, "End": 3_706_473_600_u64}));
        document.insert("HealthStatus".to_owned(), json!({"Status": "HEALTHY"}));
        document.insert(
            "FilterExpression".to_owned(),
            json!({"And": [
            {"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": ["Refund", "Credit"], "MatchOptions": ["EQUALS"]}}},
            {"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["111122223333"], "MatchOptions": ["EQUALS"]}}]}),
        );
        let told = wanted
            .alerts
            .iter()
            .map(|alert| {
                let mut document = alert.document();
                document["Threshold"] = json!(document["Threshold"].as_f64().unwrap());
                document["NotificationState"] = json!("OK");
                let mut told = Told::read(&document);
                told.topics.push(TOPIC.to_owned());
                told
            })
            .collect();
        Existing { name: wanted.name.clone(), document, told }
    }

    fn words(changes: &[Change]) -> Vec<(&str, &str)> {
        changes.iter().map(|change| (change.what, change.call.action.as_str())).collect()
    }

    #[test]
    fn what_is_equal_is_not_touched() {
        let wanted = standard();
        assert_eq!(plan(&wanted, Some(&as_shown(&wanted))), []);
    }

    #[test]
    fn a_budget_is_made_with_its_bells() {
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(plan(&standard(), None).remove(0).call); });
    }

    #[test]
    fn every_field_of_ours_is_compared_and_an_update_keeps_the_rest() {
        let wanted = standard();
        for (field, value) in [
            ("BudgetLimit", json!({"Amount": "500.01", "Unit": "USD"})),
            ("BudgetLimit", json!({"Amount": "500", "Unit": "EUR"})),
            ("BudgetType", json!("USAGE")),
            ("TimeUnit", json!("QUARTERLY")),
            ("Metrics", json!(["NetUnblendedCost"])),
            ("FilterExpression", json!({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["111122223333"]}})),
            ("FilterExpression", json!({"Or": []})),
            ("FilterExpression", Value::Null),
            ("CostFilters", json!({"LinkedAccount": ["111122223333"]})),
            ("PlannedBudgetLimits", json!({"1793491200": {"Amount": "1", "Unit": "USD"}})),
            ("AutoAdjustData", json!({"AutoAdjustType": "FORECAST"})),
        ] {
            let mut existing = as_shown(&wanted);
            existing.document.insert(field.to_owned(), value.clone());
            existing.document.insert("BillingViewArn".to_owned(), json!("arn:aws:billing::999988887777:view"));
            let changes = plan(&wanted, Some(&existing));
            assert_eq!(words(&changes), [("updated", "UpdateBudget")], "{field} {value}");
            let new = &changes[0].call.parameters["NewBudget"];
            assert_eq!(new["BudgetLimit"], json!({"Amount": "500", "Unit": "USD"}));
            assert_eq!(new["BillingViewArn"], "arn:aws:billing::999988887777:view");
            assert_eq!(new.get("TimePeriod").is_none(), field == "TimeUnit");
            assert!(NOT_SENT.iter().all(|name| new.get(name).is_none()), "{new}");
        }
    }

    #[test]
    fn bells_are_brought_in_step_and_those_of_people_stay() {
        let wanted = standard();
        let mut existing = as_shown(&wanted);
        // 80 rings nobody, 100 an old topic, 110 is missing, and of two that nobody wants one is ours.
        existing.told[0].topics.clear();
        existing.told[1].topics = vec!["arn:aws:sns:us-east-1:999988887777:old".to_owned()];
        existing.told.remove(2);
        let odd = |threshold: u32, topics: &[&str]| Told {
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            ..Told::read(&json!({"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
                "Threshold": threshold, "ThresholdType": "ABSOLUTE_VALUE"}))
        };
        existing.told.extend([odd(80, &[TOPIC]), odd(90, &[])]);
        let changes = plan(&wanted, Some(&existing));
        assert_eq!(
            words(&changes),
            [
                ("silenced", "DeleteSubscriber"),
                ("rewired", "CreateSubscriber"),
                ("rewired", "UpdateSubscriber"),
                ("rewired", "CreateNotification"),
            ]
        );
        let calls: BTreeMap<&str, &Map<String, Value>> =
            changes.iter().map(|change| (change.call.action.as_str(), &change.call.parameters)).collect();
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(calls); });
    }
}

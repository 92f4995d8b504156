//! The API of AWS Budgets. It has one endpoint for all Regions.

use crate::{
    existing::{Existing, Told},
    plan::Change,
};
use aws::{AwsFault, Call, SdkConfig, each};
use landing_zone::AccountId;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Budgets of a page
/// (<https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_DescribeBudgets.html>).
const PAGE: u32 = 100;

/// All budgets with the prefix, with their notifications but without the subscribers of these.
pub(crate) async fn budgets(config: &SdkConfig, payer: &AccountId, prefix: &str) -> Result<Vec<Existing>, AwsFault> {
    let mut told: BTreeMap<String, Vec<Told>> = BTreeMap::new();
    let listing = json!({"MaxResults": PAGE});
    for budget in
        pages(config, payer, "DescribeBudgetNotificationsForAccount", "BudgetNotificationsForAccount", &listing).await?
    {
        let notifications = each(budget.get("Notifications")).iter().map(Told::read);
        told.entry(name(&budget)).or_default().extend(notifications);
    }
    let listing = json!({"MaxResults": PAGE, "ShowFilterExpression": true});
    let all = pages(config, payer, "DescribeBudgets", "Budgets", &listing).await?;
    let named = all.into_iter().filter_map(|document| match document {
        Value::Object(document) => Some((document.get("BudgetName")?.as_str()?.to_owned(), document)),
        _ => None,
    });
    let prefixed = named.filter(|(name, _)| name.starts_with(prefix));
    Ok(prefixed
        .map(|(name, document)| Existing { told: told.remove(&name).unwrap_or_default(), name, document })
        .collect())
}

/// Reads whom the notifications of a budget ring.
pub(crate) async fn subscribers(config: &SdkConfig, payer: &AccountId, budget: &mut Existing) -> Result<(), AwsFault> {
    for told in &mut budget.told {
        let listing = json!({"BudgetName": budget.name, "Notification": told.document, "MaxResults": PAGE});
        let found = pages(config, payer, "DescribeSubscribersForNotification", "Subscribers", &listing).await?;
        let topics = found.iter().filter(|one| one.get("SubscriptionType") == Some(&json!("SNS")));
        told.topics = topics.filter_map(|one| Some(one.get("Address")?.as_str()?.to_owned())).collect();
    }
    Ok(())
}

/// Makes a change. What is there already, or gone already, is done.
pub(crate) async fn make(config: &SdkConfig, change: &Change) -> Result<(), AwsFault> {
    match aws::send(config, &change.call).await {
        Ok(_) => Ok(()),
        Err(fault) if change.call.action.starts_with("Create") && fault.code() == "DuplicateRecordException" => Ok(()),
        Err(fault) if change.call.action.starts_with("Delete") && fault.code() == "NotFoundException" => Ok(()),
        Err(fault) => Err(fault),
    }
}

async fn pages(
    config: &SdkConfig,
    payer: &AccountId,
    action: &str,
    list: &str,
    parameters: &Value,
) -> Result<Vec<Value>, AwsFault> {
    let mut all = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut parameters = parameters.as_object().cloned().unwrap_or_else(Map::new);
        parameters.insert("AccountId".to_owned(), payer.as_str().into());
        parameters.extend(token.take().map(|token| ("NextToken".to_owned(), token.into())));
        let answer = aws::send(config, &Call::new("budgets", action, Value::Object(parameters))).await?;
        all.extend(answer.get(list).and_then(Value::as_array).into_iter().flatten().cloned());
        token = answer.get("NextToken").and_then(Value::as_str).filter(|token| !token.is_empty()).map(str::to_owned);
        if token.is_none() {
            return Ok(all);
        }
    }
}

fn name(of: &Value) -> String {
    of.get("BudgetName").and_then(Value::as_str).unwrap_or_default().to_owned()
}

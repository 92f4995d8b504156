//! Messages about cost: what AWS Budgets and Cost Anomaly Detection tell. They ring a bell and blame nobody: what was
//! spent is read where it is on record.

mod anomaly;
mod budget;
mod carrier;

use crate::Money;
use jiff::civil::Date;
use landing_zone::AccountId;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What a message about cost is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// AWS Budgets: a threshold was passed.
    Budget(BudgetNotice),
    /// Cost Anomaly Detection: more was spent than expected.
    Anomaly(AnomalyNotice),
    /// Nothing to act on, and why.
    Ignored(String),
}

/// A message that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Rejected(pub String);

/// A budget for cost that passed a threshold. Another account than the budget's may have spent the money: the message
/// does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BudgetNotice {
    /// The account that the budget lies in.
    pub account: AccountId,
    /// The name of the budget.
    pub budget: String,
    /// Whether it was spent or is expected to be.
    pub kind: AlertKind,
    /// What was spent, or is expected to be; below zero where credits weigh more.
    pub amount: Money,
    /// What the budget allows, in the same currency.
    pub limit: Money,
    /// What the alert was set to, in the same currency.
    pub threshold: Money,
    /// The day that the message is of.
    pub sent_on: Date,
}

/// What an alert of a budget is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertKind {
    /// What was spent.
    Actual,
    /// What is expected to be spent until the period ends.
    Forecasted,
}

/// An anomaly. It is told again, with the same id, while it lasts and grows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AnomalyNotice {
    /// Its id.
    pub id: String,
    /// Its first day.
    pub start: Date,
    /// Its last day so far.
    pub end: Option<Date>,
    /// What it cost beyond what was expected, in USD.
    pub impact: Decimal,
    /// The same in percent of what was expected; none where that was nothing, as with a new service.
    pub percentage: Option<Decimal>,
    /// What the monitor looks at, where that is a service.
    pub service: Option<String>,
    /// The accounts that caused it; none where that is unknown. The account of the monitor is never among them for that.
    pub causes: Vec<Cause>,
    /// What was left out of the message, and why.
    pub skipped: Vec<String>,
}

/// One cause of an anomaly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The account that spent the money.
    pub account: AccountId,
    /// On which service.
    pub service: Option<String>,
    /// In which Region.
    pub region: Option<String>,
    /// For which type of usage.
    pub usage_type: Option<String>,
    /// Its part of the impact, in USD.
    pub contribution: Option<Decimal>,
}

/// Where messages may come from.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Door {
    /// ARNs of the SNS topics that are listened to; any topic where there are none. What comes without the envelope of
    /// SNS shows no topic, so that the policy of the queue has to keep others out.
    pub topics: Vec<String>,
}

/// Every notice in an event, whatever carries it and from whatever topic.
#[must_use]
pub fn notices(event: &Value) -> Vec<Result<Notice, Rejected>> {
    Door::default().notices(event)
}

/// The notice in the body of one SQS message, from whatever topic.
pub fn notice_in(body: &str) -> Result<Notice, Rejected> {
    Door::default().notice_in(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Payloads of AWS that lie beside the repository, where they do: `make corpus CORPUS=../shared/corpus` reads the
    /// same.
    const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus/finops");

    #[test]
    fn payloads_of_aws_are_read() {
        let folder = std::path::Path::new(CORPUS);
        if !folder.exists() {
            return;
        }
        let told = |file: &str| {
            let document = serde_json::from_slice(&std::fs::read(folder.join(file)).unwrap()).unwrap();
            let found = notices(&document).pop().unwrap().unwrap();
            match found {
                Notice::Budget(notice) => {
                    let BudgetNotice { account, budget, kind, amount, limit, threshold, sent_on } = notice;
                    format!("{account} {budget} {kind:?} {amount} of {limit} over {threshold} on {sent_on}")
                }
                Notice::Anomaly(notice) => {
                    let AnomalyNotice { id, start, end, impact, percentage, service, causes, skipped } = notice;
                    let accounts: Vec<&str> = causes.iter().map(|cause| cause.account.as_str()).collect();
                    format!("{id:.8} {start} {end:?} {impact} {percentage:?} {service:?} {accounts:?} {skipped:?}")
                }
                Notice::Ignored(why) => why,
            }
        };
        for (file, expected) in [
            (
                "budgets-sns-actual-daily.json",
                "111122223333 killswitch Actual 1.70 USD of 5.00 USD over 0.75 USD on 2023-03-05",
            ),
            (
                "budgets-sns-forecasted-via-sqs.json",
                "111122223333 test Forecasted 0.95 USD of 0.02 USD over 0.00 USD on 2026-01-28",
            ),
            (
                "cad-sns-individual.json",
                "12345678 2021-05-25 Some(2021-05-25) 1001 Some(333.67) Some(\"ServiceName\") [] \
                 [\"the cause \\\"AnomalousLinkedAccount\\\": must be an AWS account id of 12 digits\"]",
            ),
            (
                "eventbridge-anomaly-detected.json",
                "12345678 2021-05-25 Some(2021-05-25) 1001 Some(333.67) Some(\"Amazon SageMaker\") [\"111122223333\"] []",
            ),
        ] {
            assert_eq!(told(file), expected, "{file}");
        }
    }
}

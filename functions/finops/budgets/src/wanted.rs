//! The budget that an account is to have.

use finops::{Basis, Budget, Money, Override, Period, Policy};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use rust_decimal::{Decimal, RoundingStrategy};
use serde_json::{Map, Number, Value, json};
use std::collections::BTreeSet;

/// Notifications of a budget
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-budgets-budget.html>).
const MOST_ALERTS: usize = 5;

/// What is not use: left out where the limit is for what was used.
const CREDITS: [&str; 2] = ["Credit", "Refund"];

/// Accounts are looked into several times a day. What is known of one that was not for so long is not acted on.
const STALE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// When AWS rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alert {
    pub(crate) kind: AlertKind,
    /// In percent of the limit.
    pub(crate) above: Decimal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AlertKind {
    Actual,
    Forecasted,
}

impl AlertKind {
    pub(crate) fn id(self) -> &'static str {
        match self {
            Self::Actual => "ACTUAL",
            Self::Forecasted => "FORECASTED",
        }
    }
}

/// What a budget counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) accounts: BTreeSet<String>,
    /// Types of records that do not count.
    pub(crate) without: BTreeSet<String>,
}

/// The budget that an account is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) account: AccountId,
    pub(crate) name: String,
    pub(crate) limit: Money,
    period: Period,
    basis: Basis,
    pub(crate) alerts: BTreeSet<Alert>,
}

/// What the ledger says of an account.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is to have a budget.
    Wanted(Box<Wanted>),
    /// It is to have none: it is closed, or no AI account any more.
    Unwanted,
    /// Nobody knows.
    Unknown,
}

impl Standing {
    pub(crate) fn of(
        observed: Option<&finops::Observed>,
        policy: &Policy,
        change: Option<&Override>,
        prefix: &str,
        now: Timestamp,
    ) -> Self {
        let Some(observed) = observed.filter(|observed| now.duration_since(observed.at) <= STALE) else {
            return Self::Unknown;
        };
        let account = &observed.account;
        if account.ai_environment().is_none() {
            return Self::Unwanted;
        }
        let budget = policy.budget(&account.id, account.account_type, account.environment).with(change, now);
        Self::Wanted(Box::new(Wanted::new(account.id.clone(), prefix, &budget)))
    }
}

impl Wanted {
    fn new(account: AccountId, prefix: &str, budget: &Budget) -> Self {
        // AWS shows cents: what is finer would look changed at every look.
        let amount = budget.limit.round_dp_with_strategy(2, RoundingStrategy::ToPositiveInfinity);
        Self {
            name: name(prefix, &account),
            account,
            limit: Money { amount, currency: budget.currency },
            period: budget.period,
            basis: budget.basis,
            alerts: alerts(budget),
        }
    }

    pub(crate) fn time_unit(&self) -> &'static str {
        match self.period {
            Period::Daily => "DAILY",
            Period::Monthly => "MONTHLY",
            Period::Quarterly => "QUARTERLY",
            Period::Annually => "ANNUALLY",
        }
    }

    pub(crate) fn scope(&self) -> Scope {
        let without: &[&str] = if self.basis == Basis::Gross { &CREDITS } else { &[] };
        Scope {
            accounts: [self.account.to_string()].into(),
            without: without.iter().map(|kind| (*kind).to_owned()).collect(),
        }
    }

    /// The budget as the API takes it.
    pub(crate) fn document(&self) -> Map<String, Value> {
        let scope = self.scope();
        let account = json!({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": scope.accounts}});
        let credits = json!({"Not": {"Dimensions": {"Key": "RECORD_TYPE", "Values": scope.without}}});
        let filter = if scope.without.is_empty() { account } else { json!({"And": [account, credits]}) };
        let document = json!({
            "BudgetName": self.name,
            "BudgetType": "COST",
            "TimeUnit": self.time_unit(),
            "BudgetLimit": {"Amount": self.limit.amount.normalize().to_string(), "Unit": self.limit.currency},
            "FilterExpression": filter,
            "Metrics": ["UnblendedCost"],
        });
        match document {
            Value::Object(document) => document,
            _ => Map::new(),
        }
    }
}

impl Alert {
    /// The notification as the API takes it.
    pub(crate) fn document(self) -> Value {
        let threshold = self.above.normalize().to_string().parse::<Number>().ok();
        json!({"NotificationType": self.kind.id(), "ComparisonOperator": "GREATER_THAN", "Threshold": threshold,
            "ThresholdType": "PERCENTAGE"})
    }
}

/// The name of an account's budget.
pub(crate) fn name(prefix: &str, account: &AccountId) -> String {
    format!("{prefix}-{account}")
}

/// A bell for each share of the limit that a stage is called for at, those of the first stages before those of later ones.
/// The suite looks itself then, and decides by what it sees.
fn alerts(budget: &Budget) -> BTreeSet<Alert> {
    let mut alerts = BTreeSet::new();
    for condition in budget.stages.values().flatten() {
        let actual = condition.reported_percent.map(|above| Alert { kind: AlertKind::Actual, above });
        let forecast = condition.forecast_percent.map(|above| Alert { kind: AlertKind::Forecasted, above });
        // AWS makes no forecast for a day.
        let forecast = forecast.filter(|_| budget.period != Period::Daily);
        for alert in actual.into_iter().chain(forecast) {
            if alerts.len() < MOST_ALERTS {
                alerts.insert(alert);
            }
        }
    }
    if alerts.is_empty() {
        alerts.insert(Alert { kind: AlertKind::Actual, above: Decimal::ONE_HUNDRED });
    }
    alerts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ai_account, observed, shown};

    fn now() -> Timestamp {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    fn wanted(policy: &Policy, change: Option<&Override>) -> Wanted {
        let seen = observed(ai_account(), "2026-11-26T10:00:00Z");
        match Standing::of(Some(&seen), policy, change, "alz", now()) {
            Standing::Wanted(wanted) => *wanted,
            other => panic!("{other:?}"),
        }
    }

    fn policy(changes: &[(&str, Value)]) -> Policy {
        let mut row = json!({"account": "111122223333"});
        for (key, value) in changes {
            row[*key] = value.clone();
        }
        let mut document: Value =
            serde_json::from_str(include_str!("../../../../shared/finops/data/policy.json")).unwrap();
        document["budgets"].as_array_mut().unwrap().push(row);
        Policy::parse(&document.to_string()).unwrap()
    }

    #[test]
    fn an_account_has_the_budget_of_its_policy() {
        let wanted = wanted(&Policy::standard(), None);
        assert_eq!(shown(&wanted.alerts), ["ACTUAL 80", "ACTUAL 100", "ACTUAL 110", "ACTUAL 125", "FORECASTED 100"]);
        insta::with_settings!({sort_maps => true}, {
            insta::assert_json_snapshot!(wanted.document());
            insta::assert_json_snapshot!(wanted.alerts.last().unwrap().document());
        });
    }

    #[test]
    fn a_limit_that_people_set_holds_until_its_time() {
        let change = |until: &str| Override {
            limit: Some(Decimal::new(7_501_231, 4)),
            max_stage: None,
            until: until.parse().unwrap(),
            by: "jane".to_owned(),
            reason: "launch".to_owned(),
        };
        let limit = |until| wanted(&Policy::standard(), Some(&change(until))).limit.amount;
        assert_eq!(limit("2026-11-26T12:00:01Z"), Decimal::new(75_013, 2));
        assert_eq!(limit("2026-11-26T12:00:00Z"), Decimal::from(500));
    }

    #[test]
    fn what_is_left_to_pay_counts_credits() {
        let wanted = wanted(&policy(&[("basis", json!("net"))]), None);
        let filter = wanted.document().remove("FilterExpression").unwrap();
        assert_eq!(filter, json!({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["111122223333"]}}));
    }

    #[test]
    fn a_day_has_no_forecast_and_a_budget_at_most_five_bells() {
        let daily = wanted(&policy(&[("period", json!("daily"))]), None);
        assert_eq!(shown(&daily.alerts), ["ACTUAL 80", "ACTUAL 100", "ACTUAL 110", "ACTUAL 125"]);
        let notify: Vec<Value> = (1..=9).map(|tens| json!({"reportedPercent": format!("{tens}0.5")})).collect();
        let many = policy(&[("maxStage", json!("notify")), ("stages", json!({"notify": notify}))]);
        assert_eq!(
            shown(&wanted(&many, None).alerts),
            ["ACTUAL 10.5", "ACTUAL 20.5", "ACTUAL 30.5", "ACTUAL 40.5", "ACTUAL 50.5"]
        );
        let none =
            policy(&[("maxStage", json!("notify")), ("stages", json!({"notify": [{"estimatedPercent": "70"}]}))]);
        assert_eq!(shown(&wanted(&none, None).alerts), ["ACTUAL 100"]);
    }

    #[test]
    fn only_what_is_known_of_an_account_counts() {
        let standing = |change: fn(&mut finops::Account), at| {
            let mut account = ai_account();
            change(&mut account);
            let seen = observed(account, at);
            match Standing::of(Some(&seen), &Policy::standard(), None, "alz", now()) {
                Standing::Wanted(_) => "wanted",
                Standing::Unwanted => "unwanted",
                Standing::Unknown => "unknown",
            }
        };
        let (fresh, stale) = ("2026-11-19T12:00:00Z", "2026-11-19T11:59:59Z");
        assert_eq!(standing(|_| {}, fresh), "wanted");
        assert_eq!(standing(|account| account.state = "SUSPENDED".to_owned(), fresh), "unwanted");
        assert_eq!(standing(|account| account.environment = None, fresh), "unwanted");
        assert_eq!(standing(|account| account.account_type = None, fresh), "unwanted");
        let core = |account: &mut finops::Account| {
            account.account_type = landing_zone::AccountType::parse("finops").ok();
        };
        assert_eq!(standing(core, fresh), "unwanted");
        assert_eq!(standing(|account| account.special = Some(finops::Special::Management), fresh), "unwanted");
        assert_eq!(standing(|account| account.state = "SUSPENDED".to_owned(), stale), "unknown");
        assert_eq!(Standing::of(None, &Policy::standard(), None, "alz", now()), Standing::Unknown);
    }
}

//! What accounts may spend and what follows: one document that people write.

mod check;

use crate::{Currency, Period, Stage};
use jiff::{Timestamp, civil::Date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The document that holds where nothing is configured.
const STANDARD: &str = include_str!("../data/policy.json");

/// What accounts may spend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// The currency of all limits: that of the bill.
    pub currency: Currency,
    /// Whether anything is done, or only said.
    #[serde(default)]
    pub mode: Mode,
    budgets: Vec<Row>,
    #[serde(default)]
    exemptions: Vec<Exemption>,
}

/// Whether anything is done.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// It is put on record what would have been done.
    #[default]
    Report,
    /// It is done.
    Enforce,
}

/// What part of the bill counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// What was used, before credits and refunds: a credit that runs out surprises nobody.
    Gross,
    /// What is left to pay.
    Net,
}

/// Limits for some accounts. What a row leaves out is taken from the next less specific one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Row {
    account: Option<AccountId>,
    account_type: Option<AccountType>,
    environment: Option<Environment>,
    period: Option<Period>,
    limit: Option<Decimal>,
    basis: Option<Basis>,
    stages: Option<BTreeMap<Stage, Vec<Condition>>>,
    max_stage: Option<Stage>,
    approval: Option<BTreeSet<Stage>>,
}

/// When a stage is called for: everything that is given has to hold.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// What the bill shows, in percent of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reported_percent: Option<Decimal>,
    /// What is estimated to have been spent until now, in percent of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_percent: Option<Decimal>,
    /// What the period is expected to come to, in percent of the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast_percent: Option<Decimal>,
    /// What anomalies cost the account that caused them, in the currency of the policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub anomaly_impact: Option<Decimal>,
}

/// An account that is left alone, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Exemption {
    /// The account.
    pub account: AccountId,
    /// The furthest stage it may come to.
    #[serde(default)]
    pub max_stage: Stage,
    /// The last day of it.
    pub until: Date,
    /// Who answers for it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// What one account may spend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Budget {
    /// The currency of the limit.
    pub currency: Currency,
    /// How long the limit lasts.
    pub period: Period,
    /// The limit.
    pub limit: Decimal,
    /// What counts.
    pub basis: Basis,
    /// When each stage is called for: one of its conditions has to hold.
    pub stages: BTreeMap<Stage, Vec<Condition>>,
    /// The furthest stage.
    pub max_stage: Stage,
    /// Stages that somebody has to approve.
    pub approval: BTreeSet<Stage>,
}

/// A limit that people set for a time, by the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// Another limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Decimal>,
    /// Another furthest stage. It never goes beyond that of the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_stage: Option<Stage>,
    /// Until when.
    pub until: Timestamp,
    /// Who set it.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// The document cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {why}")]
pub struct PolicyError {
    path: String,
    why: String,
}

impl PolicyError {
    fn at(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into() }
    }
}

impl Policy {
    /// Reads a document, and refuses one that is impossible for some account.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text))
            .map_err(|error| PolicyError::at(error.path().to_string(), error.inner().to_string()))?;
        check::check(&policy)?;
        Ok(policy)
    }

    /// The document that holds where nothing is configured: nothing is done to any account.
    #[must_use]
    #[allow(clippy::missing_panics_doc, reason = "it does not, see below")]
    pub fn standard() -> Self {
        #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
        Self::parse(STANDARD).expect("data/policy.json")
    }

    /// What an account may spend: each field from the most specific row that has it.
    #[must_use]
    pub fn budget(
        &self,
        account: &AccountId,
        account_type: Option<AccountType>,
        environment: Option<Environment>,
    ) -> Budget {
        let mut rows: Vec<&Row> =
            self.budgets.iter().filter(|row| row.fits(Some(account), account_type, environment)).collect();
        rows.sort_by_key(|row| std::cmp::Reverse(row.specificity()));
        resolve(self.currency, &rows)
    }

    /// The exemption of an account on a day.
    #[must_use]
    pub fn exemption(&self, account: &AccountId, today: Date) -> Option<&Exemption> {
        self.exemptions.iter().find(|exemption| exemption.account == *account && today <= exemption.until)
    }

    /// The first day of the longest period, of those that `day` lies in: the bill has to be known from there.
    #[must_use]
    pub fn reaches_back(&self, day: Date) -> Date {
        let periods = self.budgets.iter().filter_map(|row| row.period);
        periods.map(|period| period.window(day).start).min().unwrap_or(day)
    }

    /// True where credits have to be known.
    #[must_use]
    pub fn needs_net(&self) -> bool {
        self.budgets.iter().any(|row| row.basis == Some(Basis::Net))
    }
}

impl Row {
    fn fits(
        &self,
        account: Option<&AccountId>,
        account_type: Option<AccountType>,
        environment: Option<Environment>,
    ) -> bool {
        let all = |given: bool, same: bool| !given || same;
        all(self.account.is_some(), self.account.as_ref() == account)
            && all(self.account_type.is_some(), self.account_type == account_type)
            && all(self.environment.is_some(), self.environment == environment)
    }

    /// Account before account type before environment.
    fn specificity(&self) -> (bool, bool, bool) {
        (self.account.is_some(), self.account_type.is_some(), self.environment.is_some())
    }
}

/// Takes each field from the first row that has it. The check has seen to it that the last row has all.
fn resolve(currency: Currency, rows: &[&Row]) -> Budget {
    fn first<T: Clone>(rows: &[&Row], field: impl Fn(&Row) -> Option<&T>) -> Option<T> {
        rows.iter().find_map(|row| field(row)).cloned()
    }
    Budget {
        currency,
        period: first(rows, |row| row.period.as_ref()).unwrap_or(Period::Monthly),
        limit: first(rows, |row| row.limit.as_ref()).unwrap_or_default(),
        basis: first(rows, |row| row.basis.as_ref()).unwrap_or(Basis::Gross),
        stages: first(rows, |row| row.stages.as_ref()).unwrap_or_default(),
        max_stage: first(rows, |row| row.max_stage.as_ref()).unwrap_or_default(),
        approval: first(rows, |row| row.approval.as_ref()).unwrap_or_default(),
    }
}

impl Budget {
    /// The budget as people changed it for a time.
    #[must_use]
    pub fn with(mut self, change: Option<&Override>, now: Timestamp) -> Self {
        if let Some(change) = change.filter(|change| now < change.until) {
            self.limit = change.limit.unwrap_or(self.limit);
            self.max_stage = change.max_stage.map_or(self.max_stage, |stage| stage.min(self.max_stage));
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn account(digit: char) -> AccountId {
        AccountId::parse(&digit.to_string().repeat(12)).unwrap()
    }

    #[test]
    fn the_standard_goes_as_far_as_the_environment_allows() {
        let policy = Policy::standard();
        let furthest = |environment| policy.budget(&account('1'), None, environment).max_stage;
        assert_eq!(policy.mode, Mode::Report);
        assert_eq!(furthest(Some(Environment::Dev)), Stage::Freeze);
        assert_eq!(furthest(Some(Environment::Test)), Stage::Stop);
        assert_eq!(furthest(Some(Environment::Prod)), Stage::Notify);
        assert_eq!(furthest(None), Stage::Notify);
    }

    #[test]
    fn the_most_specific_row_decides_field_by_field() {
        let mut document: serde_json::Value = serde_json::from_str(STANDARD).unwrap();
        let rows = document["budgets"].as_array_mut().unwrap();
        rows.push(serde_json::json!({"accountType": "network", "limit": "7"}));
        rows.push(serde_json::json!({"account": account('1'), "maxStage": "restrict"}));
        rows.push(serde_json::json!({"accountType": "network", "environment": "dev", "limit": "8"}));
        let policy = Policy::parse(&document.to_string()).unwrap();
        let network = AccountType::parse("network").unwrap();
        let of = |who, environment| {
            let budget = policy.budget(&account(who), Some(network), Some(environment));
            (budget.limit, budget.max_stage)
        };
        assert_eq!(of('1', Environment::Dev), (Decimal::from(8), Stage::Restrict));
        assert_eq!(of('2', Environment::Dev), (Decimal::from(8), Stage::Freeze));
        assert_eq!(of('2', Environment::Test), (Decimal::from(7), Stage::Stop));
    }

    #[test]
    fn the_longest_period_says_how_far_the_bill_is_needed() {
        let mut document: serde_json::Value = serde_json::from_str(STANDARD).unwrap();
        assert_eq!(Policy::standard().reaches_back(date(2026, 11, 20)), date(2026, 11, 1));
        document["budgets"]
            .as_array_mut()
            .unwrap()
            .push(serde_json::json!({"environment": "prod", "accountType": "network", "period": "quarterly"}));
        assert_eq!(Policy::parse(&document.to_string()).unwrap().reaches_back(date(2026, 11, 20)), date(2026, 10, 1));
    }

    #[test]
    fn an_override_ends_and_never_goes_beyond_the_policy() {
        let budget = Policy::standard().budget(&account('1'), None, Some(Environment::Test));
        let change = Override {
            limit: Some(Decimal::from(9)),
            max_stage: Some(Stage::Freeze),
            until: "2026-12-01T00:00:00Z".parse().unwrap(),
            by: "jane".to_owned(),
            reason: "launch".to_owned(),
        };
        let before = budget.clone().with(Some(&change), "2026-11-30T23:59:59Z".parse().unwrap());
        assert_eq!((before.limit, before.max_stage), (Decimal::from(9), Stage::Stop));
        assert_eq!(budget.clone().with(Some(&change), change.until), budget);
    }

    #[test]
    fn an_exemption_lasts_to_the_end_of_its_day() {
        let mut document: serde_json::Value = serde_json::from_str(STANDARD).unwrap();
        document["exemptions"] = serde_json::json!([
            {"account": account('1'), "until": "2028-02-29", "by": "jane@example.com", "reason": "launch"}
        ]);
        let policy = Policy::parse(&document.to_string()).unwrap();
        assert!(policy.exemption(&account('1'), date(2028, 2, 29)).is_some());
        assert!(policy.exemption(&account('1'), date(2028, 3, 1)).is_none());
        assert!(policy.exemption(&account('2'), date(2028, 2, 1)).is_none());
    }
}

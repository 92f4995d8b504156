//! Budgets as AWS shows them.

use crate::wanted::{Alert, AlertKind, Scope, Wanted};
use landing_zone::AccountId;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// A budget that is there.
#[derive(Debug, Clone)]
pub(crate) struct Existing {
    pub(crate) name: String,
    pub(crate) document: Map<String, Value>,
    pub(crate) told: Vec<Told>,
}

/// A notification of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    /// None for one that the suite does not make.
    pub(crate) alert: Option<Alert>,
    /// What names it in the API.
    pub(crate) document: Value,
    pub(crate) topics: Vec<String>,
}

impl Told {
    /// Reads a notification, without its subscribers.
    pub(crate) fn read(document: &Value) -> Self {
        let names = ["NotificationType", "ComparisonOperator", "Threshold", "ThresholdType"];
        let of = |name: &str| document.get(name).and_then(Value::as_str);
        let kind = [AlertKind::Actual, AlertKind::Forecasted]
            .into_iter()
            .find(|kind| of("NotificationType") == Some(kind.id()));
        let above = document.get("Threshold").and_then(|number| finops::amount(&number.to_string()).ok());
        // A notification without the type of its threshold has a percentage.
        let usual = of("ComparisonOperator") == Some("GREATER_THAN")
            && of("ThresholdType").is_none_or(|threshold_type| threshold_type == "PERCENTAGE");
        let alert = kind.zip(above).filter(|_| usual).map(|(kind, above)| Alert { kind, above: above.normalize() });
        let own = names.iter().filter_map(|name| Some(((*name).to_owned(), document.get(*name)?.clone())));
        Self { alert, document: Value::Object(own.collect()), topics: Vec::new() }
    }
}

impl Existing {
    /// The account that the suite made this budget for: its name says so, and what it counts.
    pub(crate) fn account(&self, prefix: &str) -> Option<AccountId> {
        let account = self.name.strip_prefix(prefix)?.strip_prefix('-').and_then(|id| AccountId::parse(id).ok())?;
        let counted = scope(self.document.get("FilterExpression")?)?.accounts;
        (counted == [account.to_string()].into()).then_some(account)
    }

    /// True where nothing of the budget itself has to be changed.
    pub(crate) fn fits(&self, wanted: &Wanted) -> bool {
        let of = |name: &str| self.document.get(name).filter(|value| !value.is_null());
        let limit = of("BudgetLimit");
        let amount = limit.and_then(|limit| finops::amount(limit.get("Amount")?.as_str()?).ok());
        let unit = limit.and_then(|limit| limit.get("Unit")?.as_str());
        let is_empty = |value: &Value| value.as_object().is_some_and(Map::is_empty);
        amount == Some(wanted.limit.amount)
            && unit == Some(wanted.limit.currency.as_str())
            && of("BudgetType") == Some(&json!("COST"))
            && of("TimeUnit") == Some(&json!(wanted.time_unit()))
            && of("Metrics") == Some(&json!(["UnblendedCost"]))
            && of("FilterExpression").and_then(scope) == Some(wanted.scope())
            && ["CostFilters", "PlannedBudgetLimits", "AutoAdjustData"].iter().all(|name| of(name).is_none_or(is_empty))
    }
}

/// What a filter counts, where it is of the kind that the suite makes; in whatever order AWS shows it.
fn scope(filter: &Value) -> Option<Scope> {
    let parts =
        filter.get("And").map_or(Some(std::slice::from_ref(filter)), |and| and.as_array().map(Vec::as_slice))?;
    let mut found = Scope { accounts: BTreeSet::new(), without: BTreeSet::new() };
    for part in parts {
        match part.get("Not") {
            Some(part) => found.without.extend(values(part, "RECORD_TYPE")?),
            None => found.accounts.extend(values(part, "LINKED_ACCOUNT")?),
        }
    }
    Some(found)
}

/// The values that a dimension has to equal.
fn values(part: &Value, dimension: &str) -> Option<Vec<String>> {
    let dimensions = part.get("Dimensions").filter(|found| found.get("Key") == Some(&json!(dimension)))?;
    let options = dimensions.get("MatchOptions").and_then(Value::as_array);
    let is_equal = |option: &Value| matches!(option.as_str(), Some("EQUALS" | "CASE_SENSITIVE"));
    if options.is_some_and(|options| !options.iter().all(is_equal)) {
        return None;
    }
    dimensions.get("Values")?.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, filter: Value) -> Option<String> {
        let document = Map::from_iter([("FilterExpression".to_owned(), filter)]);
        let existing = Existing { name: name.to_owned(), document, told: Vec::new() };
        existing.account("alz").map(|account| account.to_string())
    }

    #[test]
    fn a_budget_is_ours_by_its_name_and_what_it_counts() {
        let of = |accounts: Value| json!({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": accounts}});
        let own = of(json!(["111122223333"]));
        assert_eq!(named("alz-111122223333", own.clone()).as_deref(), Some("111122223333"));
        for (name, filter) in [
            ("alz-11112222333", own.clone()),
            ("alz-111122223333 ", own.clone()),
            ("other-111122223333", own.clone()),
            ("alz111122223333", own.clone()),
            ("alz-team budget: ä/💸", own.clone()),
            ("alz-111122223333", of(json!(["444455556666"]))),
            ("alz-111122223333", of(json!(["111122223333", "444455556666"]))),
            ("alz-111122223333", json!({"Not": own})),
            ("alz-111122223333", json!({"Or": [own, of(json!(["444455556666"]))]})),
            ("alz-111122223333", json!({"Dimensions": {"Key": "SERVICE", "Values": ["111122223333"]}})),
            ("alz-111122223333", Value::Null),
        ] {
            assert_eq!(named(name, filter.clone()), None, "{name} {filter}");
        }
    }

    #[test]
    fn a_filter_that_matches_otherwise_is_another_one() {
        let part = json!({"Dimensions": {"Key": "LINKED_ACCOUNT", "Values": ["1"], "MatchOptions": ["STARTS_WITH"]}});
        assert_eq!(scope(&part), None);
    }

    #[test]
    fn only_notifications_such_as_ours_are_read_as_alerts() {
        let told = |change: (&str, Value)| {
            let mut document = json!({"NotificationType": "ACTUAL", "ComparisonOperator": "GREATER_THAN",
                "Threshold": 80.0, "ThresholdType": "PERCENTAGE", "NotificationState": "ALARM"});
            document[change.0] = change.1;
            Told::read(&document)
        };
        let usual = told(("NotificationState", json!("OK")));
        assert_eq!(usual.alert, Some(Alert { kind: AlertKind::Actual, above: 80.into() }));
        assert_eq!(usual.document.get("NotificationState"), None);
        assert!(told(("ThresholdType", Value::Null)).alert.is_some());
        for odd in [
            ("ComparisonOperator", json!("LESS_THAN")),
            ("ThresholdType", json!("ABSOLUTE_VALUE")),
            ("NotificationType", json!("GUESSED")),
            ("Threshold", json!("a lot")),
        ] {
            assert_eq!(told(odd.clone()).alert, None, "{odd:?}");
        }
    }
}

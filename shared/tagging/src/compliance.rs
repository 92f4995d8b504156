//! Which tags a resource must carry, by where it is, and what comes of it when it does not: a document that people write.

use crate::{PolicyError, TagMap};
use landing_zone::{AccountType, Environment, TagKey};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeSet, sync::LazyLock};

/// What is to be done about a resource whose time is up. The suite says so; whoever listens does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// People are told.
    Notify,
    /// Nothing more of its kind is to be made.
    Restrict,
    /// It is to be stopped.
    Stop,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Demand {
    /// Empty: all, and core accounts, which have none.
    #[serde(default)]
    environments: Vec<Environment>,
    /// Empty: all.
    #[serde(default)]
    account_types: Vec<AccountType>,
    keys: Vec<TagKey>,
    #[serde(default)]
    grace_days: Option<u16>,
    #[serde(default)]
    action: Option<Action>,
}

/// The demands on all accounts.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Compliance(Vec<Demand>);

/// What is demanded in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Keys that every resource must carry with a value.
    pub keys: BTreeSet<TagKey>,
    /// Days from the first sweep that misses them until the action.
    pub grace_days: u16,
    /// What is to be done then.
    pub action: Action,
}

static STANDARD: LazyLock<Compliance> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    Compliance::parse(include_str!("../data/compliance.json")).expect("data/compliance.json")
});

/// The longest time of grace: a year.
const LONGEST_DAYS: u16 = 366;

impl Compliance {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let compliance: Self = serde_json::from_str(text).map_err(|why| PolicyError(why.to_string()))?;
        let days = compliance.0.iter().filter_map(|demand| demand.grace_days);
        if days.max().is_some_and(|days| days > LONGEST_DAYS) {
            return Err(PolicyError(format!("graceDays must be at most {LONGEST_DAYS}")));
        }
        Ok(compliance)
    }

    /// The demands of a new installation.
    #[must_use]
    pub fn standard() -> Self {
        STANDARD.clone()
    }

    /// What is demanded in such an account: the keys of every demand that fits, the shortest grace, the hardest action.
    #[must_use]
    pub fn of(&self, environment: Option<Environment>, account_type: Option<AccountType>) -> Requirement {
        let fits = |demand: &&Demand| {
            let here = environment.is_some_and(|environment| demand.environments.contains(&environment));
            let such = account_type.is_some_and(|account_type| demand.account_types.contains(&account_type));
            (demand.environments.is_empty() || here) && (demand.account_types.is_empty() || such)
        };
        let demands: Vec<&Demand> = self.0.iter().filter(fits).collect();
        Requirement {
            keys: demands.iter().flat_map(|demand| demand.keys.iter().cloned()).collect(),
            grace_days: demands.iter().filter_map(|demand| demand.grace_days).min().unwrap_or(LONGEST_DAYS),
            action: demands.iter().filter_map(|demand| demand.action).max().unwrap_or(Action::Notify),
        }
    }
}

impl Requirement {
    /// The keys that the tags lack. An empty value says nothing.
    #[must_use]
    pub fn missing(&self, tags: &TagMap) -> BTreeSet<TagKey> {
        let lacks = |key: &&TagKey| tags.get(key.as_str()).is_none_or(String::is_empty);
        self.keys.iter().filter(lacks).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_an_account_adds_up() {
        let compliance = Compliance::parse(
            r#"[{"keys": ["owner"], "graceDays": 14},
                {"environments": ["prod"], "keys": ["cost-center"], "graceDays": 7, "action": "stop"},
                {"accountTypes": ["frontend"], "keys": ["team"], "graceDays": 30, "action": "notify"}]"#,
        )
        .unwrap();
        let of = |environment, kind| compliance.of(environment, AccountType::parse(kind).ok());
        let keys =
            |requirement: &Requirement| requirement.keys.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>();
        let frontend = of(Some(Environment::Prod), "frontend");
        assert_eq!(keys(&frontend), ["cost-center", "owner", "team"]);
        assert_eq!((frontend.grace_days, frontend.action), (7, Action::Stop));
        let core = of(None, "audit");
        assert_eq!((keys(&core), core.grace_days, core.action), (vec!["owner".to_owned()], 14, Action::Notify));
    }

    #[test]
    fn a_key_without_a_value_is_missing() {
        let requirement = Compliance::standard().of(None, None);
        let tags = [("owner", ""), ("cost-center", "1")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        let missing = requirement.missing(&TagMap::from(tags));
        let missing: Vec<&str> = missing.iter().map(TagKey::as_str).collect();
        assert_eq!(missing, ["account-type", "data-classification", "owner"]);
    }

    #[test]
    fn a_document_with_a_mistake_is_refused() {
        for (text, why) in [
            (r#"[{"keys": ["owner"], "graceDays": 999}]"#, "at most 366"),
            (r#"[{"keys": ["aws:x"]}]"#, "belong to AWS"),
            (r#"[{"keys": [], "action": "explode"}]"#, "explode"),
            (r#"[{"keys": [], "environments": ["qa"]}]"#, "qa"),
            (r#"[{"keys": [], "grace": 1}]"#, "grace"),
        ] {
            let refused = Compliance::parse(text).map(drop).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }
}

//! How far a control may go, and who lets it: data, by environment and account type.

use jiff::SignedDuration;
use landing_zone::{AccountId, AccountType, Environment};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::LazyLock};

/// How far a control may go. The later, the more it asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// At once.
    Automatic,
    /// At once where its guard lets it, after approval where not.
    Guarded,
    /// After approval.
    Approval,
    /// A ticket for its owner, or a suppression with its reason.
    Ticket,
    /// Nothing but the plan.
    Plan,
}

impl Mode {
    /// The word as people write it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Guarded => "guarded",
            Self::Approval => "approval",
            Self::Ticket => "ticket",
            Self::Plan => "plan",
        }
    }
}

/// Where one or several of the fields say so, or everywhere.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    #[serde(default)]
    environments: Vec<Environment>,
    #[serde(default)]
    account_types: Vec<AccountType>,
    #[serde(default)]
    controls: Vec<String>,
    mode: Mode,
    /// How long an owner has to act before we do.
    #[serde(default)]
    notice_hours: Option<u16>,
}

/// Lets controls be as they are in some accounts, in the words of the tag that does so for a resource.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exempt {
    accounts: Vec<AccountId>,
    exemption: String,
}

/// Which mode applies where. The first rule that fits decides, and never makes a control bolder than its row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Modes {
    rules: Vec<Rule>,
    /// What a control needs from the installation, such as `loggingBucket`.
    #[serde(default)]
    settings: BTreeMap<String, String>,
    /// Exemptions on record.
    #[serde(default)]
    exemptions: Vec<Exempt>,
    /// Change what comes from code all the same, though its next deployment may undo that.
    #[serde(default)]
    change_what_code_owns: bool,
}

static STANDARD: LazyLock<Modes> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/modes.json")).expect("data/modes.json")
});

impl Modes {
    /// A new installation plans, and changes nothing.
    #[must_use]
    pub fn standard() -> Self {
        STANDARD.clone()
    }

    /// Reads what an installation writes.
    ///
    /// # Errors
    /// Says where the document is wrong.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The mode of a control in an account: its row's, or what the first rule that fits asks beyond it.
    #[must_use]
    pub fn of(
        &self,
        control: &str,
        row: Mode,
        environment: Option<Environment>,
        account_type: Option<AccountType>,
    ) -> Mode {
        self.rule(control, environment, account_type).map_or(Mode::Plan, |rule| rule.mode).max(row)
    }

    /// How long an owner has to act before we do, where a rule says so.
    #[must_use]
    pub fn notice(
        &self,
        control: &str,
        environment: Option<Environment>,
        account_type: Option<AccountType>,
    ) -> Option<SignedDuration> {
        let hours = self.rule(control, environment, account_type)?.notice_hours?;
        Some(SignedDuration::from_hours(hours.into()))
    }

    fn rule(
        &self,
        control: &str,
        environment: Option<Environment>,
        account_type: Option<AccountType>,
    ) -> Option<&Rule> {
        let fits = |rule: &&Rule| {
            (rule.controls.is_empty() || rule.controls.iter().any(|one| one == control))
                && (rule.environments.is_empty() || environment.is_some_and(|one| rule.environments.contains(&one)))
                && (rule.account_types.is_empty() || account_type.is_some_and(|one| rule.account_types.contains(&one)))
        };
        self.rules.iter().find(fits)
    }

    /// True where a resource that comes from code is left to its code.
    #[must_use]
    pub fn leaves_code_alone(&self) -> bool {
        !self.change_what_code_owns
    }

    /// The exemptions of an account, as they were written.
    pub fn exemptions(&self, account: &AccountId) -> impl Iterator<Item = &String> {
        self.exemptions.iter().filter(move |one| one.accounts.contains(account)).map(|one| &one.exemption)
    }

    /// What the installation gives.
    #[must_use]
    pub fn settings(&self) -> &BTreeMap<String, String> {
        &self.settings
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_new_installation_changes_nothing() {
        assert_eq!(Modes::standard().of("S3.3", Mode::Automatic, Some(Environment::Dev), None), Mode::Plan);
    }

    #[test]
    fn the_first_rule_decides_and_none_is_bolder_than_the_row() {
        let rules = json!({"rules": [{"controls": ["S3.8"], "mode": "approval"},
            {"environments": ["dev"], "mode": "automatic"}, {"mode": "guarded"}]});
        let modes = Modes::parse(&rules.to_string()).unwrap();
        let of = |control, row, environment| modes.of(control, row, Some(environment), None);
        assert_eq!(of("S3.8", Mode::Automatic, Environment::Dev), Mode::Approval);
        assert_eq!(of("S3.3", Mode::Automatic, Environment::Dev), Mode::Automatic);
        assert_eq!(of("S3.3", Mode::Approval, Environment::Dev), Mode::Approval);
        assert_eq!(of("S3.3", Mode::Automatic, Environment::Prod), Mode::Guarded);
        assert!(Modes::parse(r#"{"rules": [{"mode": "automatic", "environment": "dev"}]}"#).is_err());
    }
}

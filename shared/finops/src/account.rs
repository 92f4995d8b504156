//! What is known of an account, and how far anything may go against it. This is code and not configuration: no document
//! makes the suite act on the accounts that an organization stands on.

use crate::Stage;
use landing_zone::{AccountId, AccountType, Environment};
use serde::{Deserialize, Serialize};

/// An account as Organizations shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// What its tag says it is for; none where the suite did not vend it.
    pub account_type: Option<AccountType>,
    /// What its tag says of its environment.
    pub environment: Option<Environment>,
    /// Who answers for it.
    #[serde(default)]
    pub owner: Option<String>,
    /// Who pays for it.
    #[serde(default)]
    pub cost_center: Option<String>,
    /// The path of the unit it lies in; none below the root or in a unit the suite does not know.
    pub unit: Option<String>,
    /// `ACTIVE`, `SUSPENDED` and others.
    pub state: String,
    /// Why it is special, if it is.
    #[serde(default)]
    pub special: Option<Special>,
}

/// Accounts that an organization stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Special {
    /// It owns the organization; service control policies do not hold for it.
    Management,
    /// It administers a service for the organization.
    DelegatedAdministrator,
}

impl Account {
    /// Its environment where it is an AI account in use: only those have budgets and are searched for idle resources. None for
    /// any other account.
    #[must_use]
    pub fn ai_environment(&self) -> Option<Environment> {
        let is_ai = self.account_type.is_some_and(|account_type| !account_type.is_core());
        self.environment.filter(|_| is_ai && self.state == "ACTIVE" && self.special.is_none())
    }

    /// The furthest stage that this account may come to, and why, whatever the policy says.
    #[must_use]
    pub fn ceiling(&self) -> (Stage, String) {
        let told = |why: &str| (Stage::Notify, why.to_owned());
        if self.state != "ACTIVE" {
            return (Stage::None, format!("the account is {}", self.state));
        }
        match self.special {
            Some(Special::Management) => return told("the management account is only ever spoken of"),
            Some(Special::DelegatedAdministrator) => return told("a delegated administrator is only ever spoken of"),
            None => {}
        }
        let Some(account_type) = self.account_type else {
            return told("its tags do not say what kind of account it is");
        };
        if account_type.is_core() {
            return told("platform accounts are only ever spoken of");
        }
        let Some(environment) = self.environment else {
            return told("its tags do not say which environment it is in");
        };
        let expected = account_type.unit(Some(environment)).map(landing_zone::UnitPath::as_str);
        if self.unit.as_deref() != expected {
            let unit = self.unit.as_deref().unwrap_or("a unit that is not known");
            return (Stage::Notify, format!("its tags say {}, and it lies in {unit}", environment.id()));
        }
        (Stage::Freeze, format!("an AI account in {}", environment.id()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            id: AccountId::parse("111122223333").unwrap(),
            name: "Models".to_owned(),
            account_type: AccountType::parse("llms-foundation-models").ok(),
            environment: Some(Environment::Dev),
            owner: None,
            cost_center: None,
            unit: Some("AI/AI DEV".to_owned()),
            state: "ACTIVE".to_owned(),
            special: None,
        }
    }

    #[test]
    fn only_ai_accounts_in_their_own_unit_are_acted_on() {
        let furthest = |change: fn(&mut Account)| {
            let mut account = account();
            change(&mut account);
            account.ceiling().0
        };
        assert_eq!(furthest(|_| {}), Stage::Freeze);
        assert_eq!(furthest(|account| account.state = "SUSPENDED".to_owned()), Stage::None);
        assert_eq!(furthest(|account| account.state = "PENDING_CLOSURE".to_owned()), Stage::None);
        assert_eq!(furthest(|account| account.special = Some(Special::Management)), Stage::Notify);
        assert_eq!(furthest(|account| account.special = Some(Special::DelegatedAdministrator)), Stage::Notify);
        assert_eq!(furthest(|account| account.account_type = AccountType::parse("finops").ok()), Stage::Notify);
        assert_eq!(furthest(|account| account.account_type = None), Stage::Notify);
        assert_eq!(furthest(|account| account.environment = None), Stage::Notify);
        assert_eq!(furthest(|account| account.unit = Some("AI/AI PROD".to_owned())), Stage::Notify);
        assert_eq!(furthest(|account| account.unit = Some("Quarantine".to_owned())), Stage::Notify);
        assert_eq!(furthest(|account| account.unit = None), Stage::Notify);
    }
}

//! What is remembered of the organization, so that no request looks it up.

use crate::{
    Error, Ledger, Reserved, Stamp,
    reservations::{email_item, name_item},
    table::{item, text, update},
};
use landing_zone::{AccountId, AccountName, Email, UnitPath};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

const ITEM: &str = "organization";

/// Ids of the organization, its root and its units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Organization {
    /// `o-…`
    pub organization_id: String,
    /// The account that owns the organization.
    pub management_account: AccountId,
    /// `r-…`
    pub root_id: String,
    /// `ou-…` by path.
    pub units: BTreeMap<UnitPath, String>,
    /// `p-…` of the service control policies that hold spending, by id of the guardrail.
    #[serde(default)]
    pub guardrails: BTreeMap<String, String>,
    /// Accounts that administer a service for the organization.
    #[serde(default)]
    pub delegated: BTreeSet<AccountId>,
    /// When this was last read.
    pub read_at: Stamp,
}

/// An account that exists, whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    /// Its id.
    pub id: AccountId,
    /// Its name, where it is one this suite could give.
    pub name: Option<AccountName>,
    /// Its root e-mail, where it is one this suite could give.
    pub email: Option<Email>,
}

#[derive(Serialize)]
struct Stored<'a> {
    id: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    organization: &'a Organization,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountItem {
    #[serde(default)]
    request_id: Option<landing_zone::RequestId>,
}

impl Ledger {
    /// The organization, once it has been read.
    pub async fn organization(&self) -> Result<Option<Organization>, Error> {
        self.get(ITEM).await
    }

    /// Remembers the organization.
    pub async fn store_organization(&self, organization: &Organization) -> Result<(), Error> {
        let stored = item(Stored { id: ITEM, kind: "organization", organization })?;
        // Two readers at once read the same organization: the last one may win.
        self.put(stored, "attribute_not_exists(id) OR attribute_exists(id)", [].into()).await.map(drop)
    }

    /// The request an account came from: none for an account this suite did not make or does not know.
    pub async fn request_of_account(&self, id: &AccountId) -> Result<Option<landing_zone::RequestId>, Error> {
        Ok(self.get::<AccountItem>(&format!("account#{id}")).await?.and_then(|found| found.request_id))
    }

    /// True when the account is remembered.
    pub async fn knows_account(&self, id: &AccountId) -> Result<bool, Error> {
        Ok(self.get::<AccountItem>(&format!("account#{id}")).await?.is_some())
    }

    /// Remembers an account, and that its name and e-mail are taken. A request that already holds them keeps them.
    pub async fn remember_account(&self, account: &KnownAccount) -> Result<(), Error> {
        let holders = [account.name.as_ref().map(name_item), account.email.as_ref().map(email_item)];
        for id in holders.into_iter().flatten() {
            match self.reserve(&id, account.id.as_str()).await? {
                Reserved::Ours | Reserved::HeldBy(_) => {}
            }
        }
        update(
            self.change(&format!("account#{}", account.id))
                .update_expression("SET kind = :kind")
                .expression_attribute_values(":kind", text("account")),
        )
        .await
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_was_stored_before_there_were_guardrails_is_read() {
        let mut stored = json!({"organizationId": "o-1", "managementAccount": "123456789012", "rootId": "r-1",
            "units": {}, "readAt": "2026-11-01T05:00:00Z"});
        let read = |stored: &serde_json::Value| serde_json::from_value::<Organization>(stored.clone()).unwrap();
        assert!(read(&stored).guardrails.is_empty() && read(&stored).delegated.is_empty());
        stored["guardrails"] = json!({"spend-freeze": "p-1"});
        stored["delegated"] = json!(["012345678901"]);
        let now = read(&stored);
        assert_eq!(now.guardrails["spend-freeze"], "p-1");
        assert_eq!(now.delegated.first().map(AccountId::as_str), Some("012345678901"));
        assert_eq!(read(&json!(now)), now);
    }
}

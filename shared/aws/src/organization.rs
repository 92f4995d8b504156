//! What Organizations tells of accounts.

use crate::AwsFault;
use aws_sdk_organizations::{Client, types::AccountState};
use jiff::Timestamp;
use landing_zone::AccountId;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Account tags change seldom, and a batch must not look them up for each event.
const KEPT: Duration = Duration::from_mins(5);

/// Until when tags are good, and the tags.
type Known = (Timestamp, BTreeMap<String, String>);

/// The tags of accounts, as far as they were asked for lately.
#[derive(Debug)]
pub struct AccountTags {
    client: Client,
    known: Mutex<HashMap<AccountId, Known>>,
}

impl AccountTags {
    /// None are known yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client, known: Mutex::default() }
    }

    /// The tags of an account.
    pub async fn of(&self, account: &AccountId, now: Timestamp) -> Result<BTreeMap<String, String>, AwsFault> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned();
        if let Some((until, tags)) = known
            && now < until
        {
            return Ok(tags);
        }
        let tags = account_tags(&self.client, account).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(account.clone(), (now + KEPT, tags.clone()));
        Ok(tags)
    }
}

/// The tags of an account.
pub async fn account_tags(client: &Client, account: &AccountId) -> Result<BTreeMap<String, String>, AwsFault> {
    let mut pages = client.list_tags_for_resource().resource_id(account.as_str()).into_paginator().send();
    let mut tags = BTreeMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListTagsForResource", &error))?;
        tags.extend(page.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)));
    }
    Ok(tags)
}

/// Every account of the organization that is in use. `State` replaces the retired `Status`
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>).
pub async fn active_accounts(client: &Client) -> Result<Vec<AccountId>, AwsFault> {
    let mut pages = client.list_accounts().into_paginator().send();
    let mut accounts = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListAccounts", &error))?;
        let active = page.accounts.unwrap_or_default().into_iter();
        let active = active.filter(|account| account.state() == Some(&AccountState::Active));
        accounts.extend(active.filter_map(|account| AccountId::parse(account.id()?).ok()));
    }
    Ok(accounts)
}

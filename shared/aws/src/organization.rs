//! What Organizations tells of accounts.

use crate::AwsFault;
use aws_sdk_organizations::{Client, types::AccountState};
use landing_zone::AccountId;
use std::collections::BTreeMap;

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

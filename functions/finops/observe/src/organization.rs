//! The account as Organizations shows it now.

use crate::Error;
use aws::AwsFault;
use aws_sdk_organizations::{Client, types::PolicyType};
use finops::{Account, Special};
use landing_zone::{AccountId, AccountType, Environment};
use ledger::Organization;
use std::collections::BTreeSet;

/// The account, and which of the suite's guardrails are attached to it.
pub(crate) async fn account(
    client: &Client,
    known: &Organization,
    id: &AccountId,
) -> Result<(Account, BTreeSet<String>), Error> {
    let described = client.describe_account().account_id(id.as_str()).send().await;
    let described = described.map_err(|error| AwsFault::new("organizations:DescribeAccount", &error))?.account;
    let tags = aws::account_tags(client, id).await?;
    let tag = |key: &str| tags.get(key).cloned();
    let parents = client.list_parents().child_id(id.as_str()).send().await;
    let parents = parents.map_err(|error| AwsFault::new("organizations:ListParents", &error))?;
    let parent = parents.parents().first().and_then(|parent| parent.id());
    let unit = known.units.iter().find(|(_, unit)| Some(unit.as_str()) == parent);
    let special = if *id == known.management_account {
        Some(Special::Management)
    } else if known.delegated.contains(id) {
        Some(Special::DelegatedAdministrator)
    } else {
        None
    };
    let account = Account {
        id: id.clone(),
        name: described.as_ref().and_then(|account| account.name()).unwrap_or_default().to_owned(),
        account_type: tag("account-type").and_then(|text| AccountType::parse(&text).ok()),
        environment: tag("environment").and_then(|text| Environment::parse(&text).ok()),
        owner: tag("owner"),
        cost_center: tag("cost-center"),
        unit: unit.map(|(path, _)| path.to_string()),
        state: described.and_then(|account| account.state).map_or("UNKNOWN".to_owned(), |state| state.to_string()),
        special,
    };
    Ok((account, attached(client, known, id).await?))
}

async fn attached(client: &Client, known: &Organization, id: &AccountId) -> Result<BTreeSet<String>, AwsFault> {
    let mut pages = client
        .list_policies_for_target()
        .target_id(id.as_str())
        .filter(PolicyType::ServiceControlPolicy)
        .into_paginator()
        .send();
    let mut attached = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListPoliciesForTarget", &error))?;
        for policy in page.policies.unwrap_or_default() {
            let ours = known.guardrails.iter().find(|(_, ours)| Some(ours.as_str()) == policy.id());
            attached.extend(ours.map(|(guardrail, _)| guardrail.clone()));
        }
    }
    Ok(attached)
}

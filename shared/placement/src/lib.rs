//! An account as Organizations shows it now. Nothing of it is remembered: an account that was moved, or is being closed,
//! is not acted on as if it were not.

use aws::AwsFault;
use aws_sdk_organizations::{Client, types::PolicyType};
use finops::{Account, Special};
use guardrails::Guardrail;
use landing_zone::{AccountId, AccountType, Environment, UnitPath};
use ledger::Organization;
use std::collections::BTreeSet;

/// The account.
pub async fn account(client: &Client, known: &Organization, id: &AccountId) -> Result<Account, AwsFault> {
    let described = client.describe_account().account_id(id.as_str()).send().await;
    let described = described.map_err(|error| AwsFault::new("organizations:DescribeAccount", &error))?.account;
    let described = described.as_ref();
    let tags = aws::account_tags(client, id).await?;
    Ok(Account {
        id: id.clone(),
        name: described.and_then(|account| account.name()).unwrap_or_default().to_owned(),
        account_type: tags.get("account-type").and_then(|text| AccountType::parse(text).ok()),
        environment: tags.get("environment").and_then(|text| Environment::parse(text).ok()),
        owner: tags.get("owner").cloned(),
        cost_center: tags.get("cost-center").cloned(),
        unit: unit(client, known, id).await?.map(|unit| unit.as_str().to_owned()),
        state: described.and_then(|account| account.state()).map_or("UNKNOWN", |state| state.as_str()).to_owned(),
        special: special(known, id),
    })
}

/// Which of the suite's guardrails are attached to an account directly.
pub async fn attached(client: &Client, known: &Organization, id: &AccountId) -> Result<BTreeSet<Guardrail>, AwsFault> {
    let pages = client.list_policies_for_target().target_id(id.as_str()).filter(PolicyType::ServiceControlPolicy);
    let mut pages = pages.into_paginator().send();
    let mut attached = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListPoliciesForTarget", &error))?;
        let found = page.policies.unwrap_or_default();
        let is_there = |guardrail: &Guardrail| {
            let policy = known.guardrails.get(guardrail.id()).map(String::as_str);
            policy.is_some() && found.iter().any(|found| found.id() == policy)
        };
        attached.extend(Guardrail::all().into_iter().filter(is_there));
    }
    Ok(attached)
}

/// The unit that the account lies in; none below the root or in one that the suite does not know.
async fn unit<'k>(client: &Client, known: &'k Organization, id: &AccountId) -> Result<Option<&'k UnitPath>, AwsFault> {
    let mut pages = client.list_parents().child_id(id.as_str()).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListParents", &error))?;
        if let Some(parent) = page.parents().first() {
            let is_parent = |unit: &&String| Some(unit.as_str()) == parent.id();
            return Ok(known.units.iter().find(|(_, unit)| is_parent(unit)).map(|(path, _)| path));
        }
    }
    Ok(None)
}

fn special(known: &Organization, id: &AccountId) -> Option<Special> {
    if *id == known.management_account {
        Some(Special::Management)
    } else if known.delegated.contains(id) {
        Some(Special::DelegatedAdministrator)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;

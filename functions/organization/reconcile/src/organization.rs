//! AWS Organizations, as far as units and the accounts in it go.

use crate::Error;
use aws::AwsFault;
use aws_sdk_organizations::{
    Client,
    operation::create_organizational_unit::CreateOrganizationalUnitError,
    types::{OrganizationalUnit, Root},
};
use jiff::Timestamp;
use landing_zone::{AccountId, AccountName, Email, UnitPath, units};
use ledger::{KnownAccount, Organization};
use std::collections::{BTreeMap, BTreeSet};

/// The organization with all its units, and no guardrails yet.
pub(crate) struct Ensured {
    pub organization: Organization,
    pub root: Root,
    /// `aws`, for example.
    pub partition: String,
    pub created: Vec<UnitPath>,
}

/// Makes sure that every declared unit is there.
pub(crate) async fn ensure(client: &Client, now: Timestamp) -> Result<Ensured, Error> {
    let described = client
        .describe_organization()
        .send()
        .await
        .map_err(|error| AwsFault::new("organizations:DescribeOrganization", &error))?
        .organization
        .ok_or(Error::Missing("organization"))?;
    let root = root(client).await?;
    let root_id = root.id.clone().ok_or(Error::Missing("root"))?;
    let mut ids: BTreeMap<UnitPath, String> = BTreeMap::new();
    let mut created = Vec::new();
    let mut children: BTreeMap<String, Vec<OrganizationalUnit>> = BTreeMap::new();
    for unit in units() {
        let parent = unit.parent().and_then(|parent| ids.get(&parent).cloned()).unwrap_or_else(|| root_id.clone());
        if !children.contains_key(&parent) {
            children.insert(parent.clone(), list(client, &parent).await?);
        }
        let found = children.get(&parent).and_then(|siblings| adopt(siblings, unit.name()));
        let id = if let Some(id) = found {
            id
        } else {
            created.push(unit.clone());
            create(client, &parent, unit.name()).await?
        };
        ids.insert(unit.clone(), id);
    }
    let partition = described.arn.as_deref().and_then(|arn| arn.split(':').nth(1)).unwrap_or("aws").to_owned();
    Ok(Ensured {
        organization: Organization {
            organization_id: described.id.ok_or(Error::Missing("organization id"))?,
            management_account: described
                .master_account_id
                .and_then(|id| AccountId::parse(&id).ok())
                .ok_or(Error::Missing("management account"))?,
            root_id,
            units: ids,
            guardrails: BTreeMap::new(),
            delegated: delegated(client).await?,
            read_at: now.into(),
        },
        root,
        partition,
        created,
    })
}

/// The unit of that name; the one that differs only in case when there is none.
fn adopt(siblings: &[OrganizationalUnit], name: &str) -> Option<String> {
    let named =
        |same: fn(&str, &str) -> bool| siblings.iter().find(|unit| unit.name().is_some_and(|other| same(other, name)));
    named(|a, b| a == b).or_else(|| named(str::eq_ignore_ascii_case))?.id().map(str::to_owned)
}

async fn root(client: &Client) -> Result<Root, Error> {
    let answer = client.list_roots().send().await.map_err(|error| AwsFault::new("organizations:ListRoots", &error))?;
    answer.roots.unwrap_or_default().into_iter().next().ok_or(Error::Missing("root"))
}

async fn list(client: &Client, parent: &str) -> Result<Vec<OrganizationalUnit>, AwsFault> {
    let mut pages = client.list_organizational_units_for_parent().parent_id(parent).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListOrganizationalUnitsForParent", &error))?;
        found.extend(page.organizational_units.unwrap_or_default());
    }
    Ok(found)
}

async fn create(client: &Client, parent: &str, name: &str) -> Result<String, Error> {
    match client.create_organizational_unit().parent_id(parent).name(name).send().await {
        Ok(answer) => answer.organizational_unit.and_then(|unit| unit.id).ok_or(Error::Missing("unit")),
        // Another run was faster, or the answer to our own call was lost.
        Err(error)
            if error
                .as_service_error()
                .is_some_and(CreateOrganizationalUnitError::is_duplicate_organizational_unit_exception) =>
        {
            adopt(&list(client, parent).await?, name).ok_or(Error::Missing("unit"))
        }
        Err(error) => Err(AwsFault::new("organizations:CreateOrganizationalUnit", &error).into()),
    }
}

/// Every account that administers a service for the organization.
async fn delegated(client: &Client) -> Result<BTreeSet<AccountId>, AwsFault> {
    let mut pages = client.list_delegated_administrators().into_paginator().send();
    let mut found = BTreeSet::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListDelegatedAdministrators", &error))?;
        let accounts = page.delegated_administrators.unwrap_or_default().into_iter();
        found.extend(accounts.filter_map(|account| AccountId::parse(&account.id?).ok()));
    }
    Ok(found)
}

/// Every account of the organization, whoever made it.
pub(crate) async fn accounts(client: &Client) -> Result<Vec<KnownAccount>, AwsFault> {
    let mut pages = client.list_accounts().into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListAccounts", &error))?;
        found.extend(page.accounts.unwrap_or_default().into_iter().filter_map(|account| {
            Some(KnownAccount {
                id: AccountId::parse(&account.id?).ok()?,
                name: account.name.and_then(|name| AccountName::parse(&name).ok()),
                email: account.email.and_then(|email| Email::parse(&email).ok()),
            })
        }));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_organizations::{
        operation::list_delegated_administrators::ListDelegatedAdministratorsOutput, types::DelegatedAdministrator,
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    #[tokio::test]
    async fn administrators_of_every_page_are_found_the_empty_first_page_notwithstanding() {
        let page = |ids: &'static [&'static str], next: Option<&'static str>| {
            mock!(Client::list_delegated_administrators).then_output(move || {
                let accounts = ids.iter().map(|id| DelegatedAdministrator::builder().id(*id).build()).collect();
                ListDelegatedAdministratorsOutput::builder()
                    .set_delegated_administrators(Some(accounts))
                    .set_next_token(next.map(str::to_owned))
                    .build()
            })
        };
        let pages = [page(&[], Some("1")), page(&["111111111111"], Some("2")), page(&["022222222222"], None)];
        let client = mock_client!(aws_sdk_organizations, RuleMode::Sequential, pages.each_ref());
        let found: Vec<_> = delegated(&client).await.unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, ["022222222222", "111111111111"]);
    }

    #[test]
    fn a_unit_is_adopted_by_name_and_the_exact_name_comes_first() {
        let unit = |name: &str, id: &str| OrganizationalUnit::builder().name(name).id(id).build();
        let siblings = [unit("security", "ou-1"), unit("Security", "ou-2"), unit("finops", "ou-3")];
        assert_eq!(adopt(&siblings, "Security").as_deref(), Some("ou-2"));
        assert_eq!(adopt(&siblings, "FinOps").as_deref(), Some("ou-3"));
        assert_eq!(adopt(&siblings, "Sandbox"), None);
    }
}

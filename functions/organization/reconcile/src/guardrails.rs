//! The service control policies that hold spending: there, and with the content that the suite has for them.

use crate::Error;
use ::guardrails::{ExemptRoles, Guardrail};
use aws::{AwsFault, ConfigError};
use aws_sdk_organizations::{
    Client,
    operation::{create_policy::CreatePolicyError, enable_policy_type::EnablePolicyTypeError},
    types::{PolicySummary, PolicyType, PolicyTypeStatus, Root},
};
use serde_json::Value;
use std::collections::BTreeMap;

const KIND: PolicyType = PolicyType::ServiceControlPolicy;

/// What the installation calls things.
pub(crate) struct Names {
    prefix: String,
    role_prefix: String,
    access_role: String,
}

impl Names {
    pub(crate) fn from_environment() -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            prefix: aws::required("NAME_PREFIX", text)?,
            role_prefix: aws::required("MEMBER_ROLE_PREFIX", text)?,
            access_role: aws::required("MEMBER_ACCESS_ROLE", text)?,
        })
    }
}

/// The policies, and what was done to have them so.
#[derive(Debug, Default)]
pub(crate) struct Ensured {
    /// `p-…` by id of the guardrail.
    pub ids: BTreeMap<String, String>,
    pub created: Vec<Guardrail>,
    pub updated: Vec<Guardrail>,
}

/// A policy as it should be.
struct Wanted {
    name: String,
    description: &'static str,
    document: String,
}

enum Change {
    Created,
    Updated,
    Nothing,
}

/// Makes sure that each policy is there as it should be. Attaches none.
pub(crate) async fn ensure(client: &Client, root: &Root, names: &Names, partition: &str) -> Result<Ensured, Error> {
    enable(client, root).await?;
    let exempt = ExemptRoles { partition, role_prefix: &names.role_prefix, access_role: &names.access_role };
    let there = list(client).await?;
    let mut ensured = Ensured::default();
    for guardrail in Guardrail::all() {
        let wanted = Wanted {
            name: guardrail.policy_name(&names.prefix),
            description: guardrail.description(),
            document: guardrail.document(exempt),
        };
        let (id, change) = match find(&there, &wanted.name) {
            Some(id) => keep(client, id, &wanted).await?,
            None => create(client, &wanted).await?,
        };
        match change {
            Change::Created => ensured.created.push(guardrail),
            Change::Updated => ensured.updated.push(guardrail),
            Change::Nothing => {}
        }
        ensured.ids.insert(guardrail.id().to_owned(), id);
    }
    Ok(ensured)
}

/// Lets policies of the type be attached. It takes effect some time later.
async fn enable(client: &Client, root: &Root) -> Result<(), AwsFault> {
    let is_on = |status: Option<&PolicyTypeStatus>| {
        matches!(status, Some(PolicyTypeStatus::Enabled | PolicyTypeStatus::PendingEnable))
    };
    if root.policy_types().iter().any(|one| one.r#type() == Some(&KIND) && is_on(one.status())) {
        return Ok(());
    }
    match client.enable_policy_type().set_root_id(root.id.clone()).policy_type(KIND).send().await {
        Ok(_) => Ok(()),
        // Another run was faster.
        Err(error)
            if error
                .as_service_error()
                .is_some_and(EnablePolicyTypeError::is_policy_type_already_enabled_exception) =>
        {
            Ok(())
        }
        Err(error) => Err(AwsFault::new("organizations:EnablePolicyType", &error)),
    }
}

async fn list(client: &Client) -> Result<Vec<PolicySummary>, AwsFault> {
    let mut pages = client.list_policies().filter(KIND).into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListPolicies", &error))?;
        found.extend(page.policies.unwrap_or_default());
    }
    Ok(found)
}

fn find(there: &[PolicySummary], name: &str) -> Option<String> {
    there.iter().find(|policy| policy.name() == Some(name))?.id.clone()
}

async fn create(client: &Client, wanted: &Wanted) -> Result<(String, Change), Error> {
    let Wanted { name, description, document } = wanted;
    let call = client.create_policy().r#type(KIND).name(name).description(*description).content(document);
    match call.send().await {
        Ok(answer) => {
            let id = answer.policy.and_then(|policy| policy.policy_summary?.id).ok_or(Error::Missing("policy id"))?;
            Ok((id, Change::Created))
        }
        // Another run was faster, or the answer to our own call was lost. A policy of another type keeps the name taken.
        Err(error) if error.as_service_error().is_some_and(CreatePolicyError::is_duplicate_policy_exception) => {
            match find(&list(client).await?, name) {
                Some(id) => keep(client, id, wanted).await,
                None => Err(AwsFault::new("organizations:CreatePolicy", &error).into()),
            }
        }
        Err(error) => Err(AwsFault::new("organizations:CreatePolicy", &error).into()),
    }
}

/// Gives a policy that is there its content back.
async fn keep(client: &Client, id: String, wanted: &Wanted) -> Result<(String, Change), Error> {
    let described = client.describe_policy().policy_id(&id).send().await;
    let described = described.map_err(|error| AwsFault::new("organizations:DescribePolicy", &error))?;
    let content = described.policy.and_then(|policy| policy.content).unwrap_or_default();
    if says_the_same(&content, &wanted.document) {
        return Ok((id, Change::Nothing));
    }
    let updated = client.update_policy().policy_id(&id).content(&wanted.document).send().await;
    updated.map_err(|error| AwsFault::new("organizations:UpdatePolicy", &error))?;
    Ok((id, Change::Updated))
}

/// White space and the order of fields are no difference.
fn says_the_same(content: &str, document: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    read(content).is_some_and(|content| Some(content) == read(document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_organizations::{
        error::ErrorMetadata,
        operation::{
            create_policy::CreatePolicyOutput, describe_policy::DescribePolicyOutput,
            enable_policy_type::EnablePolicyTypeOutput, list_policies::ListPoliciesOutput,
            update_policy::UpdatePolicyOutput,
        },
        types::{
            Policy, PolicyTypeSummary,
            error::{DuplicatePolicyException, PolicyTypeAlreadyEnabledException},
        },
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};
    use landing_zone::{Class, Fault as _};

    const RESTRICT: &str = "x-spend-restrict";
    const FREEZE: &str = "x-spend-freeze";

    fn names() -> Names {
        Names { prefix: "x".to_owned(), role_prefix: "Suite".to_owned(), access_role: "Access".to_owned() }
    }

    fn document(guardrail: Guardrail) -> String {
        guardrail.document(ExemptRoles { partition: "aws", role_prefix: "Suite", access_role: "Access" })
    }

    fn root(status: Option<PolicyTypeStatus>) -> Root {
        let enabled = status.map(|status| PolicyTypeSummary::builder().r#type(KIND).status(status).build());
        Root::builder().id("r-1").set_policy_types(Some(enabled.into_iter().collect())).build()
    }

    fn summary(name: &str) -> PolicySummary {
        PolicySummary::builder().name(name).id(format!("p-{name}")).build()
    }

    fn listed(names: &'static [&'static str], next: Option<&'static str>) -> Rule {
        mock!(Client::list_policies).match_requests(|request| request.filter() == Some(&KIND)).then_output(move || {
            let policies = names.iter().map(|name| summary(name)).collect();
            let next = next.map(str::to_owned);
            ListPoliciesOutput::builder().set_policies(Some(policies)).set_next_token(next).build()
        })
    }

    fn described(name: &'static str, content: String) -> Rule {
        mock!(Client::describe_policy)
            .match_requests(move |request| request.policy_id() == Some(&format!("p-{name}")))
            .then_output(move || {
                DescribePolicyOutput::builder().policy(Policy::builder().content(&content).build()).build()
            })
    }

    fn created(guardrail: Guardrail) -> Rule {
        let (name, content) = (guardrail.policy_name("x"), document(guardrail));
        let summary = summary(&name);
        mock!(Client::create_policy)
            .match_requests(move |request| {
                (request.name(), request.content(), request.r#type()) == (Some(&name), Some(&content), Some(&KIND))
            })
            .then_output(move || {
                let policy = Policy::builder().policy_summary(summary.clone()).build();
                CreatePolicyOutput::builder().policy(policy).build()
            })
    }

    fn taken() -> Rule {
        mock!(Client::create_policy).then_error(|| {
            let named = ErrorMetadata::builder().code("DuplicatePolicyException").build();
            CreatePolicyError::DuplicatePolicyException(DuplicatePolicyException::builder().meta(named).build())
        })
    }

    fn updated(guardrail: Guardrail) -> Rule {
        let (id, content) = (format!("p-{}", guardrail.policy_name("x")), document(guardrail));
        mock!(Client::update_policy)
            .match_requests(move |request| (request.policy_id(), request.content()) == (Some(&id), Some(&content)))
            .then_output(|| UpdatePolicyOutput::builder().build())
    }

    /// Any call beyond the rules, or out of their order, fails.
    async fn run(root: Root, rules: &[&Rule]) -> Result<Ensured, Error> {
        let client = mock_client!(aws_sdk_organizations, RuleMode::Sequential, rules);
        let ensured = ensure(&client, &root, &names(), "aws").await?;
        assert!(rules.iter().all(|rule| rule.num_calls() == 1));
        assert_eq!(ensured.ids["spend-restrict"], format!("p-{RESTRICT}"));
        assert_eq!(ensured.ids["spend-freeze"], format!("p-{FREEZE}"));
        Ok(ensured)
    }

    #[tokio::test]
    async fn what_is_missing_is_made_after_the_type_is_enabled() {
        let enabled = mock!(Client::enable_policy_type)
            .match_requests(|request| request.root_id() == Some("r-1") && request.policy_type() == Some(&KIND))
            .then_output(|| EnablePolicyTypeOutput::builder().build());
        let (first, second) = (listed(&[], Some("1")), listed(&["FullAWSAccess"], None));
        let made = Guardrail::all().map(created);
        let ensured = run(root(None), &[&enabled, &first, &second, &made[0], &made[1]]).await.unwrap();
        assert_eq!((ensured.created, ensured.updated), (Guardrail::all().to_vec(), vec![]));
    }

    #[tokio::test]
    async fn what_is_as_it_should_be_is_only_read() {
        let spaced = |guardrail| {
            let value: Value = serde_json::from_str(&document(guardrail)).unwrap();
            serde_json::to_string_pretty(&value).unwrap()
        };
        for status in [PolicyTypeStatus::Enabled, PolicyTypeStatus::PendingEnable] {
            let rules = [
                listed(&[FREEZE, RESTRICT], None),
                described(RESTRICT, spaced(Guardrail::SpendRestrict)),
                described(FREEZE, spaced(Guardrail::SpendFreeze)),
            ];
            let ensured = run(root(Some(status)), &rules.each_ref()).await.unwrap();
            assert!(ensured.created.is_empty() && ensured.updated.is_empty());
        }
    }

    #[tokio::test]
    async fn what_somebody_changed_gets_its_content_back() {
        let enabled = mock!(Client::enable_policy_type).then_error(|| {
            let already = PolicyTypeAlreadyEnabledException::builder().build();
            EnablePolicyTypeError::PolicyTypeAlreadyEnabledException(already)
        });
        let there = listed(&[RESTRICT, FREEZE], None);
        let restrict = described(RESTRICT, document(Guardrail::SpendRestrict));
        let freeze = described(FREEZE, r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned());
        let mended = updated(Guardrail::SpendFreeze);
        let rules = [&enabled, &there, &restrict, &freeze, &mended];
        let ensured = run(root(Some(PolicyTypeStatus::PendingDisable)), &rules).await.unwrap();
        assert_eq!((ensured.created, ensured.updated), (vec![], vec![Guardrail::SpendFreeze]));
    }

    #[tokio::test]
    async fn two_runs_at_once_make_one_policy() {
        let (before, lost) = (listed(&[RESTRICT], None), taken());
        let restrict = described(RESTRICT, document(Guardrail::SpendRestrict));
        let (after, freeze) = (listed(&[RESTRICT, FREEZE], None), described(FREEZE, document(Guardrail::SpendFreeze)));
        let rules = [&before, &restrict, &lost, &after, &freeze];
        let ensured = run(root(Some(PolicyTypeStatus::Enabled)), &rules).await.unwrap();
        assert!(ensured.created.is_empty() && ensured.updated.is_empty());
    }

    #[tokio::test]
    async fn a_name_that_a_policy_of_another_type_has_is_an_error_that_says_so() {
        let (before, lost, after) = (listed(&[], None), taken(), listed(&[], None));
        let failed = run(root(Some(PolicyTypeStatus::Enabled)), &[&before, &lost, &after]).await.unwrap_err();
        let failure = failed.failure();
        assert_eq!((failure.class, &*failure.name), (Class::Invalid, "Invalid.DuplicatePolicyException"));
    }
}

//! The stack of the suite's roles and rule in a Region of a member account.

use crate::Error;
use aws::{AwsFault, MEMBER_ROLES_STACK};
use aws_sdk_cloudformation::{
    Client,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::{create_stack::CreateStackError, describe_stacks::DescribeStacksError},
    types::{Capability, Parameter, Stack, StackStatus, Tag},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// The template, compiled in: 51,200 bytes is what `CloudFormation` takes in a request.
const TEMPLATE: &str = include_str!("../../../../sam/member-roles.yaml");

/// The tag that tells which template and parameters a stack was made from.
const DIGEST_TAG: &str = "ai-landing-zone-digest";

/// The parameters of the template.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    pub prefix: String,
    pub organization_id: String,
    pub verification_principal: String,
    pub tagging_principal: String,
    pub tag_audit_principal: String,
    pub intake_bus: String,
    pub home_region: String,
    pub suite_roles: String,
    pub security_hub_account: String,
}

impl Parameters {
    fn list(&self) -> [(&'static str, &str); 9] {
        [
            ("RolePrefix", &self.prefix),
            ("OrganizationId", &self.organization_id),
            ("VerificationPrincipalArn", &self.verification_principal),
            ("TaggingPrincipalArn", &self.tagging_principal),
            ("TagAuditPrincipalArn", &self.tag_audit_principal),
            ("IntakeBusArn", &self.intake_bus),
            ("HomeRegion", &self.home_region),
            ("SuiteRolesArn", &self.suite_roles),
            ("SecurityHubAccount", &self.security_hub_account),
        ]
    }

    /// Changes whenever the stack has to.
    fn digest(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(TEMPLATE);
        for (key, value) in self.list() {
            digest.update(format!("\n{key}={value}"));
        }
        URL_SAFE_NO_PAD.encode(digest.finalize())
    }
}

/// What to do about the stack.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Create,
    Update,
    /// It could not be made and cannot be updated.
    Delete,
    Wait,
    Done,
    Failed,
}

/// Decides by the stack's status and digest. A stack that failed is made anew only at the first look of an attempt: a
/// failure within the attempt has to be seen.
fn next(status: Option<&str>, digest_matches: bool, first_look: bool) -> Next {
    match status {
        None | Some("DELETE_COMPLETE") => Next::Create,
        Some("ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" | "CREATE_FAILED" | "DELETE_FAILED") if first_look => Next::Delete,
        Some("CREATE_COMPLETE" | "UPDATE_COMPLETE") if digest_matches => Next::Done,
        Some("CREATE_COMPLETE" | "UPDATE_COMPLETE") => Next::Update,
        Some("UPDATE_ROLLBACK_COMPLETE") if first_look => Next::Update,
        Some(status) if status.ends_with("_IN_PROGRESS") => Next::Wait,
        Some(_) => Next::Failed,
    }
}

/// A look at the stack.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The first of an attempt.
    pub first: bool,
    /// What it stands on is there.
    pub may_create: bool,
}

/// Brings the stack one step further; true once it is as it should be.
pub(crate) async fn ensure(client: &Client, parameters: &Parameters, look: Look) -> Result<bool, Error> {
    let digest = parameters.digest();
    let stack = find(client).await?;
    let status = stack.as_ref().and_then(Stack::stack_status).map(StackStatus::as_str);
    let made_from_this = stack.as_ref().is_some_and(|stack| {
        stack.tags().iter().any(|tag| tag.key() == Some(DIGEST_TAG) && tag.value() == Some(&digest))
    });
    match next(status, made_from_this, look.first) {
        Next::Done => return Ok(true),
        Next::Wait => {}
        Next::Create if !look.may_create => {}
        Next::Create => create(client, parameters, &digest).await?,
        Next::Update => update(client, parameters, &digest).await?,
        Next::Delete => delete(client).await?,
        Next::Failed => {
            return Err(Error::MemberRoles {
                status: status.unwrap_or("no status").to_owned(),
                reason: stack
                    .and_then(|stack| stack.stack_status_reason)
                    .unwrap_or_else(|| "no reason given".to_owned()),
            });
        }
    }
    Ok(false)
}

async fn find(client: &Client) -> Result<Option<Stack>, AwsFault> {
    match client.describe_stacks().stack_name(MEMBER_ROLES_STACK).send().await {
        Ok(answer) => Ok(answer.stacks.unwrap_or_default().into_iter().next()),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(AwsFault::new("cloudformation:DescribeStacks", &error)),
    }
}

/// `CloudFormation` has no error of its own for this; the message is all there is.
fn is_missing<R>(error: &SdkError<DescribeStacksError, R>) -> bool {
    error.as_service_error().and_then(|error| error.message()).is_some_and(|message| message.contains("does not exist"))
}

async fn create(client: &Client, parameters: &Parameters, digest: &str) -> Result<(), AwsFault> {
    let sent = client
        .create_stack()
        .stack_name(MEMBER_ROLES_STACK)
        .template_body(TEMPLATE)
        .set_parameters(Some(values(parameters)))
        .capabilities(Capability::CapabilityNamedIam)
        .tags(Tag::builder().key("managed-by").value("ai-landing-zone").build())
        .tags(Tag::builder().key(DIGEST_TAG).value(digest).build())
        .send()
        .await;
    match sent {
        Ok(_) => Ok(()),
        // Another delivery was faster; the next look finds its stack.
        Err(error) if error.as_service_error().is_some_and(CreateStackError::is_already_exists_exception) => Ok(()),
        Err(error) => Err(AwsFault::new("cloudformation:CreateStack", &error)),
    }
}

async fn update(client: &Client, parameters: &Parameters, digest: &str) -> Result<(), AwsFault> {
    client
        .update_stack()
        .stack_name(MEMBER_ROLES_STACK)
        .template_body(TEMPLATE)
        .set_parameters(Some(values(parameters)))
        .capabilities(Capability::CapabilityNamedIam)
        .tags(Tag::builder().key("managed-by").value("ai-landing-zone").build())
        .tags(Tag::builder().key(DIGEST_TAG).value(digest).build())
        .send()
        .await
        .map(drop)
        .map_err(|error| AwsFault::new("cloudformation:UpdateStack", &error))
}

async fn delete(client: &Client) -> Result<(), AwsFault> {
    client
        .delete_stack()
        .stack_name(MEMBER_ROLES_STACK)
        .send()
        .await
        .map(drop)
        .map_err(|error| AwsFault::new("cloudformation:DeleteStack", &error))
}

fn values(parameters: &Parameters) -> Vec<Parameter> {
    parameters
        .list()
        .into_iter()
        .map(|(key, value)| Parameter::builder().parameter_key(key).parameter_value(value).build())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_fits_into_a_request() {
        assert!(TEMPLATE.len() <= 51_200);
        for (key, _) in parameters().list() {
            assert!(TEMPLATE.contains(&format!("\n  {key}:")), "{key}");
        }
    }

    fn parameters() -> Parameters {
        Parameters {
            prefix: "P".into(),
            organization_id: "o-1".into(),
            verification_principal: "arn".into(),
            tagging_principal: "arn".into(),
            tag_audit_principal: "arn".into(),
            intake_bus: "arn".into(),
            suite_roles: "arn:aws:iam::111122223333:role/ai-landing-zone".to_owned(),
            security_hub_account: String::new(),
            home_region: "eu-west-1".into(),
        }
    }

    #[test]
    fn the_digest_changes_with_the_parameters() {
        let other = Parameters { prefix: "Q".into(), ..parameters() };
        assert_ne!(parameters().digest(), other.digest());
    }

    #[test]
    fn a_stack_is_made_updated_waited_for_and_seen_to_fail() {
        assert_eq!(next(None, false, false), Next::Create);
        assert_eq!(next(Some("CREATE_IN_PROGRESS"), true, true), Next::Wait);
        assert_eq!(next(Some("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"), true, true), Next::Wait);
        assert_eq!(next(Some("CREATE_COMPLETE"), true, false), Next::Done);
        assert_eq!(next(Some("CREATE_COMPLETE"), false, false), Next::Update);
        assert_eq!(next(Some("ROLLBACK_COMPLETE"), true, false), Next::Failed);
        assert_eq!(next(Some("ROLLBACK_COMPLETE"), true, true), Next::Delete);
        assert_eq!(next(Some("UPDATE_ROLLBACK_COMPLETE"), true, false), Next::Failed);
        assert_eq!(next(Some("UPDATE_ROLLBACK_COMPLETE"), true, true), Next::Update);
    }
}

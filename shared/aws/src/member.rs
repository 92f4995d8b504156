//! Sessions in member accounts.

use crate::AwsFault;
use aws_config::{Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use landing_zone::AccountId;

/// The stack of the suite's roles and rule (`sam/member-roles.yaml`) in every governed Region of every account.
pub const MEMBER_ROLES_STACK: &str = "ai-landing-zone-member-roles";

/// A role in a member account, and the name under which our calls appear in that account's trail.
#[derive(Debug, Clone, Copy)]
pub struct MemberRole<'a> {
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: &'a str,
    /// The role's name in the account.
    pub name: &'a str,
    /// The session name.
    pub session: &'a str,
    /// A policy that narrows what the role allows, for this session.
    pub policy: Option<&'a str>,
}

/// Assumes `role` in `account` and returns a configuration whose clients act there. Sessions last 15 minutes, the
/// shortest AWS gives, which is longer than any function runs.
pub async fn session(
    sts: &aws_sdk_sts::Client,
    base: &SdkConfig,
    account: &AccountId,
    role: MemberRole<'_>,
) -> Result<SdkConfig, AwsFault> {
    let answer = sts
        .assume_role()
        .role_arn(format!("arn:{}:iam::{account}:role/{}", role.partition, role.name))
        .role_session_name(role.session)
        .duration_seconds(900)
        .set_policy(role.policy.map(str::to_owned))
        .send()
        .await
        .map_err(|error| AwsFault::new("sts:AssumeRole", &error))?;
    let keys = answer.credentials.map(|keys| {
        Credentials::new(keys.access_key_id, keys.secret_access_key, Some(keys.session_token), None, "AssumeRole")
    });
    let mut config = base.to_builder();
    config.set_credentials_provider(keys.map(SharedCredentialsProvider::new));
    Ok(config.build())
}

/// The same session in another Region.
#[must_use]
pub fn in_region(session: &SdkConfig, region: &str) -> SdkConfig {
    session.to_builder().region(Region::new(region.to_owned())).build()
}

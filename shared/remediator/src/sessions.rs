//! Sessions in member accounts, each narrowed to one plan.

use crate::Error;
use aws::{ConfigError, MemberRole, SdkConfig};
use remediation::{Case, Control, LONGEST_POLICY, session_policy};
use std::collections::BTreeMap;

/// The way into member accounts.
pub(crate) struct Sessions {
    sts: aws_sdk_sts::Client,
    base: SdkConfig,
    partition: String,
    role: String,
    session: String,
}

impl Sessions {
    pub(crate) fn from_environment(config: &SdkConfig, family: &str) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            sts: aws_sdk_sts::Client::new(config),
            base: config.clone(),
            partition: aws::optional("PARTITION", text)?.unwrap_or_else(|| "aws".to_owned()),
            role: format!("{}-remediation-{family}", aws::required("MEMBER_ROLE_PREFIX", text)?),
            session: format!("ai-landing-zone-{family}"),
        })
    }

    /// A configuration whose clients may read what the control looks at, and with `writes` change the resource.
    pub(crate) async fn enter(
        &self,
        row: &Control,
        case: &Case,
        parts: &BTreeMap<String, String>,
        writes: bool,
    ) -> Result<SdkConfig, Error> {
        let told = &case.remediation;
        let policy = session_policy(row, &told.resource, parts, writes);
        if policy.len() > LONGEST_POLICY {
            return Err(Error::LongPolicy(policy.len()));
        }
        let role =
            MemberRole { partition: &self.partition, name: &self.role, session: &self.session, policy: Some(&policy) };
        let config = aws::session(&self.sts, &self.base, &told.account_id, role).await?;
        Ok(aws::in_region(&config, &told.region))
    }
}

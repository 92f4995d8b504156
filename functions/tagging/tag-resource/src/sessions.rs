//! Sessions in member accounts, kept for as long as they are good.

use aws::{AwsFault, ConfigError, MemberRole, SdkConfig};
use jiff::Timestamp;
use landing_zone::AccountId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// A session lasts 15 minutes; the rest is for the calls of one batch.
const KEPT: Duration = Duration::from_mins(10);

/// The way into member accounts.
pub(crate) struct Sessions {
    sts: aws_sdk_sts::Client,
    base: SdkConfig,
    partition: String,
    role: String,
    open: Mutex<HashMap<AccountId, (Timestamp, SdkConfig)>>,
}

impl Sessions {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            sts: aws_sdk_sts::Client::new(config),
            base: config.clone(),
            partition: aws::optional("PARTITION", text)?.unwrap_or_else(|| "aws".to_owned()),
            role: format!("{}-tagging", aws::required("MEMBER_ROLE_PREFIX", text)?),
            open: Mutex::default(),
        })
    }

    /// A configuration whose clients act in `region` of `account`.
    pub(crate) async fn enter(&self, account: &AccountId, region: &str, now: Timestamp) -> Result<SdkConfig, AwsFault> {
        let kept = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned();
        let config = match kept {
            Some((until, config)) if now < until => config,
            _ => {
                let role = MemberRole {
                    partition: &self.partition,
                    name: &self.role,
                    session: "ai-landing-zone-tag-resource",
                    policy: None,
                };
                let config = aws::session(&self.sts, &self.base, account, role).await?;
                let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
                open.retain(|_, (until, _)| now < *until);
                open.insert(account.clone(), (now + KEPT, config.clone()));
                config
            }
        };
        Ok(aws::in_region(&config, region))
    }
}

//! One Region of one account: the way in, and the record of it.

use aws::{AwsFault, ConfigError, MemberRole, SdkConfig};
use jiff::Timestamp;
use landing_zone::{AccountId, AccountType, Environment};
use tagging::{Requirement, Swept, SweptState, TagMap};
use telemetry::{Metric, emit};

/// One Region of one account, entered.
pub(crate) struct Place<'a> {
    pub account: &'a AccountId,
    pub region: &'a str,
    /// Its clients act there.
    pub config: SdkConfig,
}

/// The way into member accounts.
pub(crate) struct Doors {
    sts: aws_sdk_sts::Client,
    base: SdkConfig,
    partition: String,
    role: String,
}

impl Doors {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            sts: aws_sdk_sts::Client::new(config),
            base: config.clone(),
            partition: aws::required("PARTITION", text)?,
            role: format!("{}-tag-audit", aws::required("MEMBER_ROLE_PREFIX", text)?),
        })
    }

    /// A configuration whose clients act in `region` of `account`. Its session outlasts the function's 15 minutes.
    pub(crate) async fn enter(&self, account: &AccountId, region: &str) -> Result<SdkConfig, AwsFault> {
        let role =
            MemberRole { partition: &self.partition, name: &self.role, session: "ai-landing-zone-sweep", policy: None };
        let config = aws::session(&self.sts, &self.base, account, role).await?;
        Ok(aws::in_region(&config, region))
    }
}

/// What the tags of an account say of it.
#[derive(Debug)]
pub(crate) struct Kind {
    pub environment: Option<Environment>,
    pub account_type: Option<AccountType>,
    pub owner: Option<String>,
}

impl Kind {
    pub(crate) fn of(tags: &TagMap) -> Self {
        let tag = |key: &str| tags.get(key).map(String::as_str).unwrap_or_default();
        Self {
            environment: Environment::parse(tag("environment")).ok(),
            account_type: AccountType::parse(tag("account-type")).ok(),
            owner: tags.get("owner").cloned(),
        }
    }
}

/// The record of a sweep that begins: the account as it is now, counts and search as the sweep before left them.
pub(crate) fn record(
    account: &AccountId,
    region: &str,
    kind: Kind,
    requirement: &Requirement,
    before: Option<&Swept>,
    now: Timestamp,
) -> Swept {
    // A search that goes on still counts what it has sent.
    let replayed = before.filter(|before| before.state == SweptState::Sweeping).map_or(0, |before| before.replayed);
    Swept {
        account_id: account.clone(),
        region: region.to_owned(),
        environment: kind.environment,
        account_type: kind.account_type,
        owner: kind.owner,
        state: SweptState::Sweeping,
        swept_at: before.map_or(now, |before| before.swept_at),
        searched_to: before.map_or(Timestamp::UNIX_EPOCH, |before| before.searched_to),
        replayed,
        grace_days: requirement.grace_days,
        action: requirement.action,
        coverage: before.map(|before| before.coverage.clone()).unwrap_or_default(),
    }
}

/// Emits what the sweep found.
pub(crate) fn measure(place: &Place<'_>, swept: &Swept, overlooked: usize, now: Timestamp) {
    let total = swept.coverage.total;
    let metrics = [
        Metric::counted("ResourcesSwept", total.resources),
        Metric::counted("ResourcesLackingTags", total.resources.saturating_sub(total.complete)),
        Metric::counted("ResourcesAgainstTagPolicy", swept.coverage.against_tag_policy),
        Metric::counted("EventsReplayed", swept.replayed),
        Metric::counted("ResourcesOverlooked", overlooked),
    ];
    emit("sweep", &metrics, &[], &[("account", place.account.as_str()), ("region", place.region)], now);
}

//! AWS as the suite uses it: one way to configure clients, one way into member accounts, one way to read errors.

#[cfg(feature = "bus")]
mod bus;
#[cfg(feature = "calls")]
mod call;
mod config;
#[cfg(feature = "cost-explorer")]
mod cost_explorer;
#[cfg(feature = "dead-letters")]
mod dead_letters;
mod fault;
#[cfg(feature = "letters")]
mod letters;
#[cfg(feature = "member-sessions")]
mod member;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "organization")]
mod organization;
#[cfg(feature = "resource-tags")]
mod resources;
#[cfg(feature = "calls")]
mod switch;
#[cfg(feature = "workflows")]
mod workflow;

pub use aws_config::SdkConfig;
#[cfg(feature = "bus")]
pub use bus::{Bus, NotPublished};
#[cfg(feature = "calls")]
pub use call::{Call, each, permissions, send};
pub use config::{ConfigError, governed_regions, optional, required, sdk_config};
#[cfg(feature = "cost-explorer")]
pub use cost_explorer::{COST_METRIC, cost_explorer, credits, one_of};
#[cfg(feature = "dead-letters")]
pub use dead_letters::DeadLetters;
pub use fault::AwsFault;
#[cfg(feature = "letters")]
pub use letters::{Letter, People};
#[cfg(feature = "member-sessions")]
pub use member::{MEMBER_ROLES_STACK, MemberRole, in_region, session};
#[cfg(feature = "metrics")]
pub use metrics::{Metric, Points, metrics, sums};
#[cfg(feature = "organization")]
pub use organization::{AccountTags, account_tags, active_accounts};
#[cfg(feature = "resource-tags")]
pub use resources::resource_tags;
#[cfg(feature = "calls")]
pub use switch::KillSwitch;
#[cfg(feature = "workflows")]
pub use workflow::Workflow;

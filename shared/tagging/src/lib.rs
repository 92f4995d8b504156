//! Which event made which resource, who did it, and which tags the resource gets. Pure: no AWS client, no clock, no
//! environment. What is known of AWS lies in `data/rules.json`, one row per event; what the organization wants lies in a
//! policy document (`data/policy.json` is the default).

mod arn;
mod creation;
mod envelope;
mod plan;
mod policy;
mod principal;
mod request_tags;
mod rules;
mod template;

pub use arn::Arn;
pub use creation::{Creation, Ignored, Rejected, Verdict, classify};
pub use envelope::{Found, records};
pub use plan::{Plan, plan};
pub use policy::{Facts, Policy, PolicyError};
pub use principal::Principal;
pub use rules::{Evidence, Rule, Via, rules};

/// Tags as AWS writes them.
pub type TagMap = std::collections::BTreeMap<String, String>;

//! Which event made which resource, who did it, and which tags the resource gets. Pure: no AWS client, no clock, no
//! environment. What is known of AWS lies in `data/rules.json`, one row per event; what the organization wants lies in a
//! policy document (`data/policy.json` is the default).

mod arn;
mod compliance;
mod coverage;
mod creation;
mod envelope;
mod found;
mod plan;
mod policy;
mod principal;
mod request_tags;
mod rules;
mod summary;
mod template;

pub use arn::Arn;
pub use compliance::{Action, Compliance, Requirement};
pub use coverage::{Count, Coverage, Marks, Swept, SweptState, Untagged};
pub use creation::{Creation, Ignored, Origin, Rejected, Verdict, classify};
pub use envelope::{Found, records};
pub use found::message as found_message;
pub use plan::{Plan, plan};
pub use policy::{Facts, Policy, PolicyError};
pub use principal::Principal;
pub use rules::{Evidence, Rule, Via, is_tagged_by_a_rule, rules};
pub use summary::Summary;

/// Tags as AWS writes them.
pub type TagMap = std::collections::BTreeMap<String, String>;

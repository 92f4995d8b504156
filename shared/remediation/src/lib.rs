//! Findings of Security Hub, the catalog of controls, and the plans that mend what a finding names.
//!
//! Pure: a finding is read, a control is looked up, what was described of a resource goes in and a plan comes out. The
//! calls themselves are made by the functions. What is known of a control is data (`data/README.md`).

mod access;
mod case;
mod case_id;
mod catalog;
mod condition;
mod decision;
mod finding;
mod form;
mod mode;
mod ocsf;
mod owner;
mod plan;
mod read;
mod resource;
mod state;
mod tally;
mod template;
mod triage;
mod work;

pub use access::{LONGEST_POLICY, session_policy};
pub use case::{Admission, Approval, Case, Entry};
pub use case_id::CaseId;
pub use catalog::{Control, Family, Reversibility, Risk, Severity, control, controls};
pub use condition::{CLOCK, Condition};
pub use decision::{Decision, Facts, decide};
pub use finding::{Compliance, Finding, FindingKey, Resource, Unreadable, Workflow, findings};
pub use form::Form;
pub use mode::{Mode, Modes};
pub use owner::Owner;
pub use plan::{Assessment, Plan, Scene, Step, assess, differences, is_fixed, parts};
pub use read::{Ask, Read};
pub use resource::ResourcePattern;
pub use state::State;
pub use tally::Tally;
pub use template::{Template, Undescribed};
pub use triage::{EXEMPTION_TAG, Exemption, Held, Ignored, Known, Rejected, Remediation, Verdict, exempt, triage};
pub use work::{Progress, Work};

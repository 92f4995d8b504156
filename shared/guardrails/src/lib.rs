//! The service control policies that hold spending. The suite makes them once and only attaches and detaches them.
//!
//! *Restrict* denies what begins new AI and GPU spend and what binds for months; models, endpoints and instances that
//! are there go on. *Freeze* denies inference as well. Both leave reading, stopping, deleting, tagging and logging
//! alone, for clean-up is the way out. A policy stops nothing that runs, and service-linked roles (Auto Scaling among
//! them) are beyond it: that is what the stage *stop* is for.
//!
//! | what is denied | told apart by |
//! |---|---|
//! | jobs, endpoints, notebooks, clusters, agents, provisioned throughput | action |
//! | accelerated instances (`p`, `g`, `inf`, `trn`, `dl`) | `ec2:InstanceType`, `autoscaling:InstanceTypes` |
//! | spot requests of the old kind, which tell IAM no type; fleets of EC2 do | action |
//! | reserved capacity, Savings Plans, Marketplace subscriptions | action |
//! | making a role that would be exempt, or changing whom one trusts | resource |
//!
//! Statements only ever deny: the files cannot say anything else.

mod document;
#[cfg(any(test, feature = "reach"))]
pub mod reach;

use document::Document;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::LazyLock;

/// Characters that a service control policy may have, white space included
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>).
pub const MOST_CHARACTERS: usize = 10_240;

/// A policy of the suite, from the mildest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Guardrail {
    /// No new AI and GPU spend.
    SpendRestrict,
    /// No inference either.
    SpendFreeze,
}

/// Who is exempt, so that spending can be released and what was stopped can start again: by name, in every account.
#[derive(Debug, Clone, Copy)]
pub struct ExemptRoles<'a> {
    /// `aws`, for example.
    pub partition: &'a str,
    /// Begins the name of each role of the suite; a hyphen follows.
    pub role_prefix: &'a str,
    /// The role that Organizations makes in every account.
    pub access_role: &'a str,
}

static RESTRICT: LazyLock<Document> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/spend-restrict.json")).expect("data/spend-restrict.json")
});

/// What freezing denies beyond restricting.
static FREEZE: LazyLock<Document> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/spend-freeze.json")).expect("data/spend-freeze.json")
});

impl Guardrail {
    /// Every policy, the mildest first.
    #[must_use]
    pub fn all() -> [Self; 2] {
        [Self::SpendRestrict, Self::SpendFreeze]
    }

    /// The id as the ledger and events have it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::SpendRestrict => "spend-restrict",
            Self::SpendFreeze => "spend-freeze",
        }
    }

    /// The name of the policy in the organization.
    #[must_use]
    pub fn policy_name(self, name_prefix: &str) -> String {
        format!("{name_prefix}-{}", self.id())
    }

    /// What the console of Organizations shows beside the name.
    #[must_use]
    pub fn description(self) -> &'static str {
        match self {
            Self::SpendRestrict => "Denies new AI and GPU spend. The AI Landing Zone attaches and detaches it.",
            Self::SpendFreeze => {
                "Denies inference and new AI and GPU spend. The AI Landing Zone attaches and detaches it."
            }
        }
    }

    /// The policy, without white space. At most [`MOST_CHARACTERS`] for names as IAM has them.
    #[must_use]
    pub fn document(self, exempt: ExemptRoles<'_>) -> String {
        let ExemptRoles { partition, role_prefix, access_role } = exempt;
        let roles = [role_prefix.to_owned() + "-*", access_role.to_owned()];
        let arns = roles.map(|role| format!("arn:{partition}:iam::*:role/{role}"));
        let statements: Vec<_> = self.layers().iter().flat_map(|layer| layer.exempting(&arns)).collect();
        json!({"Version": "2012-10-17", "Statement": statements}).to_string()
    }

    /// What is harsher has all that is milder.
    fn layers(self) -> Vec<&'static Document> {
        match self {
            Self::SpendRestrict => vec![&RESTRICT],
            Self::SpendFreeze => vec![&RESTRICT, &FREEZE],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The longest names that the templates take.
    fn longest() -> String {
        let (role_prefix, access_role) = ("A".repeat(32), "a".repeat(64));
        let exempt = ExemptRoles { partition: "aws-us-gov", role_prefix: &role_prefix, access_role: &access_role };
        Guardrail::SpendFreeze.document(exempt)
    }

    #[test]
    fn the_longest_document_fits() {
        let document = longest();
        eprintln!("{} of {MOST_CHARACTERS} characters", document.chars().count());
        assert!(document.chars().count() <= MOST_CHARACTERS);
        assert!(!document.contains(char::is_whitespace));
    }

    #[test]
    fn freezing_denies_whatever_restricting_denies() {
        let [restrict, freeze] = Guardrail::all().map(|guardrail| {
            guardrail.layers().iter().flat_map(|layer| layer.exempting(&[])).map(|one| json!(one)).collect::<Vec<_>>()
        });
        assert!(freeze.len() > restrict.len() && restrict.iter().all(|statement| freeze.contains(statement)));
    }

    #[test]
    fn ids_are_what_is_stored() {
        for guardrail in Guardrail::all() {
            assert_eq!(json!(guardrail), guardrail.id());
            assert_eq!(serde_json::from_value::<Guardrail>(json!(guardrail.id())).unwrap(), guardrail);
            assert_eq!(guardrail.policy_name("ai-landing-zone"), format!("ai-landing-zone-{}", guardrail.id()));
        }
        assert!(serde_json::from_value::<Guardrail>(json!("spend-everything")).is_err());
    }
}

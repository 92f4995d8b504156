//! Resources that come from code: the next deployment would undo a change, so their source has to change.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::LazyLock,
};

/// What a resource comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// A stack, by its name.
    CloudFormation(String),
    /// Terraform or `OpenTofu`, by the tag that says so.
    Terraform(String),
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CloudFormation(stack) => {
                write!(f, "it comes from the CloudFormation stack {stack}: change its template")
            }
            Self::Terraform(tag) => write!(f, "it comes from Terraform (tag {tag}): change its source"),
        }
    }
}

/// Tag keys by which people mark what code owns, in lower case.
const MARKERS: [&str; 6] = ["managed-by", "managedby", "managed_by", "provisioner", "iac", "created-with"];

impl Owner {
    /// Reads a resource's tags.
    #[must_use]
    pub fn of(tags: &BTreeMap<String, String>) -> Option<Self> {
        if let Some(stack) = tags.get("aws:cloudformation:stack-name") {
            return Some(Self::CloudFormation(stack.clone()));
        }
        tags.iter().find_map(|(key, value)| {
            let (lower, text) = (key.to_ascii_lowercase(), value.to_ascii_lowercase());
            let names_it = ["terraform", "opentofu"].iter().any(|tool| text.contains(tool));
            let is_switch = lower == "terraform" && !["false", "no", "0"].contains(&text.as_str());
            let is_marker = MARKERS.contains(&lower.as_str()) && names_it;
            (is_switch || is_marker || lower.starts_with("terraform:")).then(|| Self::Terraform(key.clone()))
        })
    }

    /// What mends a control in the source of such a resource; nothing where its property does not exist there.
    #[must_use]
    pub fn source(&self, control: &str) -> Option<Value> {
        let source = SOURCES.get(control)?;
        match self {
            Self::CloudFormation(_) => source.cloudformation.clone(),
            Self::Terraform(_) => source.terraform.clone(),
        }
    }
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Source {
    cloudformation: Option<Value>,
    terraform: Option<Value>,
}

static SOURCES: LazyLock<HashMap<String, Source>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/sources.json")).expect("data/sources.json")
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controls;

    fn owner(pairs: &[(&str, &str)]) -> Option<Owner> {
        Owner::of(&pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn a_stack_and_the_marks_of_terraform_are_known() {
        assert_eq!(owner(&[("aws:cloudformation:stack-name", "web")]), Some(Owner::CloudFormation("web".to_owned())));
        for (key, value) in [("ManagedBy", "Terraform"), ("managed-by", "opentofu 1.9"), ("terraform", "true")] {
            assert_eq!(owner(&[(key, value)]), Some(Owner::Terraform(key.to_owned())), "{key}");
        }
        for (key, value) in [("managed-by", "team-web"), ("terraform", "false"), ("Name", "terraform-state")] {
            assert_eq!(owner(&[(key, value)]), None, "{key}");
        }
    }

    #[test]
    fn every_control_that_changes_something_says_what_its_source_needs() {
        for row in controls() {
            assert_eq!(SOURCES.contains_key(&row.control), row.has_remedy(), "{}", row.control);
        }
        let stack = Owner::CloudFormation("web".to_owned());
        assert_eq!(stack.source("S3.8").unwrap()["type"], "AWS::S3::Bucket");
    }
}

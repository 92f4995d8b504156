//! The table of events: one row for each call that makes a resource.

use crate::{Arn, template::Template};
use serde::Deserialize;
use std::{collections::HashMap, sync::LazyLock};

/// How a resource is tagged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The Resource Groups Tagging API.
    #[default]
    TaggingApi,
    /// IAM's own call: the Tagging API knows no roles.
    IamRole,
    /// IAM's own call: the Tagging API knows no users.
    IamUser,
    /// Not at all: what the stack makes inherits its owner.
    OwnerOnly,
}

/// How well a row is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// The event has been seen.
    Observed,
    /// Other taggers rely on it.
    Practised,
    /// Derived from the service's API model; needs one live confirmation.
    Model,
}

/// One row.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// `sagemaker` for `sagemaker.amazonaws.com`.
    pub source: String,
    /// Name of the call, without the API date that some services append.
    pub event: String,
    /// Other names of the same call.
    #[serde(default)]
    also_named: Vec<String>,
    /// Where the ARN is, best place first.
    pub(crate) arn: Vec<Template>,
    /// What was made along with it and gets the same tags.
    #[serde(default)]
    pub(crate) companions: Vec<Template>,
    /// True where volumes are attached that the event does not name.
    #[serde(default)]
    pub attachments: bool,
    /// Resources whose data flows in: their class of data travels along.
    #[serde(default)]
    pub(crate) data: Vec<Template>,
    /// Who it is for, where the caller is no person.
    #[serde(default)]
    pub(crate) person: Vec<Template>,
    /// How it is tagged.
    #[serde(default)]
    pub via: Via,
    /// The permission that tagging it takes beside the Tagging API's own.
    #[serde(default)]
    pub action: Option<String>,
    /// The service refuses tags so long, in seconds: it is not asked earlier.
    #[serde(default)]
    pub settle_seconds: u32,
    /// The call also succeeds on what exists already: only what has none of our tags is tagged.
    #[serde(default)]
    pub repeats: bool,
    /// The least class of data such a resource holds.
    #[serde(default)]
    pub data_classification: Option<landing_zone::DataClassification>,
    /// The resource is the service's own when this is `true`.
    #[serde(default)]
    pub(crate) skip_if: Option<String>,
    /// How well the row is known.
    pub evidence: Evidence,
    /// 1: what an AI platform is made of; 2: the rest.
    pub tier: u8,
    /// What to know.
    #[serde(default)]
    pub note: Option<String>,
}

impl Rule {
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.event).chain(&self.also_named).map(String::as_str)
    }
}

struct Table {
    rules: Vec<Rule>,
    by_name: HashMap<(String, String), usize>,
}

fn load(text: &str) -> Result<Table, String> {
    let rules: Vec<Rule> = serde_json::from_str(text).map_err(|why| why.to_string())?;
    let mut by_name = HashMap::new();
    for (index, rule) in rules.iter().enumerate() {
        for name in rule.names() {
            if by_name.insert((rule.source.clone(), plain_name(name)), index).is_some() {
                return Err(format!("{} {name} has two rows", rule.source));
            }
        }
        if rule.arn.is_empty() {
            return Err(format!("{} {} has no ARN", rule.source, rule.event));
        }
        if (rule.via == Via::OwnerOnly) != rule.action.is_none() {
            return Err(format!("{} {}: an action belongs to everything that is tagged", rule.source, rule.event));
        }
    }
    Ok(Table { rules, by_name })
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    load(include_str!("../data/rules.json")).expect("data/rules.json")
});

/// Every row.
#[must_use]
pub fn rules() -> &'static [Rule] {
    &TABLE.rules
}

/// True when a row tags resources of the ARN's service, so that the suite is allowed to.
#[must_use]
pub fn is_tagged_by_a_rule(arn: &Arn) -> bool {
    let service =
        |rule: &Rule| rule.action.as_deref().and_then(|action| action.split(':').next()) == Some(arn.service());
    TABLE.rules.iter().any(service)
}

/// The row for a call; `source` is `sagemaker.amazonaws.com`.
pub(crate) fn rule(source: &str, name: &str) -> Option<&'static Rule> {
    let source = source.strip_suffix(".amazonaws.com")?;
    let index = TABLE.by_name.get(&(source.to_owned(), plain_name(name)))?;
    TABLE.rules.get(*index)
}

/// In lower case and without an API date: `CreateFunction20150331v2` is `createfunction`.
fn plain_name(name: &str) -> String {
    let undated = name.rsplit_once('v').map_or(name, |(before, version)| {
        if !version.is_empty() && version.bytes().all(|b| b.is_ascii_digit()) { before } else { name }
    });
    let digits = undated.bytes().rev().take_while(u8::is_ascii_digit).count();
    // A name may end in a digit of its own (`CreateAutoMLJobV2`); a date has eight.
    let kept = if digits == 8 { undated.get(..undated.len() - 8).unwrap_or(undated) } else { name };
    kept.to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        assert_eq!(rules().len(), 135);
        let sources: std::collections::BTreeSet<&str> = rules().iter().map(|rule| rule.source.as_str()).collect();
        assert_eq!(sources.len(), 44);
        assert!(rules().iter().all(|rule| (1..=2).contains(&rule.tier)));
    }

    #[test]
    fn services_without_a_row_are_known() {
        let covered = |arn: &str| is_tagged_by_a_rule(&Arn::parse(arn).unwrap());
        assert!(covered("arn:aws:sagemaker:eu-west-1:111122223333:endpoint/fraud") && covered("arn:aws:s3:::raw"));
        assert!(!covered("arn:aws:cloudformation:eu-west-1:111122223333:stack/x/1"));
    }

    #[test]
    fn a_call_is_found_by_source_and_name() {
        let found = |source: &str, name: &str| rule(source, name).map(|rule| rule.event.as_str());
        assert_eq!(found("lambda.amazonaws.com", "CreateFunction20150331"), Some("CreateFunction"));
        assert_eq!(found("lambda.amazonaws.com", "CreateFunction20150331v2"), Some("CreateFunction"));
        assert_eq!(found("es.amazonaws.com", "CreateElasticsearchDomain"), Some("CreateDomain"));
        assert_eq!(found("sagemaker.amazonaws.com", "createautomljobv2"), Some("CreateAutoMLJobV2"));
        assert_eq!(found("athena.amazonaws.com", "CreateWorkGroup"), Some("CreateWorkGroup"));
        assert_eq!(found("sagemaker.amazonaws.com", "DeleteEndpoint"), None);
        assert_eq!(found("elsewhere.example.com", "CreateEndpoint"), None);
    }

    #[test]
    fn a_table_with_a_mistake_is_refused() {
        for (text, why) in [
            (r#"[{"source":"a","event":"B","arn":[],"action":"a:T","evidence":"model","tier":1}]"#, "has no ARN"),
            (r#"[{"source":"a","event":"B","arn":["{x"],"action":"a:T","evidence":"model","tier":1}]"#, "without }"),
            (r#"[{"source":"a","event":"B","arn":["x"],"evidence":"model","tier":1}]"#, "action"),
            (r#"[{"source":"a","event":"B","arn":["x"],"action":"a:T","evidence":"model","tier":1,"vai":"x"}]"#, "vai"),
            (
                r#"[{"source":"a","event":"B","arn":["x"],"action":"a:T","evidence":"model","tier":1},
                    {"source":"a","event":"b","arn":["x"],"action":"a:T","evidence":"model","tier":1}]"#,
                "two rows",
            ),
        ] {
            let refused = load(text).err().unwrap_or_default();
            assert!(refused.contains(why), "{refused}");
        }
    }
}

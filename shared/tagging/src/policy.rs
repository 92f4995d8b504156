//! Which tags the organization wants on a resource: a document that people write.

use crate::{Creation, Origin, TagMap, template::Template};
use landing_zone::{MAX_TAGS, TagKey};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::LazyLock;

/// How a wanted value and one that is there already become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Merge {
    /// What people wrote stays.
    Keep,
    /// The wanted value wins.
    Enforce,
    /// The strictest class of data among all of them wins.
    Strictest,
}

/// One wanted tag.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    pub(crate) key: TagKey,
    values: Vec<Template>,
    pub(crate) merge: Merge,
}

/// The wanted tags, the most important first: where a resource has no room for all, the last are left out.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Policy(pub(crate) Vec<Wanted>);

static STANDARD: LazyLock<Policy> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    Policy::parse(include_str!("../data/policy.json")).expect("data/policy.json")
});

/// A document that is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document does not fit: {0}")]
pub struct PolicyError(pub(crate) String);

impl Policy {
    /// Reads a document.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = serde_json::from_str(text).map_err(|why| PolicyError(why.to_string()))?;
        let keys: std::collections::BTreeSet<&TagKey> = policy.0.iter().map(|wanted| &wanted.key).collect();
        if keys.len() < policy.0.len() {
            return Err(PolicyError("a key is listed twice".to_owned()));
        }
        if keys.is_empty() || keys.len() > MAX_TAGS {
            return Err(PolicyError(format!("it must have 1 to {MAX_TAGS} keys")));
        }
        Ok(policy)
    }

    /// The policy of a new installation.
    #[must_use]
    pub fn standard() -> Self {
        STANDARD.clone()
    }

    /// True when the resource carries one of the keys of the policy.
    pub(crate) fn knows(&self, existing: &TagMap) -> bool {
        self.0.iter().any(|wanted| existing.contains_key(wanted.key.as_str()))
    }
}

/// What is known beside the event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Tags of the account.
    pub account: TagMap,
    /// Classes of the data that flows into the resource.
    pub data_classifications: Vec<String>,
    /// Who made the stack that made the resource.
    pub stack_owner: Option<String>,
}

/// What the templates of a policy can name.
pub(crate) fn context(creation: &Creation, facts: &Facts) -> Value {
    let principal = &creation.principal;
    let person = principal.person.as_ref().or(facts.stack_owner.as_ref());
    // The day a resource was found is not the day it was made.
    let made = Some(creation).filter(|creation| creation.origin == Origin::Call);
    let time = made.map(|made| made.time.to_string());
    json!({
        "account": facts.account,
        "principal": {"person": person, "name": principal.name, "role": principal.role,
            "session": principal.session, "invoked-by": principal.invoked_by},
        "event": {"id": made.map(|made| &made.event_id), "time": time, "date": time.as_ref().and_then(|time| time.get(..10)),
            "source": made.map(|made| &made.rule.source), "name": made.map(|made| &made.rule.event),
            "region": creation.region, "account": creation.account},
        "rule": {"data-classification": creation.rule.data_classification},
        "data": {"classifications": facts.data_classifications},
    })
}

impl Wanted {
    /// The values that the context gives, best first, as tags can hold them.
    pub(crate) fn values(&self, context: &Value) -> Vec<String> {
        self.values
            .iter()
            .flat_map(|template| template.expand(context))
            .map(|text| normal(&text))
            .filter(|text| !text.is_empty())
            .collect()
    }
}

/// A value within the rules that every service keeps (letters, digits, spaces and `_ . : / = + - @`, at most 256
/// characters): anything else becomes `-`, and what is too long is cut.
fn normal(text: &str) -> String {
    let fitting = |c: char| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c);
    let kept: String = text.trim().chars().map(|c| if fitting(c) { c } else { '-' }).take(256).collect();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use landing_zone::TagValue;
    use proptest::prelude::*;

    #[test]
    fn a_document_with_a_mistake_is_refused() {
        assert!(!Policy::standard().0.is_empty());
        for (text, why) in [
            ("[]", "1 to 50"),
            (r#"[{"key":"aws:x","values":[],"merge":"keep"}]"#, "belong to AWS"),
            (r#"[{"key":"x","values":["{"],"merge":"keep"}]"#, "without }"),
            (r#"[{"key":"x","values":[],"merge":"maybe"}]"#, "maybe"),
            (r#"[{"key":"x","values":[],"merge":"keep","enforced":true}]"#, "enforced"),
            (r#"[{"key":"x","values":[],"merge":"keep"},{"key":"x","values":[],"merge":"keep"}]"#, "twice"),
        ] {
            let refused = Policy::parse(text).map(drop).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_tag_value(text in ".{0,300}") {
            prop_assert!(TagValue::parse(&normal(&text)).is_ok());
        }
    }
}

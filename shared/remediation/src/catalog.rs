//! The catalog of controls: one row per control of Security Hub, read and checked when it is loaded.

use crate::{Condition, Mode, ResourcePattern, condition::CLOCK, read::Read, template::Template};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::LazyLock,
};

/// The function that mends it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// `SageMaker`, Bedrock, `AgentCore`.
    Ai,
    /// Where data lies.
    Data,
    /// What runs.
    Compute,
    /// Who may do what, and who sees it.
    Identity,
}

impl Family {
    /// The name of the function.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Data => "data",
            Self::Compute => "compute",
            Self::Identity => "identity",
        }
    }
}

/// As Security Hub rates a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

/// How much can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Risk {
    Low,
    Medium,
    High,
}

/// How much of it can be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the words say it")]
pub enum Reversibility {
    Full,
    Partial,
    None,
}

/// A call that changes something.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) call: String,
    #[serde(default = "Template::nothing")]
    pub(crate) with: Template,
    /// Called only then.
    #[serde(default, rename = "if")]
    pub(crate) when: Vec<Condition>,
    /// Once for each entry of this list, which is `item` then.
    #[serde(default)]
    pub(crate) each: Option<Template>,
    /// What has to be described before it goes on.
    #[serde(default)]
    pub(crate) until: Vec<Condition>,
    /// The name under which its answer is kept.
    #[serde(default)]
    pub(crate) creates: Option<String>,
}

/// Conditions under which a control is meant at all, and what it means where they do not hold.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Applies {
    pub(crate) when: Vec<Condition>,
    pub(crate) otherwise: String,
}

/// A row.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Control {
    /// The id, such as `S3.8`.
    pub control: String,
    /// The title.
    pub title: String,
    /// Security Hub's rating.
    pub severity: Severity,
    #[serde(default)]
    aliases: Vec<String>,
    /// The resources it is about.
    pub resource: ResourcePattern,
    /// How far it may go at most.
    pub mode: Mode,
    /// What may break.
    pub breaks: String,
    /// How much can go wrong.
    pub risk: Risk,
    /// How much can be taken back.
    pub reversibility: Reversibility,
    /// What it costs from then on.
    pub cost: String,
    /// Why nothing is called.
    #[serde(default)]
    pub reason: Option<String>,
    /// What the installation has to give.
    #[serde(default)]
    pub settings: Vec<String>,
    /// What is read, in order, by name.
    #[serde(default, deserialize_with = "in_order")]
    pub describe: Vec<(String, Read)>,
    #[serde(default)]
    pub(crate) applies: Option<Applies>,
    #[serde(default)]
    pub(crate) wanted: Vec<Condition>,
    #[serde(default)]
    pub(crate) guard: Vec<Condition>,
    #[serde(default)]
    pub(crate) steps: Vec<Change>,
    #[serde(default)]
    pub(crate) undo: Vec<Change>,
    /// The function that mends it.
    #[serde(skip, default = "data")]
    pub family: Family,
}

fn data() -> Family {
    Family::Data
}

/// The members of an object in the order in which they are written.
fn in_order<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(String, Read)>, D::Error> {
    struct Members;
    impl<'de> de::Visitor<'de> for Members {
        type Value = Vec<(String, Read)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object of calls")
        }

        fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }
    from.deserialize_map(Members)
}

impl Control {
    /// True when something can be called.
    #[must_use]
    pub fn has_remedy(&self) -> bool {
        !self.steps.is_empty()
    }

    /// True where nothing can be taken back.
    #[must_use]
    pub fn undo_is_empty(&self) -> bool {
        self.undo.is_empty()
    }

    /// Every call that it may make, as `service:Operation`.
    pub fn calls(&self) -> impl Iterator<Item = &str> {
        self.reads().chain(self.writes())
    }

    /// The calls that read.
    pub fn reads(&self) -> impl Iterator<Item = &str> {
        self.describe.iter().filter_map(|(_, read)| read.call.as_deref())
    }

    /// The calls that change something, or change it back.
    pub fn writes(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().chain(&self.undo).map(|change| change.call.as_str())
    }

    /// Places and parts that a row names without having them.
    fn strangers(&self) -> Vec<String> {
        let mut known: BTreeSet<&str> = self.describe.iter().map(|(name, _)| name.as_str()).collect();
        known.extend(["account", "item", CLOCK]);
        known.extend(self.steps.iter().chain(&self.undo).filter_map(|change| change.creates.as_deref()));
        let (mut places, mut parts) = (Vec::new(), Vec::new());
        let mut add = |template: &Template| {
            template.places(&mut places);
            template.parts(&mut parts);
        };
        self.describe.iter().flat_map(|(_, read)| read.value.iter().chain([&read.with])).for_each(&mut add);
        for change in self.steps.iter().chain(&self.undo) {
            add(&change.with);
            change.each.iter().for_each(&mut add);
        }
        let conditions = self.wanted.iter().chain(&self.guard).chain(self.applies.iter().flat_map(|one| &one.when));
        let conditions = conditions
            .chain(self.describe.iter().flat_map(|(_, read)| &read.when))
            .chain(self.steps.iter().chain(&self.undo).flat_map(|change| change.when.iter().chain(&change.until)));
        let conditions: Vec<&Condition> = conditions.collect();
        places.extend(conditions.iter().flat_map(|condition| condition.places()).map(str::to_owned));
        let unknown_place = |place: &String| !known.contains(place.split('/').nth(1).unwrap_or_default());
        let unknown_part = |part: &String| {
            !FREE_PARTS.contains(&part.as_str())
                && !self.settings.contains(part)
                && !self.resource.names().any(|name| name == part)
        };
        let empty = conditions
            .iter()
            .filter(|one| !one.is_something())
            .map(|one| format!("a condition without meaning at {}", one.at));
        places
            .iter()
            .filter(|place| unknown_place(place))
            .cloned()
            .chain(parts.iter().filter(|part| unknown_part(part)).cloned())
            .chain(empty)
            .collect()
    }
}

/// Parts that every text may name.
const FREE_PARTS: [&str; 6] = ["account", "region", "partition", "finding", "now", "daysAgo14"];

struct Catalog {
    controls: Vec<Control>,
    by_name: HashMap<String, usize>,
}

fn load(files: &[(Family, &str)]) -> Result<Catalog, String> {
    let (mut controls, mut by_name) = (Vec::new(), HashMap::new());
    for (family, text) in files {
        let rows: Vec<Control> = serde_json::from_str(text).map_err(|why| format!("{}: {why}", family.id()))?;
        for mut row in rows {
            row.family = *family;
            let wrong = |what: String| Err(format!("{}: {what}", row.control));
            if row.has_remedy() == (row.mode == Mode::Ticket) || row.has_remedy() == row.reason.is_some() {
                return wrong("steps are for every mode but a ticket, which has a reason".to_owned());
            }
            if row.has_remedy() && (row.describe.is_empty() || row.wanted.is_empty()) {
                return wrong("what is changed has to be read".to_owned());
            }
            if row.describe.iter().any(|(_, read)| read.call.is_some() == read.value.is_some()) {
                return wrong("what is read is a call or a value".to_owned());
            }
            if row.has_remedy() && row.undo.is_empty() != (row.reversibility == Reversibility::None) {
                return wrong("undo is for what can be taken back".to_owned());
            }
            if let Some(stranger) = row.strangers().first() {
                return wrong(format!("{stranger} is not known"));
            }
            for name in std::iter::once(&row.control).chain(&row.aliases) {
                if by_name.insert(name.clone(), controls.len()).is_some() {
                    return wrong(format!("{name} has two rows"));
                }
            }
            controls.push(row);
        }
    }
    Ok(Catalog { controls, by_name })
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    load(&[
        (Family::Ai, include_str!("../data/controls/ai-sagemaker.json")),
        (Family::Ai, include_str!("../data/controls/ai-bedrock.json")),
        (Family::Data, include_str!("../data/controls/data.json")),
        (Family::Compute, include_str!("../data/controls/compute.json")),
        (Family::Identity, include_str!("../data/controls/identity.json")),
    ])
    .expect("data/controls")
});

/// Every row.
#[must_use]
pub fn controls() -> &'static [Control] {
    &CATALOG.controls
}

/// The row of a control, by its id or by that of a single standard.
#[must_use]
pub fn control(name: &str) -> Option<&'static Control> {
    CATALOG.controls.get(*CATALOG.by_name.get(name)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_whole_and_every_call_is_known() {
        assert_eq!(controls().len(), 80);
        for row in controls() {
            for call in row.calls() {
                let (service, action) = call.split_once(':').unwrap_or_default();
                assert!(!aws::permissions(service, action).is_empty(), "{}: {call}", row.control);
            }
        }
    }

    #[test]
    fn a_row_that_is_not_whole_is_refused() {
        let row = |change: &str| {
            let row = r#"{"control": "X.1", "title": "t", "severity": "low", "resource": "arn:{partition}:x:::{name}",
                "mode": "automatic", "breaks": "b", "risk": "low", "reversibility": "none", "cost": "none",
                "describe": {"a": {"call": "kms:DescribeKey"}}, "wanted": [{"at": "/a/on", "is": true}],
                "steps": [{"call": "kms:EnableKey", "with": {"KeyId": "{name}"}}]}"#;
            let (from, to) = change.split_once(" => ").unwrap_or(("", ""));
            assert!(row.contains(from), "{from}");
            load(&[(Family::Data, &format!("[{}]", row.replace(from, to)))]).err()
        };
        assert_eq!(row(""), None);
        for change in [
            r#""automatic" => "ticket""#,
            r#""none", "cost" => "full", "cost""#,
            "{name}\"}} => {nobody}\"}}",
            r#""/a/on" => "/b/on""#,
            r#""is": true => "exist": true"#,
            r#", "is": true => "#,
            r#""breaks": "b", => "#,
        ] {
            assert!(row(change).is_some(), "{change}");
        }
    }
}

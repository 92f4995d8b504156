//! The forms of a template that look at what was described: each begins with `$`.

use crate::{
    Template, Undescribed,
    condition::{CLOCK, Condition, contains, find},
    template::Source,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The forms that begin with `$`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Form {
    /// A value, or another template where it is not there; `null` leaves the member out.
    Value {
        /// Where.
        #[serde(rename = "$")]
        at: String,
        /// Else.
        #[serde(default, rename = "else", deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        otherwise: Option<Template>,
    },
    /// An object with changes.
    Copy {
        /// Where.
        #[serde(rename = "$copy")]
        at: String,
        /// Members that cannot be written.
        #[serde(default)]
        without: Vec<String>,
        /// Members that are called otherwise when they are written.
        #[serde(default)]
        rename: BTreeMap<String, String>,
        /// What is to change, by JSON pointer.
        #[serde(default)]
        set: BTreeMap<String, Template>,
    },
    /// What a text says, where that is JSON.
    Json {
        /// Where.
        #[serde(rename = "$json")]
        at: String,
        /// Else.
        #[serde(default, rename = "else", deserialize_with = "given", skip_serializing_if = "Option::is_none")]
        otherwise: Option<Template>,
    },
    /// The text of a policy.
    Policy {
        /// Where: an object or its text; an empty policy where there is none.
        #[serde(rename = "$policy")]
        at: String,
        /// A statement more.
        #[serde(default)]
        add: Option<Template>,
        /// The `Sid` of a statement less.
        #[serde(default)]
        remove: Option<String>,
    },
    /// A list of what fits.
    List {
        /// Where.
        #[serde(rename = "$list")]
        at: String,
        /// What an entry has to fulfil; places are within the entry.
        #[serde(default, rename = "where")]
        fits: Vec<Condition>,
        /// What is taken of an entry; all of it where this is empty.
        #[serde(default)]
        take: String,
    },
    /// A list with an entry more.
    Append {
        /// Where.
        #[serde(rename = "$append")]
        at: String,
        /// The entry.
        add: Template,
    },
}

/// `null` is a template too.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Template>, D::Error> {
    Template::deserialize(from).map(Some)
}

impl Form {
    /// Where among the documents it looks.
    pub(crate) fn place(&self) -> &str {
        match self {
            Self::Value { at, .. }
            | Self::Json { at, .. }
            | Self::Copy { at, .. }
            | Self::Policy { at, .. }
            | Self::List { at, .. }
            | Self::Append { at, .. } => at,
        }
    }

    /// The templates within it.
    pub(crate) fn inner(&self) -> Vec<&Template> {
        match self {
            Self::Value { otherwise: inner, .. }
            | Self::Json { otherwise: inner, .. }
            | Self::Policy { add: inner, .. } => inner.iter().collect(),
            Self::Copy { set, .. } => set.values().collect(),
            Self::List { .. } => Vec::new(),
            Self::Append { add, .. } => vec![add],
        }
    }

    /// What comes of it; nothing for a member that is to be left out.
    pub(crate) fn fill(&self, source: &Source<'_>) -> Result<Option<Value>, Undescribed> {
        let documents = &source.documents;
        let or_else = |at: &str, otherwise: &Option<Template>| match otherwise {
            Some(Template::Literal(Value::Null)) => Ok(None),
            Some(otherwise) => otherwise.fill(source),
            None => Err(Undescribed(at.to_owned())),
        };
        match self {
            Self::Value { at, otherwise } => match find(documents, at) {
                Some(value) if !value.is_null() => Ok(Some(value.clone())),
                _ => or_else(at, otherwise),
            },
            Self::Json { at, otherwise } => {
                match find(documents, at).and_then(Value::as_str).map(serde_json::from_str::<Value>) {
                    Some(Ok(value)) => Ok(Some(value)),
                    _ => or_else(at, otherwise),
                }
            }
            Self::Copy { at, without, rename, set } => {
                let Some(Value::Object(found)) = find(documents, at) else { return Err(Undescribed(at.clone())) };
                let mut copy = Map::new();
                for (name, value) in found.iter().filter(|(name, value)| !without.contains(name) && !value.is_null()) {
                    copy.insert(rename.get(name).unwrap_or(name).clone(), value.clone());
                }
                let mut copy = Value::Object(copy);
                for (pointer, template) in set {
                    if let Some(value) = template.fill(source)? {
                        place(&mut copy, pointer, value);
                    }
                }
                Ok(Some(copy))
            }
            Self::Policy { at, add, remove } => {
                let add = add.as_ref().map(|template| template.fill(source)).transpose()?.flatten();
                let policy =
                    policy(find(documents, at), add, remove.as_deref()).ok_or_else(|| Undescribed(at.clone()))?;
                Ok(Some(Value::from(policy.to_string())))
            }
            Self::List { at, fits, take } => {
                let entries = aws::each(find(documents, at)).iter().filter(|entry| {
                    let mut members = entry.as_object().cloned().unwrap_or_default();
                    members.extend(documents.get(CLOCK).map(|now| (CLOCK.to_owned(), now.clone())));
                    fits.iter().all(|condition| condition.holds(&members))
                });
                Ok(Some(entries.filter_map(|entry| entry.pointer(take)).cloned().collect()))
            }
            Self::Append { at, add } => {
                let mut entries = aws::each(find(documents, at)).to_vec();
                entries.extend(add.fill(source)?);
                Ok(Some(Value::Array(entries)))
            }
        }
    }
}

/// Puts a value where a pointer leads, and makes the objects on the way.
fn place(target: &mut Value, pointer: &str, value: Value) {
    let mut here = target;
    for name in pointer.split('/').skip(1) {
        if !here.is_object() {
            *here = Value::Object(Map::new());
        }
        let Value::Object(members) = here else { return };
        here = members.entry(name).or_insert(Value::Null);
    }
    *here = value;
}

/// A policy with a statement more or less; nothing where there is one that cannot be read, for it would be lost.
fn policy(found: Option<&Value>, add: Option<Value>, remove: Option<&str>) -> Option<Value> {
    let mut policy = match found {
        Some(Value::String(text)) => serde_json::from_str(text).ok()?,
        Some(Value::Object(members)) if !members.is_empty() => Value::Object(members.clone()),
        _ => json!({"Version": "2012-10-17", "Statement": []}),
    };
    let mut statements = aws::each(policy.get("Statement")).to_vec();
    let unwanted = remove.or_else(|| add.as_ref()?.get("Sid")?.as_str());
    if let Some(sid) = unwanted {
        let same = json!({"Sid": sid});
        statements.retain(|statement| !contains(statement, &same));
    }
    statements.extend(add);
    place(&mut policy, "/Statement", Value::Array(statements));
    Some(policy)
}

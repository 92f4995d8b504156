//! Values of calls: JSON with parts of the resource's id, and with what was described.

use crate::Form;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// What a template is filled from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source<'s> {
    /// Texts for `{name}`.
    pub parts: Option<&'s BTreeMap<String, String>>,
    /// What was described, by name of the call.
    pub documents: Map<String, Value>,
}

/// Something that a template names is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} was not described")]
pub struct Undescribed(pub String);

/// A value as a row writes it.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// As it is written.
    Literal(Value),
    /// A text with parts in braces.
    Text(String),
    /// Each member by itself; one that comes out as nothing is left out.
    Object(Vec<(String, Template)>),
    /// Each entry by itself.
    List(Vec<Template>),
    /// What was described.
    Form(Box<Form>),
}

impl<'de> Deserialize<'de> for Template {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(Value::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Template {
    fn serialize<S: serde::Serializer>(&self, into: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Literal(value) if is_plain(value) => value.serialize(into),
            Self::Literal(value) => into.collect_map([("$literal", value)]),
            Self::Text(text) => text.serialize(into),
            Self::Object(members) => into.collect_map(members.iter().map(|(name, value)| (name, value))),
            Self::List(entries) => entries.serialize(into),
            Self::Form(form) => form.serialize(into),
        }
    }
}

impl Template {
    /// An empty object.
    pub(crate) fn nothing() -> Self {
        Self::Object(Vec::new())
    }

    fn parse(value: Value) -> Result<Self, String> {
        Ok(match value {
            Value::Object(mut members) if members.len() == 1 && members.contains_key("$literal") => {
                Self::Literal(members.remove("$literal").unwrap_or_default())
            }
            Value::String(text) if next_part(&text).is_some() => Self::Text(text),
            Value::Object(members) if members.keys().any(|name| name.starts_with('$')) => {
                let text = Value::Object(members.clone()).to_string();
                let form = serde_json::from_value(Value::Object(members));
                Self::Form(Box::new(form.map_err(|_| format!("{text} is no form"))?))
            }
            Value::Object(members) => {
                let members = members.into_iter().map(|(name, value)| Ok((name, Self::parse(value)?)));
                Self::Object(members.collect::<Result<_, String>>()?)
            }
            Value::Array(entries) => Self::List(entries.into_iter().map(Self::parse).collect::<Result<_, String>>()?),
            other => Self::Literal(other),
        })
    }

    /// Fills the template; nothing for a member that is to be left out.
    pub(crate) fn fill(&self, source: &Source<'_>) -> Result<Option<Value>, Undescribed> {
        Ok(Some(match self {
            Self::Literal(value) => value.clone(),
            Self::Text(text) => Value::from(filled(text, source)?),
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, template) in members {
                    if let Some(value) = template.fill(source)? {
                        object.insert(name.clone(), value);
                    }
                }
                Value::Object(object)
            }
            Self::List(entries) => {
                let filled = entries.iter().filter_map(|entry| entry.fill(source).transpose());
                Value::Array(filled.collect::<Result<_, _>>()?)
            }
            Self::Form(form) => return form.fill(source),
        }))
    }

    /// Fills what can be filled now; what looks at one of `later` stays a template. Nothing for what is to be left out.
    pub(crate) fn partly(&self, source: &Source<'_>, later: &BTreeSet<&str>) -> Result<Option<Self>, Undescribed> {
        let mut places = Vec::new();
        self.places(&mut places);
        if !places.iter().any(|place| later.contains(place.split('/').nth(1).unwrap_or_default())) {
            return Ok(self.fill(source)?.map(Self::Literal));
        }
        Ok(Some(match self {
            Self::Object(members) => {
                let mut open = Vec::new();
                for (name, one) in members {
                    open.extend(one.partly(source, later)?.map(|one| (name.clone(), one)));
                }
                Self::Object(open)
            }
            Self::List(entries) => {
                let open = entries.iter().filter_map(|one| one.partly(source, later).transpose());
                Self::List(open.collect::<Result<_, _>>()?)
            }
            waiting => waiting.clone(),
        }))
    }

    /// Every place among the documents that it looks at.
    pub(crate) fn places(&self, into: &mut Vec<String>) {
        if let Self::Form(form) = self {
            into.push(form.place().to_owned());
        }
        for inner in self.inner() {
            inner.places(into);
        }
    }

    /// Every part in braces.
    pub(crate) fn parts(&self, into: &mut Vec<String>) {
        if let Self::Text(text) = self {
            let mut rest = text.as_str();
            while let Some((_, name, after)) = next_part(rest) {
                into.push(name.to_owned());
                rest = after;
            }
        }
        for inner in self.inner() {
            inner.parts(into);
        }
    }

    fn inner(&self) -> Vec<&Self> {
        match self {
            Self::Literal(_) | Self::Text(_) => Vec::new(),
            Self::Object(members) => members.iter().map(|(_, inner)| inner).collect(),
            Self::List(entries) => entries.iter().collect(),
            Self::Form(form) => form.inner(),
        }
    }
}

/// True for a value that reads as itself: a text with braces, or a name with `$`, would be taken for a template.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => next_part(text).is_none(),
        Value::Array(entries) => entries.iter().all(is_plain),
        Value::Object(members) => members.iter().all(|(name, one)| !name.starts_with('$') && is_plain(one)),
        _ => true,
    }
}

/// What is before the next part of a text, its name, and what is after it. Any other brace stands for itself, as in the
/// text of a policy.
fn next_part(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let (before, rest) = text.get(from..)?.split_once('{')?;
        let open = from + before.len();
        let (name, after) = rest.split_once('}')?;
        if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Some((text.get(..open)?, name, after));
        }
        from = open + 1;
    }
}

/// A text with its parts.
pub(crate) fn filled(text: &str, source: &Source<'_>) -> Result<String, Undescribed> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, name, after)) = next_part(rest) {
        let part = source.parts.and_then(|parts| parts.get(name)).ok_or_else(|| Undescribed(format!("{{{name}}}")))?;
        out.push_str(before);
        out.push_str(part);
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn fill(template: Value) -> Result<Option<Value>, Undescribed> {
        let parts = BTreeMap::from([("name".to_owned(), "orders".to_owned())]);
        let documents = json!({
            "job": {"Name": "j", "Command": {"Name": "glueetl"}, "CreatedOn": 1, "GlueVersion": "2.0", "roleArn": "r"},
            "policy": {"Policy": "{\"Statement\":[{\"Sid\":\"A\",\"Effect\":\"Allow\"}],\"Version\":\"2008-10-17\"}"},
            "rules": {"item": [{"id": "1", "port": "22"}, {"id": "2", "port": "443"}]}});
        let source = Source { parts: Some(&parts), documents: documents.as_object().unwrap().clone() };
        serde_json::from_value::<Template>(template).unwrap().fill(&source)
    }

    #[test]
    fn parts_and_values_are_put_in() {
        let template = json!({"Table": "t-{name}", "Role": {"$": "/job/roleArn"}, "None": {"$": "/job/x", "else": null},
            "Else": {"$": "/job/x", "else": {"$": "/job/y", "else": "{name}"}}, "List": ["{name}", 1]});
        let wanted = json!({"Table": "t-orders", "Role": "r", "Else": "orders", "List": ["orders", 1]});
        assert_eq!(fill(template).unwrap(), Some(wanted));
        assert_eq!(fill(json!({"$": "/job/x"})), Err(Undescribed("/job/x".to_owned())));
        assert_eq!(fill(json!("{other}")), Err(Undescribed("{other}".to_owned())));
    }

    #[test]
    fn a_copy_keeps_what_nobody_named() {
        let template = json!({"JobName": {"$": "/job/Name"}, "JobUpdate": {"$copy": "/job", "without": ["Name", "CreatedOn"],
            "rename": {"roleArn": "Role"}, "set": {"/GlueVersion": "5.0", "/Arguments/--new": "{name}"}}});
        let wanted = json!({"JobName": "j", "JobUpdate": {"Command": {"Name": "glueetl"}, "GlueVersion": "5.0", "Role": "r",
            "Arguments": {"--new": "orders"}}});
        assert_eq!(fill(template).unwrap(), Some(wanted));
    }

    #[test]
    fn a_policy_gets_a_statement_once_and_keeps_the_others() {
        let text = |template: Value| -> Value {
            serde_json::from_str(fill(template).unwrap().unwrap().as_str().unwrap()).unwrap()
        };
        let deny = json!({"Sid": "Deny", "Effect": "Deny", "Resource": "{name}"});
        let added = text(json!({"$policy": "/policy/Policy", "add": deny}));
        let statements =
            json!([{"Sid": "A", "Effect": "Allow"}, {"Sid": "Deny", "Effect": "Deny", "Resource": "orders"}]);
        assert_eq!(added, json!({"Version": "2008-10-17", "Statement": statements}));
        assert_eq!(text(json!({"$policy": "/policy/Policy", "remove": "A"}))["Statement"], json!([]));
        assert_eq!(text(json!({"$policy": "/none/Policy", "add": deny}))["Version"], "2012-10-17");
        // A policy that cannot be read would be lost.
        assert_eq!(fill(json!({"$policy": "/job/Name", "add": deny})), Err(Undescribed("/job/Name".to_owned())));
    }

    #[test]
    fn lists_take_what_fits() {
        let open = json!({"$list": "/rules/item", "where": [{"at": "/port", "is": 22}], "take": "/id"});
        assert_eq!(fill(open).unwrap(), Some(json!(["1"])));
        assert_eq!(
            fill(json!({"$append": "/rules/none", "add": {"id": "{name}"}})).unwrap(),
            Some(json!([{"id": "orders"}]))
        );
        assert!(serde_json::from_value::<Template>(json!({"$copi": "/a"})).is_err());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let text = "[a-z{}$]{0,8}".prop_map(Value::from);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i32>().prop_map(Value::from),
            text
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            let members = prop::collection::btree_map("[a-z$]{1,5}", inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                members.prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        /// A plan is stored as text: what was filled in must not be taken for a template when it is read again.
        #[test]
        fn what_was_filled_in_stays_as_it_is(value in any_json()) {
            let text = serde_json::to_string(&Template::Literal(value.clone())).unwrap();
            let read = serde_json::from_str::<Template>(&text).unwrap();
            prop_assert_eq!(read.fill(&Source::default()).unwrap(), Some(value));
        }
    }
}

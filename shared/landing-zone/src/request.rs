//! The account request as people write it: every wrong field is named, not only the first.

use crate::{
    AccountName, AccountType, DataClassification, Email, Environment, MAX_TAGS, RESERVED_KEYS, RequestId, TagKey,
    TagValue, Tags, UnitPath,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// A valid request for an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountRequest {
    /// The account's name in the organization.
    pub name: AccountName,
    /// What the account is for.
    pub account_type: AccountType,
    /// The environment of an AI account; core accounts have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Who answers for the account.
    pub owner_email: Email,
    /// Who pays.
    pub cost_center: TagValue,
    /// The most sensitive data the account may hold.
    pub data_classification: DataClassification,
    /// Why the account exists, in the requester's words.
    pub purpose: String,
    /// Tags beside those of the suite.
    #[serde(default)]
    pub tags: Tags,
}

/// One wrong field and what to change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldProblem {
    /// Dotted path of the field, such as `tags.team`.
    pub field: String,
    /// What the field must be.
    pub detail: String,
}

const FIELDS: [&str; 8] =
    ["name", "accountType", "environment", "ownerEmail", "costCenter", "dataClassification", "purpose", "tags"];

impl AccountRequest {
    /// Reads a request; on failure every wrong, missing or unknown field has its entry.
    pub fn parse(body: &Map<String, Value>) -> Result<Self, Vec<FieldProblem>> {
        let mut form = Form { body, problems: Vec::new() };
        let name = form.required("name", AccountName::parse);
        let account_type = form.required("accountType", AccountType::parse);
        let environment = form.optional("environment", Environment::parse);
        let owner_email = form.required("ownerEmail", Email::parse);
        let cost_center = form.required("costCenter", parse_cost_center);
        let data_classification = form.required("dataClassification", DataClassification::parse);
        let purpose = form.required("purpose", parse_purpose);
        let tags = form.tags();
        match account_type {
            Some(account_type) if account_type.is_core() && body.get("environment").is_some_and(|v| !v.is_null()) => {
                form.wrong("environment", format!("must be left out: {} is a core account", account_type.id()));
            }
            Some(account_type) if !account_type.is_core() && body.get("environment").is_none_or(Value::is_null) => {
                form.wrong("environment", format!("is required for {}: dev, test or prod", account_type.id()));
            }
            _ => {}
        }
        let unknown: BTreeSet<&String> = body.keys().filter(|key| !FIELDS.contains(&key.as_str())).collect();
        for unknown in unknown {
            form.wrong(unknown, format!("is not a field; the fields are {}", FIELDS.join(", ")));
        }
        match (name, account_type, owner_email, cost_center, data_classification, purpose) {
            (
                Some(name),
                Some(account_type),
                Some(owner_email),
                Some(cost_center),
                Some(data_classification),
                Some(purpose),
            ) if form.problems.is_empty() => Ok(Self {
                name,
                account_type,
                environment,
                owner_email,
                cost_center,
                data_classification,
                purpose,
                tags,
            }),
            _ => Err(form.problems),
        }
    }

    /// The unit the account belongs in; a parsed request always has one.
    #[must_use]
    pub fn unit(&self) -> Option<&'static UnitPath> {
        self.account_type.unit(self.environment)
    }

    /// Every tag the account shall carry: the requester's and the suite's own.
    #[must_use]
    pub fn account_tags(&self, request_id: &RequestId) -> BTreeMap<String, String> {
        let environment = self.environment.map_or("core", Environment::id);
        let mut tags: BTreeMap<String, String> =
            self.tags.0.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect();
        for (key, value) in [
            ("account-type", self.account_type.id()),
            ("cost-center", self.cost_center.as_str()),
            ("data-classification", self.data_classification.id()),
            ("environment", environment),
            ("managed-by", "ai-landing-zone"),
            ("owner", self.owner_email.as_str()),
            ("vending-request", request_id.as_str()),
        ] {
            tags.insert(key.to_owned(), value.to_owned());
        }
        tags
    }
}

/// A cost center becomes a tag value, and an empty one would pay for nothing.
fn parse_cost_center(text: &str) -> Result<TagValue, String> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > 64 {
        return Err(format!("must have 1 to 64 characters, has {length}"));
    }
    TagValue::parse(text).map_err(|_| "may contain letters, digits, spaces and _ . : / = + - @".to_owned())
}

fn parse_purpose(text: &str) -> Result<String, String> {
    let length = text.chars().count();
    if text.trim().is_empty() || length > 256 {
        return Err(format!("must say in 1 to 256 characters what the account is for, has {length}"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// Reads fields one by one and keeps what was wrong with each.
struct Form<'a> {
    body: &'a Map<String, Value>,
    problems: Vec<FieldProblem>,
}

impl Form<'_> {
    fn wrong(&mut self, field: &str, detail: String) {
        self.problems.push(FieldProblem { field: field.to_owned(), detail });
    }

    fn required<T>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        if self.body.get(field).is_none_or(Value::is_null) {
            self.wrong(field, "is required".to_owned());
            return None;
        }
        self.optional(field, parse)
    }

    fn optional<T>(&mut self, field: &str, parse: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let parsed = match self.body.get(field) {
            None | Some(Value::Null) => return None,
            Some(Value::String(text)) => parse(text),
            Some(other) => Err(format!("must be a string, is {}", kind_of(other))),
        };
        parsed.map_err(|why| self.wrong(field, why)).ok()
    }

    fn tags(&mut self) -> Tags {
        let map = match self.body.get("tags") {
            None | Some(Value::Null) => return Tags::default(),
            Some(Value::Object(map)) => map,
            Some(other) => {
                self.wrong("tags", format!("must be an object of strings, is {}", kind_of(other)));
                return Tags::default();
            }
        };
        let room = MAX_TAGS - RESERVED_KEYS.len();
        if map.len() > room {
            self.wrong("tags", format!("may hold {room} tags beside those of the suite, holds {}", map.len()));
        }
        let mut tags = BTreeMap::new();
        // By key, whichever order the JSON library keeps.
        for (key, value) in map.iter().collect::<BTreeMap<_, _>>() {
            match parse_tag(key, value) {
                Ok((key, value)) => {
                    tags.insert(key, value);
                }
                Err(why) => self.wrong(&format!("tags.{key}"), why),
            }
        }
        Tags(tags)
    }
}

fn parse_tag(key: &str, value: &Value) -> Result<(TagKey, TagValue), String> {
    // Tag keys are case-sensitive, but a second "Owner" beside "owner" would only mislead.
    if RESERVED_KEYS.iter().any(|reserved| reserved.eq_ignore_ascii_case(key)) {
        return Err("is written by the suite and cannot be set".to_owned());
    }
    let key = TagKey::parse(key)?;
    match value {
        Value::String(text) => Ok((key, TagValue::parse(text)?)),
        other => Err(format!("must be a string, is {}", kind_of(other))),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests;

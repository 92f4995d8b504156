//! Conditions on what was described.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A condition, as a row writes it. All that is given has to hold.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Condition {
    /// Where to look: the name of a call, then a JSON pointer. Empty with `any`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub at: String,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    is: Option<Value>,
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    is_not: Option<Value>,
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    is_in: Option<Vec<Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    /// A time, so many days before that of the document `clock`, or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    older_than_days: Option<u16>,
    /// A time after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    newer_than_days: Option<u16>,
    /// Places of the ends of a range, such as ports; -1 stands for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<[String; 2]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    covers: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exists: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    empty: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has_not: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    any: Option<Vec<Condition>>,
}

/// `null` is a value too.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(from).map(Some)
}

impl Condition {
    /// True when the condition holds for these documents. What is not there is `null`.
    #[must_use]
    pub fn holds(&self, documents: &Map<String, Value>) -> bool {
        let found = find(documents, &self.at);
        let value = found.unwrap_or(&Value::Null);
        let list = aws::each(found);
        let checks = [
            self.is.as_ref().map(|wanted| same(value, wanted)),
            self.is_not.as_ref().map(|unwanted| !same(value, unwanted)),
            self.is_in.as_ref().map(|several| several.iter().any(|one| same(value, one))),
            self.at_least.map(|least| number(value).is_some_and(|number| number >= least)),
            self.at_most.map(|most| number(value).is_some_and(|number| number <= most)),
            self.older_than_days.map(|days| age(documents, value).is_some_and(|age| age > whole_days(days))),
            self.newer_than_days.map(|days| age(documents, value).is_some_and(|age| age <= whole_days(days))),
            self.covers.as_ref().map(|wanted| self.range_covers(documents, wanted)),
            self.exists.map(|wanted| found.is_some_and(|value| !value.is_null()) == wanted),
            self.empty.map(|wanted| is_empty(value) == wanted),
            self.has.as_ref().map(|wanted| list.iter().any(|entry| contains(entry, wanted))),
            self.has_not.as_ref().map(|unwanted| !list.iter().any(|entry| contains(entry, unwanted))),
            self.any.as_ref().map(|several| several.iter().any(|one| one.holds(documents))),
        ];
        checks.into_iter().flatten().all(|holds| holds)
    }

    fn range_covers(&self, documents: &Map<String, Value>, wanted: &[f64]) -> bool {
        let ends = self.range.as_ref().map(|ends| ends.each_ref().map(|place| find(documents, place).and_then(number)));
        match ends {
            Some([Some(from), Some(to)]) => from < 0.0 || wanted.iter().any(|one| (from..=to).contains(one)),
            _ => false,
        }
    }

    /// Every place that is looked at.
    #[must_use]
    pub fn places(&self) -> Vec<&str> {
        let own = std::iter::once(&self.at).chain(self.range.iter().flatten()).map(String::as_str);
        let inner = self.any.iter().flatten().flat_map(Self::places);
        own.chain(inner).filter(|place| !place.is_empty()).collect()
    }

    /// True for a condition that says anything at all.
    pub(crate) fn is_something(&self) -> bool {
        let alone = Self { at: self.at.clone(), ..Self::default() };
        *self != alone
            && (self.any.is_some() || self.range.is_some() || !self.at.is_empty())
            && self.range.is_some() == self.covers.is_some()
    }
}

/// The document with the time at which a resource is described.
pub const CLOCK: &str = "clock";

/// Nothing for what is no time.
fn age(documents: &Map<String, Value>, value: &Value) -> Option<SignedDuration> {
    let time = |value: Option<&Value>| value?.as_str()?.parse::<Timestamp>().ok();
    Some(time(documents.get(CLOCK))?.duration_since(time(Some(value))?))
}

fn whole_days(days: u16) -> SignedDuration {
    SignedDuration::from_hours(24 * i64::from(days))
}

/// Finds a value in documents by `/name/pointer`.
pub(crate) fn find<'d>(documents: &'d Map<String, Value>, place: &str) -> Option<&'d Value> {
    let inner = place.strip_prefix('/')?;
    match inner.split_once('/') {
        Some((name, rest)) => documents.get(name)?.pointer(&format!("/{rest}")),
        None => documents.get(inner),
    }
}

/// XML knows texts only, so that `"true"` is `true` and `"3"` is 3.
fn same(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::String(text), Value::Bool(_) | Value::Number(_)) => {
            serde_json::from_str::<Value>(text).is_ok_and(|read| same(&read, wanted))
        }
        (Value::Number(_), Value::Number(_)) => number(found) == number(wanted),
        _ => found == wanted,
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(several) => several.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    }
}

/// Equal, or an object with at least these members.
pub(crate) fn contains(found: &Value, wanted: &Value) -> bool {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            wanted.iter().all(|(name, value)| found.get(name).is_some_and(|found| contains(found, value)))
        }
        _ => same(found, wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn holds(condition: Value) -> bool {
        let documents = json!({"clock": "2026-11-26T12:00:00Z",
            "a": {"made": "2026-08-27T12:00:00+00:00", "on": "true", "n": 7, "top": "10", "all": "-1", "list": [{"k": "x", "v": 1}], "one": {"k": "x"}, "nil": null}});
        let condition: Condition = serde_json::from_value(condition).unwrap();
        condition.holds(documents.as_object().unwrap())
    }

    #[test]
    fn conditions_hold_or_not() {
        for (condition, wanted) in [
            (json!({"at": "/a/on", "is": true}), true),
            (json!({"at": "/a/off", "is": true}), false),
            (json!({"at": "/a/off", "is": null}), true),
            (json!({"at": "/a/off", "isNot": true}), true),
            (json!({"at": "/a/n", "in": [6, 7]}), true),
            (json!({"at": "/a/n", "atLeast": 8}), false),
            (json!({"at": "/a/n", "atMost": 7}), true),
            (json!({"at": "/a/made", "olderThanDays": 90}), true),
            (json!({"at": "/a/made", "olderThanDays": 100}), false),
            (json!({"at": "/a/made", "newerThanDays": 100}), true),
            (json!({"at": "/a/on", "olderThanDays": 1}), false),
            (json!({"at": "/a/on", "newerThanDays": 1}), false),
            (json!({"range": ["/a/n", "/a/top"], "covers": [3, 9]}), true),
            (json!({"range": ["/a/n", "/a/top"], "covers": [3, 11]}), false),
            (json!({"range": ["/a/all", "/a/all"], "covers": [3]}), true),
            (json!({"range": ["/a/n", "/a/none"], "covers": [7]}), false),
            (json!({"at": "/a/nil", "exists": false}), true),
            (json!({"at": "/a/list", "empty": false}), true),
            (json!({"at": "/a/list", "has": {"k": "x"}}), true),
            (json!({"at": "/a/list", "has": {"k": "y"}}), false),
            (json!({"at": "/a/one", "hasNot": {"k": "y"}}), true),
            (json!({"any": [{"at": "/a/n", "is": 1}, {"at": "/a/n", "is": 7}]}), true),
        ] {
            assert_eq!(holds(condition.clone()), wanted, "{condition}");
        }
        assert!(!serde_json::from_value::<Condition>(json!({"at": "/a"})).unwrap().is_something());
    }
}

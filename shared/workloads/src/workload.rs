//! A workload as it was found.

use crate::{
    Capacity, Error, exempt,
    kind::Row,
    reading::{entries, find},
};
use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountId, partition_of};
use remediation::{Scene, Undescribed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Something that runs and costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Workload {
    /// Its kind ([`crate::Kind`]).
    pub kind: String,
    /// Its ARN.
    pub arn: String,
    /// Its name; the id of an instance or an execution.
    pub name: String,
    /// The Region.
    pub region: String,
    /// What it runs on, such as `ml.g5.xlarge`. Empty for what runs on others' machines or on none.
    pub instance_type: String,
    /// How many of them; 0 for what has none.
    pub count: u32,
    /// What it runs on beside these, where it runs on more than one type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more: Vec<Capacity>,
    /// Since when it runs.
    pub since: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Why it is left alone: what its tag [`crate::EXEMPTION_TAG`] says, or why that cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempt: Option<String>,
    /// The parameters that name it in its API.
    pub id: Value,
}

impl Workload {
    /// All that it runs on.
    pub fn machines(&self) -> impl Iterator<Item = Capacity> {
        let own = Capacity { instance_type: self.instance_type.clone(), count: self.count };
        std::iter::once(own).filter(|own| own.count > 0).chain(self.more.iter().cloned())
    }

    /// Reads what was listed and described.
    pub(crate) fn read(row: &Row, region: &str, scene: &Scene, now: Timestamp) -> Result<Self, Error> {
        let documents = &scene.documents;
        let unread = |what: &str, value: &Value| Undescribed(format!("{what} of a {}, which is {value},", row.title));
        let arn = match row.arn.of(scene)? {
            Value::String(arn) => arn,
            other => return Err(unread("the ARN", &other).into()),
        };
        let since = row.since.of(scene)?;
        let mut machines = row.machines.iter().flat_map(|machines| machines.of(documents));
        let first = machines.next();
        let tags = tags(documents, &row.tags);
        Ok(Self {
            kind: row.kind.clone(),
            name: scene.parts.get("name").cloned().unwrap_or_else(|| last(&arn).to_owned()),
            arn,
            region: region.to_owned(),
            instance_type: first.as_ref().map(|first| first.instance_type.clone()).unwrap_or_default(),
            count: first.map_or(0, |first| first.count),
            more: machines.collect(),
            since: time(&since).ok_or_else(|| unread("the start", &since))?,
            exempt: exempt(&tags, now),
            tags,
            id: documents.get("id").cloned().unwrap_or_default(),
        })
    }

    /// What the texts of a row may name.
    pub(crate) fn parts(&self, label: &str) -> BTreeMap<String, String> {
        let mut arn = self.arn.split(':');
        let partition = arn.nth(1).unwrap_or("aws");
        let account = arn.nth(2).unwrap_or_default();
        let mut parts = place(partition, &self.region, account);
        parts.extend([("name".to_owned(), self.name.clone()), ("label".to_owned(), label.to_owned())]);
        parts
    }
}

/// The parts that say where something is.
pub(crate) fn place(partition: &str, region: &str, account: &str) -> BTreeMap<String, String> {
    [("partition", partition), ("region", region), ("account", account)]
        .map(|(name, part)| (name.to_owned(), part.to_owned()))
        .into()
}

/// The parts of an account's Region.
pub(crate) fn parts_of(region: &str, account: &AccountId) -> BTreeMap<String, String> {
    place(partition_of(region), region, &account.to_string())
}

fn last(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// The tags at a place, however their service writes them.
pub(crate) fn tags(documents: &Map<String, Value>, place: &str) -> BTreeMap<String, String> {
    let text = |tag: &Value, names: [&str; 2]| {
        names.iter().find_map(|name| tag.get(name)).and_then(Value::as_str).map(str::to_owned)
    };
    let pair = |tag: &Value| Some((text(tag, ["Key", "key"])?, text(tag, ["Value", "value"]).unwrap_or_default()));
    entries(documents, place).iter().filter_map(pair).collect()
}

/// A time as services write it: ISO 8601, or seconds since 1970.
fn time(value: &Value) -> Option<Timestamp> {
    match value {
        Value::String(text) => text.parse().ok(),
        Value::Number(seconds) => {
            Timestamp::from_duration(SignedDuration::try_from_secs_f64(seconds.as_f64()?).ok()?).ok()
        }
        _ => None,
    }
}

/// Where values are not as they were, as `place: was …, is …`.
pub(crate) fn differences(places: &[String], was: &Map<String, Value>, is: &Map<String, Value>) -> Vec<String> {
    let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    places
        .iter()
        .map(|place| (place, find(was, place), find(is, place)))
        .filter(|(_, was, is)| was != is)
        .map(|(place, was, is)| format!("{place}: was {}, is {}", shown(was), shown(is)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_however_they_are_written() {
        let wanted: Timestamp = "2026-11-26T12:00:00.25Z".parse().unwrap();
        for value in [json!(1_795_694_400.25), json!("2026-11-26T12:00:00.250Z"), json!("2026-11-26T13:00:00.25+01:00")]
        {
            assert_eq!(time(&value), Some(wanted), "{value}");
        }
        for value in [json!(null), json!("yesterday"), json!(1e300)] {
            assert_eq!(time(&value), None, "{value}");
        }
    }

    #[test]
    fn tags_are_read_however_they_are_written() {
        for list in [
            json!([{"Key": "a", "Value": "1"}]),
            json!([{"key": "a", "value": "1"}]),
            json!({"key": "a", "value": "1"}),
        ] {
            let documents = json!({"tags": list});
            let found = tags(documents.as_object().unwrap(), "/tags");
            assert_eq!(found, BTreeMap::from([("a".to_owned(), "1".to_owned())]), "{list}");
        }
        assert!(tags(&Map::new(), "/tags").is_empty());
    }
}

//! From what was described to a plan: what is called to mend it, and what is called to get back.

use crate::{
    Condition, Control, Remediation,
    catalog::Change,
    condition::find,
    template::{Source, Template, Undescribed, filled},
};
use aws::Call;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// A resource as it was described.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scene {
    /// Parts of its id, settings and times: what texts name in braces.
    pub parts: BTreeMap<String, String>,
    /// Answers of the calls that read it, by name; `account` is always there.
    pub documents: Map<String, Value>,
}

/// The parts that the texts of a row may name: those of the resource's id, where it is, what the installation gives, and
/// times. Nothing for a resource of another kind.
#[must_use]
pub fn parts(
    control: &Control,
    of: &Remediation,
    settings: &BTreeMap<String, String>,
    now: Timestamp,
) -> Option<BTreeMap<String, String>> {
    let digest = Sha256::digest(&of.problem);
    let finding = digest.iter().take(4).fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let ago = now - SignedDuration::from_hours(14 * 24);
    let named = [
        ("account", of.account_id.to_string()),
        ("region", of.region.clone()),
        ("partition", landing_zone::partition_of(&of.region).to_owned()),
        ("finding", finding),
        ("now", now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
        ("daysAgo14", ago.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    ];
    let mut parts: BTreeMap<String, String> = named.map(|(name, part)| (name.to_owned(), part)).into();
    // A setting may say where it lies by account and Region: `arn:aws:kms:{region}:{account}:alias/data`.
    let source = Source { parts: Some(&parts), ..Source::default() };
    let settings: Vec<_> =
        settings.iter().filter_map(|(name, text)| Some((name.clone(), filled(text, &source).ok()?))).collect();
    parts.extend(settings);
    // Last: where an id names Region and account, calls go by what it says.
    parts.extend(control.resource.parts(&of.resource)?);
    Some(parts)
}

/// A call of a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Service and operation, with a colon between.
    pub call: String,
    /// What is sent. Only what an earlier step makes is still open.
    pub with: Template,
    /// What has to be described before the plan goes on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub until: Vec<Condition>,
    /// The name under which its answer is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creates: Option<String>,
}

/// What is called to mend a resource, and what is called to get back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// In order.
    pub undo: Vec<Step>,
    /// True where the guard holds: nobody has to be asked for its sake.
    pub safe: bool,
}

/// What a resource is found to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Assessment {
    /// The control is not meant for it, for this reason.
    DoesNotApply(String),
    /// It is as it should be.
    Fixed,
    /// It is to be changed.
    Fix(Plan),
}

impl Plan {
    /// A short text that differs between any two plans. The time at which a plan is made is not what somebody approves.
    #[must_use]
    pub fn digest(&self, scene: &Scene) -> String {
        let mut text = serde_json::to_string(self).unwrap_or_default();
        for time in ["now", "daysAgo14"].iter().filter_map(|name| scene.parts.get(*name)) {
            text = text.replace(time, "");
        }
        Sha256::digest(text).iter().take(8).fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

impl Step {
    /// The call, with what earlier steps made.
    ///
    /// # Errors
    /// Names what no step made.
    pub fn call(&self, scene: &Scene, made: &Map<String, Value>) -> Result<Call, Undescribed> {
        let mut documents = scene.documents.clone();
        documents.extend(made.clone());
        let with = self.with.fill(&Source { parts: Some(&scene.parts), documents })?.unwrap_or_default();
        Ok(Call::named(&self.call, with))
    }
}

/// Decides what a resource needs.
///
/// # Errors
/// Names what the row looks for and AWS did not show.
pub fn assess(control: &Control, scene: &Scene) -> Result<Assessment, Undescribed> {
    let all = |conditions: &[Condition]| conditions.iter().all(|condition| condition.holds(&scene.documents));
    if let Some(applies) = control.applies.as_ref().filter(|applies| !all(&applies.when)) {
        return Ok(Assessment::DoesNotApply(applies.otherwise.clone()));
    }
    if is_fixed(control, scene) {
        return Ok(Assessment::Fixed);
    }
    let made: BTreeSet<&str> =
        control.steps.iter().chain(&control.undo).filter_map(|change| change.creates.as_deref()).collect();
    Ok(Assessment::Fix(Plan {
        steps: steps(&control.steps, scene, &made)?,
        undo: steps(&control.undo, scene, &made)?,
        safe: all(&control.guard),
    }))
}

/// True when a resource is as the control wants it.
#[must_use]
pub fn is_fixed(control: &Control, scene: &Scene) -> bool {
    control.wanted.iter().all(|condition| condition.holds(&scene.documents))
}

fn steps(changes: &[Change], scene: &Scene, made: &BTreeSet<&str>) -> Result<Vec<Step>, Undescribed> {
    let mut steps = Vec::new();
    for change in changes {
        let mut source = Source { parts: Some(&scene.parts), documents: scene.documents.clone() };
        let items = match &change.each {
            None => vec![Value::Null],
            Some(list) => aws::each(list.fill(&source)?.as_ref()).to_vec(),
        };
        for item in items {
            source.documents.insert("item".to_owned(), item);
            if change.when.iter().all(|condition| condition.holds(&source.documents)) {
                steps.push(Step {
                    call: change.call.clone(),
                    with: change.with.partly(&source, made)?.unwrap_or(Template::Object(Vec::new())),
                    until: change.until.clone(),
                    creates: change.creates.clone(),
                });
            }
        }
    }
    Ok(steps)
}

/// Where a resource is not as it was left, as `place: was …, is …`. What the control wants and its undo look at is
/// compared, and nothing else: counters and times change by themselves.
#[must_use]
pub fn differences(control: &Control, left: &Scene, found: &Scene) -> Vec<String> {
    let mut places: BTreeSet<String> = control.wanted.iter().flat_map(Condition::places).map(str::to_owned).collect();
    let mut of_undo = Vec::new();
    control.undo.iter().for_each(|change| change.with.places(&mut of_undo));
    places.extend(of_undo.into_iter().filter(|place| !place.starts_with("/item/")));
    let shown = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    places
        .iter()
        .map(|place| (place, find(&left.documents, place), find(&found.documents, place)))
        .filter(|(_, left, found)| left != found)
        .map(|(place, left, found)| format!("{place}: was {}, is {}", shown(left), shown(found)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control;
    use serde_json::json;

    fn scene(parts: &[(&str, &str)], documents: &Value) -> Scene {
        let parts = parts.iter().map(|(name, part)| ((*name).to_owned(), (*part).to_owned())).collect();
        Scene { parts, documents: documents.as_object().unwrap().clone() }
    }

    fn plan(name: &str, scene: &Scene) -> Plan {
        match assess(control(name).unwrap(), scene).unwrap() {
            Assessment::Fix(plan) => plan,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_table_gets_its_protection_and_loses_it_again() {
        let table =
            |on: bool| scene(&[("name", "orders")], &json!({"table": {"Table": {"DeletionProtectionEnabled": on}}}));
        let row = control("DynamoDB.6").unwrap();
        assert_eq!(assess(row, &table(true)).unwrap(), Assessment::Fixed);
        let plan = plan("DynamoDB.6", &table(false));
        let sent = |steps: &[Step]| steps[0].call(&table(false), &Map::new()).unwrap();
        let call = |on: bool| {
            Call::new("dynamodb", "UpdateTable", json!({"TableName": "orders", "DeletionProtectionEnabled": on}))
        };
        assert_eq!((sent(&plan.steps), sent(&plan.undo)), (call(true), call(false)));
        assert!(plan.safe && differences(row, &table(true), &table(true)).is_empty());
        assert_eq!(differences(row, &table(true), &table(false)).len(), 1);
        let text = serde_json::to_string(&plan).unwrap();
        let kept = serde_json::from_str::<Plan>(&text).unwrap();
        assert_eq!((serde_json::to_string(&kept).unwrap(), sent(&kept.undo)), (text, call(false)));
    }

    #[test]
    fn the_same_plan_made_later_is_the_same_plan() {
        let secret = |now: &str, rules: &Value| {
            let parts = [
                ("now", now),
                ("name", "s"),
                ("finding", "f"),
                ("partition", "aws"),
                ("region", "r"),
                ("account", "a"),
            ];
            scene(&parts, &json!({"secret": {"RotationEnabled": false, "RotationRules": rules}}))
        };
        let digest = |scene: &Scene| plan("SecretsManager.1", scene).digest(scene);
        let (early, late) = (secret("2026-11-26T08:00:00Z", &json!({})), secret("2026-11-26T09:00:00Z", &json!({})));
        assert_eq!(digest(&early), digest(&late));
        assert_ne!(digest(&early), digest(&secret("2026-11-26T08:00:00Z", &json!({"Duration": "3h"}))));
    }
}

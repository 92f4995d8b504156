//! What is measured: one invocation of each function that runs through its calls.

use crate::{
    Error,
    aws::{Call, Script, script},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Declared {
    name: String,
    sdk_clients: usize,
    environment: BTreeMap<String, String>,
    event: Value,
    answer: Value,
    calls: Vec<Call>,
    #[serde(default)]
    batch: Option<DeclaredBatch>,
}

/// The record of the event many times over, in one event.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeclaredBatch {
    records: u32,
    calls: Vec<Call>,
}

/// A function with what it is given and what it has to do.
pub(crate) struct Function {
    pub name: String,
    /// How many AWS services it has a client for.
    pub sdk_clients: usize,
    /// Its own variables, beside those that every function has.
    pub environment: BTreeMap<String, String>,
    pub invocation: Invocation,
    /// One more invocation, of a function that takes many records at once.
    pub batch: Option<Batch>,
}

/// An event with many records.
pub(crate) struct Batch {
    pub records: u32,
    pub invocation: Invocation,
}

impl DeclaredBatch {
    fn read(&self, function: &Declared, items: &BTreeMap<String, Value>) -> Result<Batch, Error> {
        let record = function.event.pointer("/Records/0").ok_or("a batch needs an event with records")?;
        let records = (0..self.records).map(|number| {
            let mut record = record.clone();
            if let Some(fields) = record.as_object_mut() {
                fields.insert("messageId".to_owned(), json!(format!("m-{number}")));
            }
            record
        });
        let event = json!({ "Records": records.collect::<Vec<_>>() });
        let calls = script(self.calls.iter(), items)?;
        let answer = function.answer.clone();
        let invocation =
            Invocation { event: event.to_string().into(), answer, warm: Arc::clone(&calls), script: calls };
        Ok(Batch { records: self.records, invocation })
    }
}

/// An event, the AWS calls it leads to and the answer to it.
pub(crate) struct Invocation {
    pub event: Arc<str>,
    /// The part of the answer that has to be there.
    pub answer: Value,
    /// The calls of the first invocation.
    pub script: Script,
    /// The calls of the others: what a function keeps, it asks for once.
    pub warm: Script,
}

impl Invocation {
    /// The one of the empty function.
    pub(crate) fn empty() -> Self {
        Self { event: "{}".into(), answer: json!({}), script: [].into(), warm: [].into() }
    }
}

/// All functions of the suite.
pub(crate) fn all() -> Result<Vec<Function>, Error> {
    let items = serde_json::from_str(include_str!("../data/items.json"))?;
    let declared: Vec<Declared> = serde_json::from_str(include_str!("../data/functions.json"))?;
    let read = |function: Declared| {
        Ok(Function {
            batch: function.batch.as_ref().map(|batch| batch.read(&function, &items)).transpose()?,
            invocation: Invocation {
                event: function.event.to_string().into(),
                answer: function.answer,
                script: script(function.calls.iter(), &items)?,
                warm: script(function.calls.iter().filter(|call| !call.once), &items)?,
            },
            name: function.name,
            sdk_clients: function.sdk_clients,
            environment: function.environment,
        })
    };
    declared.into_iter().map(read).collect()
}

/// Whether `expected` is in `actual`: objects may have more fields, everything else is equal.
pub(crate) fn contains(actual: &Value, expected: &Value) -> bool {
    match (actual, expected) {
        (Value::Object(actual), Value::Object(expected)) => {
            expected.iter().all(|(name, expected)| actual.get(name).is_some_and(|actual| contains(actual, expected)))
        }
        _ => actual == expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_suite_is_measured() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../functions");
        let folders = |path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path());
        let mut there: Vec<_> = folders(root)
            .flat_map(folders)
            .map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        let mut measured: Vec<_> = all().unwrap().into_iter().map(|function| function.name).collect();
        there.sort();
        measured.sort();
        assert_eq!(there, measured);
    }

    #[test]
    fn an_answer_may_say_more_but_nothing_else() {
        let expected = json!({ "done": false, "report": { "created": [] } });
        assert!(contains(&json!({ "done": false, "report": { "created": [], "adopted": 10 } }), &expected));
        assert!(!contains(&json!({ "done": false, "report": { "created": ["AI"] } }), &expected));
        assert!(!contains(&json!({ "done": false }), &expected));
    }
}

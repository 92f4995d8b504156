//! Plays AWS: a script says which calls a function makes, in which order, and what comes back. Any other call fails
//! the bench, so that a function and its twin can only be compared while they do the same.

use crate::{
    Error,
    http::{self, Request, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// One call of a script.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// Service and action, as in `dynamodb:GetItem`.
    #[serde(rename = "call")]
    name: String,
    #[serde(default = "success")]
    status: u16,
    /// Only made by the first invocation: the function keeps the answer.
    #[serde(default)]
    pub once: bool,
    /// A JSON answer; empty where nothing is said.
    #[serde(default)]
    json: Map<String, Value>,
    /// An XML answer.
    #[serde(default)]
    xml: Option<String>,
    /// The name of a ledger item that `DynamoDB` answers with.
    #[serde(default)]
    item: Option<String>,
}

fn success() -> u16 {
    200
}

/// A call and its answer, ready to send.
pub(crate) type Script = Arc<[(String, Response)]>;

/// Makes the answers of a script.
pub(crate) fn script<'c>(
    calls: impl Iterator<Item = &'c Call>,
    items: &BTreeMap<String, Value>,
) -> Result<Script, Error> {
    calls.map(|call| Ok((call.name.clone(), answer(call, items)?))).collect()
}

fn answer(call: &Call, items: &BTreeMap<String, Value>) -> Result<Response, Error> {
    if let Some(xml) = &call.xml {
        return Ok(Response::new(call.status, "text/xml", xml.as_str()));
    }
    let mut json = call.json.clone();
    if let Some(item) = &call.item {
        let item = items.get(item).and_then(Value::as_object).ok_or_else(|| format!("no item {item}"))?;
        let place = if call.name == "dynamodb:GetItem" { "Item" } else { "Attributes" };
        json.insert(place.to_owned(), attributes(item));
    }
    Ok(Response::new(call.status, "application/x-amz-json-1.0", serde_json::to_vec(&json)?))
}

fn attributes(item: &Map<String, Value>) -> Value {
    item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()
}

/// A value as `DynamoDB` writes it.
fn attribute(value: &Value) -> Value {
    match value {
        Value::Null => json!({ "NULL": true }),
        Value::Bool(value) => json!({ "BOOL": value }),
        Value::Number(number) => json!({ "N": number.to_string() }),
        Value::String(text) => json!({ "S": text }),
        Value::Array(list) => json!({ "L": list.iter().map(attribute).collect::<Vec<_>>() }),
        Value::Object(map) => json!({ "M": attributes(map) }),
    }
}

/// AWS.
pub(crate) struct Aws {
    /// What functions get as `AWS_ENDPOINT_URL`.
    pub url: String,
    stage: Arc<Mutex<Stage>>,
}

#[derive(Default)]
struct Stage {
    script: Option<Script>,
    done: usize,
    /// The first call that the script does not have at that place.
    wrong: Option<String>,
}

impl Aws {
    pub(crate) fn open() -> Result<Self, Error> {
        let stage = Arc::new(Mutex::new(Stage::default()));
        let server = Arc::clone(&stage);
        let port =
            http::serve(move |request| server.lock().unwrap_or_else(PoisonError::into_inner).serve(&name(request)))?;
        Ok(Self { url: format!("http://127.0.0.1:{port}"), stage })
    }

    /// Begins a script.
    pub(crate) fn begin(&self, script: &Script) {
        let mut stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        *stage = Stage { script: Some(Arc::clone(script)), ..Stage::default() };
    }

    /// Whether the script was played, all of it and nothing else.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let stage = self.stage.lock().unwrap_or_else(PoisonError::into_inner);
        let expected = stage.script.as_ref().map_or(0, |script| script.len());
        match &stage.wrong {
            Some(wrong) => Err(wrong.clone().into()),
            None if stage.done == expected => Ok(()),
            None => Err(format!("made {} AWS calls instead of {expected}", stage.done).into()),
        }
    }
}

impl Stage {
    fn serve(&mut self, called: &str) -> Option<Response> {
        let expected = self.script.as_ref().and_then(|script| script.get(self.done));
        match expected {
            Some((call, answer)) if call == called => {
                self.done += 1;
                Some(answer.clone())
            }
            _ => {
                let instead = expected.map_or("nothing more", |(call, _)| call);
                let place = self.done + 1;
                self.wrong.get_or_insert(format!("AWS call {place} was {called} instead of {instead}"));
                None
            }
        }
    }
}

/// Service and action of a call: the service is in the scope of the signature, the action in the target header, in
/// the form or in the path.
fn name(request: &Request) -> String {
    let signed = request.headers.get("authorization").map_or("", String::as_str);
    let service = signed.split("Credential=").nth(1).and_then(|scope| scope.split('/').nth(3)).unwrap_or("unsigned");
    let form = String::from_utf8_lossy(&request.body);
    let action = match request.headers.get("x-amz-target") {
        Some(target) => target.rsplit('.').next(),
        // The path is that of an object, and may have the day in it.
        None if service == "s3" && request.method == "PUT" => Some("PutObject"),
        None => form.split('&').find_map(|field| field.strip_prefix("Action=")),
    };
    format!("{service}:{}", action.unwrap_or(request.path.trim_start_matches('/')))
}

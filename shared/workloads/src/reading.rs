//! What a row reads: calls with all their pages, and values of what was read.

use crate::Error;
use aws::{AwsFault, Call, SdkConfig};
use remediation::{Ask, Read, Scene, Undescribed};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// A call that reads, whose answer is kept under a name.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Map<String, Value>")]
pub(crate) struct Reading {
    pub(crate) name: String,
    /// Read only in order to stop or start something, not to list it.
    pub(crate) acting: bool,
    pub(crate) read: Read,
    /// Where entries are in an answer; the whole answer is kept where this is not given.
    items: Option<String>,
    /// Which parameter takes the token of the next page, and where an answer has it.
    token: Option<(String, String)>,
    /// Once for each entry of this list, which is `item` then.
    each: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    name: String,
    #[serde(default)]
    acting: bool,
    items: Option<String>,
    token: Option<(String, String)>,
    each: Option<String>,
}

impl TryFrom<Map<String, Value>> for Reading {
    type Error = serde_json::Error;

    fn try_from(members: Map<String, Value>) -> Result<Self, Self::Error> {
        let (own, read) = split::<Own>(members, &["name", "acting", "items", "token", "each"])?;
        Ok(Self { name: own.name, acting: own.acting, read, items: own.items, token: own.token, each: own.each })
    }
}

/// Takes a row's entry apart: what is ours, and what is the call.
pub(crate) fn split<Own: DeserializeOwned>(
    members: Map<String, Value>,
    names: &[&str],
) -> Result<(Own, Read), serde_json::Error> {
    let (own, call): (Map<_, _>, Map<_, _>) = members.into_iter().partition(|(name, _)| names.contains(&name.as_str()));
    Ok((serde_json::from_value(Value::Object(own))?, serde_json::from_value(Value::Object(call))?))
}

/// What came of a reading.
pub(crate) enum Found {
    /// It is not meant here.
    Nothing,
    /// The resource is gone.
    Gone,
    /// This.
    Document(Value),
}

impl Reading {
    pub(crate) async fn of(&self, config: &SdkConfig, scene: &Scene) -> Result<Found, Error> {
        let Some(list) = &self.each else { return self.once(config, scene).await };
        let mut all = Vec::new();
        for item in entries(&scene.documents, list) {
            let mut scene = scene.clone();
            scene.documents.insert("item".to_owned(), item);
            match self.once(config, &scene).await? {
                Found::Nothing => {}
                Found::Gone => all.push(json!({"missing": true})),
                Found::Document(document) => all.push(document),
            }
        }
        Ok(Found::Document(Value::Array(all)))
    }

    async fn once(&self, config: &SdkConfig, scene: &Scene) -> Result<Found, Error> {
        let mut call = match self.read.ask(scene)? {
            None => return Ok(Found::Nothing),
            Some(Ask::Keep(value)) => return Ok(Found::Document(self.taken(value))),
            Some(Ask::Call(call)) => call,
        };
        let mut all = Vec::new();
        loop {
            let answer = match aws::send(config, &call).await {
                Ok(answer) => answer,
                Err(fault) if self.read.means_absent(fault.code()) => return Ok(Found::Gone),
                Err(fault) if self.read.means_nothing(fault.code()) => Value::Object(Map::new()),
                Err(fault) => return Err(fault.into()),
            };
            let Some(items) = &self.items else { return Ok(Found::Document(answer)) };
            all.extend_from_slice(aws::each(answer.pointer(items)));
            if !self.turn(&mut call, &answer) {
                return Ok(Found::Document(Value::Array(all)));
            }
        }
    }

    fn taken(&self, value: Value) -> Value {
        match &self.items {
            Some(items) => Value::Array(aws::each(value.pointer(items)).to_vec()),
            None => value,
        }
    }

    /// Asks for the next page; false after the last. A page may be empty and not the last.
    fn turn(&self, call: &mut Call, answer: &Value) -> bool {
        let Some((parameter, place)) = &self.token else { return false };
        match answer.pointer(place).and_then(Value::as_str) {
            Some(token) if !token.is_empty() => {
                call.parameters.insert(parameter.clone(), Value::from(token));
                true
            }
            _ => false,
        }
    }
}

/// The entries of a list among documents; one entry reads as itself in XML.
pub(crate) fn entries(documents: &Map<String, Value>, place: &str) -> Vec<Value> {
    aws::each(find(documents, place)).to_vec()
}

/// What is at a place among documents: the name of one, then a JSON pointer.
pub(crate) fn find<'d>(documents: &'d Map<String, Value>, place: &str) -> Option<&'d Value> {
    let (name, rest) = place.strip_prefix('/')?.split_once('/').unwrap_or((place.get(1..)?, ""));
    let document = documents.get(name)?;
    if rest.is_empty() { Some(document) } else { document.pointer(&format!("/{rest}")) }
}

/// A value of what was read.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) struct Expression(Read);

impl TryFrom<Value> for Expression {
    type Error = serde_json::Error;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        Ok(Self(serde_json::from_value(json!({"value": value}))?))
    }
}

impl Expression {
    pub(crate) fn of(&self, scene: &Scene) -> Result<Value, Undescribed> {
        match self.0.ask(scene)? {
            Some(Ask::Keep(value)) => Ok(value),
            _ => Ok(Value::Null),
        }
    }
}

/// True for a fault after which another look shows whether the call is still needed.
pub(crate) fn may_be_done_already(fault: &AwsFault) -> bool {
    fault.had_no_effect() && fault.class() == landing_zone::Class::Invalid
}

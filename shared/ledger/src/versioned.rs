//! Items that are changed by several writers: each change builds on the version that was read, and what is in them is JSON.

use crate::{
    Error, Ledger, Stamp,
    table::{item, value},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// Text that fits into an item of 400 KB beside the rest of it
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html>).
const LONGEST_TEXT: usize = 390_000;

/// What was read, and the version that a change of it builds on.
#[derive(Debug, Clone, PartialEq)]
pub struct Versioned<T> {
    /// What was read.
    pub value: T,
    pub(crate) version: u64,
}

impl<T> Versioned<T> {
    /// What is not stored yet.
    pub fn new(value: T) -> Self {
        Self { value, version: 0 }
    }

    /// What is to be stored in its place.
    #[must_use]
    pub fn with(self, value: T) -> Self {
        Self { value, version: self.version }
    }
}

/// An item as it is stored.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stored {
    pub(crate) id: String,
    pub(crate) version: u64,
    /// JSON, as it is: numbers and the order of members survive.
    pub(crate) content: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<Stamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) expires_at: Option<i64>,
}

impl Ledger {
    pub(crate) async fn versioned<T: DeserializeOwned>(&self, id: &str) -> Result<Option<Versioned<T>>, Error> {
        self.get::<Stored>(id).await?.map(parsed).transpose()
    }

    pub(crate) async fn store(&self, stored: Stored, version: &mut u64) -> Result<bool, Error> {
        let next = stored.version;
        let done = match *version {
            0 => self.put(item(stored)?, "attribute_not_exists(id)", [].into()).await?,
            before => {
                self.put(item(stored)?, "version = :before", [(":before".to_owned(), value(before)?)].into()).await?
            }
        };
        if done {
            *version = next;
        }
        Ok(done)
    }
}

pub(crate) fn parsed<T: DeserializeOwned>(stored: Stored) -> Result<Versioned<T>, Error> {
    match serde_json::from_str(&stored.content) {
        Ok(value) => Ok(Versioned { value, version: stored.version }),
        Err(why) => Err(Error::Unreadable { id: stored.id, why: why.to_string() }),
    }
}

pub(crate) fn written(id: &str, of: &impl Serialize) -> Result<String, Error> {
    let unreadable = |why: String| Error::Unreadable { id: id.to_owned(), why };
    let text = serde_json::to_string(of).map_err(|why| unreadable(why.to_string()))?;
    if text.len() > LONGEST_TEXT {
        return Err(unreadable(format!("{} characters are more than an item holds", text.len())));
    }
    Ok(text)
}

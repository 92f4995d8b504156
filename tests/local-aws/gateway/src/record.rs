//! The record of every AWS call, for tests to read.

use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::faults::Kind;

/// One finished call.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    /// The place in the record, from 1.
    pub(crate) n: u64,
    /// When the call arrived, in milliseconds of the epoch.
    pub(crate) at: u64,
    pub(crate) function: Option<String>,
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) resource: Option<String>,
    /// The account whose credentials signed the call.
    pub(crate) account: String,
    /// The HTTP status the caller saw; 0 if it saw none.
    pub(crate) status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    pub(crate) ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<Kind>,
}

/// All calls since the gateway started.
#[derive(Default)]
pub(crate) struct Record {
    entries: Mutex<Vec<Entry>>,
}

impl Record {
    /// Appends an entry and numbers it.
    pub(crate) fn push(&self, mut entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entry.n = entries.len() as u64 + 1;
        entries.push(entry);
    }

    /// The entries after place `after`.
    pub(crate) fn after(&self, after: usize) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(after..).unwrap_or_default().to_vec()
    }

    /// The place of the last entry.
    pub(crate) fn last(&self) -> usize {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Milliseconds of the epoch.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

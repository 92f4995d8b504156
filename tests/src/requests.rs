//! Requests for accounts, as tests send them.

use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

/// A name no other test, and no earlier run on the same stack, has used. It is its own slug.
#[must_use]
pub fn unique(stem: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    format!("{stem}-{:x}-{}", seconds, COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A valid request. Core account types come without environment.
#[must_use]
pub fn request(name: &str, account_type: &str, environment: Option<&str>) -> Value {
    let mut request = json!({
        "name": name, "accountType": account_type, "ownerEmail": "team-web@example.com", "costCenter": "CC-4711",
        "dataClassification": "internal", "purpose": "An end-to-end test", "tags": {"team": "web"},
    });
    if let Some(environment) = environment {
        request["environment"] = json!(environment);
    }
    request
}

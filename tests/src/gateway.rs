//! The local gateway's record of AWS calls, and the faults it can be told to make.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The control paths of the gateway.
#[derive(Debug, Clone)]
pub struct Gateway {
    endpoint: String,
    http: reqwest::Client,
}

/// One recorded call.
#[derive(Debug, Clone, Deserialize)]
pub struct Call {
    /// Counts the calls.
    pub n: u64,
    /// When it came in, in milliseconds since 1970.
    pub at: i64,
    /// The suite's function that made it; none for anybody else.
    pub function: Option<String>,
    /// Service, as in its signature.
    pub service: String,
    /// API action.
    pub action: String,
    /// What it was about, as far as the request tells.
    pub resource: Option<String>,
    /// Account of the caller.
    pub account: Option<String>,
    /// HTTP status of the answer; none when there was none.
    pub status: Option<u16>,
    /// AWS error code.
    pub error: Option<String>,
    /// How long it took.
    pub ms: Option<f64>,
}

/// A fault to make.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Fault {
    /// Service of the calls to break.
    pub service: String,
    /// Action of the calls to break.
    pub action: String,
    /// Function whose calls to break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// What the calls to break are about: texts in their bodies, or the account they are made in.
    pub containing: Vec<String>,
    /// `throttle`, `error`, `timeout`, `lost`, `duplicate` or `kill`.
    pub kind: String,
    /// Calls to let through first.
    pub skip: u32,
    /// Calls to break then.
    pub times: u32,
}

impl Gateway {
    /// The gateway at `endpoint`.
    #[must_use]
    pub fn new(endpoint: String) -> Self {
        Self { endpoint, http: reqwest::Client::new() }
    }

    /// The calls after number `after`.
    pub async fn calls(&self, after: u64) -> Vec<Call> {
        let mut answer = self.get(&format!("/_local/calls?after={after}")).await;
        serde_json::from_value(answer["calls"].take()).expect("calls")
    }

    /// The number of the last call. None of the calls is read: they are hundreds of thousands after a while.
    pub async fn mark(&self) -> u64 {
        self.get(&format!("/_local/calls?after={}", u32::MAX)).await["last"].as_u64().expect("a number")
    }

    /// Makes a fault and returns its id.
    pub async fn inject(&self, fault: &Fault) -> u64 {
        let answer =
            self.http.post(format!("{}/_local/faults", self.endpoint)).json(fault).send().await.expect("answer");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
        answer.json::<Value>().await.expect("JSON")["id"].as_u64().expect("an id")
    }

    /// How often the fault `id` has struck.
    pub async fn hits_of(&self, id: u64) -> u64 {
        let answer = self.get("/_local/faults").await;
        let faults = answer["faults"].as_array().cloned().unwrap_or_default();
        faults.iter().find(|fault| fault["id"] == id).and_then(|fault| fault["hits"].as_u64()).unwrap_or(0)
    }

    /// How often the faults have struck.
    pub async fn hits(&self) -> u64 {
        let answer = self.get("/_local/faults").await;
        let faults = answer["faults"].as_array().cloned().unwrap_or_default();
        faults.iter().filter_map(|fault| fault["hits"].as_u64()).sum()
    }

    /// Ends all faults.
    pub async fn heal(&self) {
        self.delete("/_local/faults").await;
    }

    /// Says how creations shall end (see tests/local-aws/README.md).
    pub async fn post(&self, path: &str, body: &Value) {
        let answer = self.http.post(format!("{}{path}", self.endpoint)).json(body).send().await.expect("answer");
        assert!(answer.status().is_success(), "{:?}", answer.text().await);
    }

    /// Forgets what [`Self::post`] said.
    pub async fn delete(&self, path: &str) {
        let answer = self.http.delete(format!("{}{path}", self.endpoint)).send().await.expect("answer");
        assert!(answer.status().is_success());
    }

    /// Reads one of the control paths.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.endpoint)).send().await.expect("the gateway answers");
        answer.json().await.unwrap_or(json!({}))
    }
}

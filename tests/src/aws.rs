//! Single calls of services that only tests use (SQS, SNS, CloudWatch Logs, Lambda), without an SDK each.

use crate::{Stack, sign};
use serde_json::{Value, json};
use std::time::Duration;

/// The services of the management account, called with the deployer's key.
#[derive(Debug, Clone)]
pub struct Aws {
    stack: Stack,
    http: reqwest::Client,
}

/// What an invoked function answered.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// The `errorType` of a failed invocation.
    pub error: Option<String>,
    /// The payload.
    pub payload: Value,
}

impl Aws {
    pub(crate) fn new(stack: &Stack) -> Self {
        Self { stack: stack.clone(), http: reqwest::Client::new() }
    }

    /// A call of a JSON service; `target` is what its `X-Amz-Target` header says.
    pub async fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let text = self.send(service, "/", &headers, body.to_string()).await;
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A call of a query service; the answer is XML.
    pub async fn query(&self, service: &str, form: &[(&str, &str)]) -> String {
        let body: Vec<String> = form.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        self.send(service, "/", &[("content-type", "application/x-www-form-urlencoded")], body.join("&")).await
    }

    /// Invokes a function and waits for its answer.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Invocation {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let text = self.send("lambda", &path, &[("content-type", "application/json")], payload.to_string()).await;
        let payload: Value = serde_json::from_str(&text).expect("a JSON answer");
        Invocation { error: payload.get("errorType").and_then(Value::as_str).map(str::to_owned), payload }
    }

    /// Every line of a log group, oldest first.
    pub async fn log_lines(&self, group: &str) -> Vec<String> {
        let (mut lines, mut token) = (Vec::new(), Value::Null);
        loop {
            let mut body = json!({ "logGroupName": group, "limit": 10_000 });
            if token.is_string() {
                body["nextToken"] = token;
            }
            let page = self.json("logs", "Logs_20140328.FilterLogEvents", &body).await;
            let events = page["events"].as_array().unwrap_or_else(|| panic!("{group}: {page}"));
            lines.extend(
                events.iter().filter_map(|event| event["message"].as_str()).map(|line| line.trim_end().to_owned()),
            );
            token = page["nextToken"].clone();
            if token.is_null() {
                return lines;
            }
        }
    }

    async fn send(&self, service: &str, path: &str, headers: &[(&str, &str)], body: String) -> String {
        let url = format!("{}{path}", self.stack.endpoint);
        let scope = (service, self.stack.region.as_str());
        let mut request = self.http.post(&url).timeout(Duration::from_mins(2));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in sign(&self.stack.credentials(), scope, ("POST", &url), headers, body.as_bytes()) {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.expect("AWS answers");
        let status = answer.status();
        let text = answer.text().await.expect("the answer has a body");
        assert!(status.is_success(), "{service} {path}: {status} {text}");
        text
    }
}

/// Percent-encoding of everything that is not unreserved.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

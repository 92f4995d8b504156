//! Single calls of services that only tests use (SQS, SNS, CloudWatch Logs, Lambda), without an SDK each.

use crate::{Stack, inside, sign};
use aws_credential_types::{Credentials, provider::ProvideCredentials as _};
use serde_json::{Value, json};
use std::time::Duration;

/// The services of an account, called with a key of that account.
#[derive(Debug, Clone)]
pub struct Aws {
    endpoint: String,
    region: String,
    credentials: Credentials,
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
    pub(crate) fn new(stack: &Stack, credentials: Credentials) -> Self {
        Self {
            endpoint: stack.endpoint.clone(),
            region: stack.region.clone(),
            credentials,
            http: reqwest::Client::new(),
        }
    }

    /// The services of a member account, through the role that Organizations makes there.
    pub async fn inside(stack: &Stack, account: &str) -> Self {
        let config = inside(stack, account).await;
        let provider = config.credentials_provider().expect("credentials");
        Self::new(stack, provider.provide_credentials().await.expect("credentials"))
    }

    /// The same account in another Region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }

    /// A call of a JSON service; `target` is what its `X-Amz-Target` header says.
    pub async fn json(&self, service: &str, target: &str, body: &Value) -> Value {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let text = self.send(service, ("POST", "/"), &headers, body.to_string()).await;
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A call of a query service; the answer is XML.
    pub async fn query(&self, service: &str, form: &[(&str, &str)]) -> String {
        let body: Vec<String> = form.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
        self.send(service, ("POST", "/"), &[("content-type", "application/x-www-form-urlencoded")], body.join("&"))
            .await
    }

    /// Invokes a function and waits for its answer.
    pub async fn invoke(&self, function: &str, payload: &Value) -> Invocation {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let text = self.rest("lambda", "POST", &path, payload.to_string()).await;
        let payload: Value = serde_json::from_str(&text).expect("a JSON answer");
        Invocation { error: payload.get("errorType").and_then(Value::as_str).map(str::to_owned), payload }
    }

    /// A call of a REST service.
    pub async fn rest(&self, service: &str, method: &str, path: &str, body: String) -> String {
        self.send(service, (method, path), &[("content-type", "application/json")], body).await
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

    async fn send(
        &self,
        service: &str,
        (method, path): (&str, &str),
        headers: &[(&str, &str)],
        body: String,
    ) -> String {
        let url = format!("{}{path}", self.endpoint);
        let scope = (service, self.region.as_str());
        let verb = method.parse().expect("a method");
        let mut request = self.http.request(verb, &url).timeout(Duration::from_mins(2));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in sign(&self.credentials, scope, (method, &url), headers, body.as_bytes()) {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.expect("AWS answers");
        let status = answer.status();
        let text = answer.text().await.expect("the answer has a body");
        assert!(status.is_success(), "{service} {path}: {status} {text}");
        text
    }
}

/// The text of the first element with this tag, such as `<Arn>`.
#[must_use]
pub fn between(xml: &str, tag: &str) -> String {
    let end = tag.replace('<', "</");
    let rest = xml.split_once(tag).unwrap_or_else(|| panic!("no {tag} in {xml}")).1;
    rest.split_once(&end).expect("an end").0.to_owned()
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

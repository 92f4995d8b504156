//! The suite's API as a user calls it: signed HTTP.

use crate::sign;
use aws_credential_types::Credentials;
use reqwest::Method;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A client of the API.
#[derive(Debug, Clone)]
pub struct Api {
    base: String,
    region: String,
    credentials: Option<Credentials>,
    http: reqwest::Client,
}

/// What the API said.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Media type.
    pub content_type: String,
    /// `Location`, where there is one.
    pub location: Option<String>,
    /// The body as JSON; null when it is not.
    pub body: Value,
}

impl Answer {
    /// The text of a field of the body; empty when it is missing.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        self.body.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Api {
    /// A client that signs with `credentials`.
    #[must_use]
    pub fn new(base: String, region: String, credentials: Credentials) -> Self {
        Self { base, region, credentials: Some(credentials), http: reqwest::Client::new() }
    }

    /// The same API called with another key; none leaves requests unsigned.
    #[must_use]
    pub fn signed_with(&self, credentials: Option<Credentials>) -> Self {
        Self { credentials, ..self.clone() }
    }

    /// Gets `path`, query included.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Vec::new()).await
    }

    /// Posts JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    /// Posts JSON with more headers, such as `Idempotency-Key`.
    pub async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut all = vec![("content-type", "application/json")];
        all.extend(headers);
        self.send(Method::POST, path, &all, body.to_string().into_bytes()).await
    }

    /// Sends anything.
    pub async fn send(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method.clone(), &url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in self.signature(method.as_str(), &url, headers, &body) {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await.expect("the API answers");
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (status, content_type, location) =
            (answer.status().as_u16(), header("content-type").unwrap_or_default(), header("location"));
        let body = answer.bytes().await.expect("the answer has a body");
        Answer { status, content_type, location, body: serde_json::from_slice(&body).unwrap_or(Value::Null) }
    }

    fn signature(&self, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<(String, String)> {
        let Some(credentials) = &self.credentials else { return Vec::new() };
        sign(credentials, ("execute-api", &self.region), (method, url), headers, body)
    }

    /// Follows a request until it has ended, as a user would: by asking. Gives up after `longest`.
    pub async fn follow(&self, request_id: &str, longest: Duration, mut seen: impl FnMut(&Value)) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.get(&format!("/accounts/{request_id}")).await;
            assert_eq!(answer.status, 200, "{:?}", answer.body);
            seen(&answer.body);
            if matches!(answer.text("state"), "ACTIVE" | "FAILED") {
                return answer.body;
            }
            assert!(began.elapsed() < longest, "not ended after {longest:?}: {}", answer.body);
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

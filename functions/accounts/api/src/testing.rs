//! What the tests stand on: AWS in memory, and events as API Gateway sends them.

mod cloud;
mod table;

pub(crate) use cloud::Cloud;

use crate::response::Response;
use aws_lambda_events::{apigw::ApiGatewayProxyRequest, encodings::Body};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const ROLE_ARN: &str = "arn:aws:sts::111122223333:assumed-role/Requester/jane";
pub(crate) const NOW: &str = "2026-11-23T10:00:00.000Z";

/// An event of API Gateway; `changes` go over `POST /accounts` without a body.
pub(crate) fn event(changes: &Value) -> ApiGatewayProxyRequest {
    let mut event = json!({
        "resource": "/accounts",
        "path": "/accounts",
        "httpMethod": "POST",
        "headers": { "content-type": "application/json" },
        "requestContext": { "stage": "v1", "httpMethod": "POST", "identity": { "userArn": ROLE_ARN } }
    });
    for (name, value) in changes.as_object().unwrap() {
        event[name] = value.clone();
    }
    serde_json::from_value(event).unwrap()
}

/// A POST of `body`.
pub(crate) fn post(body: &Value) -> ApiGatewayProxyRequest {
    event(&json!({ "body": body.to_string() }))
}

/// A POST of `body` with an idempotency key.
pub(crate) fn post_with_key(body: &Value, key: &str) -> ApiGatewayProxyRequest {
    event(&json!({ "body": body.to_string(), "headers": { "Idempotency-Key": key } }))
}

/// A GET of one request.
pub(crate) fn get(id: &str) -> ApiGatewayProxyRequest {
    event(&json!({
        "httpMethod": "GET",
        "resource": "/accounts/{id}",
        "path": format!("/accounts/{id}"),
        "pathParameters": { "id": id }
    }))
}

/// A body that is right.
pub(crate) fn valid_body() -> Value {
    json!({
        "name": "Claims Frontend Dev",
        "accountType": "frontend",
        "environment": "dev",
        "ownerEmail": "claims@example.com",
        "costCenter": "CC-1234",
        "dataClassification": "internal",
        "purpose": "Web front end of the claims assistant",
        "tags": { "team": "claims" }
    })
}

/// The right body with one field changed.
pub(crate) fn body_with(field: &str, value: Value) -> Value {
    let mut body = valid_body();
    body[field] = value;
    body
}

/// The body of an answer.
pub(crate) fn json_of(response: &Response) -> Value {
    match response.body.as_ref().unwrap() {
        Body::Text(text) => serde_json::from_str(text).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// The request id of a 202.
pub(crate) fn request_id(response: &Response) -> String {
    assert_eq!(response.status_code, 202, "{response:?}");
    json_of(response)["requestId"].as_str().unwrap().to_owned()
}

/// Status, headers and body in one value, with `id` made stable.
pub(crate) fn whole(response: &Response, id: &str) -> Value {
    let headers: BTreeMap<&str, &str> =
        response.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    let whole = json!({ "status": response.status_code, "headers": headers, "body": json_of(response) });
    let text = whole.to_string();
    serde_json::from_str(&if id.is_empty() { text } else { text.replace(id, "req-…") }).unwrap()
}

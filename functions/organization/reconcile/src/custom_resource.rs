//! `CloudFormation` asks by an event and wants its answer by HTTP PUT to a presigned URL
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref.html>).

use crate::Report;
use ::guardrails::Guardrail;
use http_body_util::Full;
use hyper::{Request, StatusCode, body::Bytes};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnectorBuilder};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use landing_zone::Failure;
use serde::Deserialize;
use serde_json::{Value, json};

/// The question.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CustomResource {
    request_type: String,
    #[serde(rename = "ResponseURL")]
    response_url: String,
    stack_id: String,
    request_id: String,
    logical_resource_id: String,
}

impl CustomResource {
    pub(crate) fn is_delete(&self) -> bool {
        self.request_type == "Delete"
    }
}

/// The resource is the organization itself: one id for ever, so that an update never deletes it.
const PHYSICAL_ID: &str = "ai-landing-zone-organization";

/// Tells `CloudFormation` how it went.
pub(crate) async fn answer(question: &CustomResource, result: Result<Option<&Report>, Failure>) -> Result<(), String> {
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(
            rustls::ClientConfig::builder().with_native_roots().map_err(|why| why.to_string())?.with_no_client_auth(),
        )
        .https_or_http()
        .enable_http1()
        .build();
    let body = body(question, result).to_string();
    let request = Request::put(&question.response_url)
        .header("content-length", body.len())
        .body(Full::<Bytes>::from(body))
        .map_err(|why| why.to_string())?;
    let response =
        Client::builder(TokioExecutor::new()).build(connector).request(request).await.map_err(|why| why.to_string())?;
    if response.status() == StatusCode::OK { Ok(()) } else { Err(format!("HTTP status {}", response.status())) }
}

fn body(question: &CustomResource, result: Result<Option<&Report>, Failure>) -> Value {
    let mut body = json!({
        "StackId": question.stack_id,
        "RequestId": question.request_id,
        "LogicalResourceId": question.logical_resource_id,
        "PhysicalResourceId": PHYSICAL_ID,
    });
    let (status, key, value) = match result {
        Ok(Some(report)) => {
            let policy = |guardrail: Guardrail| report.guardrails.get(guardrail.id());
            let data = json!({
                "OrganizationId": report.organization_id,
                "RootId": report.root_id,
                "SpendRestrictPolicyId": policy(Guardrail::SpendRestrict),
                "SpendFreezePolicyId": policy(Guardrail::SpendFreeze),
            });
            ("SUCCESS", "Data", data)
        }
        Ok(None) => ("SUCCESS", "Data", json!({})),
        Err(failure) => ("FAILED", "Reason", json!(format!("{} {}", failure.reason, failure.advice))),
    };
    if let Some(body) = body.as_object_mut() {
        body.insert("Status".to_owned(), json!(status));
        body.insert(key.to_owned(), value);
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;
    use landing_zone::Class;

    fn question(request_type: &str) -> CustomResource {
        serde_json::from_value(json!({
            "RequestType": request_type, "ResponseURL": "http://127.0.0.1/x", "StackId": "stack", "RequestId": "id",
            "LogicalResourceId": "Organization", "ResourceType": "Custom::Organization", "ResourceProperties": {}
        }))
        .unwrap()
    }

    #[test]
    fn a_failure_tells_why_and_what_to_do() {
        let failure = Failure {
            class: Class::Denied,
            name: "Denied.AccessDenied".into(),
            reason: "It is denied.".into(),
            advice: "Allow it.".into(),
        };
        let body = body(&question("Create"), Err(failure));
        assert_eq!(body["Status"], "FAILED");
        assert_eq!(body["Reason"], "It is denied. Allow it.");
        assert_eq!(body["PhysicalResourceId"], PHYSICAL_ID);
    }

    #[test]
    fn only_delete_is_left_alone() {
        assert!(question("Delete").is_delete());
        assert!(!question("Update").is_delete());
        assert_eq!(body(&question("Delete"), Ok(None))["Status"], "SUCCESS");
    }
}

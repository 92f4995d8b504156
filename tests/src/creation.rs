//! `CloudTrail`'s word that something was created, as a test that plays the service says it.

use crate::Stack;
use jiff::Timestamp;
use serde_json::{Value, json};

/// What a call made, and by whom.
#[derive(Debug, Clone)]
pub struct Creation {
    /// `s3` for `s3.amazonaws.com`.
    pub source: &'static str,
    /// The call.
    pub call: &'static str,
    /// What was asked for.
    pub request: Value,
    /// What was answered.
    pub response: Value,
    /// `userIdentity`.
    pub identity: Value,
    /// When.
    pub time: Timestamp,
}

impl Creation {
    /// By Jane, who signs in through Identity Center, now.
    #[must_use]
    pub fn by_jane(source: &'static str, call: &'static str, request: Value, response: Value) -> Self {
        let identity = session("AWSReservedSSO_DataScience_0a1b", "jane@example.com");
        Self { source, call, request, response, identity, time: Timestamp::now() }
    }

    /// The record of account and Region.
    #[must_use]
    pub fn record(&self, account: &str, region: &str) -> Value {
        let Self { source, call, request, response, identity, time } = self;
        json!({
            "eventVersion": "1.11", "eventSource": format!("{source}.amazonaws.com"), "eventName": call,
            "eventTime": format!("{time:.0}"), "awsRegion": region, "recipientAccountId": account,
            "eventID": crate::unique("event"), "eventType": "AwsApiCall", "managementEvent": true, "readOnly": false,
            "userIdentity": identity, "requestParameters": request, "responseElements": response,
        })
    }
}

/// The identity of a role's session.
#[must_use]
pub fn session(role: &str, name: &str) -> Value {
    json!({"type": "AssumedRole", "arn": format!("arn:aws:sts::111122223333:assumed-role/{role}/{name}"),
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": role}}})
}

/// Tells the suite's intake of records, as the rule in each account does. `EventBridge` takes ten at a time.
pub async fn tell(stack: &Stack, records: &[Value]) {
    for some in records.chunks(10) {
        let entries: Vec<Value> = some
            .iter()
            .map(|record| {
                let source = record["eventSource"].as_str().unwrap_or_default().trim_end_matches(".amazonaws.com");
                json!({"Source": format!("aws.{source}"), "DetailType": "AWS API Call via CloudTrail",
                    "EventBusName": stack.output("IntakeBusName"), "Detail": record.to_string()})
            })
            .collect();
        stack.gateway().post("/_local/events", &json!({ "Entries": entries })).await;
    }
}

//! Findings, as Security Hub makes them.

use crate::{Aws, unique};
use jiff::Timestamp;
use serde_json::{Value, json};

const PRODUCT: &str = "arn:aws:securityhub:us-east-1::product/aws/securityhub";

/// A failed check, just now.
#[must_use]
pub fn finding(account: &str, control: &str, resource: &str) -> Value {
    finding_at(account, control, resource, Timestamp::now())
}

/// A failed check at some time.
#[must_use]
pub fn finding_at(account: &str, control: &str, resource: &str, at: Timestamp) -> Value {
    let id = format!("arn:aws:securityhub:us-east-1:{account}:security-control/{control}/finding/{}", unique("f"));
    let at = at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
    json!({"SchemaVersion": "2018-10-08", "Id": id, "ProductArn": PRODUCT, "ProductName": "Security Hub",
        "GeneratorId": format!("security-control/{control}"), "AwsAccountId": account, "Region": "us-east-1",
        "Types": ["Software and Configuration Checks/Industry and Regulatory Standards"], "CreatedAt": at, "UpdatedAt": at,
        "Severity": {"Label": "HIGH"}, "Title": control, "Description": "A check failed.",
        "Compliance": {"Status": "FAILED", "SecurityControlId": control}, "RecordState": "ACTIVE",
        "Workflow": {"Status": "NEW"}, "WorkflowState": "NEW",
        "Resources": [{"Type": "Other", "Id": resource, "Partition": "aws", "Region": "us-east-1"}]})
}

/// Security Hub finds this; it tells of it by events.
pub async fn import(aws: &Aws, findings: &[Value]) {
    let answer = aws.rest("securityhub", "POST", "/findings/import", json!({"Findings": findings}).to_string()).await;
    let answer: Value = serde_json::from_str(&answer).expect("JSON");
    assert_eq!(answer["FailedCount"], 0, "{answer}");
}

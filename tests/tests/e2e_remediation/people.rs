//! What people do: try a finding, approve, reject, take back, look.

use crate::{
    LONGEST, broken,
    hub::{Hub, account, field, finding, follow, id_in, shared_account},
};
use aws::{Call, SdkConfig};
use jiff::{SignedDuration, Timestamp};
use remediation::State;
use serde_json::{Value, json};
use tests::{Api, Stack};

/// A table without protection against deletion, and its case.
pub(crate) async fn table(config: &SdkConfig, account: &str) -> (String, String) {
    let arn = broken::of("DynamoDB.6").make(config, account).await;
    let id = id_in("DynamoDB.6", &arn, account);
    (arn, id)
}

/// Whether AWS shows the table protected.
pub(crate) async fn is_protected(config: &SdkConfig, arn: &str) -> bool {
    let name = arn.rsplit('/').next().expect("a name");
    let answer = aws::send(config, &Call::new("dynamodb", "DescribeTable", json!({"TableName": name}))).await;
    answer.expect("DescribeTable")["Table"]["DeletionProtectionEnabled"] == true
}

pub(crate) async fn protect(config: &SdkConfig, arn: &str, on: bool) {
    let name = arn.rsplit('/').next().expect("a name");
    let call = Call::new("dynamodb", "UpdateTable", json!({"TableName": name, "DeletionProtectionEnabled": on}));
    aws::send(config, &call).await.expect("UpdateTable");
}

async fn post(api: &Api, id: &str, what: &str, body: &Value) -> u16 {
    api.post(&format!("/remediations/{id}/{what}"), body).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_is_tried_is_planned_and_nothing_changes() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let (arn, id) = table(&config, &account).await;
    let told = finding(&account, "DynamoDB.6", &arn);
    let answer = api.post("/remediations?dryRun=true", &told).await;
    assert_eq!((answer.status, &answer.body["verdicts"][0]["verdict"]), (202, &json!("planned")), "{}", answer.body);
    let trial = field(&answer.body["verdicts"][0], "id");
    let case = follow(&api, &trial, &[State::Planned], LONGEST).await.expect("a plan");
    assert_eq!(case["work"]["plan"]["steps"][0]["call"], "dynamodb:UpdateTable", "{case}");
    assert!(!is_protected(&config, &arn).await && api.get(&format!("/remediations/{id}")).await.status == 404);
    // Tried again it is planned again.
    assert_eq!(api.post("/remediations?dryRun=true", &told).await.body["verdicts"][0]["id"], json!(trial));
    for (path, body, status) in [
        ("/remediations", told.clone(), 400),
        ("/remediations?dryRun=false", told.clone(), 400),
        ("/remediations?dryRun=true", json!({"a": 1}), 400),
    ] {
        let answer = api.post(path, &body).await;
        assert_eq!(answer.status, status, "{path} {}", answer.body);
    }
    let mut passed = told;
    passed["Compliance"]["Status"] = json!("PASSED");
    let answer = api.post("/remediations?dryRun=true", &passed).await;
    assert_eq!(answer.body["verdicts"][0], json!({"verdict": "ignored", "reason": "passed"}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_is_rejected_then_approved_until_a_time() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let key = broken::of("EKS.1").make(&config, &account).await;
    let id = id_in("EKS.1", &key, &account);
    let told = finding(&account, "EKS.1", &key);
    hub.import(std::slice::from_ref(&told)).await;
    let case = follow(&api, &id, &[State::Waiting], LONGEST).await.expect("it waits");
    assert_eq!(hub.finding(&field(&told, "Id")).await["Workflow"]["Status"], "NOTIFIED");
    let plan = field(&case, "plan");
    let wish = |decision: &str, plan: &str| json!({"decision": decision, "plan": plan});
    assert_eq!(post(&api, &id, "approval", &wish("approve", "another")).await, 409);
    assert_eq!(post(&api, &id, "approval", &wish("perhaps", &plan)).await, 400);
    assert_eq!(post(&api, &id, "undo", &json!({})).await, 409);
    assert_eq!(post(&api, &id, "approval", &wish("reject", &plan)).await, 202);
    let case = follow(&api, &id, &[State::Held], LONGEST).await.expect("it is held");
    assert!(field(&case, "reason").contains("rejected the plan"), "{case}");
    // The same finding told again does not open it; an approval does.
    hub.import(std::slice::from_ref(&told)).await;
    let until = Timestamp::now() + SignedDuration::from_secs(15);
    let mut wish = wish("approve", &plan);
    wish["until"] = json!(until);
    assert_eq!(post(&api, &id, "approval", &wish).await, 202);
    let fixed = follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    assert!(fixed["approval"]["by"].as_str().is_some_and(|by| by.starts_with("arn:")), "{fixed}");
    let undone = follow(&api, &id, &[State::Undone], LONGEST).await;
    let undone = match undone {
        Ok(undone) => undone,
        Err(_) => follow(&api, &id, &[State::Undone], LONGEST).await.expect("it is taken back"),
    };
    assert!(Timestamp::now() >= until && field(&undone, "undoneBy").contains("approval"), "{undone}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_since_is_not_taken_back() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = account(&stack, "dev").await;
    let hub = Hub::new(&stack);
    let (arn, id) = table(&config, &account).await;
    let told = finding(&account, "DynamoDB.6", &arn);
    hub.import(std::slice::from_ref(&told)).await;
    follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    protect(&config, &arn, false).await;
    assert_eq!(post(&api, &id, "undo", &json!({})).await, 202);
    let refused = loop {
        let case = follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it stays");
        if case["undoneBy"].is_string() {
            break case;
        }
    };
    assert!(field(&refused, "reason").contains("DeletionProtectionEnabled: was true, is false"), "{refused}");
    assert_eq!(post(&api, "rem-000000000000000000000000", "undo", &json!({})).await, 404);
    let list = api.get(&format!("/remediations?accountId={account}&state=FIXED")).await;
    assert_eq!(list.body["remediations"].as_array().map(Vec::len), Some(1), "{}", list.body);
    assert_eq!(api.get("/remediations?state=DONE").await.status, 400);
    let summary = api.get("/remediations/summary").await;
    assert_eq!(summary.body["accounts"][&account]["fixed"], 1, "{}", summary.body);
    assert_eq!(summary.body["accounts"][&account]["fixes"], 1);
}

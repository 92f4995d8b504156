use crate::testing::{Cloud, body_with, event, get, json_of, post, request_id, valid_body, whole};
use landing_zone::{AccountId, Class, Failure, quarantine};
use ledger::{State, Step, StepTimes};
use serde_json::json;

fn times(started: &str, finished: Option<&str>) -> StepTimes {
    let stamp = |time: &str| format!("2026-11-23T{time}Z").parse::<jiff::Timestamp>().unwrap().into();
    StepTimes { started_at: stamp(started), finished_at: finished.map(stamp) }
}

#[tokio::test]
async fn an_active_request_tells_everything_by_request_and_by_account() {
    let cloud = Cloud::default();
    let id = request_id(&cloud.send(post(&valid_body())).await);
    cloud.change(&id, |record| {
        record.state = State::Active;
        record.account_id = AccountId::parse("012345678901").ok();
        record.organizational_unit = record.request.unit().cloned();
        record.attestation = vec!["in AI/AI DEV".to_owned()];
        // The map is by step; the timeline is by time.
        record.steps.insert(Step::Reserve, times("10:00:02", Some("10:00:03.5")));
        record.steps.insert(Step::Slot, times("10:00:01", Some("10:00:02")));
        record.steps.insert(Step::Create, times("10:00:04", None));
    });
    cloud.put(&json!({ "id": "account#012345678901", "kind": "account", "requestId": id }));
    let by_request = cloud.send(get(&id)).await;
    insta::assert_json_snapshot!(whole(&by_request, &id));
    assert_eq!(cloud.send(get("012345678901")).await, by_request);
}

#[tokio::test]
async fn a_failed_core_request_tells_why() {
    let cloud = Cloud::default();
    let mut body = body_with("accountType", json!("audit"));
    body.as_object_mut().unwrap().remove("environment");
    let id = request_id(&cloud.send(post(&body)).await);
    cloud.change(&id, |record| {
        record.state = State::Failed;
        record.organizational_unit = Some(quarantine().clone());
        record.failure = Some(Failure {
            class: Class::NotReady,
            name: "NotReady.TookTooLong".to_owned(),
            reason: "The account did not let us in.".to_owned(),
            advice: "Send the same request again.".to_owned(),
        });
    });
    insta::assert_json_snapshot!(json_of(&cloud.send(get(&id)).await).get("failure"));
    assert_eq!(json_of(&cloud.send(get(&id)).await).get("environment"), None);
}

#[tokio::test]
async fn unknown_ids_and_ids_of_no_form_are_not_found() {
    let cloud = Cloud::default();
    cloud.put(&json!({ "id": "account#999999999999", "kind": "account" }));
    for (id, says) in [
        ("req-01939b0c-6f8a-7cc0-9d5e-2f4c8e1a7b36", "returned"),
        ("123456789012", "No request of this API"),
        ("999999999999", "No request of this API"),
        ("1234", "12 digits"),
        ("req-1", "12 digits"),
        ("%00%ff%2e%2e%2f", "12 digits"),
        ("%", "12 digits"),
        ("..", "12 digits"),
    ] {
        let answer = cloud.send(get(id)).await;
        let detail = json_of(&answer)["detail"].as_str().unwrap().to_owned();
        assert_eq!(answer.status_code, 404, "{id}");
        assert!(detail.contains(says), "{id}: {detail}");
    }
}

#[tokio::test]
async fn a_percent_encoded_id_is_found() {
    let cloud = Cloud::default();
    let id = request_id(&cloud.send(post(&valid_body())).await);
    let encoded = id.replace('-', "%2D").replace('r', "%72");
    assert_eq!(cloud.send(get(&encoded)).await.status_code, 200);
    // Without the resource (a greedy proxy), the path alone says it.
    let path = format!("/accounts/{encoded}");
    let by_path = event(&json!({ "httpMethod": "GET", "resource": "/{proxy+}", "path": path }));
    assert_eq!(cloud.send(by_path).await.status_code, 200);
}

#[tokio::test]
async fn trouble_is_answered_by_class() {
    for (code, status) in [("ThrottlingException", 429), ("InternalFailure", 503), ("AccessDeniedException", 500)] {
        let cloud = Cloud::default();
        cloud.fail("GetItem", code, 1);
        let answer = cloud.send(get("123456789012")).await;
        assert_eq!(answer.status_code, status);
        assert!(!json_of(&answer).to_string().contains("inside"));
    }
    let cloud = Cloud::default();
    cloud.put(&json!({ "id": "request#req-01939b0c-6f8a-7cc0-9d5e-2f4c8e1a7b36", "kind": "request" }));
    let unreadable = cloud.send(get("req-01939b0c-6f8a-7cc0-9d5e-2f4c8e1a7b36")).await;
    assert_eq!(unreadable.status_code, 500);
}

mod trouble;

use crate::testing::{Cloud, NOW, body_with, event, get, json_of, post, post_with_key, request_id, valid_body, whole};
use landing_zone::{Class, Failure};
use ledger::State;
use serde_json::{Value, json};

fn failed(cloud: &Cloud, id: &str) {
    cloud.change(id, |record| {
        record.state = State::Failed;
        record.failure = Some(Failure {
            class: Class::Denied,
            name: "Denied.AccountLimit".to_owned(),
            reason: "The organization is full.".to_owned(),
            advice: "Ask AWS for a higher quota.".to_owned(),
        });
    });
}

fn kind(answer: &crate::response::Response) -> String {
    json_of(answer)["type"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_request_is_reserved_started_and_answered() {
    let cloud = Cloud::default();
    let answer = cloud.send(post_with_key(&valid_body(), "key-1")).await;
    let id = request_id(&answer);
    insta::assert_json_snapshot!(whole(&answer, &id));
    assert_eq!(cloud.starts(), [(id.clone(), json!({ "requestId": id, "attempt": 1 }))]);
    let ids = cloud.item_ids();
    let key = ids.iter().find(|item| item.starts_with("key#")).unwrap();
    assert_eq!(ids.len(), 4);
    assert!(ids.contains(&"name#claims frontend dev".to_owned()));
    assert!(ids.contains(&"email#aws+claims-frontend-dev@example.com".to_owned()));
    let stored = cloud.item(&format!("request#{id}"));
    assert_eq!(stored["requester"], "arn:aws:sts::111122223333:assumed-role/Requester/jane");
    assert_eq!((&stored["state"], &stored["createdAt"]), (&json!("RECEIVED"), &json!(NOW)));
    let now = NOW.parse::<jiff::Timestamp>().unwrap().as_second();
    assert_eq!(cloud.item(key)["expiresAt"], now + 7 * 86_400);
    assert!(!cloud.item(key).to_string().contains("key-1"));
}

#[tokio::test]
async fn the_same_key_and_body_is_the_same_request() {
    let cloud = Cloud::default();
    let id = request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await);
    // Received: started again, which Step Functions takes for the first start.
    let again = cloud.send(post_with_key(&valid_body(), "key-1")).await;
    assert_eq!(request_id(&again), id);
    assert_eq!(cloud.starts().len(), 2);
    assert_eq!(cloud.starts()[0], cloud.starts()[1]);
    // Under way or done: nothing is started.
    for state in [State::Creating, State::Placing, State::Active] {
        cloud.change(&id, |record| record.state = state);
        let again = cloud.send(post_with_key(&valid_body(), "key-1")).await;
        assert_eq!((request_id(&again), json_of(&again)["state"].as_str()), (id.clone(), Some(state.id())));
    }
    assert_eq!(cloud.starts().len(), 2);
    // Another session of the same role is the same caller.
    let mut session = post_with_key(&valid_body(), "key-1");
    session.request_context.identity.user_arn = Some("arn:aws:sts::111122223333:assumed-role/Requester/joe".to_owned());
    assert_eq!(request_id(&cloud.send(session).await), id);
}

#[tokio::test]
async fn the_same_key_with_another_body_is_refused() {
    let cloud = Cloud::default();
    let id = request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await);
    let answer = cloud.send(post_with_key(&body_with("purpose", json!("Something else")), "key-1")).await;
    insta::assert_json_snapshot!(whole(&answer, &id));
    assert_eq!(cloud.starts().len(), 1);
}

#[tokio::test]
async fn the_same_key_of_another_caller_is_another_key() {
    let cloud = Cloud::default();
    request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await);
    let mut other = post_with_key(&body_with("name", json!("Another")), "key-1");
    other.request_context.identity.user_arn = Some("arn:aws:iam::111122223333:user/joe".to_owned());
    request_id(&cloud.send(other).await);
    assert_eq!(cloud.starts().len(), 2);
}

#[tokio::test]
async fn a_failed_request_resumes_with_its_key_and_without_one() {
    for retry in [post_with_key(&valid_body(), "key-1"), post(&valid_body()), post_with_key(&valid_body(), "key-2")] {
        let cloud = Cloud::default();
        let id = request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await);
        failed(&cloud, &id);
        let answer = cloud.send(retry).await;
        assert_eq!((request_id(&answer), json_of(&answer)["state"].as_str()), (id.clone(), Some("RECEIVED")));
        assert_eq!(cloud.starts()[1], (format!("{id}-2"), json!({ "requestId": id, "attempt": 2 })));
        let read = json_of(&cloud.send(get(&id)).await);
        assert_eq!((&read["attempt"], read.get("failure")), (&json!(2), None));
    }
}

#[tokio::test]
async fn a_request_resumed_by_somebody_else_meanwhile_is_not_resumed_twice() {
    let cloud = Cloud::default();
    let id = request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await);
    failed(&cloud, &id);
    for _ in 0..3 {
        assert_eq!(request_id(&cloud.send(post_with_key(&valid_body(), "key-1")).await), id);
    }
    assert_eq!(cloud.starts().last().unwrap().0, format!("{id}-2"));
}

#[tokio::test]
async fn a_taken_name_or_root_email_names_its_holder() {
    let cloud = Cloud::default();
    let id = request_id(&cloud.send(post(&valid_body())).await);
    let upper = cloud.send(post(&body_with("name", json!("CLAIMS frontend DEV")))).await;
    insta::assert_json_snapshot!("name_taken", whole(&upper, &id));
    // Another name with the same slug makes the same address.
    let slug = cloud.send(post(&body_with("name", json!("Claims/Frontend Dev")))).await;
    insta::assert_json_snapshot!("root_email_taken", whole(&slug, &id));
    assert_eq!((cloud.starts().len(), cloud.item_ids().len()), (1, 3));
}

#[tokio::test]
async fn an_account_that_was_there_before_holds_its_name() {
    let cloud = Cloud::default();
    cloud.put(&json!({ "id": "name#claims frontend dev", "kind": "reservation", "holder": "012345678901" }));
    let answer = cloud.send(post(&valid_body())).await;
    assert_eq!(answer.status_code, 409);
    assert_eq!(json_of(&answer)["holder"], "012345678901");
}

#[tokio::test]
async fn every_wrong_field_has_its_entry_and_nothing_is_written() {
    let cloud = Cloud::default();
    let answer = cloud
        .send(post(&json!({
            "name": "x".repeat(51),
            "accountType": "mainframe",
            "environment": 7,
            "ownerEmail": format!("{}@example.com", "o".repeat(53)),
            "dataClassification": "secret",
            "purpose": "",
            "tags": { "aws:x": "1", "Owner": "me" },
            "colour": "blue"
        })))
        .await;
    insta::assert_json_snapshot!(whole(&answer, ""));
    assert_eq!(cloud.calls("TransactWriteItems"), 0);
}

#[tokio::test]
async fn a_name_that_makes_no_root_email_is_a_problem_of_the_name() {
    let cloud = Cloud::default();
    for name in ["n".repeat(50), "&&&".to_owned()] {
        let answer = cloud.send(post(&body_with("name", json!(name)))).await;
        let errors = json_of(&answer)["errors"].clone();
        assert_eq!((answer.status_code, &errors[0]["field"]), (400, &json!("name")), "{errors}");
    }
}

#[tokio::test]
async fn bodies_and_headers_that_cannot_be_read_are_answered() {
    let cloud = Cloud::default();
    for (changes, status, problem) in [
        (json!({}), 400, "malformed-body"),
        (json!({ "body": "{" }), 400, "malformed-body"),
        (json!({ "body": r#"{"name":"a","name":"b"}"# }), 400, "malformed-body"),
        (json!({ "body": "[".repeat(60_000) }), 400, "malformed-body"),
        (json!({ "body": "{}" }), 400, "invalid-request"),
        (json!({ "body": "x".repeat(1_000_000) }), 413, "body-too-large"),
        (json!({ "body": "{}", "headers": { "Content-Type": "text/xml" } }), 415, "unsupported-media-type"),
        (json!({ "body": "{}", "headers": { "Idempotency-Key": "ä" } }), 400, "invalid-idempotency-key"),
        (json!({ "body": "{}", "requestContext": { "httpMethod": "POST" } }), 403, "unsigned"),
    ] {
        let answer = cloud.send(event(&changes)).await;
        assert_eq!((answer.status_code, kind(&answer)), (status, format!("/problems/{problem}")));
    }
    assert_eq!(cloud.item_ids(), Vec::<String>::new());
    let type_is_offered = cloud.send(event(&json!({ "headers": { "Content-Type": "text/xml" } }))).await;
    assert_eq!(type_is_offered.headers.get("accept").unwrap(), "application/json");
}

#[tokio::test]
async fn the_link_follows_the_stage() {
    let cloud = Cloud::default();
    let mut request = post(&valid_body());
    request.request_context.stage = Some("beta".to_owned());
    let answer = cloud.send(request).await;
    let link = format!("/beta/accounts/{}", request_id(&answer));
    assert_eq!(answer.headers.get("location").unwrap(), link.as_str());
    assert_eq!(json_of(&answer)["links"]["self"], Value::String(link));
}

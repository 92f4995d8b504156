use super::*;
use crate::{
    spend::testing::{ACCOUNT, Spender, now, post, record},
    testing::{Cloud, ROLE_ARN, json_of},
};
use serde_json::json;

const UNTIL: &str = "2026-12-31T00:00:00Z";

fn body() -> Value {
    json!({"limit": "1500.00", "maxStage": "notify", "until": UNTIL, "reason": "launch"})
}

async fn cloud() -> Cloud {
    let cloud = Cloud::default();
    Spender::waiting().store(&cloud).await;
    cloud
}

#[tokio::test]
async fn an_override_is_kept_told_and_evaluated() {
    let cloud = cloud().await;
    let answer = post(&cloud, "override", &body()).await;
    assert_eq!(answer.status_code, 202, "{answer:?}");
    let mut expected = body();
    expected["by"] = json!(ROLE_ARN);
    assert_eq!(json_of(&answer), json!({"accountId": ACCOUNT, "override": expected}));
    let record = record(&cloud).await;
    let change = record.change.unwrap();
    assert_eq!((change.limit, change.max_stage), (Some(Decimal::from(1500)), Some(Stage::Notify)));
    let what = format!("{ROLE_ARN} set the limit to 1500.00 and the furthest stage to notify until {UNTIL}: launch");
    assert_eq!(record.timeline.last().unwrap().what, what);
    let (name, input) = cloud.starts().pop().unwrap();
    assert_eq!(name, "api-111122223333-change-20261123T100000Z");
    assert_eq!(input, json!({"accounts": [ACCOUNT]}));
}

#[tokio::test]
async fn the_same_again_writes_nothing_and_clear_goes_back_to_the_policy() {
    let cloud = cloud().await;
    let first = post(&cloud, "override", &body()).await;
    let writes = cloud.calls("PutItem");
    assert_eq!(post(&cloud, "override", &body()).await, first);
    assert_eq!((cloud.calls("PutItem"), cloud.starts().len()), (writes, 2));
    let cleared = post(&cloud, "override", &json!({"clear": true, "reason": "over"})).await;
    assert_eq!((cleared.status_code, json_of(&cleared)), (202, json!({"accountId": ACCOUNT})));
    let record = record(&cloud).await;
    assert_eq!((record.change, record.timeline.len()), (None, 2));
}

#[tokio::test]
async fn other_writers_are_waited_for_but_not_for_ever() {
    let cloud = cloud().await;
    cloud.fail("PutItem", "ConditionalCheckFailedException", 4);
    assert_eq!(post(&cloud, "override", &body()).await.status_code, 202);
    let after = self::cloud().await;
    after.fail("PutItem", "ConditionalCheckFailedException", 5);
    let answer = post(&after, "override", &body()).await;
    assert_eq!((answer.status_code, &json_of(&answer)["type"]), (409, &json!("/problems/spend-moved-on")));
    assert!(after.starts().is_empty());
}

#[tokio::test]
async fn what_was_kept_and_not_evaluated_says_so_and_can_be_sent_again() {
    let cloud = cloud().await;
    cloud.fail("StartExecution", "ThrottlingException", 1);
    let answer = post(&cloud, "override", &body()).await;
    assert_eq!(answer.status_code, 429);
    assert!(json_of(&answer)["detail"].as_str().unwrap().contains("kept and not started yet"));
    assert_eq!(post(&cloud, "override", &body()).await.status_code, 202);
    assert_eq!((record(&cloud).await.timeline.len(), cloud.starts().len()), (1, 1));
}

#[tokio::test]
async fn accounts_that_are_not_known_have_no_override() {
    let answer = post(&Cloud::default(), "override", &body()).await;
    assert_eq!((answer.status_code, &json_of(&answer)["type"]), (404, &json!("/problems/unknown-spend")));
}

#[test]
fn a_body_says_what_is_wrong_with_it() {
    let read = |body: &Value| parse(body.as_object().unwrap().clone(), now());
    for wish in [
        json!({"limit": "0.01", "until": UNTIL, "reason": "x"}),
        json!({"maxStage": "none", "until": "2027-03-03T10:00:00Z", "reason": "x".repeat(500)}),
        json!({"clear": true, "reason": "x"}),
    ] {
        assert!(read(&wish).is_ok(), "{wish}");
    }
    let with = |field: &str, value: Value| {
        let mut body = body();
        body[field] = value;
        body
    };
    for (body, field) in [
        (with("limit", json!("1,500.00")), "limit"),
        (with("limit", json!("NaN")), "limit"),
        (with("limit", json!("1e309")), "limit"),
        (with("limit", json!("0")), "limit"),
        (with("limit", json!("-5")), "limit"),
        (with("limit", json!(1500)), "limit"),
        (with("maxStage", json!("halt")), "maxStage"),
        (with("until", json!("2026-11-23T10:00:00Z")), "until"),
        (with("until", json!("2027-03-03T10:00:01Z")), "until"),
        (with("until", json!("tomorrow")), "until"),
        (with("until", Value::Null), "until"),
        (with("reason", json!(" ")), "reason"),
        (with("reason", json!("x".repeat(501))), "reason"),
        (with("reason", json!("a\nb")), "reason"),
        (with("clear", json!(true)), "clear"),
        (with("force", json!(true)), "force"),
        (json!({"until": UNTIL, "reason": "x"}), "limit"),
        (json!({"clear": false, "reason": "x"}), "limit"),
    ] {
        assert_eq!(read(&body).unwrap_err().field, field, "{body}");
    }
    let missing = read(&json!({"limit": "5", "until": UNTIL})).unwrap_err();
    assert!(missing.detail.contains("reason"), "{missing:?}");
}

use super::*;
use crate::testing::{Wire, id, now};
use serde_json::Value;

const BUDGET: &str = "AWS Budget Notification November 20, 2026\nAWS Account 111122223333\n\nBudget Name: ai\n\
    Budget Type: Cost\nBudgeted Amount: $5.00\nAlert Type: ACTUAL\nAlert Threshold: > $4.00\nACTUAL Amount: $4.50\n";

fn anomaly(impact: f64, causes: &Value) -> String {
    json!({"anomalyId": "a-1", "anomalyStartDate": "2026-11-19", "impact": {"totalImpact": impact},
        "dimensionalValue": "Amazon Bedrock", "rootCauses": causes})
    .to_string()
}

fn letter(topic: &str, message: &str) -> String {
    json!({"Type": "Notification", "MessageId": "m", "Message": message,
        "TopicArn": format!("arn:aws:sns:us-east-1:999900001111:{topic}")})
    .to_string()
}

/// Messages are called by their places.
async fn delivered(wire: &Wire, bodies: &[String]) -> Vec<String> {
    let message = |(at, body): (usize, &String)| {
        json!({"messageId": at.to_string(), "body": body,
            "attributes": {"SentTimestamp": "1795175990000"}})
    };
    let event = json!({"Records": bodies.iter().enumerate().map(message).collect::<Vec<_>>()});
    let answer = crate::handle(&wire.app(), serde_json::from_value(event).unwrap()).await.unwrap();
    let answer = serde_json::to_value(answer).unwrap();
    let failed = answer["batchItemFailures"].as_array().unwrap().iter();
    failed.map(|failed| failed["itemIdentifier"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_swarm_of_messages_is_answered_by_one_evaluation_after_it() {
    let wire = Wire::new();
    let causes = json!([{"linkedAccount": id(1), "impact": {"contribution": 60}}]);
    let bodies = [BUDGET.to_owned(), letter("bells", BUDGET), letter("bells", &anomaly(60.0, &causes))];
    assert!(delivered(&wire, &bodies).await.is_empty());
    assert!(delivered(&wire, &bodies[..1]).await.is_empty());
    let expected = ("evaluation".to_owned(), json!({"notBefore": "2026-11-20T12:05:00Z"}));
    assert_eq!(wire.world().executions, [("bell-20261120T120000Z".to_owned(), expected)].into());
    let kept = wire.app().ledger.all_anomalies().await.unwrap();
    assert_eq!((kept.len(), &kept[0].0, kept[0].1.impact), (1, &id(1), 60.into()));
    assert_eq!(kept[0].1.told_at.to_string(), "2026-11-20T11:59:50Z");
}

#[tokio::test]
async fn what_cannot_be_used_rings_for_nobody_and_never_comes_back() {
    let wire = Wire::new();
    let confirmation = json!({"Type": "SubscriptionConfirmation", "Message": "m", "Token": "t",
        "TopicArn": "arn:aws:sns:us-east-1:999900001111:bells"});
    let bodies = ["{".to_owned(), String::new(), letter("strange", BUDGET), confirmation.to_string()];
    assert!(delivered(&wire, &bodies).await.is_empty());
    assert!(wire.world().executions.is_empty() && wire.world().items.is_empty());
}

#[tokio::test]
async fn what_cannot_be_kept_or_rung_for_comes_back() {
    let wire = Wire::new();
    let causes = json!([{"linkedAccount": id(1), "impact": {"contribution": 60}}]);
    let bodies = ["{".to_owned(), BUDGET.to_owned(), anomaly(60.0, &causes)];
    wire.world().refused.insert("StartExecution");
    assert_eq!(delivered(&wire, &bodies).await, ["1", "2"]);
    wire.world().refused = ["PutItem"].into();
    assert_eq!(delivered(&wire, &bodies).await, ["2"]);
    wire.world().refused.clear();
    assert!(delivered(&wire, &bodies).await.is_empty());
}

fn parts(impact: f64, causes: &Value) -> Vec<(AccountId, String)> {
    let Ok(Notice::Anomaly(notice)) = finops::notice_in(&anomaly(impact, causes)) else { panic!("no anomaly") };
    let found = anomalies(notice, Timestamp::UNIX_EPOCH).into_iter();
    found.map(|(account, anomaly)| (account, anomaly.impact.to_string())).collect()
}

#[test]
fn only_accounts_that_caused_it_have_their_part() {
    let cause = |digit: u8, part: Value| json!({"linkedAccount": id(digit), "impact": {"contribution": part}});
    let one = |digit: u8, impact: &str| (id(digit), impact.to_owned());
    assert_eq!(parts(9.0, &json!([])), []);
    assert_eq!(
        parts(9.0, &json!([cause(1, json!(2)), cause(2, json!(3)), cause(1, json!(4))])),
        [one(1, "6"), one(2, "3")]
    );
    // Which part it has is not said: all of it is the account's, unless there is another.
    assert_eq!(parts(9.5, &json!([cause(1, Value::Null)])), [one(1, "9.5")]);
    assert_eq!(parts(9.0, &json!([cause(1, Value::Null), cause(2, json!(3))])), [one(2, "3")]);
    assert_eq!(parts(9.0, &json!([cause(1, Value::Null), {"linkedAccount": 222_222_222_222_u64}])), []);
}

#[test]
fn buckets_follow_one_another() {
    let _wire = Wire::new();
    let at = |text: &str| bucket(text.parse().unwrap(), SignedDuration::from_secs(300)).1.to_string();
    assert_eq!(bucket(now(), SignedDuration::from_secs(300)).0, now());
    assert_eq!(at("2026-11-20T12:00:00Z"), "2026-11-20T12:05:00Z");
    assert_eq!(at("2026-11-20T12:04:59.999Z"), "2026-11-20T12:05:00Z");
    assert_eq!(at("2026-11-20T12:05:00Z"), "2026-11-20T12:10:00Z");
}

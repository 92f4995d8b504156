//! Resources whose time of grace is over, and letters to owners.

use crate::{LONGEST, account, made};
use serde_json::{Value, json};
use std::time::Instant;
use tests::{Listener, Stack, unique};

/// Two weeks of grace pass: the ledger is told that a sweep missed the tags of `topic` long ago.
async fn long_ago(stack: &Stack, account: &str, topic: &str) {
    let (id, table) = (format!("untagged#{account}#us-east-1"), stack.output("LedgerTableName"));
    let mark = json!({"M": {"arn": {"S": topic}, "since": {"S": "2026-01-02T03:04:05Z"},
        "missing": {"L": [{"S": "cost-center"}, {"S": "owner"}]}}});
    let item = json!({"TableName": table, "Item": {"id": {"S": id}, "content": {"L": [mark]}}});
    stack.aws().json("dynamodb", "DynamoDB_20120810.PutItem", &item).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_lacked_tags_for_too_long_is_told_and_its_owner_reads_what_it_costs() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let topic = made::topic(&aws, &account, &unique("overdue")).await.arns.remove(0);
    let invoke = async |function: &str, event: &Value| {
        let answer = stack.aws().invoke(stack.output(function), event).await;
        assert_eq!(answer.error, None, "{}", answer.payload);
        answer.payload
    };
    let overdue = json!({"source": ["ai-landing-zone.tagging"], "detail-type": ["Tags Overdue"],
        "detail": {"accountId": [account]}});
    let heard = Listener::start(&stack, &unique("overdue"), &overdue).await;
    let began = jiff::Timestamp::now().to_string();
    let target = json!({"accountId": account, "region": "us-east-1"});
    let sweep = json!({"action": "sweep", "accountId": account, "region": "us-east-1"});
    assert_eq!(invoke("SweepFunctionName", &sweep).await, json!({"done": true}));
    long_ago(&stack, &account, &topic).await;

    let missing = json!({"accountId": "999988887777", "region": "us-east-1"});
    let measure = json!({"action": "measure", "targets": [target, missing], "startedAt": began});
    let answer = invoke("CoverageFunctionName", &measure).await;
    assert_eq!(answer, json!({"swept": 1, "unreachable": 0, "unfinished": 1, "overdue": 1}));
    let mut events = Vec::new();
    let waiting = Instant::now();
    while events.is_empty() {
        assert!(waiting.elapsed() < LONGEST, "nobody says that the time is over");
        events = heard.receive().await;
    }
    let detail = &events[0]["detail"];
    assert_eq!((&detail["action"], &detail["owner"]), (&json!("notify"), &json!("team-web@example.com")));
    assert_eq!(detail["resources"][0]["arn"], *topic);
    assert_eq!(detail["resources"][0]["due"], "2026-01-16T03:04:05Z");

    for (key, owner) in [("hers", "team-web@example.com"), ("another's", "bob@example.com")] {
        let mut listener = Listener::start(&stack, &unique("letters"), &json!({"source": ["nobody"]})).await;
        listener.subscribe(stack.output("ReportTopicArn"), Some(&json!({"owner": [owner]}))).await;
        let costs = json!({"optedIn": true, "costs": [
            {"account": account, "resource": topic, "service": "Amazon Simple Notification Service", "daily": "1.25"}]});
        stack.gateway().post("/_local/costs/resources", &costs).await;
        let letters = invoke("CoverageFunctionName", &json!({"action": "write"})).await;
        assert!(letters["letters"].as_u64() >= Some(1), "{letters}");
        let waiting = Instant::now();
        let mut received = Vec::new();
        while received.is_empty() && waiting.elapsed() < std::time::Duration::from_secs(5) {
            received = listener.receive().await;
        }
        if key == "hers" {
            let text = received[0]["Message"].as_str().expect("a text");
            assert!(text.contains(&format!("{topic}\n  lacks cost-center, owner; about 37.50 USD a month")), "{text}");
        } else {
            assert_eq!(received, Vec::<Value>::new());
        }
        listener.stop().await;
    }
    heard.stop().await;
}

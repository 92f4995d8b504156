//! Every governed Region is looked after, not only the one that the suite runs in.

use crate::{LONGEST, account, made, seen, sweep::remember, tags};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tests::{Stack, tell, unique};

/// Governed beside the suite's own (`GovernedRegions` in `sam/samconfig.toml`).
const OTHER: &str = "eu-west-1";

#[tokio::test(flavor = "multi_thread")]
async fn another_governed_region_tells_what_is_made_there_and_is_swept() {
    let stack = Stack::load();
    let (account, home) = account(&stack).await;
    let there = home.in_region(OTHER);
    let rule = json!({"Name": "AiLandingZone-creations"});
    for aws in [&home, &there] {
        let rule = aws.json("events", "AWSEvents.DescribeRule", &rule).await;
        let pattern: Value = serde_json::from_str(rule["EventPattern"].as_str().expect("a pattern")).expect("JSON");
        assert_eq!(
            (&rule["State"], pattern["detail"]["errorCode"][0]["exists"].as_bool()),
            (&json!("ENABLED"), Some(false))
        );
    }
    let targets = there.json("events", "AWSEvents.ListTargetsByRule", &json!({"Rule": rule["Name"]})).await;
    let intake = format!(":event-bus/{}", stack.output("IntakeBusName"));
    assert!(targets["Targets"][0]["Arn"].as_str().is_some_and(|arn| arn.ends_with(&intake)), "{targets}");

    let (told, mut missed) = (
        made::topic_in(&there, &account, OTHER, &unique("told")).await,
        made::topic_in(&there, &account, OTHER, &unique("missed")).await,
    );
    let jane = tags([("owner", "jane@example.com"), ("cost-center", "CC-4711")]);
    tell(&stack, &[told.creation.record(&account, OTHER)]).await;
    seen::wait(&there, &told.arns[0], &jane, LONGEST).await;

    missed.creation.time = Timestamp::now() - SignedDuration::from_mins(20);
    remember(&stack, &[missed.creation.record(&account, OTHER)]).await;
    let event = json!({"action": "sweep", "accountId": account, "region": OTHER});
    let answer = stack.aws().invoke(stack.output("SweepFunctionName"), &event).await;
    assert_eq!(answer.payload, json!({"done": true}));
    seen::wait(&there, &missed.arns[0], &jane, LONGEST).await;
}

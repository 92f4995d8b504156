//! Ten thousand events at once: some twice, some too early, some while AWS throttles.

use crate::{account, made, of_account, seen, trouble::look_for_dead_letter};
use serde_json::Value;
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tests::{Fault, Stack, tell, unique};
use tokio::{task::JoinSet, time::sleep};

const ACCOUNTS: usize = 4;
/// Resources; with 5 % of duplicates this makes 10,000 events.
const RESOURCES: usize = 9_500;
const LONGEST: Duration = Duration::from_mins(6);

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_events_lose_nothing() {
    let stack = Stack::load();
    let mut accounts = Vec::new();
    for _ in 0..ACCOUNTS {
        accounts.push(account(&stack).await);
    }
    let stem = unique("burst");
    let each = RESOURCES / ACCOUNTS;
    // Every twentieth topic is told of before it is there.
    let early = |number: usize| number % 20 == 7;
    let (mut records, mut late) = (Vec::new(), Vec::new());
    let mut making = JoinSet::new();
    for (account, aws) in &accounts {
        for number in 0..each {
            let name = format!("{stem}-{number}");
            records.push(made::topic_to_be(account, made::HOME, &name).creation.record(account, "us-east-1"));
            if early(number) {
                late.push((account.clone(), aws.clone(), name));
            } else if number % 50 == 0 {
                let (aws, account) = (aws.clone(), account.clone());
                let names: Vec<String> =
                    (number..(number + 50).min(each)).filter(|n| !early(*n)).map(|n| format!("{stem}-{n}")).collect();
                making.spawn(async move {
                    for name in names {
                        made::topic(&aws, &account, &name).await;
                    }
                });
                if making.len() > 8 {
                    making.join_next().await.expect("one").expect("topics");
                }
            }
        }
    }
    while let Some(done) = making.join_next().await {
        done.expect("topics");
    }
    let again: Vec<Value> = records.iter().step_by(19).cloned().collect();
    let total = records.len() + again.len();
    let mark = stack.gateway().mark().await;
    let fault = Fault {
        service: "tagging".to_owned(),
        action: "TagResources".to_owned(),
        kind: "throttle".to_owned(),
        times: 110,
        ..Fault::default()
    };
    stack.gateway().inject(&fault).await;
    let began = Instant::now();
    tell(&stack, &records).await;
    tell(&stack, &again).await;
    let told = began.elapsed();
    for (account, aws, name) in &late {
        made::topic(aws, account, name).await;
    }
    for (account, aws) in &accounts {
        all_tagged(aws, account, &stem, each, began).await;
    }
    let took = began.elapsed();
    empty(&stack, began).await;
    for _ in 0..5 {
        assert_eq!(look_for_dead_letter(&stack, &stem).await, None);
    }
    let throttled = stack.gateway().hits().await;
    stack.gateway().heal().await;
    let calls = stack.gateway().calls(mark).await;
    let of = |action: &str| {
        calls
            .iter()
            .filter(|call| call.service == "tagging" && call.action == action && call.function.is_some())
            .count()
    };
    let per_thousand = |count: usize| count * 1000 / (each * ACCOUNTS);
    eprintln!(
        "{total} events for {} resources in {ACCOUNTS} accounts: told in {:.1} s, all tagged after {:.1} s, {} back, {throttled} throttled",
        each * ACCOUNTS,
        told.as_secs_f64(),
        took.as_secs_f64(),
        calls.iter().filter(|call| call.action == "ChangeMessageVisibility").count(),
    );
    eprintln!(
        "per 1,000 resources: {} TagResources and {} GetResources; one call per resource would be 1,000 of each",
        per_thousand(of("TagResources")),
        per_thousand(of("GetResources")),
    );
    assert!(per_thousand(of("TagResources")) < 500);
}

async fn all_tagged(aws: &tests::Aws, account: &str, stem: &str, each: usize, began: Instant) {
    let wanted = of_account();
    loop {
        let topics = seen::topics(aws).await;
        let right: BTreeSet<&String> = topics
            .iter()
            .filter(|(_, tags)| wanted.iter().all(|(key, value)| tags.get(key) == Some(value)))
            .map(|(arn, _)| arn)
            .filter(|arn| arn.contains(stem))
            .collect();
        if right.len() == each {
            let wrong = topics.values().find(|tags| tags.len() != 7 || tags["owner"] != "jane@example.com");
            assert_eq!(wrong, None, "{account}");
            return;
        }
        assert!(began.elapsed() < LONGEST, "{account}: {} of {each} are tagged", right.len());
        sleep(Duration::from_millis(500)).await;
    }
}

/// Every event is done with: none waits and none is being worked on.
async fn empty(stack: &Stack, began: Instant) {
    let names =
        ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"];
    let asked = serde_json::json!({"QueueUrl": stack.output("EventQueueUrl"), "AttributeNames": names});
    loop {
        let answer = stack.aws().json("sqs", "AmazonSQS.GetQueueAttributes", &asked).await;
        if names.iter().all(|name| answer["Attributes"][name] == "0") {
            return;
        }
        assert!(began.elapsed() < LONGEST, "{answer}");
        sleep(Duration::from_millis(500)).await;
    }
}

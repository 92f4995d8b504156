//! Messages of AWS Budgets and Cost Anomaly Detection: they ring, and what follows is computed from what is on record.

use crate::{
    LONGEST, bill,
    world::{World, text},
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use tests::unique;
use tokio::time::sleep;

/// What AWS Budgets writes.
pub(crate) fn alert(account: &str, amount: &str) -> String {
    let today = bill::today().strftime("%B %d, %Y");
    format!(
        "AWS Budget Notification {today}\nAWS Account {account}\n\nDear AWS Customer,\n\nYou requested that we alert you \
         when the ACTUAL Cost associated with your ai budget is greater than $80.00 for the current month. You can find \
         additional details below and by accessing the AWS Budgets dashboard [1].\n\nBudget Name: ai\nBudget Type: Cost\n\
         Budgeted Amount: $100.00\nAlert Type: ACTUAL\nAlert Threshold: > $80.00\nACTUAL Amount: ${amount}\n\n\
         [1] https://console.aws.amazon.com/billing/home#/budgets\n"
    )
}

/// What Cost Anomaly Detection tells `EventBridge`.
fn anomaly(id: &str, causes: &Value, impact: u32) -> Value {
    let today = bill::today();
    json!({"accountName": "org-management", "accountId": "123456789012", "anomalyId": id,
        "anomalyStartDate": format!("{today}T00:00:00Z"), "anomalyEndDate": format!("{today}T00:00:00Z"),
        "dimensionValue": "Amazon SageMaker", "monitorName": "ai-services",
        "monitorArn": "arn:aws:ce::123456789012:anomalymonitor/abcdef12-1234-4ea0-84cc-918a97d736ef",
        "impact": {"maxImpact": impact, "totalImpact": impact, "totalActualSpend": impact, "totalExpectedSpend": 0},
        "rootCauses": causes})
}

fn cause(account: &Value, contribution: u32) -> Value {
    json!({"linkedAccount": account, "service": "Amazon SageMaker", "region": "us-east-1",
        "usageType": "USE1-Host:ml.g5.xlarge", "impact": {"contribution": contribution}})
}

impl World {
    /// AWS Budgets rings.
    pub(crate) async fn ring(&self, message: &str) {
        let topic = self.stack.output("BellTopicArn");
        let form = [("Action", "Publish"), ("Version", "2010-03-31"), ("TopicArn", topic), ("Message", message)];
        self.aws.query("sns", &form).await;
    }

    /// Cost Anomaly Detection tells its event.
    async fn tell_anomaly(&self, detail: &Value) {
        let entry = json!({"Source": "aws.ce", "DetailType": "Anomaly Detected", "Detail": detail.to_string()});
        self.gateway.post("/_local/events", &json!({"Entries": [entry]})).await;
    }

    /// Something that comes to the queue by no way that is meant.
    async fn slip(&self, body: &str) {
        let message = json!({"QueueUrl": self.stack.output("BellQueueUrl"), "MessageBody": body});
        self.aws.json("sqs", "AmazonSQS.SendMessage", &message).await;
    }

    /// Evaluations that a bell started.
    pub(crate) async fn rung(&self) -> BTreeSet<String> {
        let all = self.executions("SpendEvaluationStateMachineArn", None).await;
        all.into_iter().map(|one| one.name).filter(|name| name.starts_with("bell-")).collect()
    }

    /// Waits until the bell started evaluations that were not there before, and until the queue is empty.
    pub(crate) async fn rings(&self, before: &BTreeSet<String>) -> BTreeSet<String> {
        let began = Instant::now();
        loop {
            let new: BTreeSet<String> = self.rung().await.difference(before).cloned().collect();
            if !new.is_empty() && self.is_read().await {
                return new;
            }
            assert!(began.elapsed() < LONGEST, "no evaluation was started");
            sleep(Duration::from_millis(200)).await;
        }
    }

    /// True where no message waits or is being read.
    async fn is_read(&self) -> bool {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let asked = json!({"QueueUrl": self.stack.output("BellQueueUrl"), "AttributeNames": names});
        let answer = self.aws.json("sqs", "AmazonSQS.GetQueueAttributes", &asked).await;
        names.into_iter().all(|name| answer["Attributes"][name] == "0")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swarm_of_messages_is_answered_by_one_evaluation() {
    let world = World::new().await;
    let (account, letters) = (world.account("dev").await, world.dead_letters().await);
    world.spent(&account, 20).await;
    let before = world.rung().await;
    let began = Timestamp::now().as_second();
    for _ in 0..6 {
        world.ring(&alert(&account, "93.17")).await;
    }
    let new = world.rings(&before).await;
    let buckets = usize::try_from((Timestamp::now().as_second() - began) / 2 + 2).expect("a few");
    assert!(new.len() <= buckets.min(4), "6 messages started {new:?}");
    world.quiet().await;
    // It looked into the account by itself, and blames nobody.
    let seen = world.spend(&account).await;
    assert_eq!(text(&seen, "/outcome"), "settled", "{seen}");
    assert_eq!(world.steps_of(&account).await, []);
    assert_eq!(world.dead_letters().await, letters);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn anomalies_are_those_of_the_accounts_that_caused_them() {
    let world = World::new().await;
    let (account, other) = tokio::join!(world.account("dev"), world.account("dev"));
    let letters = world.dead_letters().await;
    world.spent(&account, 20).await;
    world.spent(&other, 20).await;
    let (before, id) = (world.rung().await, unique("anomaly"));
    // A cause whose id lost its quotes may have lost zeros: it is nobody's.
    let number: Value = serde_json::from_str(&other).expect("a number");
    let causes = json!([cause(&json!(account), 150), cause(&number, 900)]);
    world.tell_anomaly(&anomaly(&id, &causes, 1050)).await;
    // Delivered twice, and by SNS as well.
    world.tell_anomaly(&anomaly(&id, &causes, 1050)).await;
    world.ring(&anomaly(&id, &causes, 1050).to_string()).await;
    world.rings(&before).await;
    world.quiet().await;
    let kept = world.ledger.all_anomalies().await.expect("anomalies");
    let kept: Vec<(String, String)> = kept
        .iter()
        .filter(|(_, anomaly)| anomaly.id == id)
        .map(|(account, anomaly)| (account.to_string(), anomaly.impact.to_string()))
        .collect();
    assert_eq!(kept, [(account.clone(), "150".to_owned())]);
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/decision/signals/anomaly/amount"), "150", "{seen}");
    assert_eq!((text(&seen, "/desired"), text(&seen, "/stage")), ("notify", "none"), "{seen}");
    assert_eq!(text(&world.step(&other).await, "/decision/signals/anomaly/state"), "unavailable");
    assert_eq!(world.steps_of(&account).await, []);
    assert_eq!(world.dead_letters().await, letters);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_about_cost_rings_for_nobody() {
    let world = World::new().await;
    let (letters, before) = (world.dead_letters().await, world.rung().await);
    let topic = world.stack.output("BellTopicArn");
    let strange = topic.replace("bell", "other").replace("Bell", "Other");
    assert_ne!(strange, topic);
    let envelope = |kind: &str, topic: &str, message: &str| {
        json!({"Type": kind, "MessageId": unique("m"), "TopicArn": topic, "Message": message, "Token": "t",
            "SubscribeURL": "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription"})
        .to_string()
    };
    for body in [
        "junk".to_owned(),
        "{\"broken\":".to_owned(),
        "[]".to_owned(),
        envelope("SubscriptionConfirmation", topic, "You have chosen to subscribe to the topic"),
        envelope("Notification", &strange, &alert(&world.management(), "93.17")),
        envelope(
            "Notification",
            topic,
            &alert(&world.management(), "1,2,3").replace("Budget Type: Cost", "Budget Type: Usage"),
        ),
        envelope("Notification", topic, &alert("11122223333", "NaN")),
    ] {
        world.slip(&body).await;
    }
    world.ring("Hello").await;
    let began = Instant::now();
    while !world.is_read().await {
        assert!(began.elapsed() < LONGEST, "the queue is not read");
        sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(world.rung().await, before);
    assert_eq!(world.dead_letters().await, letters);
    world.end().await;
}

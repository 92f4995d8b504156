//! What can go wrong with an event, and what becomes of it.

use crate::{LONGEST, account, made, of_account, seen, tags};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Creation, Stack, tell, unique};
use tokio::time::sleep;

/// Sends a message to the queue itself, as no rule would.
async fn send(stack: &Stack, body: &str) {
    let message = json!({"QueueUrl": stack.output("EventQueueUrl"), "MessageBody": body});
    stack.aws().json("sqs", "AmazonSQS.SendMessage", &message).await;
}

/// Waits for the dead letter that contains `text`, and takes it out. Returns its reason.
async fn dead_letter(stack: &Stack, text: &str) -> String {
    let began = Instant::now();
    loop {
        if let Some(reason) = look_for_dead_letter(stack, text).await {
            return reason;
        }
        assert!(began.elapsed() < LONGEST, "no dead letter with {text}");
    }
}

/// Looks at ten dead letters; takes the one that contains `text` out and returns its reason.
pub(crate) async fn look_for_dead_letter(stack: &Stack, text: &str) -> Option<String> {
    let url = stack.output("UntaggedQueueUrl");
    let asked = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 1, "WaitTimeSeconds": 1,
        "MessageAttributeNames": ["All"]});
    let answer = stack.aws().json("sqs", "AmazonSQS.ReceiveMessage", &asked).await;
    let messages = answer["Messages"].as_array()?;
    let message = messages.iter().find(|message| message["Body"].as_str().is_some_and(|body| body.contains(text)))?;
    let handle = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
    stack.aws().json("sqs", "AmazonSQS.DeleteMessage", &handle).await;
    assert_eq!(message["MessageAttributes"]["function"]["StringValue"], "tag-resource");
    Some(message["MessageAttributes"]["reason"]["StringValue"].as_str().expect("a reason").to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_a_dead_letter_with_its_reason() {
    let stack = Stack::load();
    let broken = unique("{\"broken\": ");
    send(&stack, &broken).await;
    assert!(dead_letter(&stack, &broken).await.starts_with("no JSON"));

    let name = unique("nowhere");
    let mut record = made::topic_to_be("111122223333", made::HOME, &name).creation.record("111122223333", "us-east-1");
    record["recipientAccountId"] = Value::Null;
    tell(&stack, &[record]).await;
    assert!(dead_letter(&stack, &name).await.starts_with("recipientAccountId"));

    // An account that the organization does not know.
    let name = unique("stranger");
    tell(&stack, &[made::topic_to_be("999988887777", made::HOME, &name).creation.record("999988887777", "us-east-1")])
        .await;
    let reason = dead_letter(&stack, &name).await;
    assert!(reason.contains("organizations:ListTagsForResource"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ready_is_tagged_later_and_what_is_gone_is_let_go() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let late = made::topic_to_be(&account, made::HOME, &unique("late"));
    let mut gone = made::topic_to_be(&account, made::HOME, &unique("gone"));
    gone.creation.time = Timestamp::now() - SignedDuration::from_mins(20);
    let mark = stack.gateway().mark().await;
    tell(&stack, &crate::records(std::slice::from_ref(&late), &account)).await;
    let began = Instant::now();
    let came_back = || async {
        let calls = stack.gateway().calls(mark).await;
        calls.iter().any(|call| call.action == "ChangeMessageVisibility")
    };
    while !came_back().await {
        assert!(began.elapsed() < LONGEST, "the event did not come back");
        sleep(Duration::from_millis(100)).await;
    }
    made::topic(&aws, &account, late.arns[0].rsplit(':').next().expect("a name")).await;
    seen::wait(&aws, &late.arns[0], &of_account(), LONGEST).await;

    // Nothing of what is gone keeps the rest of its batch from its tags.
    let rest = made::topic(&aws, &account, &unique("rest")).await;
    let mut gone_role = gone.creation.clone();
    (gone_role.source, gone_role.call) = ("iam", "CreateRole");
    (gone_role.request, gone_role.response) = (json!({"roleName": unique("gone")}), Value::Null);
    let mark = stack.gateway().mark().await;
    let told = [&gone.creation, &gone_role, &rest.creation].map(|one| one.record(&account, "us-east-1"));
    tell(&stack, &told).await;
    seen::wait(&aws, &rest.arns[0], &of_account(), LONGEST).await;
    let asked = |calls: &[tests::Call], action: &str| calls.iter().any(|call| call.action == action);
    while !asked(&stack.gateway().calls(mark).await, "TagRole") {
        assert!(began.elapsed() < LONGEST, "nobody tried to tag the role");
        sleep(Duration::from_millis(100)).await;
    }
    sleep(Duration::from_secs(5)).await;
    let calls = stack.gateway().calls(mark).await;
    assert!(!asked(&calls, "ChangeMessageVisibility") && !asked(&calls, "SendMessage"), "once is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_account_does_not_hold_up_another() {
    let stack = Stack::load();
    let ((slow, slow_aws), (fast, fast_aws)) = (account(&stack).await, account(&stack).await);
    let in_slow = made::topic(&slow_aws, &slow, &unique("slow")).await;
    let in_fast = made::topic(&fast_aws, &fast, &unique("fast")).await;
    let fault = tests::Fault {
        service: "tagging".to_owned(),
        action: "TagResources".to_owned(),
        containing: vec![slow.clone()],
        kind: "throttle".to_owned(),
        times: 4,
        ..tests::Fault::default()
    };
    let id = stack.gateway().inject(&fault).await;
    let told = [in_slow.creation.record(&slow, "us-east-1"), in_fast.creation.record(&fast, "us-east-1")];
    tell(&stack, &told).await;
    seen::wait(&fast_aws, &in_fast.arns[0], &of_account(), LONGEST).await;
    seen::wait(&slow_aws, &in_slow.arns[0], &of_account(), LONGEST).await;
    assert_eq!(stack.gateway().hits_of(id).await, 4);
    stack.gateway().heal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_event_is_too_large_and_none_of_the_suites_own_counts() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let large = made::topic(&aws, &account, &unique("large")).await;
    let mut record = large.creation.record(&account, "us-east-1");
    record["requestParameters"]["padding"] = json!("x".repeat(900_000));
    let own = made::topic(&aws, &account, &unique("own")).await;
    let session = tests::session("OrganizationAccountAccessRole", "ai-landing-zone-baseline");
    let own_creation = Creation { identity: session, ..own.creation.clone() };
    send(
        &stack,
        &json!({"detail-type": "AWS API Call via CloudTrail", "detail": own_creation.record(&account, "us-east-1")})
            .to_string(),
    )
    .await;
    send(&stack, &json!({"detail-type": "AWS API Call via CloudTrail", "detail": record}).to_string()).await;
    seen::wait(&aws, &large.arns[0], &tags([("owner", "jane@example.com")]), LONGEST).await;
    assert!(tests::tags_of(&aws, &own.arns[0]).await.is_empty());
}

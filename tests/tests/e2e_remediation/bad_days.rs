//! What can go wrong with a finding, and what becomes of it.

use crate::{
    LONGEST, broken,
    hub::{Hub, account, field, finding, finding_at, follow, id_in, shared_account},
    people::{is_protected, protect, table},
};
use aws::{Call, SdkConfig};
use jiff::{SignedDuration, Timestamp};
use remediation::State;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Fault, Listener, Stack, unique};
use tokio::time::sleep;

async fn tag(config: &SdkConfig, arn: &str, key: &str, value: &str) {
    let call =
        Call::new("dynamodb", "TagResource", json!({"ResourceArn": arn, "Tags": [{"Key": key, "Value": value}]}));
    aws::send(config, &call).await.expect("TagResource");
}

async fn changes(stack: &Stack, after: u64, account: &str) -> usize {
    let calls = stack.gateway().calls(after).await;
    calls
        .iter()
        .filter(|call| {
            call.account.as_deref() == Some(account) && call.function.is_some() && call.action == "UpdateTable"
        })
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_exempt_or_comes_from_code_is_held_and_its_owner_told() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let mut heard = Listener::start(
        &stack,
        &unique("held"),
        &json!({"source": ["ai-landing-zone.remediation"], "detail": {"accountId": [account]}}),
    )
    .await;
    heard.subscribe(stack.output("ReportTopicArn"), Some(&json!({"owner": ["jane@example.com"]}))).await;
    let cases = [
        ("remediation-exempt", "DynamoDB.6 until 2099-01-01 by jane@example.com for a test", "it is exempt"),
        ("remediation-exempt", "forever", "cannot be read"),
        ("managed-by", "terraform", "comes from Terraform"),
    ];
    let mut ids = Vec::new();
    for (key, value, why) in cases {
        let (arn, id) = table(&config, &account).await;
        tag(&config, &arn, key, value).await;
        tag(&config, &arn, "owner", "jane@example.com").await;
        hub.import(&[finding(&account, "DynamoDB.6", &arn)]).await;
        let case = follow(&api, &id, &[State::Held], LONGEST).await.expect("it is held");
        assert!(field(&case, "reason").contains(why), "{case}");
        assert!(!is_protected(&config, &arn).await);
        ids.push((arn, id, case));
    }
    let (arn, id, case) = ids.pop().expect("the last");
    assert_eq!(case["source"]["resource"], "aws_dynamodb_table", "{case}");
    // Who approves has seen whose it is, and is followed.
    let wish = json!({"decision": "approve", "plan": case["plan"]});
    assert_eq!(api.post(&format!("/remediations/{id}/approval"), &wish).await.status, 202);
    follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    assert!(is_protected(&config, &arn).await);
    let (mut events, mut letters) = (Vec::new(), Vec::new());
    let began = Instant::now();
    while events.len() < 4 || letters.len() < 3 {
        assert!(began.elapsed() < LONGEST, "heard {events:?} and {letters:?} only");
        for message in heard.receive().await {
            match message["Message"].as_str() {
                Some(text) => letters.push(text.to_owned()),
                None => events.push(field(&message, "detail-type")),
            }
        }
    }
    assert!(letters.iter().any(|text| text.contains("deletion_protection_enabled")), "{letters:?}");
    events.sort();
    assert_eq!(events, ["Remediation Fixed", "Remediation Held", "Remediation Held", "Remediation Held"]);
    heard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_right_or_told_a_thousand_times_is_changed_at_most_once() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let mark = stack.gateway().mark().await;
    let gone = format!("arn:aws:dynamodb:us-east-1:{account}:table/{}", unique("gone"));
    let (right, _) = table(&config, &account).await;
    protect(&config, &right, true).await;
    hub.import(&[finding(&account, "DynamoDB.6", &gone), finding(&account, "DynamoDB.6", &right)]).await;
    for (arn, why) in [(&gone, "it is gone"), (&right, "it is as it should be")] {
        let case = follow(&api, &id_in("DynamoDB.6", arn, &account), &[State::Fixed], LONGEST).await.expect("it ends");
        assert_eq!((field(&case, "reason").as_str(), &case["work"]), (why, &Value::Null));
    }
    assert_eq!(changes(&stack, mark, &account).await, 0);
    let (arn, id) = table(&config, &account).await;
    let told = finding(&account, "DynamoDB.6", &arn);
    let often = vec![told; 100];
    for _ in 0..10 {
        hub.import(&often).await;
    }
    let case = follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    wait_for_empty_queue(&stack).await;
    assert_eq!((changes(&stack, mark, &account).await, &case["attempt"]), (1, &json!(1)));
}

/// Until nothing waits to be read.
pub(crate) async fn wait_for_empty_queue(stack: &Stack) {
    let began = Instant::now();
    let asked = json!({"QueueUrl": stack.output("FindingQueueUrl"),
        "AttributeNames": ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]});
    loop {
        let answer = stack.aws().json("sqs", "AmazonSQS.GetQueueAttributes", &asked).await;
        let count =
            |name: &str| answer["Attributes"][name].as_str().and_then(|text| text.parse::<u32>().ok()).unwrap_or(1);
        if count("ApproximateNumberOfMessages") + count("ApproximateNumberOfMessagesNotVisible") == 0 {
            return;
        }
        assert!(began.elapsed() < LONGEST * 3, "findings wait still: {answer}");
        sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_mended_again_and_counted() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let (arn, id) = table(&config, &account).await;
    hub.import(&[finding(&account, "DynamoDB.6", &arn)]).await;
    follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    for regressions in 1..=3 {
        protect(&config, &arn, false).await;
        sleep(Duration::from_millis(20)).await;
        hub.import(&[finding(&account, "DynamoDB.6", &arn)]).await;
        let ends = if regressions < 3 { State::Fixed } else { State::Held };
        let case = loop {
            let case = follow(&api, &id, &[ends], LONGEST).await.expect("it ends");
            if case["attempt"] == regressions + 1 {
                break case;
            }
        };
        assert_eq!(case["regressions"], regressions, "{case}");
    }
    // An older report than the mending says nothing new.
    let before = Timestamp::now() - SignedDuration::from_hours(1);
    hub.import(&[finding_at(&account, "DynamoDB.6", &arn, before)]).await;
    wait_for_empty_queue(&stack).await;
    assert_eq!(api.get(&format!("/remediations/{id}")).await.body["attempt"], 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_formats_tell_of_one_case_and_its_finding_is_settled() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let (arn, id) = table(&config, &account).await;
    let uid = unique("ocsf");
    let ocsf = json!({"class_uid": 2003, "status_id": 1, "compliance": {"control": "DynamoDB.6", "status": "FAILED"},
        "cloud": {"account": {"uid": account}, "region": "us-east-1", "provider": "AWS"},
        "finding_info": {"uid": uid, "title": "x", "modified_time": Timestamp::now().as_millisecond()},
        "metadata": {"product": {"uid": "arn:aws:securityhub:us-east-1::productv2/aws/securityhub"}},
        "resources": [{"uid": "orders", "uid_alt": arn}]});
    stack.gateway().post("/_local/securityhub/findings-v2", &json!({"findings": [ocsf]})).await;
    let told = finding(&account, "DynamoDB.6", &arn);
    hub.import(std::slice::from_ref(&told)).await;
    follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    wait_for_empty_queue(&stack).await;
    let case = api.get(&format!("/remediations/{id}")).await.body;
    assert_eq!((case["findings"].as_array().map(Vec::len), &case["attempt"]), (Some(2), &json!(1)), "{case}");
    let stored = stack.gateway().get("/_local/securityhub/findings-v2").await;
    let ours = stored["findings"].as_array().expect("findings").iter().find(|one| one["finding_info"]["uid"] == uid);
    let settled = ours.expect("ours")["status_id"] == 4
        || hub.finding(&field(&told, "Id")).await["Workflow"]["Status"] == "RESOLVED";
    assert!(settled, "{stored}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_a_dead_letter_with_its_reason() {
    let stack = Stack::load();
    let send = async |body: &str| {
        let message = json!({"QueueUrl": stack.output("FindingQueueUrl"), "MessageBody": body});
        stack.aws().json("sqs", "AmazonSQS.SendMessage", &message).await;
    };
    let broken = unique("{\"broken\": ");
    send(&broken).await;
    assert!(dead_letter(&stack, &broken).await.starts_with("no JSON"));
    let stranger = unique("stranger");
    let told =
        finding("999988887777", "DynamoDB.6", &format!("arn:aws:dynamodb:us-east-1:999988887777:table/{stranger}"));
    send(&json!({"detail": {"findings": [told]}}).to_string()).await;
    assert!(dead_letter(&stack, &stranger).await.contains("not in the organization"));
    let other = unique("queue");
    let told = finding("999988887777", "DynamoDB.6", &other);
    let mut without_resource = told;
    without_resource["Resources"] = json!([]);
    without_resource["Title"] = json!(other);
    send(&json!({"detail": {"findings": [without_resource]}}).to_string()).await;
    assert!(dead_letter(&stack, &other).await.contains("/Resources"));
}

async fn dead_letter(stack: &Stack, text: &str) -> String {
    let began = Instant::now();
    let url = stack.output("UnreadQueueUrl");
    let asked = json!({"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 1, "WaitTimeSeconds": 1,
        "MessageAttributeNames": ["All"]});
    loop {
        let answer = stack.aws().json("sqs", "AmazonSQS.ReceiveMessage", &asked).await;
        let messages = answer["Messages"].as_array().cloned().unwrap_or_default();
        if let Some(message) = messages.iter().find(|one| field(one, "Body").contains(text)) {
            let handle = json!({"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]});
            stack.aws().json("sqs", "AmazonSQS.DeleteMessage", &handle).await;
            return field(&message["MessageAttributes"]["reason"], "StringValue");
        }
        assert!(began.elapsed() < LONGEST, "no dead letter with {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_changed_is_looked_at_again() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let arn = broken::of("Glue.4").make(&config, &account).await;
    let id = id_in("Glue.4", &arn, &account);
    hub.import(&[finding(&account, "Glue.4", &arn)]).await;
    let first = follow(&api, &id, &[State::Waiting], LONGEST).await.expect("it waits");
    let name = arn.rsplit('/').next().expect("a name");
    let get = Call::new("glue", "GetJob", json!({"JobName": name}));
    let mut job = aws::send(&config, &get).await.expect("GetJob")["Job"].clone();
    let fields = job.as_object_mut().expect("a job");
    for name in ["Name", "CreatedOn", "LastModifiedOn", "AllocatedCapacity"] {
        fields.remove(name);
    }
    fields.insert("Description".to_owned(), json!("changed by hand"));
    let update = Call::new("glue", "UpdateJob", json!({"JobName": name, "JobUpdate": job}));
    aws::send(&config, &update).await.expect("UpdateJob");
    let approve = async |plan: &Value| {
        let answer =
            api.post(&format!("/remediations/{id}/approval"), &json!({"decision": "approve", "plan": plan})).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
    };
    approve(&first["plan"]).await;
    let second = loop {
        let case = follow(&api, &id, &[State::Waiting], LONGEST).await.expect("it waits again");
        if case["attempt"] == 2 {
            break case;
        }
    };
    assert_ne!(first["plan"], second["plan"]);
    approve(&second["plan"]).await;
    follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    assert_eq!(aws::send(&config, &get).await.expect("GetJob")["Job"]["Description"], "changed by hand");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_told_first_where_the_mode_says_so() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = account(&stack, "test").await;
    let hub = Hub::new(&stack);
    let (arn, id) = table(&config, &account).await;
    hub.import(&[finding(&account, "DynamoDB.6", &arn)]).await;
    let case = follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    let states: Vec<&str> =
        case["timeline"].as_array().expect("a timeline").iter().filter_map(|one| one["state"].as_str()).collect();
    assert!(states.contains(&"WARNED"), "{states:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_control_that_fails_again_and_again_rests_and_throttling_is_waited_out() {
    let stack = Stack::load();
    let api = stack.api();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let fault = |kind: &str, times: u32| Fault {
        service: "sqs".to_owned(),
        action: "SetQueueAttributes".to_owned(),
        function: Some("compute".to_owned()),
        containing: vec![account.clone()],
        kind: kind.to_owned(),
        times,
        ..Fault::default()
    };
    let queue = async || {
        let arn = broken::of("SQS.1").make(&config, &account).await;
        hub.import(&[finding(&account, "SQS.1", &arn)]).await;
        id_in("SQS.1", &arn, &account)
    };
    let throttled = stack.gateway().inject(&fault("throttle", 5)).await;
    let id = queue().await;
    follow(&api, &id, &[State::Fixed], LONGEST).await.expect("it is mended");
    assert_eq!(stack.gateway().hits_of(throttled).await, 5);
    stack.gateway().heal().await;
    stack.gateway().inject(&fault("error", 10_000)).await;
    let mut ids = Vec::new();
    for _ in 0..5 {
        ids.push(queue().await);
    }
    for id in &ids {
        let case = follow(&api, id, &[State::Failed], LONGEST).await.expect("it fails");
        assert!(case["work"]["before"].is_object(), "the before-image is kept: {case}");
    }
    stack.gateway().heal().await;
    let rests = queue().await;
    let case = follow(&api, &rests, &[State::Held], LONGEST).await.expect("it rests");
    assert!(field(&case, "reason").contains("failed within the hour"), "{case}");
    // The tests that follow mend this control too.
    let hour = Timestamp::now().strftime("tally#%Y-%m-%dT%H").to_string();
    let key = json!({"TableName": stack.output("LedgerTableName"), "Key": {"id": {"S": hour}}});
    stack.aws().json("dynamodb", "DynamoDB_20120810.DeleteItem", &key).await;
}

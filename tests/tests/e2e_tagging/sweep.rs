//! What events missed, and what the sweep makes of it.

use crate::{LONGEST, account, made, of_account, seen, tags};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Aws, Fault, Listener, Stack, unique};
use tokio::time::sleep;

/// Sweeps everything and returns how it ended.
async fn sweep_all(stack: &Stack) -> Value {
    let aws = stack.aws();
    let start = json!({"stateMachineArn": stack.output("TagSweepStateMachineArn"), "input": "{}"});
    let execution = aws.json("states", "AWSStepFunctions.StartExecution", &start).await["executionArn"].clone();
    let began = Instant::now();
    loop {
        let asked = json!({"executionArn": execution});
        let found = aws.json("states", "AWSStepFunctions.DescribeExecution", &asked).await;
        if found["status"] != "RUNNING" {
            eprintln!("sweep: {} after {:.1} s", found["status"], began.elapsed().as_secs_f64());
            return found;
        }
        assert!(began.elapsed() < 5 * LONGEST, "the sweep does not end");
        sleep(Duration::from_millis(200)).await;
    }
}

/// Sweeps the suite's Region of one account.
async fn sweep(stack: &Stack, account: &str) {
    let event = json!({"action": "sweep", "accountId": account, "region": "us-east-1"});
    let answer = stack.aws().invoke(stack.output("SweepFunctionName"), &event).await;
    assert_eq!(answer.payload, json!({"done": true}));
}

/// What `CloudTrail` remembers of an account.
pub(crate) async fn remember(stack: &Stack, records: &[Value]) {
    stack.gateway().post("/_local/cloudtrail/events", &json!({ "records": records })).await;
}

async fn coverage(stack: &Stack, account: &str) -> Value {
    let answer = stack.api().get(&format!("/tags/coverage?accountId={account}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// A topic that carries a tag of its own, of which no event ever told.
async fn silent(aws: &Aws, account: &str) -> String {
    let topic = made::topic(aws, account, &unique("silent")).await.arns.remove(0);
    let own = json!({"ResourceARNList": [topic], "Tags": {"team": "ml"}});
    aws.json("tagging", "ResourceGroupsTaggingAPI_20170126.TagResources", &own).await;
    topic
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_tags_what_events_missed_and_reports_what_it_found() {
    let stack = Stack::load();
    let ((account, aws), (other, other_aws)) = (account(&stack).await, crate::account(&stack).await);
    let measured = json!({"source": ["ai-landing-zone.tagging"], "detail-type": ["Tag Coverage Measured"]});
    let heard = Listener::start(&stack, &unique("measured"), &measured).await;
    let mut missed = made::topic(&aws, &account, &unique("missed")).await;
    missed.creation.time = Timestamp::now() - SignedDuration::from_mins(20);
    remember(&stack, &[missed.creation.record(&account, "us-east-1")]).await;
    let silent = silent(&aws, &account).await;
    let in_other = crate::sweep::silent(&other_aws, &other).await;

    // One account in trouble: the rest is swept all the same, and the sweep ends as unfinished.
    let throttled = Fault {
        service: "tagging".to_owned(),
        action: "GetResources".to_owned(),
        function: Some("sweep".to_owned()),
        containing: vec![other.clone()],
        kind: "throttle".to_owned(),
        times: 1000,
        ..Fault::default()
    };
    let fault = stack.gateway().inject(&throttled).await;
    let ended = sweep_all(&stack).await;
    assert!(stack.gateway().hits_of(fault).await > 3);
    stack.gateway().heal().await;
    assert_eq!((&ended["status"], &ended["error"]), (&json!("FAILED"), &json!("NotReady.Unfinished")), "{ended}");
    let jane = tags([("owner", "jane@example.com"), ("cost-center", "CC-4711")]);
    seen::wait(&aws, &missed.arns[0], &jane, LONGEST).await;
    let report = coverage(&stack, &account).await;
    assert_eq!(report["accounts"][0]["state"], "swept", "{report}");
    let lacking: Vec<&Value> = report["untagged"].as_array().unwrap().iter().map(|one| &one["arn"]).collect();
    assert!(lacking.contains(&&json!(silent)), "{report}");
    assert_eq!(coverage(&stack, &other).await["accounts"], json!([]));

    // What still lacks tags at the next sweep gets those of its account.
    let ended = sweep_all(&stack).await;
    assert_eq!(ended["status"], "SUCCEEDED", "{ended}");
    let mut wanted = of_account();
    wanted.extend(tags([("owner", "team-web@example.com"), ("team", "ml")]));
    assert_eq!(seen::wait(&aws, &silent, &wanted, LONGEST).await, wanted);
    assert_eq!(coverage(&stack, &other).await["untagged"][0]["arn"], *in_other);

    sweep(&stack, &account).await;
    let report = coverage(&stack, &account).await;
    assert_eq!((&report["total"]["percent"], &report["untagged"]), (&json!(100.0), &json!([])), "{report}");
    assert!(report["total"]["resources"].as_u64() >= Some(2), "{report}");
    assert_eq!(report["keys"]["owner"], report["total"], "{report}");
    assert_eq!(report["environments"]["dev"], report["total"], "{report}");
    let mut events = Vec::new();
    let began = Instant::now();
    while events.len() < 2 {
        assert!(began.elapsed() < LONGEST, "{events:?}");
        events.extend(heard.receive().await);
    }
    assert!(events[1]["detail"]["resources"].as_u64() > events[0]["detail"]["resources"].as_u64(), "{events:?}");
    heard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_told_again_once_and_only_where_its_tags_are_missing() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let ago = |minutes: i64| Timestamp::now() - SignedDuration::from_mins(minutes);
    let mut told = made::topic(&aws, &account, &unique("told")).await;
    told.creation.time = ago(20);
    let record = told.creation.record(&account, "us-east-1");
    tests::tell(&stack, std::slice::from_ref(&record)).await;
    seen::wait(&aws, &told.arns[0], &tags([("owner", "jane@example.com")]), LONGEST).await;
    let mut records = vec![record];
    // More than a page, over several slices, with calls that are none of ours between them.
    for minutes in (20..1300).step_by(10) {
        let mut none = told.creation.clone();
        (none.call, none.time) = ("Subscribe", ago(minutes));
        records.push(none.record(&account, "us-east-1"));
    }
    let mut untold = made::topic(&aws, &account, &unique("untold")).await;
    untold.creation.time = ago(900);
    records.push(untold.creation.record(&account, "us-east-1"));
    remember(&stack, &records).await;
    let mark = stack.gateway().mark().await;
    sweep(&stack, &account).await;
    seen::wait(&aws, &untold.arns[0], &tags([("owner", "jane@example.com")]), LONGEST).await;
    sweep(&stack, &account).await;
    let calls = stack.gateway().calls(mark).await;
    let by_sweep = |action: &str| {
        calls.iter().filter(|call| call.function.as_deref() == Some("sweep") && call.action == action).count()
    };
    // Two days in slices of six hours, one of them with two pages; the second sweep looks at the time since.
    assert!((9..20).contains(&by_sweep("LookupEvents")), "{}", by_sweep("LookupEvents"));
    assert_eq!(by_sweep("SendMessage"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_killed_goes_on_where_it_was() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let mut missed = made::topic(&aws, &account, &unique("killed")).await;
    missed.creation.time = Timestamp::now() - SignedDuration::from_mins(20);
    remember(&stack, &[missed.creation.record(&account, "us-east-1")]).await;
    let event = json!({"action": "sweep", "accountId": account, "region": "us-east-1"});
    for (service, action) in [("cloudtrail", "LookupEvents"), ("sqs", "SendMessage"), ("dynamodb", "PutItem")] {
        let fault = Fault {
            service: service.to_owned(),
            action: action.to_owned(),
            function: Some("sweep".to_owned()),
            kind: "kill".to_owned(),
            times: 1,
            ..Fault::default()
        };
        stack.gateway().inject(&fault).await;
        let answer = stack.aws().invoke(stack.output("SweepFunctionName"), &event).await;
        assert!(answer.error.is_some(), "killed after {action}: {}", answer.payload);
        stack.gateway().heal().await;
    }
    sweep(&stack, &account).await;
    seen::wait(&aws, &missed.arns[0], &tags([("owner", "jane@example.com")]), LONGEST).await;
    assert_eq!(coverage(&stack, &account).await["accounts"][0]["state"], "swept");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_the_suites_role_is_named_and_holds_nothing_up() {
    let stack = Stack::load();
    let organizations = aws_sdk_organizations::Client::new(&stack.sdk_config());
    let name = unique("foreign");
    let made = organizations.create_account().account_name(&name).email(format!("{name}@example.com")).send().await;
    let id = made.expect("CreateAccount").create_account_status.and_then(|status| status.id).expect("an id");
    let began = Instant::now();
    let account = loop {
        let asked = organizations.describe_create_account_status().create_account_request_id(&id).send().await;
        let status = asked.ok().and_then(|answer| answer.create_account_status);
        if let Some(account) = status.and_then(|status| status.account_id) {
            break account;
        }
        assert!(began.elapsed() < LONGEST, "no account");
        sleep(Duration::from_millis(200)).await;
    };
    sweep(&stack, &account).await;
    let report = coverage(&stack, &account).await;
    assert_eq!(report["accounts"][0]["state"], "unreachable", "{report}");
    assert_eq!(report["total"]["resources"], 0, "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_of_the_tagging_standard_has_its_resource_tagged() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let topic = made::topic(&aws, &account, &unique("finding")).await.arns.remove(0);
    let finding = json!({"SchemaVersion": "2018-10-08", "Id": unique("finding"), "AwsAccountId": account,
        "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub", "Region": "us-east-1",
        "UpdatedAt": Timestamp::now().to_string(), "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"},
        "Compliance": {"Status": "FAILED", "SecurityControlId": "SNS.3",
            "AssociatedStandards": [{"StandardsId": "standards/aws-resource-tagging-standard/v/1.0.0"}]},
        "Resources": [{"Type": "AwsSnsTopic", "Id": topic, "Partition": "aws", "Region": "us-east-1"}]});
    let entry = json!({"Source": "aws.securityhub", "DetailType": "Security Hub Findings - Imported",
        "Detail": json!({"findings": [finding]}).to_string()});
    stack.gateway().post("/_local/events", &json!({"Entries": [entry]})).await;
    let mut wanted = of_account();
    wanted.extend(tags([("owner", "team-web@example.com")]));
    assert_eq!(seen::wait(&aws, &topic, &wanted, LONGEST).await, wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_cannot_begin_or_report_ends_in_failure() {
    let stack = Stack::load();
    for (function, service, action) in [("sweep", "organizations", "ListAccounts"), ("coverage", "events", "PutEvents")]
    {
        let fault = Fault {
            service: service.to_owned(),
            action: action.to_owned(),
            function: Some(function.to_owned()),
            kind: "error".to_owned(),
            times: 1000,
            ..Fault::default()
        };
        let id = stack.gateway().inject(&fault).await;
        let ended = sweep_all(&stack).await;
        // Seven attempts by the state machine, three by the SDK in each.
        assert_eq!(stack.gateway().hits_of(id).await, 21, "{action}");
        stack.gateway().heal().await;
        assert_eq!((&ended["status"], &ended["error"]), (&json!("FAILED"), &json!("Retryable")), "{ended}");
    }
}

//! Many findings at once: half of them told twice, a fifth mended already, some calls throttled. None is lost, no resource is
//! changed twice, and what it costs is counted.

use crate::{
    bad_days::wait_for_empty_queue,
    hub::{Hub, account, finding, id_in},
    people::protect,
};
use aws::{Call as Sent, SdkConfig};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};
use tests::{Call, Fault, Stack, unique};
use tokio::{task::JoinSet, time::sleep};

/// Findings told, unless `BURST` says otherwise: the 5,000 take minutes here.
const FINDINGS: usize = 400;

const LONGEST: Duration = Duration::from_mins(40);

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_of_findings_changes_each_resource_at_most_once() {
    let stack = Stack::load();
    let told: usize = std::env::var("BURST").ok().and_then(|text| text.parse().ok()).unwrap_or(FINDINGS);
    let distinct = told / 2;
    let (account, config) = account(&stack, "dev").await;
    let arns = tables(&config, &account, distinct).await;
    let right: BTreeSet<&String> = arns.iter().step_by(5).collect();
    for arn in &right {
        protect(&config, arn, true).await;
    }
    let throttle = Fault {
        service: "dynamodb".to_owned(),
        action: "UpdateTable".to_owned(),
        function: Some("data".to_owned()),
        containing: vec![account.clone()],
        kind: "throttle".to_owned(),
        times: u32::try_from(distinct / 20).expect("a number"),
        ..Fault::default()
    };
    let throttled = stack.gateway().inject(&throttle).await;
    let (mark, began) = (stack.gateway().mark().await, Instant::now());
    let hub = Hub::new(&stack);
    let findings: Vec<Value> = arns.iter().map(|arn| finding(&account, "DynamoDB.6", arn)).collect();
    for some in findings.chunks(100) {
        hub.import(some).await;
    }
    for some in findings.chunks(100) {
        hub.import(some).await;
    }
    let imported = began.elapsed();
    let states = settled(&stack, &account, distinct).await;
    let ended = began.elapsed();
    wait_for_empty_queue(&stack).await;
    assert_eq!(stack.gateway().hits_of(throttled).await, u64::from(throttle.times));
    stack.gateway().heal().await;
    assert_eq!(states, BTreeMap::from([("FIXED".to_owned(), distinct)]));
    let calls = stack.gateway().calls(mark).await;
    let changed = changes(&calls, &account);
    assert!(changed.values().all(|times| *times == 1), "changed more than once: {changed:?}");
    assert_eq!(changed.len(), distinct - right.len());
    eprintln!(
        "{told} findings of {distinct} problems ({} mended already) told in {:.1} s, all settled after {:.1} s; {} resources changed, each once",
        right.len(),
        imported.as_secs_f64(),
        ended.as_secs_f64(),
        changed.len(),
    );
    let mended = arns.iter().find(|arn| !right.contains(arn)).expect("one");
    report(&stack, &calls, told, distinct, &id_in("DynamoDB.6", mended, &account)).await;
}

async fn tables(config: &SdkConfig, account: &str, count: usize) -> Vec<String> {
    let mut work = JoinSet::new();
    let mut arns = Vec::new();
    for _ in 0..count {
        if work.len() >= 16 {
            arns.push(work.join_next().await.expect("one").expect("no panic"));
        }
        let (config, name) = (config.clone(), unique("burst"));
        let arn = format!("arn:aws:dynamodb:us-east-1:{account}:table/{name}");
        work.spawn(async move {
            let table = json!({"TableName": name, "BillingMode": "PAY_PER_REQUEST",
                "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]});
            aws::send(&config, &Sent::new("dynamodb", "CreateTable", table)).await.expect("CreateTable");
            arn
        });
    }
    while let Some(arn) = work.join_next().await {
        arns.push(arn.expect("no panic"));
    }
    arns
}

/// How many cases of an account are in which state, once none is open.
async fn settled(stack: &Stack, account: &str, distinct: usize) -> BTreeMap<String, usize> {
    let (api, began) = (stack.api(), Instant::now());
    loop {
        let (mut states, mut token, mut open) = (BTreeMap::new(), String::new(), 0);
        loop {
            let page = api.get(&format!("/remediations?accountId={account}&pageSize=100{token}")).await;
            for case in page.body["remediations"].as_array().expect("cases") {
                *states.entry(case["state"].as_str().expect("a state").to_owned()).or_default() += 1;
                open += usize::from(case["settledAt"].is_null());
            }
            match page.body["nextPageToken"].as_str() {
                Some(next) => token = format!("&pageToken={next}"),
                None => break,
            }
        }
        if open == 0 && states.values().sum::<usize>() >= distinct {
            return states;
        }
        assert!(began.elapsed() < LONGEST, "not settled: {states:?}");
        sleep(Duration::from_secs(2)).await;
    }
}

/// How often the suite changed each table.
fn changes(calls: &[Call], account: &str) -> BTreeMap<String, u32> {
    let mut changed = BTreeMap::new();
    let ours = calls.iter().filter(|call| call.account.as_deref() == Some(account) && call.function.is_some());
    for call in ours.filter(|call| call.action == "UpdateTable" && call.status == Some(200)) {
        *changed.entry(call.resource.clone().unwrap_or_default()).or_default() += 1;
    }
    changed
}

/// Prices of us-east-1 in USD for each million, from the services' public pages (November 2026): state transitions, function
/// requests, GB-seconds, write and read units of `DynamoDB` on demand, requests of SQS, events, steps of
/// Systems Manager Automation.
const TRANSITIONS: f64 = 25.0;
const REQUESTS: f64 = 0.20;
const GB_SECONDS: f64 = 13.333_4;
const WRITES: f64 = 0.625;
const READS: f64 = 0.125;
const MESSAGES: f64 = 0.40;
const EVENTS: f64 = 1.0;
const AUTOMATION_STEPS: f64 = 2000.0;

/// What was called, and what 10,000 such findings cost.
async fn report(stack: &Stack, calls: &[Call], told: usize, distinct: usize, mended: &str) {
    let ours = ["triage", "data", "settle-finding"];
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| call.function.as_deref().is_some_and(|function| ours.contains(&function))) {
        *counts.entry(format!("{}:{}", call.service, call.action)).or_default() += 1;
    }
    let all: usize = counts.values().sum();
    let per = |count: usize, of: usize| {
        f64::from(u32::try_from(count).unwrap_or(0)) / f64::from(u32::try_from(of).unwrap_or(1))
    };
    eprintln!("{:.1} AWS calls for each finding told, {:.1} for each problem:", per(all, told), per(all, distinct));
    for (name, count) in &counts {
        eprintln!("  {:6.2}  {name}", per(*count, distinct));
    }
    let transitions = transitions(stack, mended).await;
    let count = |name: &str| per(counts.get(name).copied().unwrap_or(0), distinct);
    // An item of the ledger has 2 to 4 KB here: three write units, and one strongly consistent read unit for each 4 KB.
    let writes = 3.0 * (count("dynamodb:PutItem") + count("dynamodb:UpdateItem"));
    // Plan, apply, settle; a share of the call that read the finding. A warm call takes about 0.2 s on AWS, with 256 MB.
    let invocations = 3.0 + per(told, distinct) / 10.0;
    let one = transitions * TRANSITIONS
        + invocations * (REQUESTS + 0.2 * 0.25 * GB_SECONDS)
        + writes * WRITES
        + count("dynamodb:GetItem") * READS
        + per(told, distinct) * 3.0 * MESSAGES
        + count("events:PutEvents") * EVENTS;
    // AWS's own solution (Automated Security Response 3.1), as its source describes it: about 15 transitions; pre-processor,
    // two look-ups, start, two polls and notification as functions; some 5 write units; about 4 steps of an Automation, of which
    // each costs 0.002 USD beyond the free 100,000 a month.
    let other = 15.0 * TRANSITIONS
        + 7.0 * (REQUESTS + 0.2 * 0.25 * GB_SECONDS)
        + 5.0 * WRITES
        + 4.0 * MESSAGES
        + 4.0 * AUTOMATION_STEPS;
    eprintln!(
        "{transitions} state transitions and {invocations:.1} invocations for a problem that is mended; 10,000 of them cost {:.2} USD, with AWS's solution {:.2} USD and a key for each account and Region",
        one / 100.0,
        other / 100.0,
    );
}

/// States that the execution of a case went through.
async fn transitions(stack: &Stack, id: &str) -> f64 {
    let machine = stack.output("RemediationStateMachineArn");
    let arn = format!("{}:{id}-1-plan", machine.replace(":stateMachine:", ":execution:"));
    let client = aws_sdk_sfn::Client::new(&stack.sdk_config());
    let history = client.get_execution_history().execution_arn(arn).max_results(1000).send().await.expect("a history");
    let entered = history.events().iter().filter(|event| event.r#type().as_str().ends_with("StateEntered")).count();
    f64::from(u32::try_from(entered).expect("a number"))
}

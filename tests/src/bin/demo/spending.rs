//! An account spends more than it may, is held, and let go when its limit is raised.

use crate::{LONGEST, seconds, text};
use aws_sdk_organizations::types::PolicyType;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Api, Stack, spent::spent};

/// The limit of a dev account where the demo runs (`sam/samconfig.toml`) is 500 USD a month.
const SPENT: u32 = 650;

/// Bill and meter agree that an account went beyond its limit; then its limit is raised.
pub(crate) async fn hold(stack: &Stack, account: &str) -> Vec<Value> {
    let api = stack.api();
    // Bill and meter agree, after a quiet month.
    spent(stack, account, SPENT).await;
    let began = Instant::now();
    let mut told = vec![json!({"line": format!("\n{account} spent {SPENT} USD today, and its limit is 500")})];
    let mut note = |stage: &str, what: &str| {
        let seconds = seconds(began);
        told.push(json!({"stage": stage, "seconds": seconds, "line": format!("  {stage:<9}{what} after {seconds} s")}));
    };
    evaluate(stack, account).await;
    let held = reached(&api, account, "restrict").await;
    let attached = policies(stack, account).await;
    assert!(attached.iter().any(|name| name == "ai-landing-zone-spend-restrict"), "{attached:?}");
    note("restrict", "new AI and GPU resources are denied by a service control policy");
    for rule in held["decision"]["rules"].as_array().into_iter().flatten().filter(|rule| rule["holds"] == true) {
        told.push(json!({"line": format!("           {}: {} ({})", text(rule, "stage"), text(rule, "condition"), text(rule, "because"))}));
    }
    let until = Timestamp::now() + SignedDuration::from_hours(24);
    let wish = json!({"limit": "5000", "until": until, "reason": "Launch of the assistant"});
    let answer = api.post(&format!("/spend/{account}/override"), &wish).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    reached(&api, account, "none").await;
    assert_eq!(policies(stack, account).await, ["FullAWSAccess"]);
    let seconds = seconds(began);
    told.push(json!({"stage": "none", "seconds": seconds, "line": format!("  none     the limit was raised to 5,000 USD for a day, and nothing is denied, after {seconds} s")}));
    told
}

/// Starts the workflow that its schedule starts each hour.
async fn evaluate(stack: &Stack, account: &str) {
    let machine = stack.output("SpendEvaluationStateMachineArn");
    let input = json!({ "accounts": [account] }).to_string();
    let states = aws_sdk_sfn::Client::new(&stack.sdk_config());
    states.start_execution().state_machine_arn(machine).input(input).send().await.expect("StartExecution");
}

/// What the API shows of an account once it is in a stage.
async fn reached(api: &Api, account: &str, stage: &str) -> Value {
    let began = Instant::now();
    loop {
        let seen = api.get(&format!("/spend/{account}")).await.body;
        let held = seen["record"]["lease"].is_null() && seen["decision"]["stage"].is_string();
        if held && seen["record"]["stage"] == stage {
            return seen;
        }
        assert!(began.elapsed() < LONGEST, "{account} is not in stage {stage}: {seen}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The names of the service control policies that are attached to an account.
async fn policies(stack: &Stack, account: &str) -> Vec<String> {
    let client = aws_sdk_organizations::Client::new(&stack.sdk_config());
    let kind = PolicyType::ServiceControlPolicy;
    let answer = client.list_policies_for_target().target_id(account).filter(kind).send().await;
    let policies = answer.expect("ListPoliciesForTarget").policies.unwrap_or_default();
    policies.into_iter().filter_map(|policy| policy.name).collect()
}

//! Creations that AWS refuses or gives up on, and executions that end without a word.

use crate::world::{LONGEST, World};
use serde_json::{Value, json};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tests::Fault;

/// Vends a request to its first end.
async fn first_end(world: &World, name: &str) -> (String, Value) {
    let request = world.post(name).await.unwrap().text("requestId").to_owned();
    let record = world.follow(&request).await.unwrap();
    (request, record)
}

/// Sends a failed request again; it ends in one account.
async fn completes(world: &World, name: &str, request: &str) {
    assert_eq!(world.post(name).await.unwrap().text("requestId"), request);
    let record = world.follow(request).await.unwrap();
    assert_eq!(record["state"], "ACTIVE", "{record}");
    is_one_account(world, &record).await;
}

async fn is_one_account(world: &World, record: &Value) {
    let email = record["rootEmail"].as_str().unwrap();
    let account = record["accountId"].as_str().unwrap();
    assert_eq!(world.accounts().await.get(email).unwrap(), &[account.to_owned()]);
    let made = world.read_creations().await.into_iter().filter(|one| one.email == email && one.state == "SUCCEEDED");
    assert_eq!(made.count(), 1);
    assert_eq!(world.unit(account).await.unwrap(), "AI/AI DEV");
    assert!(world.gave_slot_back(record["requestId"].as_str().unwrap()).await);
}

/// Calls of `CreateAccount` for a name.
async fn creations_asked_for(world: &World, mark: u64, name: &str) -> usize {
    let calls = world.gateway.calls(mark).await.into_iter();
    calls.filter(|call| call.action == "CreateAccount" && call.resource.as_deref() == Some(name)).count()
}

/// Each reason of AWS with the class it has for the suite, and whether the request then lets go of its name.
const REASONS: [(&str, &str, bool); 6] = [
    ("EMAIL_ALREADY_EXISTS", "conflict", true),
    ("INVALID_EMAIL", "invalid", true),
    ("ACCOUNT_LIMIT_EXCEEDED", "denied", false),
    ("CONCURRENT_ACCOUNT_MODIFICATION", "retryable", false),
    ("INTERNAL_FAILURE", "retryable", false),
    ("A_REASON_OF_TOMORROW", "denied", false),
];

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_fails_is_recorded_with_its_class_and_can_be_repeated() {
    let world = World::new().await;
    let requests = REASONS.map(|(reason, class, releases)| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let name = world.name(&reason.to_lowercase().replace('_', " ").replace("already ", ""));
            world.plan(&json!({"match": name, "failure": reason})).await;
            let (request, record) = first_end(&world, &name).await;
            assert_eq!(record["state"], "FAILED", "{reason}: {record}");
            assert_eq!(record["failure"]["class"], class, "{reason}");
            let error = record["failure"]["name"].as_str().unwrap();
            assert!(error.ends_with(&format!(".{reason}")), "{error}");
            assert!(record["accountId"].is_null(), "{reason}");
            assert!(world.gave_slot_back(&request).await, "{reason}");
            assert_eq!(world.name_is_free(&name).await, releases, "{reason}");
            completes(&world, &name, &request).await;
        })
    });
    for request in requests {
        request.await.expect("a request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_of_a_busy_organization_are_waited_out() {
    let world = World::new().await;
    let refusals = ["FinalizingOrganizationException", "TooManyRequestsException"];
    let requests = refusals.map(|error| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let (mark, name) = (world.gateway.mark().await, world.name(error.trim_end_matches("Exception")));
            world.plan(&json!({"match": name, "error": error, "times": 2})).await;
            let (_, record) = first_end(&world, &name).await;
            assert_eq!(record["state"], "ACTIVE", "{error}: {record}");
            is_one_account(&world, &record).await;
            // AWS may throttle in earnest as well.
            assert!(creations_asked_for(&world, mark, &name).await >= 3, "{error}");
        })
    });
    for request in requests {
        request.await.expect("a request");
    }
}

/// Constraints of the organization share one error code; their reasons have classes of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_constraint_of_the_organization_is_recorded_by_its_reason_and_not_tried_again() {
    let world = World::new().await;
    let constraints = [
        ("ACCOUNT_CREATION_RATE_LIMIT_EXCEEDED", "throttled"),
        ("ACCOUNT_NUMBER_LIMIT_EXCEEDED", "denied"),
        ("TAG_POLICY_VIOLATION", "invalid"),
    ];
    let requests = constraints.map(|(reason, class)| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let (mark, name) = (world.gateway.mark().await, world.name(reason.split('_').nth(1).unwrap()));
            world.plan(&json!({"match": name, "error": "ConstraintViolationException", "reason": reason})).await;
            let (request, record) = first_end(&world, &name).await;
            assert_eq!(record["failure"]["class"], class, "{reason}: {record}");
            assert!(record["failure"]["name"].as_str().unwrap().ends_with(&format!(".{reason}")), "{record}");
            assert_eq!(creations_asked_for(&world, mark, &name).await, 1, "{reason}");
            completes(&world, &name, &request).await;
        })
    });
    for request in requests {
        request.await.expect("a request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_leaves_the_outcome_open_is_never_followed_by_a_second_call() {
    let world = World::new().await;
    let (mark, name) = (world.gateway.mark().await, world.name("open"));
    world.plan(&json!({"match": name, "error": "ServiceException"})).await;
    let (request, record) = first_end(&world, &name).await;
    assert_eq!(record["failure"]["name"], "Retryable.CreationUnconfirmed", "{record}");
    assert_eq!(creations_asked_for(&world, mark, &name).await, 1);
    completes(&world, &name, &request).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_creation_that_was_never_confirmed_is_not_repeated_until_somebody_asks() {
    let world = World::new().await;
    let (mark, name) = (world.gateway.mark().await, world.name("unconfirmed"));
    let fault = Fault {
        service: "organizations".into(),
        action: "CreateAccount".into(),
        containing: vec![name.clone()],
        kind: "timeout".into(),
        times: 1,
        ..Fault::default()
    };
    let fault = world.gateway.inject(&fault).await;
    let (request, record) = first_end(&world, &name).await;
    assert_eq!(record["failure"]["name"], "Retryable.CreationUnconfirmed", "{record}");
    assert_eq!(world.gateway.hits_of(fault).await, 1);
    assert_eq!(creations_asked_for(&world, mark, &name).await, 1);
    assert!(!world.name_is_free(&name).await, "an account may yet come of it");
    assert!(world.gave_slot_back(&request).await);
    completes(&world, &name, &request).await;
    assert_eq!(creations_asked_for(&world, mark, &name).await, 2);
}

/// Stops the execution of a request once its timeline shows `step`.
async fn abort_at(world: &World, request: &str, step: &str) {
    let began = Instant::now();
    loop {
        let record = world.get(&format!("/accounts/{request}")).await.unwrap();
        let steps = record["timeline"].as_array().cloned().unwrap_or_default();
        if steps.iter().any(|one| one["step"] == step) {
            break;
        }
        assert!(began.elapsed() < LONGEST, "{record}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let machine = world.stack.output("VendingStateMachineArn");
    let execution = format!("{}:{request}", machine.replace(":stateMachine:", ":execution:"));
    world.sfn.stop_execution().execution_arn(execution).send().await.expect("StopExecution");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_aborted_execution_ends_in_a_failure_that_a_repeat_completes() {
    let world = World::new().await;
    let requests = [("create", "create"), ("baseline", "member-roles"), ("place", "place")].map(|(function, step)| {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let name = world.name(&format!("abort {step}"));
            let request = world.post(&name).await.unwrap().text("requestId").to_owned();
            // The step is held long enough to be caught in it, after its work is done.
            let fault = Fault {
                service: "dynamodb".into(),
                action: "UpdateItem".into(),
                function: Some(function.into()),
                containing: vec![request.clone(), "finishedAt".into(), format!("\"{step}\"")],
                kind: "error".into(),
                times: 3,
                ..Fault::default()
            };
            world.gateway.inject(&fault).await;
            abort_at(&world, &request, step).await;
            let record = world.follow(&request).await.unwrap();
            assert_eq!(record["failure"]["name"], "Retryable.ExecutionAborted", "{step}: {record}");
            assert!(world.gave_slot_back(&request).await, "{step}");
            if let Some(account) = record["accountId"].as_str() {
                world.comes_to_lie_in(account, "Quarantine").await;
            }
            completes(&world, &name, &request).await;
        })
    });
    for request in requests {
        request.await.expect("a request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_timed_out_ends_in_a_failure_that_a_repeat_completes() {
    let world = World::new().await;
    let name = world.name("timed out");
    // The local Step Functions never times out a whole execution: it is stopped in silence (its own event is of a request
    // that has moved on by then) and the test plays the event that AWS would send.
    let request = world.post(&name).await.unwrap().text("requestId").to_owned();
    abort_at(&world, &request, "create").await;
    assert_eq!(world.follow(&request).await.unwrap()["state"], "FAILED");
    assert_eq!(world.post(&name).await.unwrap().text("requestId"), request);
    let detail = json!({
        "name": format!("{request}-2"), "status": "TIMED_OUT", "error": null, "cause": null,
        "stateMachineArn": world.stack.output("VendingStateMachineArn"),
    });
    let entry = json!({
        "Source": "aws.states", "DetailType": "Step Functions Execution Status Change", "Detail": detail.to_string(),
    });
    world.gateway.post("/_local/events", &json!({"Entries": [entry]})).await;
    let record = world.follow(&request).await.unwrap();
    assert_eq!(record["failure"]["name"], "Retryable.ExecutionTimedOut", "{record}");
    completes(&world, &name, &request).await;
}

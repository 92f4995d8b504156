//! Steps that are delivered twice, late and out of order change nothing.

use crate::world::World;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn steps_delivered_after_the_end_leave_an_active_account_where_it_is() {
    let world = World::new().await;
    let name = world.name("late");
    let request = world.post(&name).await.unwrap().text("requestId").to_owned();
    let before = world.follow(&request).await.unwrap();
    assert_eq!(before["state"], "ACTIVE", "{before}");
    let account = before["accountId"].as_str().unwrap();
    let failed = json!({"Error": "Retryable.Late", "Cause": "late"});
    let aborted = json!({"detail": {"name": request, "status": "ABORTED"}});
    let late = [
        ("Settle", json!({"requestId": request, "outcome": "failed", "attempt": 1, "error": failed})),
        ("Settle", aborted),
        ("Settle", json!({"requestId": request, "outcome": "active"})),
        ("Place", json!({"requestId": request, "destination": "quarantine"})),
        ("Place", json!({"requestId": request, "destination": "return"})),
        ("Place", json!({"requestId": request, "destination": "target"})),
        ("Verify", json!({"requestId": request})),
        ("Profile", json!({"requestId": request})),
        ("Baseline", json!({"requestId": request, "action": "member-roles", "check": 0})),
        ("Baseline", json!({"requestId": request, "action": "probe", "check": 0})),
        ("Create", json!({"requestId": request, "check": 0})),
        ("Admit", json!({"requestId": request, "action": "take-slot", "check": 0})),
        ("Admit", json!({"requestId": request, "action": "reserve", "check": 0})),
    ];
    let mark = world.gateway.mark().await;
    for (function, event) in &late {
        let answer = world.deliver(function, event).await;
        let refused = answer["errorType"] == "Conflict.RequestSettled";
        assert!(refused || answer["errorType"].is_null(), "{function} {event}: {answer}");
    }
    assert_eq!(world.get(&format!("/accounts/{request}")).await.unwrap(), before);
    assert_eq!(world.unit(account).await.unwrap(), "AI/AI DEV");
    assert!(world.gave_slot_back(&request).await);
    let effects = ["CreateAccount", "MoveAccount", "PutEvents", "CreateStack", "TagResource"];
    let calls = world.gateway.calls(mark).await.into_iter().filter(|call| effects.contains(&call.action.as_str()));
    assert_eq!(calls.count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_delivered_before_their_turn_are_refused_and_the_account_still_comes() {
    let world = World::new().await;
    let name = world.name("early");
    let request = world.post(&name).await.unwrap().text("requestId").to_owned();
    for (function, event, refusal) in [
        ("Place", json!({"requestId": request, "destination": "target"}), "Conflict.NoAccount"),
        ("Profile", json!({"requestId": request}), "Conflict.NoAccount"),
        ("Settle", json!({"requestId": request, "outcome": "active"}), "Conflict.NotPlaced"),
    ] {
        let answer = world.deliver(function, &event).await;
        assert_eq!(answer["errorType"], refusal, "{function}: {answer}");
    }
    let record = world.follow(&request).await.unwrap();
    assert_eq!(record["state"], "ACTIVE", "{record}");
    assert_eq!(world.unit(record["accountId"].as_str().unwrap()).await.unwrap(), "AI/AI DEV");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_of_an_attempt_starts_nothing() {
    let world = World::new().await;
    let name = world.name("twice");
    let request = world.post(&name).await.unwrap().text("requestId").to_owned();
    let input = format!(r#"{{"requestId":"{request}","attempt":1}}"#);
    let machine = world.stack.output("VendingStateMachineArn");
    for _ in 0..2 {
        let again = world.sfn.start_execution().state_machine_arn(machine).name(&request).input(&input).send().await;
        // A success or a refusal, by the state of the first one: neither starts anything.
        let refused = again
            .as_ref()
            .is_err_and(|why| why.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists));
        assert!(again.is_ok() || refused, "{again:?}");
    }
    let record = world.follow(&request).await.unwrap();
    assert_eq!(record["state"], "ACTIVE", "{record}");
    let executions = world.sfn.list_executions().state_machine_arn(machine).send().await.expect("a list");
    assert_eq!(executions.executions().iter().filter(|one| one.name() == request).count(), 1);
    let email = record["rootEmail"].as_str().unwrap();
    assert_eq!(world.accounts().await.get(email).map(Vec::len), Some(1));
}

//! What stands in the way, and the words for what does not.

use super::*;
use crate::testing::{Wire, World, account, decide, now, step};
use finops::{Lease, Verdict};
use serde_json::json;

async fn obstacle_after(change: impl Fn(&mut Work, &mut Decision, &mut Record)) -> String {
    let wire = Wire::new(World::new());
    decide(&wire, Direction::Up, Stage::Restrict).await;
    let mut taken: Work = serde_json::from_value(step(Direction::Up, Stage::Restrict)).unwrap();
    let mut decision = wire.app().ledger.decision(&account()).await.unwrap().unwrap();
    let mut record = Record::new(account());
    change(&mut taken, &mut decision, &mut record);
    let place: Account = serde_json::from_value(json!({"id": account(), "name": "Models", "environment": "dev",
        "accountType": "llms-foundation-models", "unit": "AI/AI DEV", "state": "ACTIVE"}))
    .unwrap();
    obstacle(&taken, &decision, &record, &place, true, now()).unwrap_or_default()
}

#[tokio::test]
async fn only_what_is_decided_now_is_done() {
    assert_eq!(obstacle_after(|_, _, _| {}).await, "");
    for outcome in [Outcome::Held, Outcome::Approval, Outcome::Would, Outcome::Settled] {
        let why = obstacle_after(|_, decision, _| decision.outcome = outcome).await;
        assert!(why.contains("something else is decided"), "{outcome:?}: {why}");
    }
    let why = obstacle_after(|step, _, _| step.step_id = "up-restrict-2026-10-01".to_owned()).await;
    assert!(why.contains("something else is decided"), "{why}");
    let why = obstacle_after(|step, _, _| step.decided_at = now() - SignedDuration::from_mins(121)).await;
    assert!(why.contains("too old"), "{why}");
    let why = obstacle_after(|_, _, record| record.stage = Stage::Restrict).await;
    assert_eq!(why, "the account is at restrict already");
}

#[tokio::test]
async fn one_execution_at_a_time_and_the_same_one_again() {
    let lease = |holder: &str, minutes| {
        Some(Lease { holder: holder.to_owned(), until: now() + SignedDuration::from_mins(minutes) })
    };
    let why = obstacle_after(|_, _, record| record.lease = lease("another", 1)).await;
    assert_eq!(why, "another works on the account");
    assert_eq!(obstacle_after(|_, _, record| record.lease = lease("another", 0)).await, "");
    // A decision that was made meanwhile holds everything, for the account is busy with this very execution.
    let again = obstacle_after(|step, decision, record| {
        record.lease = lease(&step.execution_id, 20);
        decision.outcome = Outcome::Held;
    });
    assert_eq!(again.await, "");
}

#[tokio::test]
async fn grounds_are_the_rules_that_hold_and_who_approved() {
    let wire = Wire::new(World::new());
    decide(&wire, Direction::Up, Stage::Restrict).await;
    let mut taken: Work = serde_json::from_value(step(Direction::Up, Stage::Restrict)).unwrap();
    let decision = wire.app().ledger.decision(&account()).await.unwrap().unwrap();
    let mut record = Record::new(account());
    let verdict = Verdict { approved: true, by: "jane".to_owned(), at: now(), reason: Some("as agreed".to_owned()) };
    record.verdicts.insert(taken.step_id.clone(), verdict);
    assert_eq!(why(&taken, &decision, &record), ["reported at least 450: reported 480", "approved by jane: as agreed"]);
    taken.direction = Direction::Down;
    assert_eq!(why(&taken, &decision, &record)[0], "the new period shows 12");
}

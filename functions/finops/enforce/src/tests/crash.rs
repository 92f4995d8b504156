//! Killed after any call, and run again: by the workflow, or by another execution once the lease is over.

use super::{attached, brought, statuses};
use crate::testing::{Run, Wire, World, decide, later, step};
use finops::{Direction, Stage};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is compared: what the account is like and what is on record of it, without times.
#[derive(Debug, PartialEq)]
struct End {
    attached: String,
    notebooks: String,
    tags: Vec<BTreeMap<String, String>>,
    stage: Stage,
    guardrails: String,
    stopped: Vec<String>,
    free: bool,
}

async fn end(wire: &Wire) -> End {
    let record = wire.record().await;
    End {
        attached: attached(wire),
        notebooks: statuses(wire),
        tags: wire.with(|world| world.notebooks.values().map(|notebook| notebook.tags.clone()).collect()),
        stage: record.stage,
        guardrails: format!("{:?} {:?}", record.guardrails, record.begun),
        stopped: wire.with(|world| {
            let stopped = world.items.iter().filter(|(id, _)| id.starts_with("stopped#"));
            let content = |item: &Value| serde_json::from_str::<Value>(item["content"]["S"].as_str().unwrap()).unwrap();
            stopped.map(|(id, item)| format!("{id} {}", content(item)["phase"])).collect()
        }),
        free: record.lease.is_none() && record.failure.is_none(),
    }
}

/// Every way through one step. `from` is the world before it.
async fn every_call(from: &World, direction: Direction, to: Stage) {
    let fresh = || Wire::new(from.clone());
    let undisturbed = fresh();
    decide(&undisturbed, direction, to).await;
    undisturbed.calls();
    assert_eq!(undisturbed.run(&step(direction, to), true).await, Run::Done);
    let (calls, wanted) = (undisturbed.calls(), end(&undisturbed).await);
    assert!(calls.len() > 20, "{calls:?}");
    let mut read = BTreeSet::new();
    for (at, call) in calls.iter().enumerate() {
        let changes = !["Get", "List", "Describe", "Query", "Rest"].iter().any(|read| call.starts_with(read));
        for (retries, has_effect) in [(true, true), (true, false), (false, true), (false, false)] {
            // Whoever dies at a reading leaves what the change before it left: one of each name is enough.
            if !changes && (has_effect || !read.insert((call, retries))) {
                continue;
            }
            let what = format!("{direction:?} {to}, call {at} {call}, effect {has_effect}, again {retries}");
            let wire = fresh();
            decide(&wire, direction, to).await;
            wire.kill(crate::testing::Kill { calls: at + 1, has_effect });
            let run = wire.run(&step(direction, to), retries).await;
            assert!(!wire.revive(), "{what}: it was not killed: {run:?}");
            if retries {
                assert_eq!(run, Run::Done, "{what}");
                let told = wire.with(|world| (world.letters.len(), world.events.len()));
                let least = (from.letters.len(), from.events.len());
                assert!(told.0 > least.0 && told.1 > least.1, "{what}: {told:?}");
            } else {
                assert_eq!(run, Run::Dead, "{what}");
                later(31 * 60);
                // The evaluation decides again what it finds not done.
                if wire.record().await.stage != to {
                    assert_eq!(wire.take(direction, to).await, Run::Done, "{what}");
                }
            }
            assert_eq!(end(&wire).await, wanted, "{what}");
        }
    }
}

async fn from(stage: Stage) -> World {
    brought(stage).await.with(|world| world.clone())
}

#[tokio::test]
async fn up_to_restrict() {
    every_call(&World::new(), Direction::Up, Stage::Restrict).await;
}

#[tokio::test]
async fn up_to_stop() {
    every_call(&from(Stage::Restrict).await, Direction::Up, Stage::Stop).await;
}

#[tokio::test]
async fn up_to_freeze() {
    every_call(&from(Stage::Stop).await, Direction::Up, Stage::Freeze).await;
}

#[tokio::test]
async fn down_from_freeze() {
    every_call(&from(Stage::Freeze).await, Direction::Down, Stage::Stop).await;
}

#[tokio::test]
async fn down_from_stop() {
    every_call(&from(Stage::Stop).await, Direction::Down, Stage::Restrict).await;
}

#[tokio::test]
async fn down_from_restrict() {
    every_call(&from(Stage::Restrict).await, Direction::Down, Stage::None).await;
}

/// A step up that dies halfway and is not wanted any more leaves nothing beyond the stage.
#[tokio::test]
async fn a_step_that_is_given_up_halfway_is_taken_back() {
    let before = from(Stage::Restrict).await;
    let calm = end(&Wire::new(before.clone())).await;
    for at in [30, 40, 50, 60] {
        let wire = Wire::new(before.clone());
        decide(&wire, Direction::Up, Stage::Stop).await;
        wire.kill(crate::testing::Kill { calls: at, has_effect: true });
        assert_eq!(wire.run(&step(Direction::Up, Stage::Stop), false).await, Run::Dead);
        assert_eq!(wire.record().await.begun, Some(Stage::Stop));
        later(31 * 60);
        assert_eq!(wire.take(Direction::Again, Stage::Restrict).await, Run::Done);
        assert_eq!(end(&wire).await, calm, "{at}");
    }
}

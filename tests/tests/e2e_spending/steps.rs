//! One account, step by step up and down again.

use crate::{
    ears::Ears,
    plant::Plant,
    world::{World, text},
};
use guardrails::Guardrail;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const RESTRICT: [Guardrail; 1] = [Guardrail::SpendRestrict];
const FREEZE: [Guardrail; 2] = [Guardrail::SpendRestrict, Guardrail::SpendFreeze];

/// Approves the step that waits, and follows it to its end.
async fn approved(world: &World, account: &str, seen: &Value) -> Value {
    let step = text(seen, "/step/id");
    assert_eq!((text(seen, "/outcome"), seen["step"]["id"].is_string()), ("approval", true), "{seen}");
    let answer = world.approve(account, step).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    // The approval starts an evaluation by itself.
    world.quiet().await;
    world.spend(account).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_goes_up_and_comes_down_as_it_was() {
    let world = World::new().await;
    let account = world.account("dev").await;
    let plant = Plant::make(&world, &account).await;
    let mut ears = Ears::open(&world).await;
    let (before, policies) = (plant.image().await, world.policies(&account).await);

    // Bill and meter agree on 130 % of the limit: new spending is denied at once.
    world.spent(&account, 650).await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/record/stage"), "restrict", "{seen}");
    assert_eq!(world.attached(&account).await, RESTRICT.into());
    assert_eq!(plant.differs(&before).await, Vec::<String>::new());
    let taken = ears.event("Spend Step Taken", &account).await;
    assert_eq!(text(&taken, "/to"), "restrict", "{taken}");

    // To stop what runs, people are asked.
    let seen = world.step(&account).await;
    let step = text(&seen, "/step/id").to_owned();
    assert!(step.starts_with("up-stop-"), "{seen}");
    let proposal = ears.letter(&account, &step).await;
    assert_eq!(proposal["MessageAttributes"]["kind"]["Value"], "proposal", "{proposal}");
    assert_eq!(ears.event("Spend Step Proposed", &account).await["step"]["id"], json!(step));
    assert_eq!(world.approve(&account, "up-freeze-2020-01-01").await.status, 409);
    assert_eq!(plant.differs(&before).await, Vec::<String>::new());
    let seen = approved(&world, &account, &seen).await;
    assert_eq!(text(&seen, "/record/stage"), "stop", "{seen}");
    assert_eq!(plant.running().await, Vec::<&str>::new());
    assert!(plant.suspended().await.contains("ReplaceUnhealthy"));
    let stopped: Vec<Value> = world
        .ledger
        .all_stopped(&landing_zone::AccountId::parse(&account).expect("an account"))
        .await
        .expect("what was stopped");
    let saved = |kind: &str| stopped.iter().any(|one| one["workload"]["kind"] == kind && !one["before"].is_null());
    assert!(["notebook", "endpoint", "gpu-instance", "training-job"].into_iter().all(saved), "{stopped:#?}");

    let seen = world.step(&account).await;
    let seen = approved(&world, &account, &seen).await;
    assert_eq!(text(&seen, "/record/stage"), "freeze", "{seen}");
    assert_eq!(world.attached(&account).await, FREEZE.into());
    // Seen in place, it is settled.
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/outcome"), "settled", "{seen}");

    // A raised limit lets go of it, step by step.
    world.allow(&account, "limit", "5000").await;
    world.quiet().await;
    let mut stages = vec![text(&world.spend(&account).await, "/record/stage").to_owned()];
    while stages.len() < 6 && stages.last().is_some_and(|stage| stage != "none") {
        stages.push(text(&world.step(&account).await, "/record/stage").to_owned());
    }
    assert_eq!(stages, ["stop", "restrict", "none"], "{}", world.spend(&account).await);
    assert_eq!(world.policies(&account).await, policies);
    assert_eq!(plant.differs(&before).await, Vec::<String>::new());
    let seen = world.step(&account).await;
    assert_eq!((text(&seen, "/outcome"), &seen["record"]["guardrails"]), ("settled", &json!({})), "{seen}");
    let left = world.ledger.all_stopped::<Value>(&landing_zone::AccountId::parse(&account).expect("an account")).await;
    assert!(left.expect("what was stopped").is_empty());

    // Each step was told once to machines and once to people.
    ears.listen().await;
    let taken: Vec<String> = ears
        .events("Spend Step Taken", &account)
        .iter()
        .map(|event| format!("{} {}", text(event, "/direction"), text(event, "/to")))
        .collect();
    assert_eq!(taken, ["up restrict", "up stop", "up freeze", "down stop", "down restrict", "down none"]);
    let letters: BTreeSet<String> =
        ears.letters(&account).iter().map(|letter| text(letter, "/Message").to_owned()).collect();
    assert_eq!(letters.len(), ears.letters(&account).len(), "{letters:#?}");
    assert_eq!(ears.kind("page"), Vec::<Value>::new());
    ears.close().await;
    world.end().await;
}

//! The switch of people: off, nothing is done either way.

use crate::world::{World, text};
use guardrails::Guardrail;
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_nothing_is_done_in_either_direction() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 650).await;
    let held = |seen: &serde_json::Value| {
        text(seen, "/outcome") == "held" && seen["heldBy"].to_string().contains("enforcement is switched off")
    };
    // What is neither on nor off cannot be set; what cannot be read is off.
    world.switch("off").await;
    let seen = world.step(&account).await;
    assert!(held(&seen), "{seen}");
    assert_eq!(world.steps_of(&account).await, []);
    world.switch("on").await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/record/stage"), "restrict", "{seen}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_what_was_done_stays() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 650).await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/record/stage"), "restrict", "{seen}");
    let steps = world.steps_of(&account).await.len();
    world.switch("off").await;
    world.allow(&account, "limit", "5000").await;
    world.quiet().await;
    let seen = world.step(&account).await;
    assert!(seen["heldBy"].to_string().contains("enforcement is switched off"), "{seen}");
    assert_eq!(world.attached(&account).await, [Guardrail::SpendRestrict].into());
    assert_eq!(world.steps_of(&account).await.len(), steps);
    world.switch("on").await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/record/stage"), "none", "{seen}");
    assert_eq!(world.attached(&account).await, BTreeSet::new());
    world.end().await;
}

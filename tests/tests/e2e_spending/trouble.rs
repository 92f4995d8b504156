//! What people do by hand, and what AWS refuses.

use crate::{
    ears::Ears,
    world::{World, text},
};
use guardrails::Guardrail;
use serde_json::json;
use std::collections::BTreeSet;

impl World {
    async fn attach(&self, account: &str, guardrail: Guardrail) {
        let attached = self.organizations.attach_policy().policy_id(self.policy(guardrail)).target_id(account).send();
        attached.await.expect("AttachPolicy");
    }

    async fn detach(&self, account: &str, guardrail: Guardrail) {
        let detached = self.organizations.detach_policy().policy_id(self.policy(guardrail)).target_id(account).send();
        detached.await.expect("DetachPolicy");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_somebody_detached_is_attached_again() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 520).await;
    assert_eq!(text(&world.step(&account).await, "/record/stage"), "restrict");
    world.detach(&account, Guardrail::SpendRestrict).await;
    let seen = world.step(&account).await;
    assert_eq!(world.attached(&account).await, [Guardrail::SpendRestrict].into(), "{seen}");
    assert_eq!(
        (text(&seen, "/decision/step/direction"), text(&seen, "/record/stage")),
        ("again", "restrict"),
        "{seen}"
    );
    world.allow(&account, "limit", "5000").await;
    world.quiet().await;
    assert_eq!(text(&world.step(&account).await, "/record/stage"), "none");
    assert_eq!(world.attached(&account).await, BTreeSet::new());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_that_somebody_else_attached_stays() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.attach(&account, Guardrail::SpendRestrict).await;
    world.spent(&account, 520).await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/record/stage"), "restrict", "{seen}");
    assert_eq!(seen["record"]["guardrails"], json!({"spend-restrict": "another"}), "{seen}");
    world.allow(&account, "limit", "5000").await;
    world.quiet().await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/record/stage"), "none", "{seen}");
    assert_eq!(world.attached(&account).await, [Guardrail::SpendRestrict].into());
    world.detach(&account, Guardrail::SpendRestrict).await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_without_room_for_a_policy_is_told_of_and_comes_later() {
    let world = World::new().await;
    let account = world.account("dev").await;
    let mut ears = Ears::open(&world).await;
    let policies = world.policies(&account).await;
    world.gateway.post("/_local/organizations/policies", &json!({"mostAttached": policies.len()})).await;
    world.spent(&account, 520).await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/record/stage"), "none", "{seen}");
    let failure = &seen["record"]["failure"];
    assert!(text(failure, "/advice").contains("Detach a policy"), "{seen}");
    assert!(seen["record"]["lease"].is_null(), "{seen}");
    assert_eq!(world.policies(&account).await, policies);
    let failed = ears.event("Spend Step Failed", &account).await;
    ears.letter(&account, "Detach a policy").await;
    assert!(failed.to_string().contains("PolicyLimit"), "{failed}");
    world.gateway.post("/_local/organizations/policies", &json!({})).await;
    let seen = world.step(&account).await;
    assert_eq!((text(&seen, "/record/stage"), &seen["record"]["failure"]), ("restrict", &json!(null)), "{seen}");
    ears.close().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_was_moved_away_is_only_spoken_of() {
    let world = World::new().await;
    let account = world.account("dev").await;
    let parents = world.organizations.list_parents().child_id(&account).send().await.expect("ListParents");
    let unit = parents.parents()[0].id().expect("an id").to_owned();
    let roots = world.organizations.list_roots().send().await.expect("ListRoots");
    let root = roots.roots()[0].id().expect("an id").to_owned();
    let moved = |from: &str, to: &str| {
        world.organizations.move_account().account_id(&account).source_parent_id(from).destination_parent_id(to).send()
    };
    moved(&unit, &root).await.expect("MoveAccount");
    world.spent(&account, 650).await;
    let seen = world.step(&account).await;
    assert_eq!((text(&seen, "/outcome"), text(&seen, "/desired")), ("settled", "notify"), "{seen}");
    assert!(world.attached(&account).await.is_empty());
    moved(&root, &unit).await.expect("MoveAccount");
    assert_eq!(text(&world.step(&account).await, "/record/stage"), "restrict");
    world.end().await;
}

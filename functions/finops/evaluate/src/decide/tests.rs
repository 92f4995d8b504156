use super::*;
use crate::testing::{Wire, costs, id, later, now, observed};
use finops::{Account, Holder, Observed, Stage, Verdict};
use guardrails::Guardrail;
use landing_zone::Environment;
use std::collections::BTreeSet;

/// Five accounts: 1 is to be restricted, 2 is restricted and waits for approval of more, 3 is in production and over its
/// limit, 4 spends little, and the bill of 5 shows a trillion.
async fn five() -> Wire {
    let wire = Wire::new();
    let ledger = &wire.app().ledger;
    for (digit, environment, ai) in [
        (1, Environment::Dev, 35),
        (2, Environment::Dev, 35),
        (3, Environment::Prod, 400),
        (4, Environment::Dev, 2),
        (5, Environment::Dev, 2),
    ] {
        let (mut observed, mut costs) = (observed(digit, environment, ai), costs(digit, ai));
        if digit == 2 {
            observed.in_place.as_mut().unwrap().guardrails.insert(Guardrail::SpendRestrict);
            let mut record = ledger.spend(&id(2)).await.unwrap();
            record.value.reach(
                Stage::Restrict,
                finops::Period::Monthly.window(finops::day_of(now())),
                500.into(),
                now(),
            );
            record.value.guardrails.insert(Guardrail::SpendRestrict, Holder::Ours);
            ledger.store_spend(&mut record, now()).await.unwrap();
        }
        if digit == 5 {
            let day = costs.days.values_mut().next_back().unwrap();
            day.services.insert("Amazon Bedrock".to_owned(), 1_000_000_000_000_i64.into());
        }
        ledger.store_observed(&observed).await.unwrap();
        ledger.store_costs(&costs).await.unwrap();
    }
    wire
}

/// Everything is looked at and read again, and shows the same.
async fn look_again(wire: &Wire) {
    let ledger = &wire.app().ledger;
    for observed in ledger.all_observed().await.unwrap() {
        ledger.store_observed(&Observed { at: now(), ..observed }).await.unwrap();
    }
    for mut costs in ledger.all_costs().await.unwrap() {
        costs.read_at = now();
        ledger.store_costs(&costs).await.unwrap();
    }
}

/// How often people and machines were told.
fn told(wire: &Wire) -> (usize, usize) {
    let world = wire.world();
    (world.letters.len(), world.events.len())
}

/// What people and machines know, each once, and what is on record, without times.
fn end(wire: &Wire) -> serde_json::Value {
    let world = wire.world();
    let letters = world.letters.iter().map(|(kind, subject, _)| (kind, subject.split(':').next()));
    let letters: BTreeSet<_> = letters.collect();
    let events: BTreeSet<_> = world
        .events
        .iter()
        .map(|(kind, detail)| format!("{kind}: {} {} {}", detail["accountId"], detail["called"], detail["outcome"]))
        .collect();
    let steps: BTreeSet<_> =
        world.executions.values().map(|(machine, input)| format!("{machine}: {}", input["stepId"])).collect();
    let ids: BTreeSet<_> = world.items.keys().filter(|id| !id.starts_with("decided#")).collect();
    json!({"letters": letters, "events": events, "executions": steps, "items": ids})
}

#[tokio::test]
async fn people_hear_machines_hear_and_steps_are_started() {
    let wire = five().await;
    let answer = decide(&wire.app(), Some(now())).await.unwrap();
    insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!((&answer, end(&wire))); });
    let world = wire.world();
    let (machine, input) = &world.executions["111111111111-up-restrict-2026-11-01-1795176000"];
    assert_eq!(machine, "enforcement");
    let expected = json!({"accountId": "111111111111", "stepId": "up-restrict-2026-11-01", "direction": "up",
        "to": "restrict", "decidedAt": "2026-11-20T12:00:00Z"});
    assert_eq!(*input, expected);
    let letters: Vec<String> =
        world.letters.iter().map(|(_, subject, text)| format!("# {subject}\n\n{text}")).collect();
    insta::assert_snapshot!(letters.join("\n\n\n"));
}

#[tokio::test]
async fn the_same_again_tells_nothing_again() {
    let wire = five().await;
    decide(&wire.app(), None).await.unwrap();
    let before = told(&wire);
    later(60);
    look_again(&wire).await;
    let answer = decide(&wire.app(), None).await.unwrap();
    assert_eq!((answer.told, answer.changed), (0, 0));
    assert_eq!(told(&wire), before);
    // What is still to be done is started again, under another name.
    assert_eq!(answer.started, ["111111111111-up-restrict-2026-11-01-1795179600"]);
}

#[tokio::test]
async fn a_breach_that_was_not_believed_is_told_as_one_once_it_is() {
    let wire = five().await;
    decide(&wire.app(), None).await.unwrap();
    let said = |wire: &Wire| {
        let world = wire.world();
        let (_, detail) = world.events.iter().rev().find(|(_, detail)| detail["accountId"] == *id(5).as_str()).unwrap();
        (detail["called"].clone(), detail["calledBefore"].clone(), detail["doubted"].is_null())
    };
    assert_eq!(said(&wire), (json!("freeze"), json!("none"), false));
    // It was wrong, and right is still too much.
    later(60);
    wire.app().ledger.store_costs(&costs(5, 35)).await.unwrap();
    wire.app().ledger.store_observed(&observed(5, Environment::Dev, 35)).await.unwrap();
    look_again(&wire).await;
    decide(&wire.app(), None).await.unwrap();
    let (called, before, believed) = said(&wire);
    assert!(called != "none" && called != "notify" && before == "none" && believed, "{called} {before} {believed}");
}

#[tokio::test]
async fn killed_after_any_call_it_ends_the_same() {
    let wire = five().await;
    decide(&wire.app(), None).await.unwrap();
    let whole = end(&wire);
    let mut kills = 0;
    for has_effect in [true, false] {
        for after in 1.. {
            let wire = five().await;
            wire.kill(after, has_effect);
            let killed = decide(&wire.app(), None).await;
            if !wire.revive() {
                break;
            }
            kills += 1;
            // The switch alone may be silent: then it is off.
            assert!(killed.is_err() || wire.world().executions.is_empty(), "{after}");
            later(10);
            decide(&wire.app(), None).await.unwrap();
            assert_eq!(end(&wire), whole, "killed at call {after}, with effect: {has_effect}");
            // Only what was told and not noted when it was killed is told twice.
            let (twice, once) = (told(&wire).0, whole["letters"].as_array().unwrap().len());
            assert!((once..=once + 1).contains(&twice), "{after}: {twice} letters");
        }
    }
    assert!(kills > 60, "{kills}");
}

#[tokio::test]
async fn people_who_could_not_be_told_are_told_the_next_time() {
    let wire = five().await;
    wire.world().refused.insert("Publish");
    assert!(matches!(decide(&wire.app(), None).await, Err(Error::Aws(_))));
    assert!(wire.world().letters.is_empty());
    // Nobody waits for a letter before he acts.
    assert_eq!(wire.world().executions.len(), 1);
    wire.world().refused.clear();
    later(1);
    let answer = decide(&wire.app(), None).await.unwrap();
    assert_eq!(answer.told, told(&wire).0);
    assert!(wire.world().letters.iter().any(|(kind, ..)| kind == "page"));
}

#[tokio::test]
async fn events_that_were_not_taken_are_told_the_next_time_and_steps_do_not_wait_for_them() {
    let wire = five().await;
    wire.world().refused.insert("PutEvents");
    // However often: it is owed until it is told, and on record once.
    for executions in 1..=2 {
        assert!(decide(&wire.app(), None).await.is_err());
        assert_eq!(wire.world().executions.len(), executions);
        later(1);
    }
    wire.world().refused.clear();
    decide(&wire.app(), None).await.unwrap();
    decide(&wire.app(), None).await.unwrap();
    let world = wire.world();
    let decided = world.events.iter().filter(|(kind, _)| kind == "Spend Decided").map(|(_, detail)| detail);
    let told = |detail: &serde_json::Value| {
        let text = |member: &str| detail[member].as_str().unwrap().to_owned();
        (text("accountId"), text("calledBefore"))
    };
    let expected = [1, 2, 3, 4, 5].map(|digit| (id(digit).to_string(), "none".to_owned()));
    assert_eq!(decided.map(told).collect::<Vec<_>>(), expected);
    assert_eq!(world.items.keys().filter(|id| id.starts_with("decided#")).count(), 5);
}

#[tokio::test]
async fn a_switch_that_is_off_or_silent_holds_everything() {
    for silent in [false, true] {
        let wire = five().await;
        if silent {
            wire.world().refused.insert("GetParameter");
        } else {
            wire.world().switch = "On".to_owned();
        }
        let answer = decide(&wire.app(), None).await.unwrap();
        assert_eq!((answer.outcomes["held"], answer.outcomes["act"], answer.outcomes["approval"]), (3, 0, 0));
        assert!(wire.world().executions.is_empty());
        assert!(answer.held.iter().all(|held| held.contains("switch: enforcement is switched off")), "{answer:?}");
    }
}

#[tokio::test]
async fn an_approval_starts_the_step() {
    let wire = five().await;
    let ledger = &wire.app().ledger;
    let mut record = ledger.spend(&id(2)).await.unwrap();
    let verdict = Verdict { approved: true, by: "jane".to_owned(), at: now(), reason: None };
    record.value.verdicts.insert("up-stop-2026-11-01".to_owned(), verdict);
    ledger.store_spend(&mut record, now()).await.unwrap();
    let answer = decide(&wire.app(), None).await.unwrap();
    assert_eq!(answer.outcomes["act"], 2);
    assert!(answer.started.contains(&"222222222222-up-stop-2026-11-01-1795176000".to_owned()), "{answer:?}");
    assert!(!wire.world().letters.iter().any(|(kind, ..)| kind == "proposal"));
}

#[test]
fn figures_that_move_change_no_decision() {
    let _wire = Wire::new();
    let mut known = Known::default();
    let policy = finops::Policy::standard();
    let mut decide_with = |ai: i64| {
        let observed = observed(1, Environment::Dev, ai);
        known.costs.insert(id(1), costs(1, ai));
        known.observed.insert(id(1), observed);
        facts::decisions(&known, &policy, now()).remove(0)
    };
    let [low, higher, over] = [2, 3, 35].map(&mut decide_with);
    assert!(low.signals != higher.signals && !facts::changes(Some(&low), &higher));
    assert!(facts::changes(Some(&low), &over) && facts::changes(None, &low));
}

#[test]
fn the_longest_name_of_an_execution_fits() {
    let _wire = Wire::new();
    let known = Known { observed: [(id(1), observed(1, Environment::Dev, 2))].into(), ..Known::default() };
    let decision = facts::decisions(&known, &finops::Policy::standard(), now()).remove(0);
    let (direction, to) = (finops::Direction::Again, Stage::Restrict);
    let step = Step { id: "again-restrict-2026-11-01".to_owned(), direction, to, approved: false };
    assert!(execution(&decision, &step).len() <= 80);
}

#[test]
fn an_account_without_owner_and_signals_is_told_of_as_it_is() {
    let _wire = Wire::new();
    let mut seen = observed(1, Environment::Dev, 2);
    seen.account = Account { owner: None, account_type: None, environment: None, ..seen.account };
    let known = Known { observed: [(id(1), seen)].into(), ..Known::default() };
    let mut decision = facts::decisions(&known, &finops::Policy::standard(), now()).remove(0);
    (decision.called, decision.desired) = (Stage::Notify, Stage::Notify);
    let about = About { decision: &decision, account: &known.observed[&id(1)].account, before: None };
    let told = tellings(&[], &[about], finops::Currency::USD).remove(0);
    insta::assert_snapshot!(format!("{}\n\n{}", told.subject, told.text));
}

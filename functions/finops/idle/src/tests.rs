//! The function against an account with a notebook that nobody opens, on days that go by.

use super::*;
use crate::{
    look::look,
    stops::restart,
    testing::{NOTEBOOK, Wire, World, ai_account, at},
};
use finops::{Account, IdleReport, IdleState};
use landing_zone::Environment;
use serde_json::{Value, json};

const STOP: &str = r#"{"dev": "stop", "test": "stop", "prod": "warn"}"#;
const FIRST: &str = "2026-11-26T12:00:00Z";
/// Three days later, when the grace is over.
const THIRD: &str = "2026-11-29T12:00:00Z";
const FOURTH: &str = "2026-11-30T12:00:00Z";

fn wire() -> Wire {
    Wire::new(World::new(ai_account(), FIRST))
}

/// Looks on a day on which the account was observed.
async fn on(app: &App, wire: &Wire, day: &str) -> Result<look::Looked, Error> {
    on_as(app, wire, day, ai_account()).await
}

async fn on_as(app: &App, wire: &Wire, day: &str, account: Account) -> Result<look::Looked, Error> {
    let id = account.id.clone();
    wire.with(|world| world.observe(account, day));
    look(app, &id, at(day)).await
}

fn report(wire: &Wire) -> IdleReport {
    let text = wire.with(|world| world.items["idle#111122223333"]["content"]["S"].as_str().unwrap().to_owned());
    serde_json::from_str(&text).unwrap()
}

/// How far the notebook is.
fn state(wire: &Wire) -> Option<IdleState> {
    report(wire).found.into_iter().find(|idle| idle.arn == NOTEBOOK).map(|idle| idle.state)
}

fn told(wire: &Wire) -> Vec<String> {
    wire.with(|world| world.events.iter().map(|event| event["DetailType"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn an_owner_is_told_and_days_later_the_notebook_stops_and_can_be_started_again() {
    let wire = wire();
    let app = wire.app(STOP);
    let first = on(&app, &wire, FIRST).await.unwrap();
    insta::with_settings!({sort_maps => true}, {
        insta::assert_json_snapshot!(first);
        insta::assert_json_snapshot!(report(&wire));
    });
    // The notebook is of the account's owner, the volume has its own.
    let letters = wire.with(|world| world.letters.clone());
    assert_eq!(letters.len(), 2);
    assert!(
        letters.iter().any(|letter| letter.contains("jane%40example.com")
            && letter.contains("will%20be%20stopped%20after%202026-11-29"))
    );
    assert!(letters.iter().any(|letter| letter.contains("joe%40example.com") && letter.contains("vol-1")));

    let early = on(&app, &wire, "2026-11-29T11:59:59Z").await.unwrap();
    assert_eq!(serde_json::to_value(&early).unwrap()["stopped"], 0);
    assert_eq!(wire.with(|world| world.changes.len()), 0);

    let due = on(&app, &wire, THIRD).await.unwrap();
    assert_eq!(serde_json::to_value(&due).unwrap()["stopped"], 1);
    assert_eq!(wire.with(|world| world.status), "Stopped");
    assert_eq!(wire.with(|world| world.tags[workloads::STOPPED_BY].clone()), "spend-idle");
    assert_eq!(state(&wire), Some(IdleState::Stopped { at: at(THIRD) }));
    assert_eq!(told(&wire), ["Idle Resources Found", "Idle Resource Stopped"]);
    assert_eq!(wire.with(|world| world.letters.len()), 2);

    on(&app, &wire, FOURTH).await.unwrap();
    assert_eq!(state(&wire), Some(IdleState::Stopped { at: at(THIRD) }));
    assert_eq!(told(&wire).len(), 2);

    let restarted = restart(&app, NOTEBOOK, at(FOURTH)).await.unwrap();
    assert_eq!(serde_json::to_value(&restarted).unwrap(), json!({"arn": NOTEBOOK, "started": true, "waits": false}));
    assert_eq!(wire.with(|world| (world.status, world.tags.len())), ("InService", 0));
    on(&app, &wire, "2026-12-01T12:00:00Z").await.unwrap();
    assert_eq!(state(&wire), None);
    assert!(matches!(restart(&app, NOTEBOOK, at(FOURTH)).await, Err(Error::NotStopped(_))));
}

#[tokio::test]
async fn what_is_used_again_is_forgotten_and_warned_of_anew() {
    let wire = wire();
    let app = wire.app(STOP);
    on(&app, &wire, FIRST).await.unwrap();
    wire.with(|world| world.last_line = Some(at("2026-11-28T09:00:00Z")));
    on(&app, &wire, THIRD).await.unwrap();
    assert_eq!(state(&wire), None);
    let later = "2026-12-24T12:00:00Z";
    on(&app, &wire, later).await.unwrap();
    let stops_at = Some(at("2026-12-27T12:00:00Z"));
    assert_eq!(state(&wire), Some(IdleState::Warned { at: at(later), stops_at }));
    assert_eq!(wire.with(|world| world.changes.len()), 0);
}

#[tokio::test]
async fn nothing_is_stopped_while_the_switch_is_not_on() {
    for switch in ["off", "", "ON"] {
        let wire = wire();
        let app = wire.app(STOP);
        on(&app, &wire, FIRST).await.unwrap();
        wire.with(|world| world.switch = switch);
        on(&app, &wire, THIRD).await.unwrap();
        assert_eq!(wire.with(|world| (world.status, world.changes.len())), ("InService", 0), "{switch}");
    }
}

#[tokio::test]
async fn what_may_not_be_stopped_is_not() {
    let changed = async |modes: &str, change: fn(&mut Account), tags: &[(&str, &str)]| {
        let wire = wire();
        wire.with(|world| {
            world.tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        });
        let app = wire.app(modes);
        for day in [FIRST, THIRD, FOURTH] {
            let mut account = ai_account();
            change(&mut account);
            on_as(&app, &wire, day, account).await.unwrap();
        }
        let changes = wire.with(|world| world.changes.len());
        (changes > 0, state(&wire).map(|state| serde_json::to_value(state).unwrap()["state"].clone()))
    };
    let is = |word: &str| Some(Value::from(word));
    assert_eq!(changed(STOP, |_| {}, &[]).await, (true, is("stopped")));
    let to_prod = |account: &mut Account| {
        (account.environment, account.unit) = (Some(Environment::Prod), Some("AI/AI PROD".to_owned()));
    };
    assert_eq!(changed(STOP, to_prod, &[]).await, (false, is("warned")));
    // It lies somewhere else than its tags say.
    assert_eq!(changed(STOP, |account| account.unit = Some("Quarantine".to_owned()), &[]).await, (false, is("warned")));
    let exempt = [("spend-exempt", "until 2027-01-31 by jane@example.com for the launch")];
    assert_eq!(changed(STOP, |_| {}, &exempt).await, (false, is("kept")));
    let warn = r#"{"dev": "warn", "test": "report", "prod": "report"}"#;
    assert_eq!(changed(warn, |_| {}, &[]).await, (false, is("warned")));
    let report = r#"{"dev": "report", "test": "report", "prod": "report"}"#;
    assert_eq!(changed(report, |_| {}, &[]).await, (false, is("found")));
}

#[tokio::test]
async fn what_enforcement_stops_is_left_to_it() {
    let wire = wire();
    let app = wire.app(STOP);
    on(&app, &wire, FIRST).await.unwrap();
    let record = json!({"workload": {"kind": "notebook", "arn": NOTEBOOK, "name": "lab", "region": "eu-west-1",
        "instanceType": "ml.g5.xlarge", "count": 1, "since": FIRST, "tags": {}, "id": {}}, "before": {},
        "phase": "stopping", "stoppedBy": "spend-enforcement"});
    let id = format!("stopped#111122223333#{NOTEBOOK}");
    let item = json!({"id": {"S": id}, "version": {"N": "1"}, "content": {"S": record.to_string()},
        "kind": {"S": "spend-stopped#111122223333"}});
    wire.with(|world| world.items.insert(id.clone(), item.clone()));
    on(&app, &wire, THIRD).await.unwrap();
    assert_eq!(state(&wire), Some(IdleState::Kept { why: "it is in the hands of spend-enforcement".to_owned() }));
    assert_eq!(wire.with(|world| world.items[&id].clone()), item);
    assert!(matches!(restart(&app, NOTEBOOK, at(THIRD)).await, Err(Error::NotStopped(_))));
}

#[tokio::test]
async fn what_is_out_of_sight_stays_as_it_was() {
    let wire = wire();
    let app = wire.app(STOP);
    on(&app, &wire, FIRST).await.unwrap();
    let before = report(&wire).found;
    for hide in [|world: &mut World| world.closed = true, |world: &mut World| world.no_role = true] {
        wire.with(hide);
        let looked = on(&app, &wire, "2026-11-27T12:00:00Z").await.unwrap();
        assert_eq!(report(&wire).found, before);
        assert!(!serde_json::to_value(&looked).unwrap()["blind"].as_array().unwrap().is_empty());
    }
    assert_eq!(wire.with(|world| world.letters.len()), 2);
}

#[tokio::test]
async fn what_vanishes_while_it_is_looked_at_hides_nothing() {
    let wire = wire();
    wire.with(|world| world.vanishes = true);
    on(&wire.app(STOP), &wire, FIRST).await.unwrap();
    assert_eq!((state(&wire), report(&wire).blind, report(&wire).found.len()), (None, Vec::new(), 1));
    for (descriptions, found) in [(0, 2), (1, 2), (2, 3)] {
        let wire = self::wire();
        wire.with(|world| world.app_descriptions = Some(descriptions));
        on(&wire.app(STOP), &wire, FIRST).await.unwrap();
        assert_eq!((report(&wire).blind, report(&wire).found.len()), (Vec::new(), found), "{descriptions}");
    }
}

#[tokio::test]
async fn regions_are_looked_into_at_once_and_told_in_their_order() {
    let wire = wire();
    wire.with(|world| world.closed = true);
    let mut app = wire.app(STOP);
    app.regions = ["eu-west-1", "us-east-1", "eu-central-1", "ap-south-1", "sa-east-1"].map(str::to_owned).to_vec();
    on(&app, &wire, FIRST).await.unwrap();
    let mut told: Vec<String> =
        report(&wire).blind.iter().filter_map(|blind| Some(blind.split(',').next()?.to_owned())).collect();
    told.dedup();
    assert_eq!(told, app.regions);
}

#[tokio::test]
async fn a_notebook_without_a_log_is_not_known_to_be_idle() {
    let wire = wire();
    wire.with(|world| world.last_line = None);
    on(&wire.app(STOP), &wire, FIRST).await.unwrap();
    assert_eq!(state(&wire), None);
    assert!(report(&wire).blind[0].contains("no log of Jupyter"), "{:?}", report(&wire).blind);
}

#[tokio::test]
async fn whichever_call_is_lost_nothing_is_stopped_untold_and_it_ends_the_same() {
    let mut most = 0;
    for has_effect in [false, true] {
        for day in [FIRST, THIRD] {
            for lost in 1..100 {
                let wire = wire();
                let app = wire.app(STOP);
                let mut was_lost = false;
                for today in
                    [FIRST, "2026-11-26T13:00:00Z", "2026-11-29T11:00:00Z", THIRD, "2026-11-29T13:00:00Z", FOURTH]
                {
                    wire.with(|world| world.lost = Some((lost, has_effect)).filter(|_| today == day));
                    let _ = on(&app, &wire, today).await;
                    was_lost |= today == day && wire.with(|world| world.lost.take().is_none());
                }
                if !was_lost {
                    most = most.max(lost);
                    break;
                }
                assert_eq!(wire.with(|world| world.status), "Stopped", "call {lost} of {day}");
                assert!(
                    matches!(state(&wire), Some(IdleState::Stopped { .. })),
                    "call {lost} of {day}: {:?}",
                    state(&wire)
                );
                wire.with(|world| assert!(world.changes.iter().all(|(_, told)| *told >= 1), "call {lost} of {day}"));
                assert!(told(&wire).iter().any(|event| event == "Idle Resource Stopped"), "call {lost} of {day}");
                restart(&app, NOTEBOOK, at(FOURTH)).await.unwrap();
                assert_eq!(
                    wire.with(|world| (world.status, world.tags.len())),
                    ("InService", 0),
                    "call {lost} of {day}"
                );
            }
        }
    }
    assert!(most > 20, "{most} calls");
}

#[tokio::test]
async fn only_ai_accounts_in_use_are_listed() {
    let wire = wire();
    wire.with(|world| {
        for (id, change) in [
            ("222222222222", (|account| account.state = "SUSPENDED".to_owned()) as fn(&mut Account)),
            ("333333333333", |account| account.environment = None),
            ("444444444444", |account| account.account_type = landing_zone::AccountType::parse("finops").ok()),
            ("000011112222", |_| {}),
        ] {
            let mut account = ai_account();
            account.id = AccountId::parse(id).unwrap();
            change(&mut account);
            world.observe(account, FIRST);
        }
    });
    let app = wire.app(STOP);
    let answer = serde_json::to_value(handle(&app, Event::List).await.unwrap()).unwrap();
    assert_eq!(answer, json!({"accounts": [{"accountId": "000011112222"}, {"accountId": "111122223333"}]}));
    let unknown = Event::Look { account_id: AccountId::parse("999999999999").unwrap() };
    assert!(matches!(handle(&app, unknown).await, Err(Error::NotObserved(_))));
}

#[test]
fn events_are_read_as_the_workflow_sends_them() {
    let read = |value: Value| serde_json::from_value::<Event>(value).is_ok();
    assert!(read(json!({"action": "list"})));
    assert!(read(json!({"action": "look", "accountId": "111122223333"})));
    assert!(read(json!({"action": "start", "arn": NOTEBOOK})));
    assert!(!read(json!({"action": "look", "accountId": "11112222333"})));
    assert!(!read(json!({"action": "delete"})));
}

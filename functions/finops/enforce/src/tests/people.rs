//! People change things at the same time.

use super::{attached, brought, statuses};
use crate::handle;
use crate::testing::{Notebook, Run, Wire, World, account, decide, later, step};
use finops::{Direction, Holder, Stage};
use guardrails::Guardrail;
use landing_zone::Fault as _;

#[tokio::test]
async fn what_somebody_else_attached_stays() {
    let mut world = World::new();
    world.attached.insert("p-spend-restrict".to_owned());
    let wire = Wire::new(world);
    assert_eq!(wire.take(Direction::Up, Stage::Restrict).await, Run::Done);
    assert_eq!(wire.record().await.guardrails, [(Guardrail::SpendRestrict, Holder::Another)].into());
    assert!(!wire.calls().contains(&"AttachPolicy".to_owned()));
    later(3600);
    assert_eq!(wire.take(Direction::Down, Stage::None).await, Run::Done);
    assert_eq!(attached(&wire), "p-FullAWSAccess p-spend-restrict");
    assert!(wire.record().await.guardrails.is_empty());
}

#[tokio::test]
async fn what_somebody_detached_or_started_by_hand_is_put_back() {
    let wire = brought(Stage::Freeze).await;
    let told = wire.with(|world| world.letters.len());
    wire.with(|world| {
        world.attached.remove("p-spend-freeze");
        world.notebooks.get_mut("lab").unwrap().status = "InService".to_owned();
        world.notebooks.insert("new".to_owned(), Notebook { status: "InService".to_owned(), tags: [].into() });
    });
    assert_eq!(wire.take(Direction::Again, Stage::Freeze).await, Run::Done);
    assert_eq!(attached(&wire), "p-FullAWSAccess p-spend-freeze p-spend-restrict");
    assert_eq!(statuses(&wire), "kept InService, lab Stopped, new Stopped, off Stopped, pad Stopped");
    let letter = wire.with(|world| world.letters.last().cloned()).unwrap();
    assert_eq!(letter.1, "Spending: account 111122223333 is at freeze again");
    // There is nothing to put back any more, and nothing to tell.
    later(3600);
    assert_eq!(wire.take(Direction::Again, Stage::Freeze).await, Run::Done);
    assert_eq!(wire.with(|world| world.letters.len()), told + 1);
    for stage in [Stage::Stop, Stage::Restrict, Stage::None] {
        later(3600);
        assert_eq!(wire.take(Direction::Down, stage).await, Run::Done);
    }
    assert_eq!(statuses(&wire), "kept InService, lab InService, new InService, off Stopped, pad InService");
}

#[tokio::test]
async fn a_policy_that_somebody_detaches_again_and_again_is_told_of_each_time() {
    let wire = brought(Stage::Restrict).await;
    let told = wire.with(|world| world.letters.len());
    for times in 1..=2 {
        later(3600);
        wire.with(|world| world.attached.remove("p-spend-restrict"));
        assert_eq!(wire.take(Direction::Again, Stage::Restrict).await, Run::Done);
        assert_eq!(attached(&wire), "p-FullAWSAccess p-spend-restrict");
        assert_eq!(wire.with(|world| world.letters.len()), told + times);
    }
}

#[tokio::test]
async fn what_somebody_took_up_is_left_as_it_is() {
    let wire = brought(Stage::Stop).await;
    wire.with(|world| {
        world.notebooks.get_mut("lab").unwrap().tags.remove(workloads::STOPPED_BY);
        world.notebooks.remove("pad");
    });
    assert_eq!(wire.take(Direction::Down, Stage::Restrict).await, Run::Done);
    assert_eq!(statuses(&wire), "kept InService, lab Stopped, off Stopped");
    let done: Vec<String> = wire.record().await.timeline.into_iter().map(|entry| entry.what).collect();
    assert!(done.iter().any(|what| what.starts_with("left SageMaker notebook instance lab in eu-west-1 as it is: ")));
    assert!(wire.with(|world| world.items.keys().all(|id| !id.starts_with("stopped#"))));
}

#[tokio::test]
async fn a_full_account_is_told_with_what_to_do() {
    let mut world = World::new();
    world.most_attached = 1;
    let wire = Wire::new(world);
    assert_eq!(wire.take(Direction::Up, Stage::Restrict).await, Run::Failed("Conflict.PolicyLimit".to_owned()));
    let record = wire.record().await;
    assert_eq!((record.stage, record.begun, &record.lease), (Stage::None, Some(Stage::Restrict), &None));
    assert!(record.failure.unwrap().advice.contains("Detach a policy"));
    let (kind, subject, text) = wire.with(|world| world.letters.remove(0));
    insta::assert_snapshot!("letter_of_a_failure", format!("[{kind}] {subject}\n{text}"));
    assert_eq!(wire.with(|world| world.events.remove(0).0), "Spend Step Failed");
    // The same failure again is for the record and for machines: people know.
    later(3600);
    assert_eq!(wire.take(Direction::Up, Stage::Restrict).await, Run::Failed("Conflict.PolicyLimit".to_owned()));
    assert_eq!(wire.with(|world| (world.letters.len(), world.events.len())), (0, 1));
    wire.with(|world| world.most_attached = 10);
    later(3600);
    assert_eq!(wire.take(Direction::Up, Stage::Restrict).await, Run::Done);
    assert_eq!(wire.record().await.failure, None);
}

#[tokio::test]
async fn nothing_is_done_where_it_may_not_be() {
    for (change, why) in [
        (Box::new(|world: &mut World| world.switch = "off".to_owned()) as Box<dyn Fn(&mut World)>, "switched off"),
        (Box::new(|world| world.switch = "On".to_owned()), "switched off"),
        (Box::new(|world| world.refused.extend(["GetParameter"])), "switched off"),
        (Box::new(|world| world.parent = "ou-AI/AI PROD".to_owned()), "comes to notify at most"),
        (Box::new(|world| drop(world.account_tags.remove("environment"))), "comes to notify at most"),
        (Box::new(|world| drop(world.items.remove("decision#111122223333"))), "nothing was decided"),
    ] {
        let wire = Wire::new(World::new());
        decide(&wire, Direction::Up, Stage::Restrict).await;
        wire.with(&change);
        let run = wire.run(&step(Direction::Up, Stage::Restrict), true).await;
        assert!(matches!(&run, Run::Declined(reason) if reason.contains(why)), "{why}: {run:?}");
        assert_eq!((attached(&wire).as_str(), wire.record().await.lease), ("p-FullAWSAccess", None));
        assert_eq!(wire.with(|world| world.letters.len()), 0);
    }
}

#[tokio::test]
async fn a_switch_that_is_turned_off_halfway_stops_it() {
    let wire = brought(Stage::Restrict).await;
    decide(&wire, Direction::Up, Stage::Stop).await;
    let mut asked = step(Direction::Up, Stage::Stop);
    let app = wire.app();
    asked["action"] = "guard".into();
    let guarded = handle(&app, serde_json::from_value(asked.clone()).unwrap()).await.unwrap();
    asked["action"] = "act".into();
    asked["grounds"] = serde_json::to_value(guarded).unwrap()["grounds"].clone();
    wire.with(|world| world.switch = "off".to_owned());
    let error = handle(&app, serde_json::from_value(asked.clone()).unwrap()).await.unwrap_err();
    assert_eq!(error.diagnosis().error_type(), "Conflict.SwitchedOff");
    assert_eq!(statuses(&wire), "kept InService, lab InService, off Stopped, pad InService");
    // Whoever has lost the account does nothing either, and says nothing of it.
    wire.with(|world| world.switch = "on".to_owned());
    asked["executionId"] = "another".into();
    let error = handle(&app, serde_json::from_value(asked.clone()).unwrap()).await.unwrap_err();
    assert_eq!(error.diagnosis().error_type(), "Conflict.LeaseLost");
    let (told, record) = (wire.with(|world| world.letters.len()), wire.record().await);
    asked["action"] = "fail".into();
    asked["error"] = serde_json::json!({"Error": "Conflict.LeaseLost", "Cause": "lost"});
    handle(&app, serde_json::from_value(asked).unwrap()).await.unwrap();
    assert_eq!((wire.with(|world| world.letters.len()), wire.record().await), (told, record));
}

#[tokio::test]
async fn one_workload_that_cannot_be_stopped_does_not_keep_the_others_running() {
    let wire = brought(Stage::Restrict).await;
    wire.with(|world| world.untouchable = Some("lab"));
    assert_eq!(wire.take(Direction::Up, Stage::Stop).await, Run::Failed("Denied.AccessDeniedException".to_owned()));
    assert_eq!(statuses(&wire), "kept InService, lab InService, off Stopped, pad Stopped");
    wire.with(|world| world.untouchable = None);
    later(3600);
    assert_eq!(wire.take(Direction::Up, Stage::Stop).await, Run::Done);
    assert_eq!(statuses(&wire), "kept InService, lab Stopped, off Stopped, pad Stopped");
}

#[tokio::test]
async fn two_executions_of_one_step_are_one_step() {
    let wire = Wire::new(World::new());
    decide(&wire, Direction::Up, Stage::Restrict).await;
    let first = step(Direction::Up, Stage::Restrict);
    let mut second = first.clone();
    second["executionId"] = "another".into();
    assert_eq!(wire.run(&first, true).await, Run::Done);
    assert_eq!(wire.run(&second, true).await, Run::Declined("the account is at restrict already".to_owned()));
    assert_eq!(wire.with(|world| world.letters.len()), 1);
    assert_eq!(wire.app().ledger.spend(&account()).await.unwrap().value.stage, Stage::Restrict);
}

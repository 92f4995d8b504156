use super::*;
use crate::{
    spend::testing::{ACCOUNT, Spender, get, now, post, record},
    testing::{Cloud, ROLE_ARN, json_of},
};
use finops::{Stage, Step};
use serde_json::json;

const STEP: &str = "up-stop-2026-11-01";

fn body(decision: &str) -> Value {
    json!({"decision": decision, "step": STEP, "reason": "seen"})
}

async fn cloud(spender: Spender, outcome: Outcome) -> Cloud {
    let cloud = Cloud::default();
    assert_eq!(spender.decide().outcome, outcome, "{:?}", spender.decide().held_by());
    spender.store(&cloud).await;
    cloud
}

#[tokio::test]
async fn an_approval_is_kept_told_and_evaluated_once() {
    let cloud = cloud(Spender::waiting(), Outcome::Approval).await;
    let answer = post(&cloud, "approval", &body("approve")).await;
    assert_eq!(answer.status_code, 202, "{answer:?}");
    let verdict = json!({"approved": true, "by": ROLE_ARN, "at": "2026-11-23T10:00:00Z", "reason": "seen"});
    assert_eq!(json_of(&answer), json!({"accountId": ACCOUNT, "step": STEP, "verdict": verdict}));
    assert_eq!(
        cloud.starts(),
        [("api-111122223333-up-stop-2026-11-01-20261123T100000Z".to_owned(), json!({"accounts": [ACCOUNT]}))]
    );
    let record = record(&cloud).await;
    assert!(record.verdicts[STEP].approved);
    assert_eq!(record.timeline.last().unwrap().what, format!("{ROLE_ARN} approved {STEP}: seen"));
    let shown = json_of(&get(&cloud, &format!("/{ACCOUNT}"), &[]).await);
    assert_eq!(shown["record"]["verdicts"][STEP], verdict);
}

#[tokio::test]
async fn repeated_by_the_same_caller_it_is_the_same_even_when_the_step_is_being_taken() {
    let cloud = cloud(Spender::waiting(), Outcome::Approval).await;
    let first = post(&cloud, "approval", &body("approve")).await;
    let mut decision = Spender::waiting().decide();
    decision.outcome = Outcome::Act;
    cloud.app().ledger.store_decision(&decision, true).await.unwrap();
    let writes = cloud.calls("PutItem");
    assert_eq!(post(&cloud, "approval", &body("approve")).await, first);
    assert_eq!(cloud.calls("PutItem"), writes);
    // Another word comes too late.
    assert_eq!(post(&cloud, "approval", &body("reject")).await.status_code, 409);
}

#[tokio::test]
async fn what_is_held_can_be_rejected_and_approved_after_that() {
    let held = Spender { metered: false, ..Spender::waiting() };
    let cloud = cloud(held, Outcome::Held).await;
    assert_eq!(post(&cloud, "approval", &json!({"decision": "reject", "step": STEP})).await.status_code, 202);
    assert!(!record(&cloud).await.verdicts[STEP].approved);
    assert_eq!(post(&cloud, "approval", &body("approve")).await.status_code, 202);
    let record = record(&cloud).await;
    assert!(record.verdicts[STEP].approved);
    let told: Vec<&str> = record.timeline.iter().map(|entry| entry.what.as_str()).collect();
    assert_eq!(told, [format!("{ROLE_ARN} rejected {STEP}"), format!("{ROLE_ARN} approved {STEP}: seen")]);
}

#[tokio::test]
async fn only_the_step_that_was_seen_and_waits_is_approved() {
    let restrict = json!({"decision": "approve", "step": "up-restrict-2026-11-01"});
    for (spender, outcome, body, says) in [
        (Spender::waiting(), Outcome::Approval, restrict.clone(), "The step is up-stop-2026-11-01 now."),
        (Spender { mode: Mode::Report, ..Spender::waiting() }, Outcome::Would, body("approve"), "dry run"),
        (Spender { stage: Stage::None, ..Spender::waiting() }, Outcome::Act, restrict, "being taken already"),
        (Spender::new(ACCOUNT, 1), Outcome::Settled, body("approve"), "there is no step"),
    ] {
        let cloud = cloud(spender, outcome).await;
        let answer = post(&cloud, "approval", &body).await;
        let problem = json_of(&answer);
        assert_eq!((answer.status_code, &problem["type"]), (409, &json!("/problems/spend-moved-on")), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
        assert!(record(&cloud).await.verdicts.is_empty() && cloud.starts().is_empty());
    }
}

#[test]
fn what_is_held_in_a_dry_run_is_not_approved_and_the_way_back_is() {
    let held = Spender { metered: false, mode: Mode::Report, ..Spender::waiting() }.decide();
    assert_eq!(held.outcome, Outcome::Held);
    let down =
        Step { id: "down-none-2026-11-01".to_owned(), direction: Direction::Down, to: Stage::None, approved: false };
    let back = Decision { step: Some(down), ..held.clone() };
    let verdict = Verdict { approved: true, by: "jane".to_owned(), at: now(), reason: None };
    let said = |decision: &Decision, mode: Mode| {
        let step = &decision.step.as_ref().unwrap().id;
        put(&mut Record::new(decision.account.clone()), decision, mode, step, &verdict)
    };
    let refused = format!("{:?}", said(&held, Mode::Report).unwrap_err());
    assert!(refused.contains("Set the mode of SpendPolicy to enforce"), "{refused}");
    assert!(said(&held, Mode::Enforce).is_ok() && said(&back, Mode::Report).is_ok());
}

#[test]
fn a_body_says_what_is_wrong_with_it() {
    let read = |body: &Value| parse(body.as_object().unwrap().clone());
    for (body, field) in [
        (json!({"decision": "maybe", "step": STEP}), "decision"),
        (json!({"decision": "approve", "step": 7}), "step"),
        (json!({"decision": "approve", "step": STEP, "reason": ""}), "reason"),
        (json!({"decision": "approve", "step": STEP, "force": true}), "force"),
    ] {
        assert_eq!(read(&body).unwrap_err().field, field, "{body}");
    }
    assert!(read(&json!({"decision": "approve"})).unwrap_err().detail.contains("step"));
}

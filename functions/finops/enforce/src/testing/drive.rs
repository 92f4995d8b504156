//! What the workflow does with the function (`statemachines/spend-enforcement.asl.yaml`).

use super::{Wire, account, later, now};
use crate::{Answer, App, Error, Event, handle};
use finops::{Decision, Direction, Record, Stage};
use guardrails::Guardrail;
use landing_zone::{AccountId, Fault as _};
use ledger::Organization;
use serde_json::{Value, json};

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Run {
    Done,
    Declined(String),
    /// The name of the error.
    Failed(String),
    /// The execution died: the function was killed, and nobody tried again.
    Dead,
}

/// The id of a step, as decisions have it.
fn id(direction: Direction, to: Stage) -> String {
    format!("{}-{to}-2026-11-01", direction.id())
}

/// Stores a decision to take a step now, and what is known of the organization.
pub(crate) async fn decide(wire: &Wire, direction: Direction, to: Stage) {
    let app = wire.app();
    let known = Organization {
        organization_id: "o-1".to_owned(),
        management_account: AccountId::parse("999999999999").unwrap(),
        root_id: "r-1".to_owned(),
        units: landing_zone::units().iter().map(|unit| (unit.clone(), format!("ou-{unit}"))).collect(),
        guardrails: Guardrail::all().map(|one| (one.id().to_owned(), format!("p-{}", one.id()))).into(),
        delegated: [].into(),
        read_at: now().into(),
    };
    app.ledger.store_organization(&known).await.unwrap();
    let unknown = json!({"state": "unavailable", "why": "not in this test"});
    let stage = app.ledger.spend(&account()).await.unwrap().value.stage;
    let decision: Decision = serde_json::from_value(json!({
        "account": account(), "at": now(), "window": {"start": "2026-11-01", "end": "2026-12-01"}, "limit": "500",
        "signals": {"reported": unknown, "estimated": unknown, "forecast": unknown, "anomaly": unknown},
        "called": to, "desired": to, "stage": stage, "outcome": "act", "calledSince": {},
        "step": {"id": id(direction, to), "direction": direction, "to": to, "approved": false},
        "rules": [{"stage": "freeze", "condition": "reported at least 450", "signals": ["reported"], "holds": true,
            "because": "reported 480"}],
        "rails": [{"name": "confirmed", "holds": false, "because": "the new period shows 12"}]}))
    .unwrap();
    app.ledger.store_decision(&decision, false).await.unwrap();
}

/// What the workflow is started with, and its name.
pub(crate) fn step(direction: Direction, to: Stage) -> Value {
    json!({"accountId": account(), "stepId": id(direction, to), "direction": direction, "to": to, "decidedAt": now(),
        "executionId": format!("{}-{}-{}", account(), id(direction, to), now().as_second())})
}

impl Wire {
    /// Decides about a step and takes it, as the evaluation and the workflow do.
    pub(crate) async fn take(&self, direction: Direction, to: Stage) -> Run {
        decide(self, direction, to).await;
        self.run(&step(direction, to), true).await
    }

    pub(crate) async fn record(&self) -> Record {
        self.app().ledger.spend(&account()).await.unwrap().value
    }

    /// One execution. A function that was killed is called again, where it `retries`.
    pub(crate) async fn run(&self, step: &Value, retries: bool) -> Run {
        let app = self.app();
        match self.parts(&app, step, retries).await {
            Ok(run) => run,
            Err((grounds, error)) => {
                let diagnosis = error.diagnosis();
                let cause = json!({"errorType": diagnosis.error_type(), "errorMessage": error.failure().message()});
                let failure = json!({"Error": diagnosis.error_type(), "Cause": cause.to_string()});
                let more = json!({"grounds": grounds, "error": failure});
                match self.part(&app, step, "fail", &more, retries).await {
                    Ok(_) => Run::Failed(diagnosis.error_type()),
                    Err(_) => Run::Dead,
                }
            }
        }
    }

    async fn parts(&self, app: &App, step: &Value, retries: bool) -> Result<Run, (Value, Error)> {
        let mut grounds = Value::Null;
        let act = async |action: &str, grounds: &Value, left: &Value| {
            let more = json!({"grounds": grounds, "left": left});
            match self.part(app, step, action, &more, retries).await {
                Ok(answer) => Ok(Some(serde_json::to_value(answer).unwrap())),
                Err(_) if !retries && self.revive() => Ok(None),
                Err(error) => Err((grounds.clone(), error)),
            }
        };
        let Some(guarded) = act("guard", &grounds, &json!([])).await? else { return Ok(Run::Dead) };
        if guarded["proceed"] == false {
            return Ok(Run::Declined(guarded["reason"].as_str().unwrap().to_owned()));
        }
        grounds = guarded["grounds"].clone();
        for _ in 0..30 {
            let Some(acted) = act("act", &grounds, &json!([])).await? else { return Ok(Run::Dead) };
            let mut waits = acted["waitSeconds"].as_i64().unwrap();
            if acted["done"] == true {
                let Some(verified) = act("verify", &grounds, &json!([])).await? else { return Ok(Run::Dead) };
                if verified["inPlace"] == true {
                    let settled = act("settle", &grounds, &verified["left"]).await?;
                    return Ok(if settled.is_some() { Run::Done } else { Run::Dead });
                }
                waits = verified["waitSeconds"].as_i64().unwrap();
            }
            assert!(waits > 0);
            later(waits);
        }
        panic!("it does not end: {:?}", self.record().await);
    }

    async fn part(&self, app: &App, step: &Value, action: &str, more: &Value, retries: bool) -> Result<Answer, Error> {
        let mut payload = step.clone();
        payload["action"] = action.into();
        for (key, value) in more.as_object().unwrap() {
            payload[key] = value.clone();
        }
        let event: Event = serde_json::from_value(payload).unwrap();
        let answer = handle(app, event.clone()).await;
        if retries && self.revive() { handle(app, event).await } else { answer }
    }
}

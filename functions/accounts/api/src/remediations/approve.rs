//! `POST /remediations/{id}/approval`: somebody who has seen a plan lets it be carried out, or says that it shall not be.

use super::start::start;
use crate::{
    app::App,
    body,
    caller::Caller,
    problem::{CASE_MOVED, INVALID_REQUEST, Problem},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use landing_zone::FieldProblem;
use remediation::{Approval, Case, State};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// A change that is taken back by itself waits in an execution, which lasts a year at most
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>).
const LONGEST_DAYS: i64 = 300;

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Approve,
    Reject,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    decision: Word,
    /// The plan that was seen.
    plan: String,
    /// When the change is taken back by itself.
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(default)]
    reason: Option<String>,
}

/// Approves or rejects the plan of a case.
pub(crate) async fn approve(app: &App, request: &ApiGatewayProxyRequest, id: &str) -> Result<Response, Problem> {
    let caller = Caller::of(request)?;
    let now = (app.clock)();
    let wish = parse(body::object(request)?, now).map_err(|error| Problem::fields(&INVALID_REQUEST, vec![error]))?;
    let mut case = super::case(app, id).await?;
    let is_repeated = case.value.state == State::Received
        && case.value.approval.as_ref().is_some_and(|approval| approval.plan == wish.plan && approval.by == caller.arn);
    if !is_repeated {
        check(&case.value, &wish)?;
        match wish.decision {
            Word::Reject => {
                let why = wish.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
                case.value.reject(format!("{} rejected the plan{why}", caller.arn), now);
            }
            Word::Approve => {
                case.value.approve(Approval { by: caller.arn, at: now, plan: wish.plan, until: wish.until }, now);
            }
        }
        super::store(app, &mut case).await?;
    }
    let of = &case.value;
    if let Some(approval) = &of.approval {
        start(app, of, "plan", "plan", None).await?;
        if approval.until.is_some() {
            start(app, of, "expiry", "undo", approval.until).await?;
        }
    }
    Ok(response::json(StatusCode::ACCEPTED, &json!({"id": of.id, "state": of.state, "attempt": of.attempt})))
}

fn parse(body: Map<String, Value>, now: Timestamp) -> Result<Wish, FieldProblem> {
    let wrong = |field: &str, detail: String| FieldProblem { field: field.to_owned(), detail };
    let wish: Wish = serde_path_to_error::deserialize(Value::Object(body))
        .map_err(|error| wrong(&error.path().to_string(), error.inner().to_string()))?;
    match wish.until {
        Some(_) if wish.decision == Word::Reject => Err(wrong("until", "is for an approval".to_owned())),
        Some(until) if until <= now || until > now + SignedDuration::from_hours(24 * LONGEST_DAYS) => {
            Err(wrong("until", format!("must lie in the next {LONGEST_DAYS} days")))
        }
        _ => Ok(wish),
    }
}

fn check(case: &Case, wish: &Wish) -> Result<(), Problem> {
    let moved = |detail: String| Err(Problem::new(&CASE_MOVED, detail));
    if !matches!(case.state, State::Waiting | State::Held) || case.plan.is_none() {
        return moved(format!("Only a plan that waits or is held can be approved; the case is {}.", case.state.id()));
    }
    match case.plan.as_deref() {
        Some(plan) if plan == wish.plan => Ok(()),
        plan => moved(format!("The plan is {} now. Look at it, then approve that one.", plan.unwrap_or_default())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wish_says_what_is_wrong_with_it() {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let read = |body: Value| parse(body.as_object().unwrap().clone(), now);
        let good = read(json!({"decision": "approve", "plan": "p", "until": "2026-12-01T00:00:00Z"})).unwrap();
        assert_eq!((good.decision, good.plan.as_str()), (Word::Approve, "p"));
        for (body, field) in [
            (json!({"decision": "maybe", "plan": "p"}), "decision"),
            (json!({"decision": "approve", "plan": "p", "until": "2026-11-01T00:00:00Z"}), "until"),
            (json!({"decision": "approve", "plan": "p", "until": "2028-11-01T00:00:00Z"}), "until"),
            (json!({"decision": "reject", "plan": "p", "until": "2026-12-01T00:00:00Z"}), "until"),
            (json!({"decision": "approve", "plan": 7}), "plan"),
        ] {
            assert_eq!(read(body.clone()).unwrap_err().field, field, "{body}");
        }
        assert!(read(json!({"decision": "approve"})).unwrap_err().detail.contains("plan"));
        assert!(read(json!({"decision": "approve", "plan": "p", "force": true})).is_err());
    }
}

//! `POST /spend/{accountId}/approval`: somebody who has seen a step lets it be taken, or says that it shall not be.

use super::{amend, evaluate, reason, wrong};
use crate::{
    app::App,
    body,
    caller::Caller,
    problem::{INVALID_REQUEST, Problem, SPEND_MOVED},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use finops::{Decision, Direction, Mode, Outcome, Record, Verdict};
use http::StatusCode;
use landing_zone::{AccountId, FieldProblem};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

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
    /// The step that was seen.
    step: String,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    account_id: &'a AccountId,
    step: &'a str,
    verdict: Option<&'a Verdict>,
}

/// Approves or rejects the next step of an account. The same again from the same caller changes nothing.
pub(crate) async fn approve(app: &App, request: &ApiGatewayProxyRequest, id: &str) -> Result<Response, Problem> {
    let caller = Caller::of(request)?;
    let wish = parse(body::object(request)?).map_err(|error| Problem::fields(&INVALID_REQUEST, vec![error]))?;
    let decision = super::decision(app, id).await?;
    let verdict =
        Verdict { approved: wish.decision == Word::Approve, by: caller.arn, at: (app.clock)(), reason: wish.reason };
    let record =
        amend(app, &decision.account, |record| put(record, &decision, app.spend_mode, &wish.step, &verdict)).await?;
    evaluate(app, &decision.account, &wish.step).await?;
    let answer = Answer { account_id: &decision.account, step: &wish.step, verdict: record.verdicts.get(&wish.step) };
    Ok(response::json(StatusCode::ACCEPTED, &answer))
}

fn parse(body: Map<String, Value>) -> Result<Wish, FieldProblem> {
    let wish: Wish = serde_path_to_error::deserialize(Value::Object(body))
        .map_err(|error| wrong(&error.path().to_string(), error.inner().to_string()))?;
    Ok(Wish { reason: wish.reason.as_deref().map(reason).transpose()?, ..wish })
}

fn put(record: &mut Record, decision: &Decision, mode: Mode, step: &str, verdict: &Verdict) -> Result<(), Problem> {
    let said = record.verdicts.get(step);
    if said.is_some_and(|said| said.approved == verdict.approved && said.by == verdict.by) {
        return Ok(());
    }
    check(decision, mode, step)?;
    let word = if verdict.approved { "approved" } else { "rejected" };
    let why = verdict.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    record.note(verdict.at, format!("{} {word} {step}{why}", verdict.by));
    record.verdicts.insert(step.to_owned(), verdict.clone());
    Ok(())
}

/// Only what was seen, and only where saying something makes a difference.
fn check(decision: &Decision, mode: Mode, step: &str) -> Result<(), Problem> {
    let moved = |detail: String| Err(Problem::new(&SPEND_MOVED, detail));
    let Some(next) = &decision.step else {
        return moved("The account is as it should be: there is no step.".to_owned());
    };
    if next.id != step {
        return moved(format!("The step is {} now. Look at it, then approve that one.", next.id));
    }
    // What is held would only be put on record, once nothing holds it any more. Going back is never a dry run.
    let is_dry = decision.outcome == Outcome::Would || (mode == Mode::Report && next.direction != Direction::Down);
    if is_dry {
        return moved(
            "This is a dry run, in which nothing is done. Set the mode of SpendPolicy to enforce, then approve the step that GET shows."
                .to_owned(),
        );
    }
    if matches!(decision.outcome, Outcome::Act | Outcome::Settled) {
        return moved("The step is being taken already.".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests;

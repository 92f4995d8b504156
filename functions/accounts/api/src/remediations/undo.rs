//! `POST /remediations/{id}/undo`: takes a change back.

use super::start::start;
use crate::{
    app::App,
    caller::Caller,
    problem::{CASE_MOVED, Problem},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::StatusCode;
use remediation::{State, control};
use serde_json::json;

/// Begins to take a change back. Asked again meanwhile, it is the same.
pub(crate) async fn undo(app: &App, request: &ApiGatewayProxyRequest, id: &str) -> Result<Response, Problem> {
    let caller = Caller::of(request)?;
    let mut case = super::case(app, id).await?;
    let moved = |detail: String| Problem::new(&CASE_MOVED, detail);
    if case.value.state != State::Undoing {
        let of = &case.value;
        if !matches!(of.state, State::Fixed | State::Failed) {
            return Err(moved(format!("Only what was changed can be taken back; the case is {}.", of.state.id())));
        }
        let work = app.ledger.work(&of.id, of.attempt).await?;
        if work.is_none_or(|work| work.value.progress.is_none()) {
            return Err(moved("Nothing was changed in the last attempt.".to_owned()));
        }
        if control(&of.remediation.control).is_none_or(remediation::Control::undo_is_empty) {
            return Err(moved("This control has no way back; its before-image shows what was there.".to_owned()));
        }
        case.value.take_back(caller.arn, (app.clock)());
        super::store(app, &mut case).await?;
    }
    let of = &case.value;
    start(app, of, &format!("undo{}", of.times(State::Undoing)), "undo", None).await?;
    Ok(response::json(StatusCode::ACCEPTED, &json!({"id": of.id, "state": of.state, "attempt": of.attempt})))
}

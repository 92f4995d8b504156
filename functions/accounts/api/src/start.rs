//! Starting the vending workflow for a request.

use crate::{app::App, problem::Problem};
use aws::Workflow;
use ledger::Record;
use serde::Serialize;
use telemetry::warn;

/// What the workflow gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    request_id: &'a str,
    attempt: u32,
}

/// Starts the record's attempt, once however often it is called.
pub(crate) async fn start(app: &App, record: &Record) -> Result<(), Problem> {
    let input = Input { request_id: record.request_id.as_str(), attempt: record.attempt };
    let name = record.request_id.execution_name(record.attempt);
    execution(&app.vending, name, &input, &format!("Request {}", record.request_id)).await
}

/// Starts an execution of a state machine, once however often it is called. `of` is what a failed start leaves on record.
pub(crate) async fn execution(
    workflow: &Workflow,
    name: String,
    input: &impl Serialize,
    of: &str,
) -> Result<(), Problem> {
    // One that ran and has ended counts: whoever sees RECEIVED now sees the outcome a moment later.
    let started = workflow.start(name, serde_json::to_string(input).unwrap_or_default()).await;
    started.map(drop).map_err(|fault| {
        warn!(of, "kept and not started");
        Problem::fault(&fault, &format!("{of} is kept and not started yet."))
    })
}

//! Starting the vending workflow for a request.

use crate::{app::App, problem::Problem};
use aws::AwsFault;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use landing_zone::{Class, Diagnosis, Fault};
use ledger::Record;
use serde::Serialize;
use telemetry::warn;

/// What the workflow gets. Same name and same input make a second start a no-op while the first one runs
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
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
    execution(app, &app.state_machine, name, &input, &format!("Request {}", record.request_id)).await
}

/// Starts an execution of a state machine, once however often it is called. `of` is what a failed start leaves on record.
pub(crate) async fn execution(
    app: &App,
    state_machine: &str,
    name: String,
    input: &impl Serialize,
    of: &str,
) -> Result<(), Problem> {
    let start = app.sfn.start_execution().state_machine_arn(state_machine).name(name);
    match start.input(serde_json::to_string(input).unwrap_or_default()).send().await {
        Ok(_) => Ok(()),
        // It ran and has ended: whoever sees RECEIVED now sees the outcome a moment later.
        Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => Ok(()),
        Err(error) => {
            warn!(of, "kept and not started");
            let kept = format!("{of} is kept and not started yet.");
            Err(Problem::fault(&StartFault(AwsFault::new("states:StartExecution", &error)), &kept))
        }
    }
}

/// A start that did not happen.
#[derive(Debug)]
struct StartFault(AwsFault);

impl std::fmt::Display for StartFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for StartFault {}

impl Fault for StartFault {
    fn diagnosis(&self) -> Diagnosis {
        let diagnosis = self.0.diagnosis();
        // The quota of open executions: others end, then there is room.
        if self.0.code() == "ExecutionLimitExceeded" {
            Diagnosis { class: Class::Throttled, ..diagnosis }
        } else {
            diagnosis
        }
    }
}

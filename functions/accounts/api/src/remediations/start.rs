//! Starting the workflow of a case.

use crate::{app::App, problem::Problem};
use aws::AwsFault;
use aws_sdk_sfn::operation::start_execution::StartExecutionError;
use jiff::Timestamp;
use remediation::{Case, CaseId, Family, control};
use serde::Serialize;

/// What the workflow gets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Input<'a> {
    case_id: &'a CaseId,
    family: Option<Family>,
    action: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_before: Option<Timestamp>,
}

/// Starts an execution that is named after the attempt and what it does: once however often it is asked for.
pub(super) async fn start(
    app: &App,
    case: &Case,
    name: &str,
    action: &str,
    not_before: Option<Timestamp>,
) -> Result<(), Problem> {
    let family = control(&case.remediation.control).map(|row| row.family);
    let input = Input { case_id: &case.id, family, action, not_before };
    let sent = app
        .sfn
        .start_execution()
        .state_machine_arn(&app.remediation)
        .name(case.execution(name))
        .input(serde_json::to_string(&input).unwrap_or_default())
        .send()
        .await;
    match sent {
        Ok(_) => Ok(()),
        Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => Ok(()),
        Err(error) => {
            let kept = format!("Case {} is kept and not started yet.", case.id);
            Err(Problem::fault(&AwsFault::new("states:StartExecution", &error), &kept))
        }
    }
}

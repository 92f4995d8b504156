//! Starting the workflow of a case.

use crate::{app::App, problem::Problem, start::execution};
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
    execution(&app.remediation, case.execution(name), &input, &format!("Case {}", case.id)).await
}

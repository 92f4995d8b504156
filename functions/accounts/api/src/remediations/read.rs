//! `GET /remediations/{id}`: a case with its plan, call by call, what was found before, and how it was left.

use crate::{
    app::App,
    problem::Problem,
    response::{self, Response},
};
use http::StatusCode;
use remediation::{Case, Work, control};
use serde::Serialize;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Details<'a> {
    #[serde(flatten)]
    case: &'a Case,
    #[serde(skip_serializing_if = "Option::is_none")]
    control: Option<About<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    work: Option<&'a Work>,
}

/// What an approver reads of the control.
#[derive(Serialize)]
struct About<'a> {
    title: &'a str,
    breaks: &'a str,
    risk: remediation::Risk,
    reversibility: remediation::Reversibility,
    cost: &'a str,
}

/// Reads a case.
pub(crate) async fn read(app: &App, id: &str) -> Result<Response, Problem> {
    let case = super::case(app, id).await?.value;
    let work = app.ledger.work(&case.id, case.attempt).await?;
    let about = control(&case.remediation.control).map(|row| About {
        title: &row.title,
        breaks: &row.breaks,
        risk: row.risk,
        reversibility: row.reversibility,
        cost: &row.cost,
    });
    let details = Details { case: &case, control: about, work: work.as_ref().map(|work| &work.value) };
    Ok(response::json(StatusCode::OK, &details))
}

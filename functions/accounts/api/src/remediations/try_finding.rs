//! `POST /remediations?dryRun=true`: what would become of a finding. The resource is read; nothing is changed.

use super::start::start;
use crate::{
    app::App,
    body,
    form::Form,
    problem::{INVALID_QUERY, INVALID_REQUEST, Problem},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::StatusCode;
use landing_zone::FieldProblem;
use ledger::Versioned;
use remediation::{Case, CaseId, Known, Remediation, Verdict, control, findings, triage};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Answer {
    verdicts: Vec<Told>,
}

/// What becomes of one resource.
#[derive(Serialize)]
struct Told {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The case to follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<CaseId>,
}

/// Tries a finding, or an event with findings.
pub(crate) async fn try_finding(app: &App, request: &ApiGatewayProxyRequest) -> Result<Response, Problem> {
    let mut form = Form::of(request);
    let is_trial = form.read("dryRun", |text| if text == "true" { Ok(()) } else { Err("must be true".to_owned()) });
    form.refuse_unknown(&["dryRun"]);
    if is_trial.is_none() && form.problems.is_empty() {
        let detail = "must be true: findings to be acted on come from Security Hub".to_owned();
        form.problems.push(FieldProblem { field: "dryRun".to_owned(), detail });
    }
    if !form.problems.is_empty() {
        return Err(Problem::fields(&INVALID_QUERY, form.problems));
    }
    let document = Value::Object(body::object_of(request, body::MAX_FINDING)?);
    let wrong =
        |detail: String| Problem::fields(&INVALID_REQUEST, vec![FieldProblem { field: "finding".to_owned(), detail }]);
    let read = findings(&document);
    if read.is_empty() {
        return Err(wrong("is neither in ASFF nor in OCSF, and no event of Security Hub".to_owned()));
    }
    let mut verdicts = Vec::new();
    for finding in read {
        let finding = finding.map_err(|why| wrong(why.to_string()))?;
        for verdict in triage(&finding, &Known::default(), &app.modes, (app.clock)()) {
            verdicts.push(told(app, verdict).await?);
        }
    }
    Ok(response::json(StatusCode::ACCEPTED, &Answer { verdicts }))
}

async fn told(app: &App, verdict: Verdict) -> Result<Told, Problem> {
    let word = verdict.word();
    let (reason, id) = match verdict {
        Verdict::Planned(report) => (None, Some(follow(app, *report).await?)),
        Verdict::Ignored(why) => (Some(why.to_string()), None),
        Verdict::Held(why, _) => (Some(why.to_string()), None),
        Verdict::Rejected(why) => (Some(why.to_string()), None),
    };
    Ok(Told { verdict: word, reason, id })
}

/// A trial is a case of its own: it never meets the one that is acted on.
async fn follow(app: &App, report: Remediation) -> Result<CaseId, Problem> {
    let now = (app.clock)();
    let report = report.trial();
    let id = CaseId::of(&report.problem);
    let severity = control(&report.control).map_or(remediation::Severity::Low, |row| row.severity);
    let mut case = match app.ledger.case(&id).await? {
        None => Versioned::new(Case::open(report, &BTreeMap::new(), severity, now)),
        Some(found) if found.value.state.is_open() => {
            start(app, &found.value, "plan", "plan", None).await?;
            return Ok(id);
        }
        Some(found) => {
            let next = found.value.clone().again(report, now);
            found.with(next)
        }
    };
    super::store(app, &mut case).await?;
    start(app, &case.value, "plan", "plan", None).await?;
    Ok(id)
}

//! From method and path to the function that answers. Whatever happens, there is an answer.

use crate::{
    app::{App, SERVICE},
    coverage::coverage,
    list::list,
    problem::{Problem, UNKNOWN_PATH},
    read::read,
    remediations,
    response::Response,
    spend,
    submit::submit,
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::Method;
use percent_encoding::percent_decode_str;
use std::convert::Infallible;
use telemetry::{Metric, emit, info};

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Route {
    Submit,
    List,
    Read(String),
    Coverage,
    Remediations,
    Remediation(String),
    RemediationSummary,
    TryFinding,
    Approve(String),
    Undo(String),
    Spend,
    SpendOf(String),
    OverrideSpend(String),
    ApproveSpend(String),
}

/// Answers a request.
pub(crate) async fn handle(app: &App, request: ApiGatewayProxyRequest) -> Result<Response, Infallible> {
    let answer = match route(&request) {
        Ok(Route::Submit) => {
            let answer = submit(app, &request).await;
            count(app, &answer);
            answer
        }
        Ok(Route::List) => list(app, &request).await,
        Ok(Route::Coverage) => coverage(app, &request).await,
        Ok(Route::Read(id)) => read(app, &id).await,
        Ok(Route::Remediations) => remediations::list(app, &request).await,
        Ok(Route::Remediation(id)) => remediations::read(app, &id).await,
        Ok(Route::RemediationSummary) => remediations::summary(app).await,
        Ok(Route::TryFinding) => remediations::try_finding(app, &request).await,
        Ok(Route::Approve(id)) => remediations::approve(app, &request, &id).await,
        Ok(Route::Undo(id)) => remediations::undo(app, &request, &id).await,
        Ok(Route::Spend) => spend::list(app, &request).await,
        Ok(Route::SpendOf(id)) => spend::read(app, &id).await,
        Ok(Route::OverrideSpend(id)) => spend::change(app, &request, &id).await,
        Ok(Route::ApproveSpend(id)) => spend::approve(app, &request, &id).await,
        Err(problem) => Err(problem),
    };
    Ok(answer.unwrap_or_else(|problem| {
        info!(status = problem.status().as_u16(), problem = problem.name(), "refused");
        problem.response()
    }))
}

/// Counts requests taken and requests that the caller has to change; trouble of our own is neither.
fn count<T>(app: &App, answer: &Result<T, Problem>) {
    let name = match answer {
        Ok(_) => "RequestsAccepted",
        Err(problem) if problem.is_callers() => "RequestsRejected",
        Err(_) => return,
    };
    emit(SERVICE, &[Metric::count(name)], &[], &[], (app.clock)());
}

/// What lies at a path.
enum Place {
    Accounts,
    Account(String),
    Coverage,
    Remediations,
    Remediation(String),
    RemediationSummary,
    Approval(String),
    Undoing(String),
    Spend,
    SpendOf(String),
    SpendOverride(String),
    SpendApproval(String),
}

fn route(request: &ApiGatewayProxyRequest) -> Result<Route, Problem> {
    let is = |method: Method| request.http_method == method;
    match place(request)? {
        Place::Accounts if is(Method::POST) => Ok(Route::Submit),
        Place::Accounts if is(Method::GET) => Ok(Route::List),
        Place::Account(id) if is(Method::GET) => Ok(Route::Read(id)),
        Place::Coverage if is(Method::GET) => Ok(Route::Coverage),
        Place::Remediations if is(Method::GET) => Ok(Route::Remediations),
        Place::Remediations if is(Method::POST) => Ok(Route::TryFinding),
        Place::Accounts | Place::Remediations => Err(Problem::method("GET, POST")),
        Place::Remediation(id) if is(Method::GET) => Ok(Route::Remediation(id)),
        Place::RemediationSummary if is(Method::GET) => Ok(Route::RemediationSummary),
        Place::Approval(id) if is(Method::POST) => Ok(Route::Approve(id)),
        Place::Undoing(id) if is(Method::POST) => Ok(Route::Undo(id)),
        Place::Spend if is(Method::GET) => Ok(Route::Spend),
        Place::SpendOf(id) if is(Method::GET) => Ok(Route::SpendOf(id)),
        Place::SpendOverride(id) if is(Method::POST) => Ok(Route::OverrideSpend(id)),
        Place::SpendApproval(id) if is(Method::POST) => Ok(Route::ApproveSpend(id)),
        Place::Approval(_) | Place::Undoing(_) | Place::SpendOverride(_) | Place::SpendApproval(_) => {
            Err(Problem::method("POST"))
        }
        Place::Account(_)
        | Place::Coverage
        | Place::Remediation(_)
        | Place::RemediationSummary
        | Place::Spend
        | Place::SpendOf(_) => Err(Problem::method("GET")),
    }
}

/// Reads the path, decoded. The resource comes first: the path of a custom domain begins with its base path.
fn place(request: &ApiGatewayProxyRequest) -> Result<Place, Problem> {
    let parameters = &request.path_parameters;
    match (request.resource.as_deref(), parameters.get("id").or_else(|| parameters.get("accountId"))) {
        (Some("/accounts"), _) => Ok(Place::Accounts),
        (Some("/accounts/{id}"), Some(id)) => Ok(Place::Account(decoded(id))),
        (Some("/tags/coverage"), _) => Ok(Place::Coverage),
        (Some("/remediations"), _) => Ok(Place::Remediations),
        (Some("/remediations/summary"), _) => Ok(Place::RemediationSummary),
        (Some("/remediations/{id}"), Some(id)) => Ok(Place::Remediation(decoded(id))),
        (Some("/remediations/{id}/approval"), Some(id)) => Ok(Place::Approval(decoded(id))),
        (Some("/remediations/{id}/undo"), Some(id)) => Ok(Place::Undoing(decoded(id))),
        (Some("/spend"), _) => Ok(Place::Spend),
        (Some("/spend/{accountId}"), Some(id)) => Ok(Place::SpendOf(decoded(id))),
        (Some("/spend/{accountId}/override"), Some(id)) => Ok(Place::SpendOverride(decoded(id))),
        (Some("/spend/{accountId}/approval"), Some(id)) => Ok(Place::SpendApproval(decoded(id))),
        _ => {
            let path = request.path.as_deref().unwrap_or_default();
            let segments: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
            match segments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                ["accounts"] => Ok(Place::Accounts),
                ["accounts", id] => Ok(Place::Account((*id).to_owned())),
                ["tags", "coverage"] => Ok(Place::Coverage),
                ["remediations"] => Ok(Place::Remediations),
                ["remediations", "summary"] => Ok(Place::RemediationSummary),
                ["remediations", id] => Ok(Place::Remediation((*id).to_owned())),
                ["remediations", id, "approval"] => Ok(Place::Approval((*id).to_owned())),
                ["remediations", id, "undo"] => Ok(Place::Undoing((*id).to_owned())),
                ["spend"] => Ok(Place::Spend),
                ["spend", id] => Ok(Place::SpendOf((*id).to_owned())),
                ["spend", id, "override"] => Ok(Place::SpendOverride((*id).to_owned())),
                ["spend", id, "approval"] => Ok(Place::SpendApproval((*id).to_owned())),
                _ => Err(Problem::new(
                    &UNKNOWN_PATH,
                    "The API has /accounts, /accounts/{id}, /tags/coverage, /remediations, /remediations/summary, /remediations/{id} with approval and undo below it, /spend, and /spend/{accountId} with override and approval below it.",
                )),
            }
        }
    }
}

/// Bytes that are no UTF-8 become U+FFFD, which no id contains.
fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests;

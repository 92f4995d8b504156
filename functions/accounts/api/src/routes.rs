//! From method and path to the function that answers. Whatever happens, there is an answer.

use crate::{
    app::{App, SERVICE},
    list::list,
    problem::{Problem, UNKNOWN_PATH},
    read::read,
    response::Response,
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
        Ok(Route::Read(id)) => read(app, &id).await,
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

fn route(request: &ApiGatewayProxyRequest) -> Result<Route, Problem> {
    let is = |method: Method| request.http_method == method;
    match id(request)? {
        None if is(Method::POST) => Ok(Route::Submit),
        None if is(Method::GET) => Ok(Route::List),
        None => Err(Problem::method("GET, POST")),
        Some(id) if is(Method::GET) => Ok(Route::Read(id)),
        Some(_) => Err(Problem::method("GET")),
    }
}

/// The id in the path, decoded; none for the collection. The resource comes first: the path of a custom domain
/// begins with its base path.
fn id(request: &ApiGatewayProxyRequest) -> Result<Option<String>, Problem> {
    match (request.resource.as_deref(), request.path_parameters.get("id")) {
        (Some("/accounts"), _) => Ok(None),
        (Some("/accounts/{id}"), Some(id)) => Ok(Some(decoded(id))),
        _ => {
            let path = request.path.as_deref().unwrap_or_default();
            match path.trim_matches('/').split('/').map(decoded).collect::<Vec<_>>().as_slice() {
                [accounts] if accounts == "accounts" => Ok(None),
                [accounts, id] if accounts == "accounts" => Ok(Some(id.clone())),
                _ => Err(Problem::new(&UNKNOWN_PATH, "The API has /accounts and /accounts/{id}.")),
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

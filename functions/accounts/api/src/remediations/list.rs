//! `GET /remediations`: cases, newest first, page by page.

use crate::{
    app::App,
    form::{Form, page_size},
    problem::{INVALID_QUERY, Problem},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::StatusCode;
use landing_zone::{AccountId, FieldProblem};
use ledger::{CaseFilter, CasePosition};
use remediation::{Case, State, control};
use serde::Serialize;

const PARAMETERS: [&str; 5] = ["pageSize", "pageToken", "state", "accountId", "control"];
const DEFAULT_SIZE: usize = 50;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List {
    remediations: Vec<Case>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Query {
    filter: CaseFilter,
    size: usize,
    after: Option<CasePosition>,
}

/// Lists cases.
pub(crate) async fn list(app: &App, request: &ApiGatewayProxyRequest) -> Result<Response, Problem> {
    let query = parse(request).map_err(|errors| Problem::fields(&INVALID_QUERY, errors))?;
    let (remediations, next) = app.ledger.cases(&query.filter, query.size, query.after.as_ref()).await?;
    let next_page_token = next.map(|position| write(&position));
    Ok(response::json(StatusCode::OK, &List { remediations, next_page_token }))
}

fn parse(request: &ApiGatewayProxyRequest) -> Result<Query, Vec<FieldProblem>> {
    let mut form = Form::of(request);
    let filter = CaseFilter {
        state: form.read("state", State::parse),
        account_id: form.read("accountId", AccountId::parse).map(|id| id.to_string()),
        control: form.read("control", |text| {
            control(text).map(|row| row.control.clone()).ok_or_else(|| "is not a control of the catalog".to_owned())
        }),
    };
    let size = form.read("pageSize", page_size).unwrap_or(DEFAULT_SIZE);
    let after = form.read("pageToken", token);
    form.refuse_unknown(&PARAMETERS);
    if form.problems.is_empty() { Ok(Query { filter, size, after }) } else { Err(form.problems) }
}

/// A position means the same in every list: with other filters the list only goes on from there.
fn write(position: &CasePosition) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_string(position).unwrap_or_default())
}

fn token(text: &str) -> Result<CasePosition, String> {
    let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| "is not a token of this API; send a nextPageToken as it came".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lambda_events::query_map::QueryMap;
    use remediation::CaseId;
    use std::collections::HashMap;

    fn query(pairs: &[(&str, &str)]) -> Result<Query, Vec<FieldProblem>> {
        let pairs: HashMap<String, String> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut request = ApiGatewayProxyRequest::default();
        request.query_string_parameters = QueryMap::from(pairs);
        parse(&request)
    }

    #[test]
    fn a_query_says_what_is_wrong_with_it_and_a_token_leads_on() {
        let wrong = query(&[("state", "DONE"), ("accountId", "7"), ("control", "X.1"), ("pageToken", "?"), ("x", "y")]);
        let fields: Vec<String> = wrong.unwrap_err().into_iter().map(|problem| problem.field).collect();
        assert_eq!(fields, ["state", "accountId", "control", "pageToken", "x"]);
        let opened_at = "2026-11-26T08:00:00Z".parse::<jiff::Timestamp>().unwrap().into();
        let position = CasePosition { opened_at, id: CaseId::of("x") };
        assert_eq!(query(&[("pageToken", &write(&position))]).unwrap().after, Some(position));
        assert_eq!(query(&[("state", "WAITING")]).unwrap().filter.state, Some(State::Waiting));
    }
}

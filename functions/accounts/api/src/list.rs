//! `GET /accounts`: requests, newest first, page by page.

use crate::{
    app::App,
    form::{Form, page_size},
    page_token,
    problem::{INVALID_QUERY, Problem},
    response::{self, Response},
    view::Summary,
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::StatusCode;
use landing_zone::{AccountType, Environment, FieldProblem};
use ledger::{Filter, Position, State};
use serde::Serialize;

const PARAMETERS: [&str; 5] = ["pageSize", "pageToken", "state", "environment", "accountType"];
const DEFAULT_SIZE: usize = 50;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    accounts: Vec<Summary<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

/// Which page of which list.
#[derive(Debug, PartialEq, Eq)]
struct Query {
    filter: Filter,
    size: usize,
    after: Option<Position>,
}

/// Lists requests.
pub(crate) async fn list(app: &App, request: &ApiGatewayProxyRequest) -> Result<Response, Problem> {
    let query = parse(request).map_err(|errors| Problem::fields(&INVALID_QUERY, errors))?;
    let page = app.ledger.list(&query.filter, query.size, query.after.as_ref()).await?;
    let list = List {
        accounts: page.records.iter().map(Summary::from).collect(),
        next_page_token: page.next.map(|position| page_token::write(&query.filter, position)),
    };
    Ok(response::json(StatusCode::OK, &list))
}

fn parse(request: &ApiGatewayProxyRequest) -> Result<Query, Vec<FieldProblem>> {
    let mut form = Form::of(request);
    let filter = Filter {
        state: form.read("state", State::parse),
        environment: form.read("environment", Environment::parse),
        account_type: form.read("accountType", AccountType::parse),
    };
    let readable = Some(&filter).filter(|_| form.problems.is_empty());
    let size = form.read("pageSize", page_size).unwrap_or(DEFAULT_SIZE);
    let after = form.read("pageToken", |text| page_token::read(text, readable));
    form.refuse_unknown(&PARAMETERS);
    if form.problems.is_empty() { Ok(Query { filter, size, after }) } else { Err(form.problems) }
}

#[cfg(test)]
mod tests;

//! `GET /spend`: one line for each account, who spent most of the limit first, page by page.

use super::line::{Line, Position};
use crate::{
    app::App,
    form::{Form, page_size},
    problem::{INVALID_QUERY, Problem},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use finops::{Account, Outcome, Stage};
use http::StatusCode;
use landing_zone::{AccountId, AccountType, Environment, FieldProblem};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::collections::BTreeMap;

const PARAMETERS: [&str; 7] = ["pageSize", "pageToken", "environment", "accountType", "stage", "outcome", "owner"];
const DEFAULT_SIZE: usize = 50;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    accounts: Vec<Line<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_page_token: Option<String>,
}

#[derive(Debug, PartialEq, Eq)]
struct Query {
    environment: Option<Environment>,
    account_type: Option<AccountType>,
    stage: Option<Stage>,
    outcome: Option<Outcome>,
    owner: Option<String>,
    size: usize,
    after: Option<Position>,
}

/// Lists accounts.
pub(crate) async fn list(app: &App, request: &ApiGatewayProxyRequest) -> Result<Response, Problem> {
    let query = parse(request).map_err(|errors| Problem::fields(&INVALID_QUERY, errors))?;
    let decisions = app.ledger.decisions().await?;
    let observed = app.ledger.all_observed().await?;
    let accounts: BTreeMap<AccountId, Account> =
        observed.into_iter().map(|observed| (observed.account.id.clone(), observed.account)).collect();
    let lines = decisions.iter().map(|decision| Line::of(decision, accounts.get(&decision.account), app.currency));
    Ok(response::json(StatusCode::OK, &query.page(lines)))
}

impl Query {
    fn page<'a>(&self, lines: impl Iterator<Item = Line<'a>>) -> List<'a> {
        let mut all: Vec<(Position, Line<'a>)> = lines
            .filter(|line| self.fits(line))
            .map(|line| (line.position(), line))
            .filter(|(position, _)| self.after.as_ref().is_none_or(|after| position > after))
            .collect();
        all.sort_by(|(one, _), (other, _)| one.cmp(other));
        let has_more = all.len() > self.size;
        all.truncate(self.size);
        let next_page_token = all.last().filter(|_| has_more).map(|(position, _)| write(position));
        List { accounts: all.into_iter().map(|(_, line)| line).collect(), next_page_token }
    }

    fn fits(&self, line: &Line<'_>) -> bool {
        self.environment.is_none_or(|environment| line.environment == Some(environment))
            && self.account_type.is_none_or(|account_type| line.account_type == Some(account_type))
            && self.stage.is_none_or(|stage| line.stage == stage)
            && self.outcome.is_none_or(|outcome| line.outcome == outcome)
            && self.owner.as_ref().is_none_or(|owner| line.owner == Some(owner))
    }
}

fn parse(request: &ApiGatewayProxyRequest) -> Result<Query, Vec<FieldProblem>> {
    let mut form = Form::of(request);
    let query = Query {
        environment: form.read("environment", Environment::parse),
        account_type: form.read("accountType", AccountType::parse),
        stage: form.read("stage", word),
        outcome: form.read("outcome", word),
        owner: form.read("owner", |text| Ok(text.to_owned())),
        size: form.read("pageSize", page_size).unwrap_or(DEFAULT_SIZE),
        after: form.read("pageToken", token),
    };
    form.refuse_unknown(&PARAMETERS);
    if form.problems.is_empty() { Ok(query) } else { Err(form.problems) }
}

/// A word of the domain as it stands in JSON. The error lists the words there are.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_value(Value::String(text.to_owned())).map_err(|why| why.to_string())
}

/// A position means the same in every list: with other filters the list only goes on from there.
fn write(position: &Position) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_string(position).unwrap_or_default())
}

fn token(text: &str) -> Result<Position, String> {
    let read = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    read.ok_or_else(|| "is not a token of this API; send a nextPageToken as it came".to_owned())
}

#[cfg(test)]
mod tests;

//! `GET /tags/coverage`: how many resources carry the tags they must, as the last sweeps found; for one account also which
//! do not.

use crate::{
    app::App,
    form::Form,
    problem::{INVALID_QUERY, Problem},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::StatusCode;
use jiff::Timestamp;
use landing_zone::{AccountId, AccountType, Environment, FieldProblem, TagKey};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tagging::{Action, Count, Marks, Summary, Swept, SweptState};

const PARAMETERS: [&str; 3] = ["accountId", "environment", "accountType"];

/// Which accounts.
#[derive(Debug, Default, PartialEq, Eq)]
struct Query {
    account: Option<AccountId>,
    environment: Option<Environment>,
    account_type: Option<AccountType>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    swept_at: Option<Timestamp>,
    total: Share,
    against_tag_policy: u64,
    environments: BTreeMap<&'a str, Share>,
    account_types: BTreeMap<&'a str, Share>,
    services: BTreeMap<&'a str, Share>,
    keys: BTreeMap<&'a str, Share>,
    accounts: Vec<SweptAccount<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    untagged: Option<Vec<Untagged>>,
}

/// A count with its percentage.
#[derive(Serialize)]
struct Share {
    #[serde(flatten)]
    count: Count,
    percent: f64,
}

impl From<Count> for Share {
    fn from(count: Count) -> Self {
        Self { count, percent: count.percent() }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SweptAccount<'a> {
    account_id: &'a AccountId,
    region: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_type: Option<AccountType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'a str>,
    state: SweptState,
    swept_at: Timestamp,
    #[serde(flatten)]
    share: Share,
}

#[derive(Serialize)]
struct Untagged {
    arn: String,
    region: String,
    missing: BTreeSet<TagKey>,
    since: Timestamp,
    due: Timestamp,
    action: Action,
}

/// Reports coverage.
pub(crate) async fn coverage(app: &App, request: &ApiGatewayProxyRequest) -> Result<Response, Problem> {
    let query = parse(request).map_err(|errors| Problem::fields(&INVALID_QUERY, errors))?;
    let sweeps: Vec<Swept> = app.ledger.coverages().await?;
    let mut sweeps: Vec<Swept> = sweeps.into_iter().filter(|swept| query.fits(swept)).collect();
    sweeps.sort_by(|one, other| (&one.account_id, &one.region).cmp(&(&other.account_id, &other.region)));
    let untagged = match &query.account {
        Some(_) => Some(untagged(app, &sweeps).await?),
        None => None,
    };
    let summary = Summary::of(&sweeps);
    Ok(response::json(StatusCode::OK, &report(&summary, &sweeps, untagged)))
}

fn parse(request: &ApiGatewayProxyRequest) -> Result<Query, Vec<FieldProblem>> {
    let mut form = Form::of(request);
    let query = Query {
        account: form.read("accountId", AccountId::parse),
        environment: form.read("environment", Environment::parse),
        account_type: form.read("accountType", AccountType::parse),
    };
    form.refuse_unknown(&PARAMETERS);
    if form.problems.is_empty() { Ok(query) } else { Err(form.problems) }
}

impl Query {
    fn fits(&self, swept: &Swept) -> bool {
        self.account.as_ref().is_none_or(|account| *account == swept.account_id)
            && self.environment.is_none_or(|environment| swept.environment == Some(environment))
            && self.account_type.is_none_or(|account_type| swept.account_type == Some(account_type))
    }
}

async fn untagged(app: &App, sweeps: &[Swept]) -> Result<Vec<Untagged>, Problem> {
    let mut all = Vec::new();
    for swept in sweeps {
        let marks: Option<Marks> = app.ledger.untagged(&swept.account_id, &swept.region).await?;
        all.extend(marks.unwrap_or_default().0.into_iter().map(|mark| Untagged {
            due: swept.due(mark.since),
            region: swept.region.clone(),
            action: swept.action,
            arn: mark.arn,
            missing: mark.missing,
            since: mark.since,
        }));
    }
    Ok(all)
}

fn report<'a>(summary: &'a Summary, sweeps: &'a [Swept], untagged: Option<Vec<Untagged>>) -> Report<'a> {
    let account = |swept: &'a Swept| SweptAccount {
        account_id: &swept.account_id,
        region: &swept.region,
        environment: swept.environment,
        account_type: swept.account_type,
        owner: swept.owner.as_deref(),
        state: swept.state,
        swept_at: swept.swept_at,
        share: swept.coverage.total.into(),
    };
    Report {
        swept_at: summary.swept_at,
        total: summary.coverage.total.into(),
        against_tag_policy: summary.coverage.against_tag_policy,
        environments: shares(&summary.environments),
        account_types: shares(&summary.account_types),
        services: shares(&summary.coverage.services),
        keys: shares(&summary.coverage.keys),
        accounts: sweeps.iter().map(account).collect(),
        untagged,
    }
}

fn shares<K: AsRef<str>>(counts: &BTreeMap<K, Count>) -> BTreeMap<&str, Share> {
    counts.iter().map(|(name, count)| (name.as_ref(), (*count).into())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_lambda_events::query_map::QueryMap;
    use serde_json::json;
    use std::collections::HashMap;

    fn query(pairs: &[(&str, &str)]) -> Result<Query, Vec<FieldProblem>> {
        let pairs: HashMap<String, String> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut request = ApiGatewayProxyRequest::default();
        request.query_string_parameters = QueryMap::from(pairs);
        parse(&request)
    }

    fn swept(account: &str, environment: Option<&str>) -> Swept {
        serde_json::from_value(json!({"accountId": account, "region": "eu-west-1", "environment": environment,
            "state": "swept", "sweptAt": "2026-11-26T08:00:00Z", "searchedTo": "2026-11-26T07:45:00Z", "replayed": 0,
            "graceDays": 14, "action": "notify", "coverage": {"services": {"s3": {"resources": 3, "complete": 2}},
            "keys": {"owner": {"resources": 3, "complete": 3}}, "againstTagPolicy": 0,
            "total": {"resources": 3, "complete": 2}}}))
        .unwrap()
    }

    #[test]
    fn a_query_picks_accounts_and_says_what_is_wrong_with_it() {
        let all = query(&[]).unwrap();
        let dev = query(&[("environment", "dev")]).unwrap();
        let one = query(&[("accountId", "111122223333")]).unwrap();
        for (swept, fits) in [
            (swept("111122223333", Some("dev")), [true, true, true]),
            (swept("111122223334", Some("prod")), [true, false, false]),
            (swept("111122223335", None), [true, false, false]),
        ] {
            assert_eq!([all.fits(&swept), dev.fits(&swept), one.fits(&swept)], fits);
        }
        let wrong = query(&[("accountId", "7"), ("environment", "qa"), ("region", "x")]).unwrap_err();
        let fields: Vec<&str> = wrong.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["accountId", "environment", "region"]);
    }

    #[test]
    fn the_report_is_written_as_the_contract_says() {
        let sweeps = [swept("111122223333", Some("dev"))];
        let summary = Summary::of(&sweeps);
        insta::assert_json_snapshot!(report(&summary, &sweeps, Some(Vec::new())));
    }
}

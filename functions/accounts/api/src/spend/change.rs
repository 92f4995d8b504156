//! `POST /spend/{accountId}/override`: another limit or another furthest stage, for a time; or back to the policy.

use super::{amend, evaluate, reason, wrong};
use crate::{
    app::App,
    body,
    caller::Caller,
    problem::{INVALID_REQUEST, Problem},
    response::{self, Response},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use finops::{Override, Record, Stage, amount};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountId, FieldProblem};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What lasts longer belongs into the policy, where it is reviewed.
const LONGEST_DAYS: i64 = 100;

/// The body as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    #[serde(default)]
    limit: Option<String>,
    #[serde(default)]
    max_stage: Option<Stage>,
    #[serde(default)]
    until: Option<Timestamp>,
    /// True to go back to the policy.
    #[serde(default)]
    clear: bool,
    reason: String,
}

/// What is wanted.
#[derive(Debug, PartialEq, Eq)]
enum Wish {
    Set { limit: Option<Decimal>, max_stage: Option<Stage>, until: Timestamp, reason: String },
    Clear { reason: String },
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'a> {
    account_id: &'a AccountId,
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    change: Option<&'a Override>,
}

/// Sets or ends the override of an account. The same again changes nothing.
pub(crate) async fn change(app: &App, request: &ApiGatewayProxyRequest, id: &str) -> Result<Response, Problem> {
    let caller = Caller::of(request)?;
    let now = (app.clock)();
    let wish = parse(body::object(request)?, now).map_err(|error| Problem::fields(&INVALID_REQUEST, vec![error]))?;
    let account = super::decision(app, id).await?.account;
    let put = |record: &mut Record| {
        wish.put(record, &caller.arn, now);
        Ok(())
    };
    let record = amend(app, &account, put).await?;
    evaluate(app, &account, "change").await?;
    Ok(response::json(StatusCode::ACCEPTED, &Answer { account_id: &account, change: record.change.as_ref() }))
}

impl Wish {
    fn put(&self, record: &mut Record, by: &str, now: Timestamp) {
        let (change, what) = match self {
            Self::Clear { reason } => (None, format!("{by} went back to the policy: {reason}")),
            Self::Set { limit, max_stage, until, reason } => {
                let limit_words = limit.map(|limit| format!("the limit to {limit}"));
                let stage_words = max_stage.map(|stage| format!("the furthest stage to {stage}"));
                let words = [limit_words, stage_words].into_iter().flatten().collect::<Vec<_>>().join(" and ");
                let (by, reason) = (by.to_owned(), reason.clone());
                let what = format!("{by} set {words} until {until}: {reason}");
                (Some(Override { limit: *limit, max_stage: *max_stage, until: *until, by, reason }), what)
            }
        };
        if record.change != change {
            record.change = change;
            record.note(now, what);
        }
    }
}

fn parse(body: Map<String, Value>, now: Timestamp) -> Result<Wish, FieldProblem> {
    let body: Body = serde_path_to_error::deserialize(Value::Object(body))
        .map_err(|error| wrong(&error.path().to_string(), error.inner().to_string()))?;
    let reason = reason(&body.reason)?;
    if body.clear {
        let is_alone = body.limit.is_none() && body.max_stage.is_none() && body.until.is_none();
        return if is_alone { Ok(Wish::Clear { reason }) } else { Err(wrong("clear", "stands alone with reason")) };
    }
    if body.limit.is_none() && body.max_stage.is_none() {
        return Err(wrong("limit", "or maxStage must be given, or clear"));
    }
    let limit = body.limit.as_deref().map(limit).transpose()?;
    let until =
        body.until.filter(|until| now < *until && *until <= now + SignedDuration::from_hours(24 * LONGEST_DAYS));
    let until = until.ok_or_else(|| wrong("until", format!("must lie in the next {LONGEST_DAYS} days")))?;
    Ok(Wish::Set { limit, max_stage: body.max_stage, until, reason })
}

fn limit(text: &str) -> Result<Decimal, FieldProblem> {
    let limit = amount(text).map_err(|why| wrong("limit", why))?;
    if limit <= Decimal::ZERO {
        return Err(wrong("limit", "must be more than nothing"));
    }
    Ok(limit)
}

#[cfg(test)]
mod tests;

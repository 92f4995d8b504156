//! `GET /spend/{accountId}`: what was decided about an account and why, what was done to it, and what that rests on.

use super::line::Line;
use crate::{
    app::App,
    problem::Problem,
    response::{self, Response},
};
use finops::{Costs, Currency, Day, Decision, Observed, Record};
use http::StatusCode;
use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Days of the bill that are shown.
const DAYS: i32 = 14;

/// Decisions before the last one that are shown.
const HISTORY: usize = 20;

#[derive(Serialize)]
struct Details<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    decision: &'a Decision,
    record: &'a Record,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'a Observed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    costs: Option<Bill<'a>>,
    /// Decisions that changed something, newest first.
    history: Vec<&'a Decision>,
}

/// The last days of the bill.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bill<'a> {
    read_at: Timestamp,
    through: Option<Date>,
    currencies: &'a BTreeSet<Currency>,
    days: BTreeMap<Date, Day>,
}

/// Reads what is known of an account.
pub(crate) async fn read(app: &App, id: &str) -> Result<Response, Problem> {
    let decision = super::decision(app, id).await?;
    let (account, ledger) = (&decision.account, &app.ledger);
    let record = ledger.spend(account).await?;
    let observed = ledger.observed(account).await?;
    let costs = ledger.costs(account).await?;
    let decided = ledger.decided(account).await?;
    let details = Details {
        line: Line::of(&decision, observed.as_ref().map(|observed| &observed.account), app.currency),
        decision: &decision,
        record: &record.value,
        observed: observed.as_ref(),
        costs: costs.as_ref().map(Bill::from),
        history: decided.iter().rev().take(HISTORY).collect(),
    };
    Ok(response::json(StatusCode::OK, &details))
}

/// A day that the bill goes beyond and does not name cost nothing; later ones are not known.
impl<'a> From<&'a Costs> for Bill<'a> {
    fn from(costs: &'a Costs) -> Self {
        let from = |through: Date| through.saturating_sub((DAYS - 1).days());
        let days = costs
            .through
            .into_iter()
            .flat_map(|through| from(through).series(1.day()).take_while(move |day| *day <= through));
        Self {
            read_at: costs.read_at,
            through: costs.through,
            currencies: &costs.currencies,
            days: days.map(|day| (day, costs.days.get(&day).cloned().unwrap_or_default())).collect(),
        }
    }
}

#[cfg(test)]
mod tests;

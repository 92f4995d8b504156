//! `/spend`: what accounts spend and what was decided about it; limits changed for a time, steps approved.

mod approve;
mod change;
mod line;
mod list;
mod read;

use crate::{
    app::App,
    problem::{Problem, SPEND_MOVED, UNKNOWN_SPEND},
    start::execution,
};
use finops::{Decision, Record};
use landing_zone::{AccountId, FieldProblem};
use serde_json::json;

pub(crate) use approve::approve;
pub(crate) use change::change;
pub(crate) use list::list;
pub(crate) use read::read;

/// Writers of one account are few: an evaluation and, now and then, somebody else.
const TRIES: usize = 5;

/// Characters of a reason.
const LONGEST_REASON: usize = 500;

/// The last decision about the account that a path names.
async fn decision(app: &App, id: &str) -> Result<Decision, Problem> {
    let unknown = |detail: &str| Problem::new(&UNKNOWN_SPEND, detail);
    let account = AccountId::parse(id).map_err(|_| unknown("An account id has 12 digits."))?;
    let decision = app.ledger.decision(&account).await?;
    decision.ok_or_else(|| unknown("Use an account that GET /v1/spend shows."))
}

/// Changes what is on record of an account. Where `change` changes nothing, nothing is written.
async fn amend(
    app: &App,
    account: &AccountId,
    change: impl Fn(&mut Record) -> Result<(), Problem>,
) -> Result<Record, Problem> {
    for _ in 0..TRIES {
        let mut record = app.ledger.spend(account).await?;
        let before = record.value.clone();
        change(&mut record.value)?;
        if record.value == before || app.ledger.store_spend(&mut record, (app.clock)()).await? {
            return Ok(record.value);
        }
    }
    Err(Problem::new(&SPEND_MOVED, "It changed at this very moment. Look at it again, then repeat what you want."))
}

/// Has an account evaluated at once rather than by the schedule. `of` is what made it necessary.
async fn evaluate(app: &App, account: &AccountId, of: &str) -> Result<(), Problem> {
    let name = format!("api-{account}-{of}-{}", (app.clock)().strftime("%Y%m%dT%H%M%SZ"));
    let input = json!({"accounts": [account]});
    execution(&app.spend_evaluation, name, &input, &format!("{of} of account {account}")).await
}

fn wrong(field: &str, detail: impl Into<String>) -> FieldProblem {
    FieldProblem { field: field.to_owned(), detail: detail.into() }
}

/// Letters and timelines quote a reason.
fn reason(text: &str) -> Result<String, FieldProblem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > LONGEST_REASON || text.chars().any(char::is_control) {
        return Err(wrong("reason", format!("must have 1 to {LONGEST_REASON} characters on one line")));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod testing;

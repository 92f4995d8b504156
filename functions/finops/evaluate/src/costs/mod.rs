//! Reads the bill of the organization into the ledger, when it is due. What cannot be read leaves what is known as it is.

mod bill;
mod explorer;
mod window;

pub(crate) use explorer::client;

use crate::{AT_ONCE, App, Error, measure};
use bill::Bill;
use explorer::{Reader, Unread};
use finops::{Costs, Observed, day_of};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use window::{Plan, plan};

/// One evaluation at a time reads the bill; the others go on with what is known.
const TURN: &str = "bill";

/// Longer than the function may run: whoever has had the turn for so long was killed.
const READING: SignedDuration = SignedDuration::from_mins(6);

/// A bill that could not be read is tried again after so long, so that an hour of trouble does not use up the requests of
/// the day.
const PAUSE: SignedDuration = SignedDuration::from_mins(30);

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Whom to look into.
    accounts: Vec<AccountId>,
    /// Requests that were paid.
    paid: u32,
    /// True where the bill in the ledger is older than it should be.
    stale: bool,
    /// Why it was not read although it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// Reads the bill if it is due, and says whom to look into.
pub(crate) async fn costs(app: &App, wanted: Option<Vec<AccountId>>, force: bool) -> Result<Answer, Error> {
    let now = (app.clock)();
    let active: BTreeSet<AccountId> = aws::active_accounts(&app.organizations).await?.into_iter().collect();
    let (mut paid, mut why) = (0, None);
    let turn = app.ledger.take_turn(TURN, now + READING, now).await?;
    if turn || force {
        let mut reader = Reader { client: &app.explorer, ledger: &app.ledger, now, paid: 0 };
        why = read(app, &mut reader, &active, now).await?;
        paid = reader.paid;
        let again = if why.is_none() { app.refresh } else { PAUSE };
        app.ledger.end_turn(TURN, now + again).await?;
        measure::bill(paid, why.is_none(), now);
    }
    let accounts = match wanted {
        Some(wanted) => wanted.into_iter().collect::<BTreeSet<_>>(),
        None => to_look_into(active.clone(), &app.ledger.all_observed().await?),
    };
    let stale = why.is_some() || is_stale(app, &active, now).await?;
    Ok(Answer { accounts: accounts.into_iter().collect(), paid, stale, why })
}

/// Every account in use. One that was in use when it was looked at last is looked at once more, to see what became of it.
fn to_look_into(mut active: BTreeSet<AccountId>, observed: &[Observed]) -> BTreeSet<AccountId> {
    let before = observed.iter().filter(|observed| observed.account.state == "ACTIVE");
    active.extend(before.map(|observed| observed.account.id.clone()));
    active
}

/// All accounts are read together: one stands for all.
async fn is_stale(app: &App, active: &BTreeSet<AccountId>, now: Timestamp) -> Result<bool, Error> {
    let Some(one) = active.first() else { return Ok(false) };
    let known = app.ledger.costs(one).await?;
    Ok(known.is_none_or(|known| now.duration_since(known.read_at) > app.refresh))
}

/// Reads and stores the bill; else why that was not possible.
async fn read(
    app: &App,
    reader: &mut Reader<'_>,
    active: &BTreeSet<AccountId>,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let known = app.ledger.all_costs().await?;
    let known: BTreeMap<AccountId, Costs> = known.into_iter().map(|costs| (costs.account.clone(), costs)).collect();
    let plan = plan(active, &known, &app.policy, day_of(now));
    match follow(app, reader, plan).await {
        Ok((bill, whole)) => {
            telemetry::info!(
                from = %bill.window.start,
                through = bill.through.map(|day| day.to_string()),
                accounts = bill.accounts.len(),
                total = %bill.total(),
                paid = reader.paid,
                "the bill was read"
            );
            store(app, entries(bill, whole, active, known, now)).await?;
            Ok(None)
        }
        Err(Unread::Ledger(error)) => Err(error.into()),
        Err(unread) => {
            telemetry::error!(reason = %unread, paid = reader.paid, "the bill could not be read");
            Ok(Some(unread.to_string()))
        }
    }
}

/// Reads the long way if that is due, and the short way where the day's requests are not enough for it. True with the
/// bill where it was the long way.
async fn follow(app: &App, reader: &mut Reader<'_>, plan: Plan) -> Result<(Bill, bool), Unread> {
    let credits = app.policy.needs_net();
    if let Some(long) = plan.long {
        // A long bill leaves a quarter of the requests for short ones.
        let most = app.most_paid - app.most_paid / 4;
        match (reader.read(long, credits, most).await, plan.short) {
            (Err(Unread::Spent { .. }), Some(_)) => {
                telemetry::warn!(from = %long.start, most, "the requests of the day are not enough for a long bill");
            }
            (read, _) => return read.map(|bill| (bill, true)),
        }
    }
    match plan.short {
        Some(short) => reader.read(short, credits, app.most_paid).await.map(|bill| (bill, false)),
        None => Err(Unread::Empty),
    }
}

/// What the ledger keeps of each account: also of those without a row, which spent nothing. An account whose earlier days
/// were never read stays unknown until a long bill shows them.
fn entries(
    bill: Bill,
    whole: bool,
    active: &BTreeSet<AccountId>,
    mut known: BTreeMap<AccountId, Costs>,
    now: Timestamp,
) -> Vec<Costs> {
    let Bill { window, mut accounts, through } = bill;
    let all: BTreeSet<AccountId> = active.iter().chain(accounts.keys()).cloned().collect();
    let entry = |account: AccountId| {
        let before = known.remove(&account);
        let share = accounts.remove(&account).unwrap_or_default();
        let mut costs = match before {
            Some(before) => before,
            None if whole => Costs::new(account, now),
            None => return None,
        };
        if whole {
            costs.currencies = share.currencies;
        } else {
            costs.currencies.extend(share.currencies);
        }
        costs.take(window, share.days, through, now);
        Some(costs)
    };
    all.into_iter().filter_map(entry).collect()
}

async fn store(app: &App, entries: Vec<Costs>) -> Result<(), Error> {
    let stored = entries.iter().map(|costs| app.ledger.store_costs(costs));
    Ok(stream::iter(stored).buffer_unordered(AT_ONCE).try_collect::<()>().await?)
}

#[cfg(test)]
mod tests;

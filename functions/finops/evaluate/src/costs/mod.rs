//! Reads the bill of the organization into the ledger, when it is due. What cannot be read leaves what is known as it is.

mod bill;
mod explorer;
mod window;

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
    /// Accounts that wait for the requests of another day to be read whole.
    waiting: usize,
    /// True where the bill in the ledger is older than it should be.
    stale: bool,
    /// Why it was not read although it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

/// What came of reading.
struct Read {
    waiting: usize,
    why: Option<String>,
}

/// Reads the bill if it is due, and says whom to look into.
pub(crate) async fn costs(app: &App, wanted: Option<Vec<AccountId>>, force: bool) -> Result<Answer, Error> {
    let now = (app.clock)();
    let active: BTreeSet<AccountId> = aws::active_accounts(&app.organizations).await?.into_iter().collect();
    let (mut paid, mut waiting, mut why) = (0, 0, None);
    let turn = app.ledger.take_turn(TURN, now + READING, now).await?;
    if turn || force {
        let mut reader = Reader { client: &app.explorer, ledger: &app.ledger, now, paid: 0 };
        Read { waiting, why } = read(app, &mut reader, &active, now).await?;
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
    Ok(Answer { accounts: accounts.into_iter().collect(), paid, waiting, stale, why })
}

/// Every account in use. One that was in use when it was looked at last is looked at once more, to see what became of it.
fn to_look_into(mut active: BTreeSet<AccountId>, observed: &[Observed]) -> BTreeSet<AccountId> {
    let before = observed.iter().filter(|observed| observed.account.state == "ACTIVE");
    active.extend(before.map(|observed| observed.account.id.clone()));
    active
}

/// The last days of all accounts are read together: one stands for all. One that was never read counts as old until it is.
async fn is_stale(app: &App, active: &BTreeSet<AccountId>, now: Timestamp) -> Result<bool, Error> {
    let Some(one) = active.first() else { return Ok(false) };
    let known = app.ledger.costs(one).await?;
    Ok(known.is_none_or(|known| now.duration_since(known.read_at) > app.refresh))
}

/// Reads and stores the bill; else why that was not possible.
async fn read(app: &App, reader: &mut Reader<'_>, active: &BTreeSet<AccountId>, now: Timestamp) -> Result<Read, Error> {
    let known = app.ledger.all_costs().await?.into_iter().map(|costs| (costs.account.clone(), costs)).collect();
    let mut books = Books { app, active, known, now };
    match follow(reader, &mut books).await {
        Ok(waiting) => {
            let accounts = books.known.len();
            telemetry::info!(accounts, waiting, paid = reader.paid, "the bill was read");
            Ok(Read { waiting, why: None })
        }
        Err(Unread::Ledger(error)) => Err(error.into()),
        Err(unread) => {
            telemetry::error!(reason = %unread, paid = reader.paid, "the bill could not be read");
            Ok(Read { waiting: 0, why: Some(unread.to_string()) })
        }
    }
}

/// Few accounts are read whole at once. Of many, the last days are read, and then the accounts whose turn it is are read
/// whole, part by part, as long as half of the day's requests last: the others wait for the next day. How many wait.
async fn follow(reader: &mut Reader<'_>, books: &mut Books<'_>) -> Result<usize, Unread> {
    let (credits, most) = (books.app.policy.needs_net(), books.app.most_paid);
    let half = most.div_ceil(2);
    let Plan { short, parts, together } = plan(books.active, &books.known, &books.app.policy, day_of(books.now));
    if let ([all], true) = (parts.as_slice(), together) {
        match reader.read(all.window, None, credits, half).await {
            Err(Unread::Spent { .. }) if !books.known.is_empty() => {}
            read => return books.keep(read?, Of::All).await.map(|()| 0),
        }
    }
    let bill = reader.read(short, None, credits, most).await?;
    // It goes as far for those who spent nothing lately.
    let through = bill.through;
    books.keep(bill, Of::LastDays).await?;
    for (at, part) in parts.iter().enumerate() {
        match reader.read(part.window, Some(&part.accounts), credits, half).await {
            Ok(bill) => {
                let bill = Bill { through: bill.through.max(through), ..bill };
                books.keep(bill, Of::Accounts(&part.accounts)).await?;
            }
            Err(Unread::Spent { .. }) if !books.known.is_empty() => {
                return Ok(parts.iter().skip(at).map(|part| part.accounts.len()).sum());
            }
            Err(unread) => return Err(unread),
        }
    }
    Ok(0)
}

/// Whose bill was read, and how much of it.
#[derive(Clone, Copy)]
enum Of<'a> {
    /// All accounts, whole.
    All,
    /// All accounts, the last days.
    LastDays,
    /// These accounts, whole.
    Accounts(&'a [AccountId]),
}

/// The bills in the ledger.
struct Books<'a> {
    app: &'a App,
    active: &'a BTreeSet<AccountId>,
    known: BTreeMap<AccountId, Costs>,
    now: Timestamp,
}

impl Books<'_> {
    /// Puts a bill into the ledger.
    async fn keep(&mut self, bill: Bill, of: Of<'_>) -> Result<(), Unread> {
        telemetry::info!(
            from = %bill.window.start,
            through = bill.through.map(|day| day.to_string()),
            accounts = bill.accounts.len(),
            total = %bill.total(),
            "a part of the bill was read"
        );
        let entries = self.entries(bill, of);
        let stored = entries.iter().map(|costs| self.app.ledger.store_costs(costs));
        stream::iter(stored).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        self.known.extend(entries.into_iter().map(|costs| (costs.account.clone(), costs)));
        Ok(())
    }

    /// What the ledger keeps of each account: also of those without a row, which spent nothing. An account whose earlier
    /// days were not read stays as it is until it is read whole.
    fn entries(&self, bill: Bill, of: Of<'_>) -> Vec<Costs> {
        let Bill { window, mut accounts, through } = bill;
        let all: BTreeSet<AccountId> = match of {
            Of::All | Of::LastDays => self.active.iter().chain(accounts.keys()).cloned().collect(),
            Of::Accounts(these) => these.iter().cloned().collect(),
        };
        let is_whole = !matches!(of, Of::LastDays);
        let entry = |account: AccountId| {
            let before = self.known.get(&account);
            if !is_whole && before.is_none_or(|before| day_of(before.read_at) < window.start) {
                return None;
            }
            let share = accounts.remove(&account).unwrap_or_default();
            let mut costs = before.cloned().unwrap_or_else(|| Costs::new(account, self.now));
            if is_whole {
                costs.currencies = share.currencies;
                costs.whole_at = Some(self.now);
            } else {
                costs.currencies.extend(share.currencies);
            }
            costs.take(window, share.days, through, self.now);
            Some(costs)
        };
        all.into_iter().filter_map(entry).collect()
    }
}

#[cfg(test)]
mod tests;

//! The record of an account, which several writers change.

use crate::{App, Error, event::Work};
use finops::Record;
use jiff::SignedDuration;
use landing_zone::AccountId;
use ledger::Versioned;

/// An execution is dead when nothing was heard of it for so long: longer than a part of a step and its retries take.
pub(crate) const LEASE: SignedDuration = SignedDuration::from_mins(30);

/// Writers of one account are few.
const TRIES: usize = 5;

/// Changes the record. Where `change` changes nothing, nothing is written.
pub(crate) async fn amend<T>(app: &App, account: &AccountId, change: impl Fn(&mut Record) -> T) -> Result<T, Error> {
    for _ in 0..TRIES {
        let mut record = app.ledger.spend(account).await?;
        let before = record.value.clone();
        let done = change(&mut record.value);
        if record.value == before || app.ledger.store_spend(&mut record, (app.clock)()).await? {
            return Ok(done);
        }
    }
    Err(Error::Contended)
}

/// The record, which the execution has to have: whatever is changed is changed by one execution at a time.
pub(crate) async fn held(app: &App, step: &Work) -> Result<Versioned<Record>, Error> {
    let record = app.ledger.spend(&step.account_id).await?;
    if record.value.is_held_by(&step.execution_id) { Ok(record) } else { Err(Error::LeaseLost) }
}

/// The same, and the execution has the account for longer.
pub(crate) async fn renewed(app: &App, step: &Work) -> Result<Record, Error> {
    let renewed = amend(app, &step.account_id, |record| {
        let is_held = record.is_held_by(&step.execution_id);
        (is_held && record.claim(&step.execution_id, LEASE, (app.clock)())).then(|| record.clone())
    });
    renewed.await?.ok_or(Error::LeaseLost)
}

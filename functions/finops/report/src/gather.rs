//! Everything that is known, read from where it is kept.

use crate::{App, billed::Billed, commitments::Commitments, model::Facts};
use finops::{Period, day_of};
use jiff::{Timestamp, ToSpan as _};

/// Why a report of a breach does not know it.
const UNASKED: &str = "it costs money to ask, which only the weekly report does";

/// Reads it. At a breach nothing is asked that costs money: the report of the week has it.
pub(crate) async fn gather(app: &App, breach: bool, now: Timestamp) -> Result<Facts, ledger::Error> {
    let ledger = &app.ledger;
    let month = Period::Monthly.window(day_of(now));
    let before = Period::Monthly.window(month.start.saturating_sub(1.day()));
    let (commitments, billed) = if breach {
        (Commitments::unasked(before, UNASKED), Billed::unknown(month, UNASKED))
    } else {
        let commitments = Commitments::read(&app.explorer, ledger, before, now).await?;
        (commitments, Billed::read(&app.explorer, ledger, month, app.policy.currency, now).await?)
    };
    Ok(Facts {
        now,
        policy: app.policy.clone(),
        costs: ledger.all_costs().await?,
        observed: ledger.all_observed().await?,
        decisions: ledger.decisions().await?,
        records: ledger.all_spend().await?,
        idle: ledger.all_idle().await?,
        sweeps: ledger.coverages().await?,
        commitments,
        billed,
    })
}

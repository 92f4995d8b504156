//! Stops and starts workloads, with the same records as enforcement: what was there is on record before anything is changed.

use crate::{App, Error, plan::lasts};
use aws::SdkConfig;
use jiff::Timestamp;
use landing_zone::AccountId;
use ledger::Versioned;
use serde::Serialize;
use workloads::{Advance, Phase, Stopped, Workload};

/// Who stops it: enforcement starts only what has its own label, and this function what has this one.
pub(crate) const LABEL: &str = "spend-idle";

/// Steps of a workload: more than any kind takes.
const MOST_STEPS: u32 = 60;

/// Pauses of an operator's start, two minutes.
const PAUSES: u32 = 24;

/// The capability whose role stops and starts.
pub(crate) const CAPABILITY: &str = "spend-enforcement";

/// What came of stopping.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is stopped.
    Stopped,
    /// It runs on, for this reason.
    Kept(String),
    /// It does not run any more, and not because of us.
    Gone,
    /// It goes on with the next look.
    Later,
}

/// What came of starting again.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restart {
    arn: String,
    /// True where it is as it was before.
    started: bool,
    /// True where it is starting: ask again.
    waits: bool,
    /// Why it was left alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    left: Option<String>,
}

/// How long may be waited, in pauses, for all workloads of an invocation.
pub(crate) struct Patience(pub(crate) u32);

impl Patience {
    /// Waits a little; false where that was done often enough.
    async fn wait(&mut self, app: &App) -> bool {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or_default();
        if left.is_some() {
            tokio::time::sleep(app.pause).await;
        }
        left.is_some()
    }
}

/// Stops a workload, or goes on with it.
pub(crate) async fn stop(
    app: &App,
    session: &SdkConfig,
    account: &AccountId,
    workload: &Workload,
    patience: &mut Patience,
    now: Timestamp,
) -> Result<Outcome, Error> {
    let config = aws::in_region(session, &workload.region);
    let found = app.ledger.stopped::<Stopped>(account, &workload.arn).await?;
    let mut record = match found {
        Some(found) if lasts(&found.value.phase) && found.value.stopped_by != LABEL => {
            return Ok(Outcome::Kept(format!("it is in the hands of {}", found.value.stopped_by)));
        }
        Some(found) if matches!(found.value.phase, Phase::Starting) => return Ok(Outcome::Later),
        // It was stopped by us and runs again: that record is of no use any more.
        Some(found) if lasts(&found.value.phase) && found.value.phase != Phase::Stopped => found,
        other => {
            let saved = workloads::save(&config, workload, LABEL).await?;
            if let Some(outcome) = end(&saved.phase) {
                return Ok(outcome);
            }
            let mut record = match other {
                Some(other) => other.with(saved),
                None => Versioned::new(saved),
            };
            if !app.ledger.store_stopped(account, &workload.arn, &mut record, now).await? {
                return Ok(Outcome::Later);
            }
            record
        }
    };
    for _ in 0..MOST_STEPS {
        let advance = workloads::stop(&config, &mut record.value).await?;
        if !app.ledger.store_stopped(account, &workload.arn, &mut record, now).await? {
            // Another has it now.
            return Ok(Outcome::Later);
        }
        match advance {
            Advance::Moved => {}
            Advance::Waits if patience.wait(app).await => {}
            Advance::Waits => return Ok(Outcome::Later),
            Advance::Done => break,
        }
    }
    let outcome = end(&record.value.phase).unwrap_or(Outcome::Later);
    if matches!(outcome, Outcome::Kept(_) | Outcome::Gone) {
        app.ledger.forget_stopped(account, &workload.arn).await?;
    }
    Ok(outcome)
}

/// What a phase comes to; nothing for one that goes on.
fn end(phase: &Phase) -> Option<Outcome> {
    match phase {
        Phase::Stopped => Some(Outcome::Stopped),
        Phase::NotStoppable(why) => Some(Outcome::Kept(why.clone())),
        Phase::Left => Some(Outcome::Gone),
        _ => None,
    }
}

/// Starts again what was stopped, or goes on with it; takes our marks back where somebody else did that.
pub(crate) async fn start(
    app: &App,
    session: &SdkConfig,
    account: &AccountId,
    mut record: Versioned<Stopped>,
    patience: &mut Patience,
    now: Timestamp,
) -> Result<Restart, Error> {
    let arn = record.value.workload.arn.clone();
    let config = aws::in_region(session, &record.value.workload.region);
    for _ in 0..MOST_STEPS {
        if record.value.phase == Phase::Saved {
            // Nothing was changed yet.
            record.value.phase = Phase::Started;
        }
        let advance = workloads::start(&config, &mut record.value).await?;
        if !app.ledger.store_stopped(account, &arn, &mut record, now).await? {
            break;
        }
        match advance {
            Advance::Moved => {}
            Advance::Waits if patience.wait(app).await => {}
            Advance::Waits => break,
            Advance::Done => {
                app.ledger.forget_stopped(account, &arn).await?;
                let started = record.value.phase == Phase::Started;
                return Ok(Restart { arn, started, waits: false, left: record.value.left });
            }
        }
    }
    Ok(Restart { arn, started: false, waits: true, left: None })
}

/// Starts again on an operator's word.
pub(crate) async fn restart(app: &App, arn: &str, now: Timestamp) -> Result<Restart, Error> {
    let not_stopped = || Error::NotStopped(arn.to_owned());
    let account = arn.split(':').nth(4).and_then(|id| AccountId::parse(id).ok()).ok_or_else(not_stopped)?;
    let record = app.ledger.stopped::<Stopped>(&account, arn).await?;
    let record = record.filter(|record| record.value.stopped_by == LABEL).ok_or_else(not_stopped)?;
    let session = app.enter(&account, CAPABILITY).await?;
    start(app, &session, &account, record, &mut Patience(PAUSES), now).await
}

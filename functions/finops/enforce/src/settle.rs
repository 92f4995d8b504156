//! The end of a step: on record first, then told. Telling that fails is tried again by itself, and the account is free.

use crate::{
    App, Error,
    announce::{self, Tidings},
    error::LEASE_LOST,
    event::{Ended, Failed, Settled, Work},
    keep,
};
use finops::{Direction, Record, day_of};
use jiff::Timestamp;
use landing_zone::Failure;
use telemetry::{Metric, emit};

/// The account is at its stage.
pub(crate) async fn settle(app: &App, ended: &Ended) -> Result<Settled, Error> {
    let (step, now) = (&ended.step, (app.clock)());
    let came_to = keep::amend(app, &step.account_id, |record| reach(record, ended, now)).await?;
    let (record, is_now) = came_to.ok_or(Error::LeaseLost)?;
    if is_now {
        let dimensions = [("stage", step.to.id()), ("direction", step.direction.id())];
        count("StepsTaken", &dimensions, step, now);
    }
    let done = done(&record, step);
    // It was found as it should be: the account was seen while somebody changed it.
    if step.direction == Direction::Again && done.is_empty() {
        return Ok(Settled { stage: record.stage });
    }
    announce::tell(app, &Tidings::taken(ended, &done), now).await?;
    Ok(Settled { stage: record.stage })
}

/// Puts the stage on record; true where that is done now. None where another execution has the account.
fn reach(record: &mut Record, ended: &Ended, now: Timestamp) -> Option<(Record, bool)> {
    let (step, grounds) = (&ended.step, &ended.grounds);
    if !record.is_held_by(&step.execution_id) {
        return (record.stage == step.to.enforced()).then(|| (record.clone(), false));
    }
    if step.direction == Direction::Again {
        if !done(record, step).is_empty() {
            record.note(now, format!("{}: put back", step.step_id));
        }
        record.settle();
    } else {
        record.reach(step.to, grounds.window, grounds.limit, now);
        record.note(now, format!("{}: came from {} to {}", step.step_id, grounds.from, record.stage));
    }
    record.release(&step.execution_id);
    Some((record.clone(), true))
}

/// What was done since the step was decided, in words; without the words about the end of the step.
fn done(record: &Record, step: &Work) -> Vec<String> {
    let since = record.timeline.iter().filter(|entry| entry.at >= step.decided_at);
    let end = format!("{}: ", step.step_id);
    since.map(|entry| entry.what.clone()).filter(|what| !what.starts_with(&end)).collect()
}

/// The step did not end well. What was done of it stays: the next one goes on from there.
pub(crate) async fn fail(app: &App, failed: &Failed) -> Result<Settled, Error> {
    let (step, now) = (&failed.step, (app.clock)());
    let failure = failed.error.clone().failure();
    let came_to = keep::amend(app, &step.account_id, |record| give_up(record, step, &failure, now)).await?;
    let (record, is_now) = match came_to {
        Some(came_to) if failure.name != LEASE_LOST => came_to,
        _ => {
            telemetry::warn!(
                account = step.account_id.as_str(),
                reason = failure.reason,
                "it is at its stage, or another execution goes on"
            );
            return Ok(Settled { stage: app.ledger.spend(&step.account_id).await?.value.stage });
        }
    };
    if is_now {
        count("ActionFailed", &[], step, now);
    }
    let done = done(&record, step);
    announce::tell(app, &Tidings::failed(failed, &failure, &done, day_of(now)), now).await?;
    Ok(Settled { stage: record.stage })
}

/// Puts the failure on record; true where that is done now. None where another execution has the account, or the step was
/// taken after all.
fn give_up(record: &mut Record, step: &Work, failure: &Failure, now: Timestamp) -> Option<(Record, bool)> {
    let is_anothers = record.lease.as_ref().is_some_and(|lease| lease.holder != step.execution_id && now < lease.until);
    if is_anothers || failure.name == LEASE_LOST {
        return None;
    }
    // It is at its stage; only telling that failed.
    let is_held = record.is_held_by(&step.execution_id);
    if !is_held && step.direction != Direction::Again && record.stage == step.to.enforced() {
        return None;
    }
    let is_now = is_held || record.failure.as_ref() != Some(failure);
    if is_now {
        record.failure = Some(failure.clone());
        record.note(now, format!("{}: failed: {}", step.step_id, failure.reason));
        record.release(&step.execution_id);
    }
    Some((record.clone(), is_now))
}

fn count(name: &'static str, dimensions: &[(&str, &str)], step: &Work, now: Timestamp) {
    let properties = [("account_id", step.account_id.as_str()), ("step", step.step_id.as_str())];
    emit("enforce", &[Metric::count(name)], dimensions, &properties, now);
}

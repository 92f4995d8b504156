//! Says what came of a finding: on record, in Security Hub, to its owner, and as an event. The resource is given back.
//!
//! Also told by `EventBridge` when an execution ends in a way the workflow could not record itself, so that no case ends
//! in silence.

mod announce;
mod event;
mod findings;
mod outcome;

pub use event::Event;

use aws::{AwsFault, ConfigError, NotPublished};
use event::What;
use jiff::Timestamp;
use landing_zone::{Class, Diagnosis, Failure, Fault};
use ledger::{Ledger, Versioned};
use remediation::{Case, Mode, State, control};
use serde::Serialize;
use telemetry::{Metric, Unit, emit};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    security_hub: findings::SecurityHub,
    bus: aws::Bus,
    letters: announce::Letters,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            security_hub: findings::SecurityHub::from_environment(config)?,
            bus: aws::Bus::from_environment(config)?,
            letters: announce::Letters::from_environment(config)?,
            clock: Timestamp::now,
        })
    }
}

/// How the case stands now.
#[derive(Debug, Serialize)]
pub struct Settled {
    state: State,
}

/// Why a case is not settled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The event was not taken.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// Security Hub did not take a change of findings.
    #[error("Security Hub did not change a finding: {0}")]
    NotUpdated(String),
    /// There is no such case.
    #[error("the event names no case of this suite")]
    UnknownCase,
    /// Another execution works on the same case.
    #[error("another execution changed the case at the same moment")]
    Contended,
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Aws(fault) => fault.diagnosis(),
            Self::Ledger(error) => error.diagnosis(),
            Self::NotPublished(error) => error.diagnosis(),
            Self::NotUpdated(_) | Self::Contended => {
                Diagnosis::passing(Class::Retryable, "Nothing; it is tried again.")
            }
            Self::UnknownCase => Diagnosis::named(
                Class::Invalid,
                "UnknownCase",
                "Send only events of the remediation state machine here.",
            ),
        }
    }
}

/// Settles a case, or tells its owner what is to come.
pub async fn handle(app: &App, event: Event) -> Result<Settled, Error> {
    let (id, what) = event.read().ok_or(Error::UnknownCase)?;
    let case = app.ledger.case(&id).await?.ok_or(Error::UnknownCase)?;
    match what {
        What::Warn => warn(app, &case.value).await,
        What::Settle => {
            let state = match case.value.state {
                State::Applying => State::Fixed,
                State::Undoing => State::Undone,
                other => other,
            };
            settle(app, case, state, None).await
        }
        // A newer attempt, or an end that is on record, is none of an old execution's business.
        What::Failed { attempt, .. } if attempt.is_some_and(|attempt| attempt != case.value.attempt) => {
            Ok(Settled { state: case.value.state })
        }
        What::Failed { failure, .. } if case.value.state.is_open() => {
            settle(app, case, State::Failed, Some(failure)).await
        }
        What::Failed { .. } => {
            let state = case.value.state;
            settle(app, case, state, None).await
        }
    }
}

async fn warn(app: &App, case: &Case) -> Result<Settled, Error> {
    if case.state == State::Warned {
        app.security_hub.update(case, &outcome::update(case)).await?;
        app.bus.publish(announce::SOURCE, "Remediation Warned", announce::detail(case)).await?;
        app.letters.send(case).await?;
    }
    Ok(Settled { state: case.state })
}

/// Tells first and records last: what is told twice is better than what is never told.
async fn settle(
    app: &App,
    mut case: Versioned<Case>,
    state: State,
    failure: Option<Failure>,
) -> Result<Settled, Error> {
    app.ledger.unlock(&case.value).await?;
    let now = (app.clock)();
    let of = &mut case.value;
    if of.settled_at.is_some_and(|settled| settled >= of.updated_at) {
        return Ok(Settled { state: of.state });
    }
    let changed = of.state != state;
    of.failure = failure;
    of.updated_at = now;
    if changed {
        of.enter(state, now);
    }
    if changed && state == State::Fixed {
        let seconds = now.duration_since(of.remediation.failed_at).as_secs();
        of.fixes = of.fixes.saturating_add(1);
        of.seconds_to_fix = of.seconds_to_fix.saturating_add(u64::try_from(seconds).unwrap_or(0));
    }
    of.settled_at = Some(now);
    if of.remediation.mode != Mode::Plan {
        app.security_hub.update(of, &outcome::update(of)).await?;
    }
    app.bus.publish(announce::SOURCE, outcome::event(of), announce::detail(of)).await?;
    if outcome::needs_people(of) {
        app.letters.send(of).await?;
    }
    if changed && matches!(state, State::Fixed | State::Failed) {
        let account = of.remediation.account_id.as_str();
        app.ledger.count(&of.remediation.control, account, state == State::Fixed, now).await?;
    }
    if !app.ledger.store_case(&mut case).await? {
        return Err(Error::Contended);
    }
    measure(&case.value, now);
    Ok(Settled { state })
}

fn measure(case: &Case, now: Timestamp) {
    let name = match case.state {
        State::Fixed => "RemediationsFixed",
        State::Failed => "RemediationsFailed",
        State::Held => "RemediationsHeld",
        State::Waiting => "RemediationsWaiting",
        State::Undone => "RemediationsUndone",
        _ => "RemediationsLeft",
    };
    let mut metrics = vec![Metric::count(name)];
    if case.state == State::Fixed {
        let value = now.duration_since(case.remediation.failed_at).as_secs_f64();
        metrics.push(Metric { name: "TimeToFix", unit: Unit::Seconds, value });
    }
    let family = control(&case.remediation.control).map_or("none", |row| row.family.id());
    let properties = [("case_id", case.id.as_str()), ("control", case.remediation.control.as_str())];
    emit("settle-finding", &metrics, &[("family", family)], &properties, now);
}

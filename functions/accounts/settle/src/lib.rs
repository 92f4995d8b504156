//! Ends a request: in use or failed, recorded and announced, and everything it held given back.
//!
//! Also told by `EventBridge` when an execution ends in a way the workflow could not record itself (time-out, abort, a
//! failure of its own last step), and sweeps up requests that never reached a workflow, so that no request ends in
//! silence.

mod announce;
mod event;
mod sweep;

pub use event::Event;

use aws::{AwsFault, ConfigError};
use event::Outcome;
use jiff::Timestamp;
use landing_zone::{Class, Diagnosis, Environment, Failure, Fault, RequestId};
use ledger::{Ledger, Record, State, Step};
use serde::Serialize;
use telemetry::{Metric, Unit};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    events: aws_sdk_eventbridge::Client,
    event_bus: String,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            events: aws_sdk_eventbridge::Client::new(config),
            event_bus: aws::required("EVENT_BUS_NAME", text)?,
            clock: Timestamp::now,
        })
    }
}

/// What came of the event.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Settled {
    /// How the request stands now.
    Request {
        /// Its state.
        state: State,
    },
    /// What a sweep found.
    Sweep {
        /// Requests that never reached a workflow.
        failed: usize,
    },
}

/// Why a request is not settled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// `EventBridge` took the call and not the event.
    #[error("EventBridge did not take the event: {0}")]
    NotPublished(String),
    /// The event names no request.
    #[error("the event names no request of this suite")]
    NoRequest,
    /// The step came before the one it needs.
    #[error("the account of request {0} is not in its organizational unit")]
    NotPlaced(RequestId),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::NotPublished(_) => Diagnosis::passing(Class::Retryable, "Nothing; it is tried again."),
            Self::NoRequest => Diagnosis::named(
                Class::Invalid,
                "NoRequest",
                "Send only events of the account-vending state machine here.",
            ),
            Self::NotPlaced(_) => {
                Diagnosis::named(Class::Conflict, "NotPlaced", "Send the same request again; its steps run in order.")
            }
        }
    }
}

/// Ends a request, or every request that never began.
pub async fn handle(app: &App, event: Event) -> Result<Settled, Error> {
    if let Event::Sweep { .. } = event {
        return Ok(Settled::Sweep { failed: sweep::sweep(app).await? });
    }
    let (id, outcome) = event.read().ok_or(Error::NoRequest)?;
    let state = match outcome {
        Outcome::Active => activate(app, &id).await?,
        Outcome::Failed { attempt, failure } => fail(app, app.ledger.record(&id).await?, attempt, &failure).await?,
    };
    Ok(Settled::Request { state })
}

/// Announces first: a vended account that nobody hears of is worse than one heard of twice.
async fn activate(app: &App, id: &RequestId) -> Result<State, Error> {
    let record = app.ledger.record(id).await?;
    if record.state == State::Active {
        return Ok(State::Active);
    }
    let record = app.ledger.begin(id, Step::Announce, (app.clock)()).await?;
    if !record.has_finished(Step::Place) {
        return Err(Error::NotPlaced(id.clone()));
    }
    announce::vended(&app.events, &app.event_bus, &record).await?;
    let Some(record) = app.ledger.activate(id, (app.clock)()).await? else {
        return Err(ledger::Error::Settled(id.clone()).into());
    };
    measure_vended(&record, (app.clock)());
    Ok(State::Active)
}

async fn fail(app: &App, record: Record, attempt: Option<u32>, failure: &Failure) -> Result<State, Error> {
    if record.state == State::Active || attempt.is_some_and(|attempt| attempt != record.attempt) {
        return Ok(record.state);
    }
    let record = if record.state == State::Failed {
        // Failed before: but the function may have been killed before it gave everything back.
        record
    } else {
        announce::failed(&app.events, &app.event_bus, &record, failure).await?;
        let Some(failed) = app.ledger.fail(&record.request_id, record.attempt, failure, (app.clock)()).await? else {
            return Ok(app.ledger.record(&record.request_id).await?.state);
        };
        measure_failed(&failed, failure, (app.clock)());
        failed
    };
    app.ledger.release_slot(&record.request_id).await?;
    if gives_up_its_name(&record) {
        app.ledger.release_reservations(&record).await?;
    }
    Ok(State::Failed)
}

/// A request that has to change is sent as a new one, and must not stand in its own way. One that can be sent again
/// as it is keeps its name, and so does one of which an account may yet come.
fn gives_up_its_name(record: &Record) -> bool {
    let nothing_made =
        record.account_id.is_none() && record.creation.as_ref().is_none_or(|creation| creation.failed.is_some());
    let has_to_change =
        record.failure.as_ref().is_some_and(|failure| matches!(failure.class, Class::Invalid | Class::Conflict));
    nothing_made && has_to_change
}

fn measure_vended(record: &Record, now: Timestamp) {
    let seconds = now.duration_since(record.created_at.time()).as_secs_f64();
    let metrics = [Metric::count("AccountsVended"), Metric { name: "TimeToVend", unit: Unit::Seconds, value: seconds }];
    telemetry::emit("settle", &metrics, &[], &properties(record), now);
    telemetry::info!(owner = record.request.owner_email.masked(), seconds, "account vended");
}

fn measure_failed(record: &Record, failure: &Failure, now: Timestamp) {
    telemetry::emit("settle", &[Metric::count("AccountsFailed")], &[], &properties(record), now);
    telemetry::warn!(error_type = failure.name, reason = failure.reason, "account not vended");
}

fn properties(record: &Record) -> [(&str, &str); 3] {
    [
        ("account_request_id", record.request_id.as_str()),
        ("account_type", record.request.account_type.id()),
        ("environment", record.request.environment.map_or("core", Environment::id)),
    ]
}

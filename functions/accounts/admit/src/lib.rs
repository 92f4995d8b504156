//! Lets a request in: holds its name and root e-mail, then waits with it for a creation slot.
//!
//! AWS makes at most five accounts of an organization at once and takes 0.1 requests a second
//! (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>); all executions share one
//! item of the ledger to stay within that.

mod slot;

pub use slot::Limits;

use aws::ConfigError;
use jiff::Timestamp;
use landing_zone::{Class, Diagnosis, Fault, Progress, RequestId};
use ledger::{Ledger, Record, Reserved, Step};
use serde::Deserialize;
use slot::Decision;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    limits: Limits,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            limits: Limits {
                slots: aws::required("CREATION_SLOTS", |text| text.parse().map_err(|why| format!("{why}")))?,
                rate_per_second: aws::required("CREATION_RATE_PER_SECOND", slot::parse_positive)?,
                burst: aws::required("CREATION_BURST", slot::parse_positive)?,
            },
            clock: Timestamp::now,
        })
    }
}

/// What the state machine asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// Hold name and e-mail.
    Reserve {
        /// The request.
        request_id: RequestId,
    },
    /// Take a creation slot.
    TakeSlot {
        /// The request.
        request_id: RequestId,
    },
}

/// Why a request is not let in.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// Somebody else has the name.
    #[error("the account name {name} is held by {holder}")]
    NameTaken {
        /// The name.
        name: String,
        /// Request or account.
        holder: String,
    },
    /// Somebody else has the root e-mail.
    #[error("the root e-mail of this account is held by {holder}")]
    EmailTaken {
        /// Request or account.
        holder: String,
    },
}

const ANOTHER_NAME: &str = "Send a new request with another name; the root e-mail is made from it.";

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::NameTaken { .. } => Diagnosis::named(Class::Conflict, "NameTaken", ANOTHER_NAME),
            Self::EmailTaken { .. } => Diagnosis::named(Class::Conflict, "EmailTaken", ANOTHER_NAME),
        }
    }
}

/// Serves one step of the workflow.
pub async fn handle(app: &App, event: Event) -> Result<Progress, Error> {
    match event {
        Event::Reserve { request_id } => reserve(app, &request_id).await,
        Event::TakeSlot { request_id } => take_slot(app, &request_id).await,
    }
}

/// The API reserved when it accepted the request; here that is made sure of, for a request that failed and gave its
/// name back is started again with this step.
async fn reserve(app: &App, id: &RequestId) -> Result<Progress, Error> {
    let record = app.ledger.begin(id, Step::Reserve, (app.clock)()).await?;
    if let Reserved::HeldBy(holder) = app.ledger.reserve_name(&record).await?
        && !is_own(&record, &holder)
    {
        return Err(Error::NameTaken { name: record.request.name.to_string(), holder });
    }
    if let Reserved::HeldBy(holder) = app.ledger.reserve_email(&record).await?
        && !is_own(&record, &holder)
    {
        return Err(Error::EmailTaken { holder });
    }
    app.ledger.finish(id, Step::Reserve, (app.clock)()).await?;
    Ok(Progress::Done)
}

/// Between attempts the account of this very request may have been found and noted as known.
fn is_own(record: &Record, holder: &str) -> bool {
    record.account_id.as_ref().is_some_and(|account| account.as_str() == holder)
}

/// Writers meet at one item; a loser reads again. More than this many times in a row is left to the state machine.
const TRIES: u32 = 5;

async fn take_slot(app: &App, id: &RequestId) -> Result<Progress, Error> {
    let record = app.ledger.begin(id, Step::Slot, (app.clock)()).await?;
    if record.account_id.is_none() {
        for _ in 0..TRIES {
            match slot::take(app.ledger.pace().await?, id, (app.clock)(), &app.limits) {
                Decision::Held => break,
                Decision::Wait { seconds } => return Ok(Progress::Waiting { seconds }),
                Decision::Granted(pace) if app.ledger.store_pace(&pace).await? => break,
                Decision::Granted(_) => {}
            }
        }
        // Also after a lost race or a lost answer: only what the ledger holds now counts.
        let held = app.ledger.pace().await?.is_some_and(|pace| pace.holders.contains_key(id));
        if !held {
            return Ok(Progress::Waiting { seconds: 1 });
        }
    }
    app.ledger.finish(id, Step::Slot, (app.clock)()).await?;
    Ok(Progress::Done)
}

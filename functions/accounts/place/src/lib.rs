//! Moves the account of a request: to Quarantine as soon as it exists, to its organizational unit once it is verified,
//! back to Quarantine when vending fails.

mod parent;

use aws::{AwsFault, ConfigError};
use jiff::Timestamp;
use landing_zone::{AccountId, Class, Diagnosis, Fault, RequestId, UnitPath, quarantine};
use ledger::{Ledger, State, Step};
use serde::{Deserialize, Serialize};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            clock: Timestamp::now,
        })
    }
}

/// An event as it comes in.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// What the state machine asks for.
    #[serde(rename_all = "camelCase")]
    Workflow {
        /// The request.
        request_id: RequestId,
        /// Where to.
        destination: Destination,
    },
    /// An execution ended: one that was aborted or timed out could not bring the account back itself.
    StatusChange {
        /// What it says.
        detail: StatusDetail,
    },
}

/// The part of a status change that is read.
#[derive(Debug, Deserialize)]
pub struct StatusDetail {
    name: String,
}

/// Where to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Destination {
    /// A new account, first thing.
    Quarantine,
    /// A verified account.
    Target,
    /// The account, if there is one, of a request that fails.
    Return,
}

/// Where the account is now.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed {
    #[serde(skip_serializing_if = "Option::is_none")]
    organizational_unit: Option<UnitPath>,
}

/// Why the account is not where it should be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// Nothing leaves Quarantine unverified.
    #[error("the account of request {0} is not verified")]
    NotVerified(RequestId),
    /// The organization has not been read since the unit was declared.
    #[error("the id of the organizational unit {0} is not known")]
    UnknownUnit(String),
    /// The event names no request.
    #[error("the event names no request of this suite")]
    NoRequest,
    /// Somebody else moves the account.
    #[error("the account does not stay where it is put")]
    Moving,
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::NotVerified(_) => {
                Diagnosis::named(Class::Conflict, "NotVerified", "Send the same request again; its steps run in order.")
            }
            Self::UnknownUnit(_) => Diagnosis::named(
                Class::Invalid,
                "UnknownUnit",
                "Run the reconcile function, which makes the unit and remembers it; then send the same request again.",
            ),
            Self::NoRequest => Diagnosis::named(
                Class::Invalid,
                "NoRequest",
                "Send only events of the account-vending state machine here.",
            ),
            Self::Moving => {
                Diagnosis::passing(Class::Retryable, "Find out what else moves accounts in this organization.")
            }
        }
    }
}

/// Serves one step of the workflow.
pub async fn handle(app: &App, event: Event) -> Result<Placed, Error> {
    match event {
        Event::Workflow { request_id, destination } => match destination {
            Destination::Quarantine => to_quarantine(app, &request_id).await,
            Destination::Target => to_target(app, &request_id).await,
            Destination::Return => back_to_quarantine(app, &request_id, None).await,
        },
        Event::StatusChange { detail } => {
            let (request_id, attempt) = RequestId::of_execution(&detail.name).ok_or(Error::NoRequest)?;
            back_to_quarantine(app, &request_id, Some(attempt)).await
        }
    }
}

async fn to_quarantine(app: &App, id: &RequestId) -> Result<Placed, Error> {
    let record = app.ledger.begin(id, Step::Quarantine, (app.clock)()).await?;
    let account = record.account()?;
    // A late delivery must not fetch back an account that is verified and on its way out.
    if !record.has_finished(Step::Verify) {
        put(app, account, quarantine()).await?;
        app.ledger.finish_in(id, Step::Quarantine, quarantine(), (app.clock)()).await?;
    }
    Ok(Placed { organizational_unit: Some(quarantine().clone()) })
}

async fn to_target(app: &App, id: &RequestId) -> Result<Placed, Error> {
    let record = app.ledger.begin(id, Step::Place, (app.clock)()).await?;
    let account = record.account()?;
    if !record.has_finished(Step::Verify) {
        return Err(Error::NotVerified(id.clone()));
    }
    let unit = record.request.unit().ok_or_else(|| Error::UnknownUnit(record.request.account_type.id().to_owned()))?;
    put(app, account, unit).await?;
    if let Err(error) = app.ledger.finish_in(id, Step::Place, unit, (app.clock)()).await {
        // The request failed while its account moved: whoever brought it back may have been too early.
        if matches!(error, ledger::Error::Settled(_)) {
            back_to_quarantine(app, id, None).await?;
        }
        return Err(error.into());
    }
    Ok(Placed { organizational_unit: Some(unit.clone()) })
}

/// Leaves an account alone that is in use, or that a later attempt than `attempt` works on.
async fn back_to_quarantine(app: &App, id: &RequestId, attempt: Option<u32>) -> Result<Placed, Error> {
    let record = app.ledger.record(id).await?;
    let over = record.state == State::Active || attempt.is_some_and(|attempt| attempt != record.attempt);
    let Some(account) = record.account_id.filter(|_| !over) else {
        return Ok(Placed { organizational_unit: record.organizational_unit });
    };
    put(app, &account, quarantine()).await?;
    app.ledger.store_unit(id, quarantine(), (app.clock)()).await?;
    Ok(Placed { organizational_unit: Some(quarantine().clone()) })
}

async fn put(app: &App, account: &AccountId, unit: &UnitPath) -> Result<(), Error> {
    let organization = app.ledger.organization().await?;
    let unit_id = organization
        .as_ref()
        .and_then(|organization| organization.units.get(unit))
        .ok_or_else(|| Error::UnknownUnit(unit.to_string()))?;
    if parent::ensure(&app.organizations, account, unit_id).await? { Ok(()) } else { Err(Error::Moving) }
}

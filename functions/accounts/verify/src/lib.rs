//! Reads back everything a new account should have, before it leaves Quarantine. Only what AWS says counts, not what
//! the other functions believe they did.

mod attest;
mod observe;

use aws::{AwsFault, ConfigError};
use jiff::Timestamp;
use landing_zone::{AlternateContacts, Class, Diagnosis, Fault, RequestId};
use ledger::{Ledger, Step};
use serde::{Deserialize, Serialize};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    config: aws::SdkConfig,
    organizations: aws_sdk_organizations::Client,
    account: aws_sdk_account::Client,
    sts: aws_sdk_sts::Client,
    contacts: AlternateContacts,
    role_prefix: String,
    regions: Vec<String>,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            config: config.clone(),
            organizations: aws_sdk_organizations::Client::new(config),
            account: aws_sdk_account::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            contacts: aws::required("ALTERNATE_CONTACTS", AlternateContacts::parse)?,
            role_prefix: aws::required("MEMBER_ROLE_PREFIX", text)?,
            regions: aws::governed_regions(config)?,
            clock: Timestamp::now,
        })
    }
}

/// What the state machine asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    request_id: RequestId,
}

/// What was found right.
#[derive(Debug, Serialize)]
pub struct Attestation {
    attested: usize,
}

/// Why the account is not verified.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// AWS shows something else than what was asked for; it may only be late.
    #[error("the account is not as it should be: {0}")]
    Different(String),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            // A role that is minutes old may not let us in yet.
            Self::Aws(fault) if fault.class() == Class::Denied => {
                Diagnosis::passing(Class::NotReady, fault.diagnosis().advice)
            }
            Self::Aws(fault) => fault.diagnosis(),
            Self::Different(_) => Diagnosis::passing(
                Class::NotReady,
                "Find out who changes the account; then send the same request again: every step sets it right once more.",
            ),
        }
    }
}

/// Serves one step of the workflow.
pub async fn handle(app: &App, event: Event) -> Result<Attestation, Error> {
    let id = &event.request_id;
    let record = app.ledger.begin(id, Step::Verify, (app.clock)()).await?;
    let organization = app.ledger.organization().await?;
    let account = record.account()?;
    let observed = observe::observe(app, account).await?;
    let expected = attest::Expected::of(&record, organization.as_ref(), &app.contacts);
    let attestation = attest::compare(&expected, &observed).map_err(|wrong| Error::Different(wrong.join("; ")))?;
    app.ledger.finish_attested(id, Step::Verify, &attestation, (app.clock)()).await?;
    Ok(Attestation { attested: attestation.len() })
}

//! Gives an account its tags and alternate contacts. Both are written whole each time: written twice is written once.

use aws::{AwsFault, ConfigError};
use aws_sdk_account::types::AlternateContactType;
use aws_sdk_organizations::types::Tag;
use jiff::Timestamp;
use landing_zone::{AccountId, AlternateContacts, Diagnosis, Fault, RequestId};
use ledger::{Ledger, Record, Step};
use serde::{Deserialize, Serialize};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    account: aws_sdk_account::Client,
    contacts: AlternateContacts,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            account: aws_sdk_account::Client::new(config),
            contacts: aws::required("ALTERNATE_CONTACTS", AlternateContacts::parse)?,
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

/// What was written.
#[derive(Debug, Serialize)]
pub struct Written {
    tags: usize,
    contacts: usize,
}

/// Why the account has no profile.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
        }
    }
}

/// Serves one step of the workflow.
pub async fn handle(app: &App, event: Event) -> Result<Written, Error> {
    let id = &event.request_id;
    let record = app.ledger.begin(id, Step::Profile, (app.clock)()).await?;
    let account = record.account()?;
    let tags = tag(app, account, &record).await?;
    let contacts = write_contacts(app, account).await?;
    app.ledger.finish(id, Step::Profile, (app.clock)()).await?;
    Ok(Written { tags, contacts })
}

async fn tag(app: &App, account: &AccountId, record: &Record) -> Result<usize, AwsFault> {
    let tags: Vec<Tag> = record
        .request
        .account_tags(&record.request_id)
        .into_iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect();
    let count = tags.len();
    app.organizations
        .tag_resource()
        .resource_id(account.as_str())
        .set_tags(Some(tags))
        .send()
        .await
        .map_err(|error| AwsFault::new("organizations:TagResource", &error))?;
    Ok(count)
}

async fn write_contacts(app: &App, account: &AccountId) -> Result<usize, AwsFault> {
    let contacts = app.contacts.each();
    for (kind, contact) in contacts {
        app.account
            .put_alternate_contact()
            .account_id(account.as_str())
            .alternate_contact_type(AlternateContactType::from(kind))
            .name(&contact.name)
            .title(&contact.title)
            .email_address(contact.email.as_str())
            .phone_number(&contact.phone)
            .send()
            .await
            .map_err(|error| AwsFault::new("account:PutAlternateContact", &error))?;
    }
    Ok(contacts.len())
}

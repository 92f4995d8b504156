//! Brings the organizational units about and remembers the organization, so that no request has to look it up.
//!
//! Units that are there are adopted by name, never made twice; accounts that are there are remembered with their names
//! and root e-mails. The service control policies that hold spending are kept as the suite has them; attaching them is
//! for others. Runs on every deployment (as a custom resource), daily, and when invoked with `{}`.

mod custom_resource;
mod guardrails;
mod organization;

use ::guardrails::Guardrail;
use aws::{AwsFault, ConfigError};
use custom_resource::CustomResource;
use guardrails::Names;
use jiff::Timestamp;
use landing_zone::{Class, Diagnosis, Fault, UnitPath};
use ledger::Ledger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    names: Names,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            names: Names::from_environment()?,
            clock: Timestamp::now,
        })
    }
}

/// Who asks: `CloudFormation`, or anybody else, who need not say anything.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// A custom resource of a stack.
    CustomResource(Box<CustomResource>),
    /// A schedule, or a person.
    Anybody {},
}

/// What was found and done.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    organization_id: String,
    root_id: String,
    created: Vec<UnitPath>,
    adopted: usize,
    /// `p-…` by id of the guardrail.
    guardrails: BTreeMap<String, String>,
    created_guardrails: Vec<Guardrail>,
    updated_guardrails: Vec<Guardrail>,
    new_accounts: usize,
    known_accounts: usize,
}

/// Why the organization is not reconciled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// AWS answered something that no organization is like.
    #[error("AWS Organizations shows no {0}")]
    Missing(&'static str),
    /// `CloudFormation` could not be told; it would wait for an hour.
    #[error("CloudFormation could not be answered: {0}")]
    NotAnswered(String),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::Missing(_) => Diagnosis::named(
                Class::NotReady,
                "NoOrganization",
                "Deploy the suite in the management account of an organization with all features.",
            ),
            Self::NotAnswered(_) => Diagnosis::named(Class::Retryable, "NotAnswered", "Deploy again."),
        }
    }
}

/// Reconciles the organization and answers `CloudFormation` where it asked.
pub async fn handle(app: &App, event: Event) -> Result<Option<Report>, Error> {
    match event {
        Event::Anybody {} => reconcile(app).await.map(Some),
        // Units and accounts outlive the stack.
        Event::CustomResource(resource) if resource.is_delete() => {
            custom_resource::answer(&resource, Ok(None)).await.map_err(Error::NotAnswered)?;
            Ok(None)
        }
        Event::CustomResource(resource) => {
            let result = reconcile(app).await;
            let told = result.as_ref().map(Some).map_err(Fault::failure);
            custom_resource::answer(&resource, told).await.map_err(Error::NotAnswered)?;
            // The stack has the failure; a retry by Lambda would answer a question that is closed.
            Ok(result.ok())
        }
    }
}

async fn reconcile(app: &App) -> Result<Report, Error> {
    let mut found = organization::ensure(&app.organizations, (app.clock)()).await?;
    let kept = guardrails::ensure(&app.organizations, &found.root, &app.names, &found.partition).await?;
    found.organization.guardrails = kept.ids;
    app.ledger.store_organization(&found.organization).await?;
    let accounts = organization::accounts(&app.organizations).await?;
    let mut new_accounts = 0;
    for account in &accounts {
        if !app.ledger.knows_account(&account.id).await? {
            app.ledger.remember_account(account).await?;
            new_accounts += 1;
        }
    }
    telemetry::info!(created = found.created.len(), accounts = accounts.len(), new_accounts, "organization reconciled");
    Ok(Report {
        organization_id: found.organization.organization_id,
        root_id: found.organization.root_id,
        adopted: found.organization.units.len() - found.created.len(),
        created: found.created,
        guardrails: found.organization.guardrails,
        created_guardrails: kept.created,
        updated_guardrails: kept.updated,
        new_accounts,
        known_accounts: accounts.len(),
    })
}

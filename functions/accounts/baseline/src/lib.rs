//! Waits until a new account lets the suite in, and gives it the suite's roles: `sam/member-roles.yaml`, as a stack of
//! its own in the account.

mod roles;

use aws::{AwsFault, ConfigError, MemberRole};
use jiff::Timestamp;
use landing_zone::{AccountId, Class, Diagnosis, Fault, Progress, RequestId};
use ledger::{Ledger, Step};
use serde::Deserialize;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    config: aws::SdkConfig,
    sts: aws_sdk_sts::Client,
    partition: String,
    access_role: String,
    roles: roles::Parameters,
    /// The suite's own first.
    regions: Vec<String>,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        let regions = aws::governed_regions(config)?;
        let verification_principal = aws::required("SUITE_PRINCIPAL_ARN", text)?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            config: config.clone(),
            sts: aws_sdk_sts::Client::new(config),
            partition: verification_principal.split(':').nth(1).unwrap_or("aws").to_owned(),
            access_role: aws::required("MEMBER_ACCESS_ROLE", text)?,
            roles: roles::Parameters {
                prefix: aws::required("MEMBER_ROLE_PREFIX", text)?,
                organization_id: aws::required("ORGANIZATION_ID", text)?,
                verification_principal,
                tagging_principal: aws::required("TAGGING_PRINCIPAL_ARN", text)?,
                tag_audit_principal: aws::required("TAG_AUDIT_PRINCIPAL_ARN", text)?,
                intake_bus: aws::required("INTAKE_BUS_ARN", text)?,
                suite_roles: aws::required("SUITE_ROLES_ARN", text)?,
                security_hub_account: aws::optional("SECURITY_HUB_ACCOUNT", text)?.unwrap_or_default(),
                home_region: regions.first().cloned().unwrap_or_default(),
            },
            regions,
            clock: Timestamp::now,
        })
    }

    async fn enter(&self, account: &AccountId) -> Result<aws::SdkConfig, AwsFault> {
        let role = MemberRole {
            partition: &self.partition,
            name: &self.access_role,
            session: "ai-landing-zone-baseline",
            policy: None,
        };
        aws::session(&self.sts, &self.config, account, role).await
    }
}

/// What the state machine asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// See whether the account lets us in.
    Probe {
        /// The request.
        request_id: RequestId,
        /// How often it has asked, from 0.
        check: u32,
    },
    /// Bring the suite's roles about.
    MemberRoles {
        /// The request.
        request_id: RequestId,
        /// How often it has asked, from 0.
        check: u32,
    },
}

/// Why the account is not prepared.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// `CloudFormation` could not bring the roles about.
    #[error("the stack of the suite's roles ended in {status}: {reason}")]
    MemberRoles {
        /// The stack's status.
        status: String,
        /// Why.
        reason: String,
    },
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::MemberRoles { .. } => Diagnosis::named(
                Class::Invalid,
                "MemberRolesFailed",
                "Look at the stack's events in the account, correct the cause, then send the same request again: the stack is made anew.",
            ),
        }
    }
}

/// A new account answers after seconds to minutes.
const FIRST_WAIT_SECONDS: u32 = 5;
const LONGEST_WAIT_SECONDS: u32 = 30;

/// Serves one step of the workflow.
pub async fn handle(app: &App, event: Event) -> Result<Progress, Error> {
    let (id, step, check) = match event {
        Event::Probe { request_id, check } => (request_id, Step::Probe, check),
        Event::MemberRoles { request_id, check } => (request_id, Step::MemberRoles, check),
    };
    let record = app.ledger.begin(&id, step, (app.clock)()).await?;
    let account = record.account()?;
    let done = if step == Step::Probe {
        probe(app, account).await?
    } else {
        let config = app.enter(account).await?;
        member_roles(app, &config, check == 0).await?
    };
    if done {
        app.ledger.finish(&id, step, (app.clock)()).await?;
        return Ok(Progress::Done);
    }
    Ok(Progress::back_off(check, FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS))
}

/// True once the stack is as it should be in every Region. Those beside the suite's own are made once that one is done:
/// their rules use its role.
async fn member_roles(app: &App, config: &aws::SdkConfig, first_look: bool) -> Result<bool, Error> {
    let mut done = true;
    for region in &app.regions {
        let client = aws_sdk_cloudformation::Client::new(&aws::in_region(config, region));
        let look = roles::Look { first: first_look, may_create: done };
        done &= roles::ensure(&client, &app.roles, look).await?;
    }
    Ok(done)
}

/// True once the role can be assumed and a call in the account is answered. Until then AWS says that access is denied.
async fn probe(app: &App, account: &AccountId) -> Result<bool, Error> {
    let not_yet = |fault: AwsFault| match fault.class() {
        Class::Denied | Class::NotReady => Ok(false),
        _ => Err(fault.into()),
    };
    let config = match app.enter(account).await {
        Ok(config) => config,
        Err(fault) => return not_yet(fault),
    };
    match aws_sdk_sts::Client::new(&config).get_caller_identity().send().await {
        Ok(caller) => Ok(caller.account() == Some(account.as_str())),
        Err(error) => not_yet(AwsFault::new("sts:GetCallerIdentity", &error)),
    }
}

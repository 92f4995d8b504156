//! What the function works with: clients, configuration, clock.

use aws::{ConfigError, optional, required};
use aws_config::SdkConfig;
use finops::{Currency, Policy};
use jiff::Timestamp;
use landing_zone::RootEmailPattern;
use ledger::Ledger;
use remediation::Modes;

/// The function's name in logs and metrics.
pub(crate) const SERVICE: &str = "api";

/// Built once at start, shared by every invocation.
pub(crate) struct App {
    /// Requests and reservations.
    pub(crate) ledger: Ledger,
    /// Starts the workflow.
    pub(crate) sfn: aws_sdk_sfn::Client,
    /// ARN of the vending workflow.
    pub(crate) state_machine: String,
    /// ARN of the remediation workflow.
    pub(crate) remediation: String,
    /// How far remediation may go.
    pub(crate) modes: Modes,
    /// ARN of the workflow that evaluates spending.
    pub(crate) spend_evaluation: String,
    /// The currency of all limits.
    pub(crate) currency: Currency,
    /// How root e-mails are made.
    pub(crate) root_email: RootEmailPattern,
    /// The time now.
    pub(crate) clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |value: &str| Ok(value.to_owned());
        let modes = optional("REMEDIATION_MODES", |text| Modes::parse(text).map_err(|why| why.to_string()))?;
        let policy = optional("SPEND_POLICY", |text| Policy::parse(text).map_err(|why| why.to_string()))?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            sfn: aws_sdk_sfn::Client::new(config),
            state_machine: required("VENDING_STATE_MACHINE_ARN", text)?,
            remediation: required("REMEDIATION_STATE_MACHINE_ARN", text)?,
            modes: modes.unwrap_or_else(Modes::standard),
            spend_evaluation: required("SPEND_EVALUATION", text)?,
            currency: policy.unwrap_or_else(Policy::standard).currency,
            root_email: required("ROOT_EMAIL_PATTERN", RootEmailPattern::parse)?,
            clock: Timestamp::now,
        })
    }
}

//! What the function works with: clients, configuration, clock.

use aws::{ConfigError, Workflow, optional, required};
use aws_config::SdkConfig;
use finops::{Currency, Mode, Policy};
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
    /// Makes accounts.
    pub(crate) vending: Workflow,
    /// Mends findings.
    pub(crate) remediation: Workflow,
    /// How far remediation may go.
    pub(crate) modes: Modes,
    /// Evaluates spending.
    pub(crate) spend_evaluation: Workflow,
    /// Whether anything is done about spending.
    pub(crate) spend_mode: Mode,
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
        // One client, with its connections, for all three.
        let sfn = aws_sdk_sfn::Client::new(config);
        let arn = |text: &str| Ok(text.to_owned());
        let workflow = |variable| Ok(Workflow::new(sfn.clone(), required(variable, arn)?));
        let modes = optional("REMEDIATION_MODES", |text| Modes::parse(text).map_err(|why| why.to_string()))?;
        let policy = optional("SPEND_POLICY", |text| Policy::parse(text).map_err(|why| why.to_string()))?;
        let policy = policy.unwrap_or_else(Policy::standard);
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            vending: workflow("VENDING_STATE_MACHINE_ARN")?,
            remediation: workflow("REMEDIATION_STATE_MACHINE_ARN")?,
            modes: modes.unwrap_or_else(Modes::standard),
            spend_evaluation: workflow("SPEND_EVALUATION")?,
            spend_mode: policy.mode,
            currency: policy.currency,
            root_email: required("ROOT_EMAIL_PATTERN", RootEmailPattern::parse)?,
            clock: Timestamp::now,
        })
    }
}

//! Works on a case in its account: plans, applies step by step and reads back, takes back. What is to be called is decided
//! in `remediation`; here it is called. Four functions are made of this, each with a role of its own.

mod apply;
mod engine;
mod error;
mod plan;
mod sessions;
mod tags;
mod undo;

use aws::ConfigError;
use jiff::Timestamp;
use ledger::{Ledger, Versioned};
use remediation::{Case, CaseId, Control, Modes, State, Work};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use engine::{Advance, Described, advance, describe, verify};
pub use error::Error;

/// What the function works with.
pub struct App {
    pub(crate) ledger: Ledger,
    pub(crate) sessions: sessions::Sessions,
    pub(crate) modes: Modes,
    pub(crate) clock: fn() -> Timestamp,
}

impl App {
    /// Reads the environment of the function that mends the controls of a family.
    pub fn from_environment(config: &aws::SdkConfig, family: &'static str) -> Result<Self, ConfigError> {
        let modes = aws::optional("REMEDIATION_MODES", |text| Modes::parse(text).map_err(|why| why.to_string()))?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            sessions: sessions::Sessions::from_environment(config, family)?,
            modes: modes.unwrap_or_else(Modes::standard),
            clock: Timestamp::now,
        })
    }
}

/// What the function is asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Describe, plan, and decide what becomes of the plan.
    Plan,
    /// Go on with the steps, then read back.
    Apply,
    /// Take the change back.
    Undo,
}

/// A step of the workflow.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// The case.
    pub case_id: CaseId,
    /// What to do.
    pub action: Action,
    /// How often it was asked for before.
    #[serde(default)]
    pub check: u32,
}

/// Where the workflow goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Next {
    /// Carry the plan out.
    Apply,
    /// Tell the owner, and wait.
    Warn,
    /// Ask again later.
    Wait,
    /// Say what came of it.
    Settle,
}

/// The answer to the workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Where it goes on.
    pub next: Next,
    /// When to ask again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wait_seconds: Option<u32>,
    /// When the owner's time is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Answer {
    fn next(next: Next) -> Self {
        Self { next, wait_seconds: None, until: None }
    }

    /// Most settings show within seconds; a cluster or an endpoint takes many minutes.
    fn wait(check: u32) -> Self {
        let seconds = if check < 6 { 5 } else { 30 };
        Self { next: Next::Wait, wait_seconds: Some(seconds), until: None }
    }
}

/// Serves a step of the workflow.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    let case = app.ledger.case(&event.case_id).await?.ok_or_else(|| Error::UnknownCase(event.case_id.clone()))?;
    let row = remediation::control(&case.value.remediation.control);
    let row = row.ok_or_else(|| Error::UnknownControl(case.value.remediation.control.clone()))?;
    match event.action {
        Action::Plan => plan::plan(app, row, case).await,
        Action::Apply => apply::apply(app, row, case, event.check).await,
        Action::Undo => undo::undo(app, row, case, event.check).await,
    }
}

/// What plans may look at of the account.
pub(crate) fn account(case: &Case) -> Value {
    json!({
        "id": case.remediation.account_id,
        "environment": case.environment,
        "type": case.account_type,
        "owner": case.owner,
    })
}

impl App {
    /// Stores a case in its new state.
    pub(crate) async fn enter(
        &self,
        mut case: Versioned<Case>,
        state: State,
        reason: Option<String>,
    ) -> Result<Versioned<Case>, Error> {
        case.value.reason = reason;
        case.value.enter(state, (self.clock)());
        if self.ledger.store_case(&mut case).await? { Ok(case) } else { Err(Error::Contended) }
    }

    /// Stores the work on a case.
    pub(crate) async fn keep(&self, case: &Case, work: &mut Versioned<Work>) -> Result<(), Error> {
        let stored = self.ledger.store_work(&case.id, case.attempt, work, (self.clock)()).await?;
        if stored { Ok(()) } else { Err(Error::Contended) }
    }

    /// The work on a case, which its plan began.
    pub(crate) async fn work(&self, case: &Case) -> Result<Versioned<Work>, Error> {
        self.ledger.work(&case.id, case.attempt).await?.ok_or(Error::NoPlan)
    }

    /// The parts that the texts of a row may name, for this case.
    pub(crate) fn parts(
        &self,
        row: &Control,
        case: &Case,
    ) -> Result<std::collections::BTreeMap<String, String>, Error> {
        let parts = remediation::parts(row, &case.remediation, self.modes.settings(), (self.clock)());
        parts.ok_or_else(|| Error::OtherResource(case.remediation.resource.clone()))
    }
}

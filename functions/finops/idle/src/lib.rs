//! Finds what nobody uses in an account, tells its owner, and stops it when the time is over that the owner was told of,
//! where that is wanted. Nothing is deleted; what was stopped is started again on demand.

mod announce;
mod detect;
mod look;
mod plan;
mod stops;
#[cfg(test)]
mod testing;

use aws::{AwsFault, Bus, ConfigError, KillSwitch, MemberRole, NotPublished, People, SdkConfig};
use finops::{Grace, IdleModes, Policy, PriceList};
use jiff::Timestamp;
use landing_zone::{AccountId, Class, Diagnosis, Fault};
use ledger::Ledger;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long it is waited before it is looked again whether something has stopped.
const PAUSE: Duration = Duration::from_secs(5);

/// What the function works with.
pub struct App {
    ledger: Ledger,
    sts: aws_sdk_sts::Client,
    bus: Bus,
    people: People,
    switch: KillSwitch,
    base: SdkConfig,
    partition: String,
    role_prefix: String,
    regions: Vec<String>,
    policy: Policy,
    prices: PriceList,
    modes: IdleModes,
    grace: Grace,
    pause: Duration,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        let policy = |text: &str| Policy::parse(text).map_err(|error| error.to_string());
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            sts: aws_sdk_sts::Client::new(config),
            bus: Bus::from_environment(config)?,
            people: People::from_environment(config, "SPEND_TOPIC")?,
            switch: KillSwitch::from_environment(config, "SPEND_SWITCH")?,
            base: config.clone(),
            partition: aws::optional("PARTITION", text)?.unwrap_or_else(|| "aws".to_owned()),
            role_prefix: aws::required("MEMBER_ROLE_PREFIX", text)?,
            regions: aws::governed_regions(config)?,
            policy: aws::optional("SPEND_POLICY", policy)?.unwrap_or_else(Policy::standard),
            prices: PriceList::standard(),
            modes: aws::optional("IDLE_MODES", IdleModes::parse)?.unwrap_or_default(),
            grace: aws::optional("IDLE_GRACE_HOURS", Grace::parse)?.unwrap_or_default(),
            pause: PAUSE,
            clock: Timestamp::now,
        })
    }

    /// A session in an account, in the role of this capability.
    async fn enter(&self, account: &AccountId, capability: &str) -> Result<SdkConfig, AwsFault> {
        let name = format!("{}-{capability}", self.role_prefix);
        let role =
            MemberRole { partition: &self.partition, name: &name, session: "ai-landing-zone-idle", policy: None };
        aws::session(&self.sts, &self.base, account, role).await
    }
}

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Event {
    /// Which accounts to look into.
    List,
    /// Look into one.
    Look {
        /// Which.
        account_id: AccountId,
    },
    /// Start again what was stopped, on an operator's word.
    Start {
        /// What.
        arn: String,
    },
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Accounts to look into.
    Accounts {
        /// Each as the event for it needs it.
        accounts: Vec<Named>,
    },
    /// Of a look.
    Looked(look::Looked),
    /// Of a start.
    Started(stops::Restart),
}

/// An account.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    account_id: AccountId,
}

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// A workload was not stopped or started.
    #[error(transparent)]
    Workload(#[from] workloads::Error),
    /// An event was not taken.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// Nothing is known of the account.
    #[error("account {0} was not observed yet")]
    NotObserved(AccountId),
    /// Nothing of that name was stopped here.
    #[error("{0} was not stopped for being idle")]
    NotStopped(String),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::Workload(error) => error.diagnosis(),
            Self::NotPublished(error) => error.diagnosis(),
            Self::NotObserved(_) => Diagnosis::named(
                Class::NotReady,
                "NotObserved",
                "Run the workflow spend-evaluation, which looks into all accounts.",
            ),
            Self::NotStopped(_) => Diagnosis::named(
                Class::Invalid,
                "NotStopped",
                "Name the ARN as GET /v1/spend/{accountId} or the report has it.",
            ),
        }
    }
}

/// Serves the schedule's workflow, or an operator.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    let now = (app.clock)();
    match event {
        Event::List => {
            let all = app.ledger.all_observed().await?;
            let ai = all.into_iter().filter(|seen| seen.account.ai_environment().is_some());
            let mut accounts: Vec<Named> = ai.map(|seen| Named { account_id: seen.account.id }).collect();
            accounts.sort_by(|one, other| one.account_id.cmp(&other.account_id));
            Ok(Answer::Accounts { accounts })
        }
        Event::Look { account_id } => look::look(app, &account_id, now).await.map(Answer::Looked),
        Event::Start { arn } => stops::restart(app, &arn, now).await.map(Answer::Started),
    }
}

#[cfg(test)]
mod tests;

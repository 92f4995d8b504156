//! What accounts spend, and what follows. It reads the bill into the ledger; it decides about every account anew from what is
//! known, tells people, and starts what brings an account to its stage; and it answers the bell: messages about cost.

mod announce;
mod costs;
mod decide;
mod doorbell;
mod measure;
mod people;

#[cfg(test)]
mod testing;

use aws::{AwsFault, Bus, ConfigError, KillSwitch, NotPublished, People, SdkConfig, Workflow};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use finops::{Door, Policy};
use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountId, Diagnosis, Fault};
use ledger::Ledger;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::Value;

/// Calls made at once.
const AT_ONCE: usize = 16;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    bus: Bus,
    people: People,
    organizations: aws_sdk_organizations::Client,
    explorer: aws_sdk_costexplorer::Client,
    switch: KillSwitch,
    evaluation: Workflow,
    enforcement: Workflow,
    policy: Policy,
    door: Door,
    /// Paid requests of a day.
    most_paid: u32,
    /// How long a bill is not read again.
    refresh: SignedDuration,
    /// Messages about cost that come within so long are answered by one evaluation.
    bucket: SignedDuration,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let policy = aws::optional("SPEND_POLICY", |text| Policy::parse(text).map_err(|why| why.to_string()))?;
        let topics = aws::optional("DOORBELL_TOPICS", |text| {
            Ok(text.split(',').map(|topic| topic.trim().to_owned()).filter(|topic| !topic.is_empty()).collect())
        })?;
        let number = |variable| aws::optional(variable, positive);
        // 0 reads it each time.
        let minutes = aws::optional("CE_REFRESH_MINUTES", |text| text.parse::<u32>().map_err(|why| why.to_string()))?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            bus: Bus::from_environment(config)?,
            people: People::from_environment(config, "SPEND_TOPIC")?,
            organizations: aws_sdk_organizations::Client::new(config),
            explorer: aws::cost_explorer(config),
            switch: KillSwitch::from_environment(config, "SPEND_SWITCH")?,
            evaluation: Workflow::from_environment(config, "SPEND_EVALUATION")?,
            enforcement: Workflow::from_environment(config, "SPEND_ENFORCEMENT")?,
            policy: policy.unwrap_or_else(Policy::standard),
            door: Door { topics: topics.unwrap_or_default() },
            most_paid: number("PAID_REQUESTS_PER_DAY")?.unwrap_or(100),
            refresh: SignedDuration::from_mins(minutes.unwrap_or(240).into()),
            bucket: SignedDuration::from_secs(number("DOORBELL_SECONDS")?.unwrap_or(300).into()),
            clock: Timestamp::now,
        })
    }
}

fn positive(text: &str) -> Result<u32, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| format!("{text:?} is not a whole number above 0"))
}

/// What is asked for, or messages of a queue.
#[derive(Debug)]
pub enum Event {
    /// By the workflow `spend-evaluation`.
    Asked(Asked),
    /// Of AWS Budgets and Cost Anomaly Detection.
    Rung(SqsEvent),
}

/// What the workflow asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum Asked {
    /// Read the bill, if it is due.
    Costs {
        /// Whom to look into; all where it is not given.
        #[serde(default)]
        accounts: Option<Vec<AccountId>>,
        /// True to read it also when it is not due.
        #[serde(default)]
        force: bool,
    },
    /// Decide about every account: what holds for all together needs all.
    Decide {
        /// When the evaluation began: what was seen before is old.
        #[serde(default)]
        started_at: Option<Timestamp>,
    },
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Value::deserialize(deserializer)?;
        let event = match document.get("Records") {
            Some(_) => SqsEvent::deserialize(document).map(Self::Rung),
            None => Asked::deserialize(document).map(Self::Asked),
        };
        event.map_err(D::Error::custom)
    }
}

/// What came of the event.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of the bill.
    Costs(costs::Answer),
    /// Of the decisions.
    Decided(decide::Answer),
    /// Of messages: those that come back.
    Rung(SqsBatchResponse),
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// An event was not taken.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::NotPublished(error) => error.diagnosis(),
        }
    }
}

/// Serves the workflow, or the queue.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    match event {
        Event::Asked(Asked::Costs { accounts, force }) => costs::costs(app, accounts, force).await.map(Answer::Costs),
        Event::Asked(Asked::Decide { started_at }) => decide::decide(app, started_at).await.map(Answer::Decided),
        Event::Rung(messages) => Ok(Answer::Rung(doorbell::answer(app, messages).await)),
    }
}

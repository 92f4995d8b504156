//! Tags what people create. A batch of `CloudTrail` events comes from the queue; what they made is looked up, the tags it
//! lacks are written, as many resources to a call as have the same tags coming, and each message is done with, comes
//! back later or goes to the dead letters with its reason.

mod announce;
mod buckets;
mod group;
mod measure;
mod message;
mod outcome;
mod owners;
mod queue;
mod sessions;
mod tagger;

use aws::ConfigError;
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use landing_zone::{Diagnosis, Fault};
use ledger::Ledger;
use message::Message;
use outcome::{Fate, Patience};
use std::time::Duration;
use tagging::Policy;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    sessions: sessions::Sessions,
    accounts: aws::AccountTags,
    queue: queue::Queue,
    bus: announce::Bus,
    policy: Policy,
    patience: Patience,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let number = |text: &str| text.parse::<u32>().map_err(|why| why.to_string());
        let policy = aws::optional("TAG_POLICY", |text| Policy::parse(text).map_err(|why| why.to_string()))?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            sessions: sessions::Sessions::from_environment(config)?,
            accounts: aws::AccountTags::new(aws_sdk_organizations::Client::new(config)),
            queue: queue::Queue::from_environment(config)?,
            bus: announce::Bus::from_environment(config)?,
            policy: policy.unwrap_or_else(Policy::standard),
            patience: Patience {
                first_seconds: aws::required("RETRY_SECONDS", number)?,
                attempts: aws::required("ATTEMPTS", number)?,
            },
            clock: Timestamp::now,
        })
    }
}

/// Nothing fails a whole batch: each message has its own fate.
#[derive(Debug, thiserror::Error)]
pub enum Error {}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match *self {}
    }
}

/// Accounts worked on at once. Within one account and Region calls follow each other: the Tagging API's rate is per
/// account and Region.
const AT_ONCE: usize = 8;

/// No account is begun after so long; what is left comes back. The function has 120 s.
const BUDGET: Duration = Duration::from_secs(75);

/// Serves a batch.
pub async fn handle(app: &App, event: SqsEvent) -> Result<SqsBatchResponse, Error> {
    let messages: Vec<Message> = event.records.into_iter().map(Message::read).collect();
    let groups = group::groups(&messages);
    let ends = (app.clock)() + BUDGET;
    let results: Vec<Vec<group::Done<'_>>> =
        stream::iter(groups).map(|group| group::work(app, group, ends)).buffer_unordered(AT_ONCE).collect().await;
    let results: Vec<group::Done<'_>> = results.into_iter().flatten().collect();
    measure::measure(&messages, &results, (app.clock)());
    let announced = app.bus.announce(&messages, &results, (app.clock)()).await;

    let mut response = SqsBatchResponse::default();
    for (index, message) in messages.iter().enumerate() {
        let own = results.iter().filter(|done| done.message == index);
        let outcomes = own.flat_map(|done| done.resources.iter().map(|(_, outcome)| outcome));
        let fate = match (app.patience.fate(outcomes, message.attempt), &message.rejected) {
            (Fate::Done, Some(why)) => Fate::Dead(why.clone()),
            // The tags are written; the message comes back so that its event is announced all the same.
            (Fate::Done, None) if !announced && !message.creations.is_empty() => app.patience.again(message.attempt),
            (fate, _) => fate,
        };
        if app.queue.settle(message, &fate).await == queue::Settled::Kept {
            response.add_failure(message.id.clone());
        }
    }
    Ok(response)
}

//! What becomes of a message in its queue.

use crate::{message::Message, outcome::Fate};
use aws::{AwsFault, ConfigError, DeadLetters, SdkConfig};
use aws_sdk_sqs::Client;

/// The queue of events and that of the dead letters.
pub(crate) struct Queue {
    client: Client,
    events: String,
    dead_letters: DeadLetters,
}

/// Whether SQS may delete the message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Settled {
    Finished,
    Kept,
}

impl Queue {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            client: Client::new(config),
            events: aws::required("EVENT_QUEUE_URL", text)?,
            dead_letters: DeadLetters::from_environment(config, "tag-resource")?,
        })
    }

    /// Brings a message's fate about. Where a call fails the message stays and comes back by itself.
    pub(crate) async fn settle(&self, message: &Message, fate: &Fate) -> Settled {
        let done = match fate {
            Fate::Done => return Settled::Finished,
            Fate::Back(seconds) => self.delay(message, *seconds).await.map(|()| Settled::Kept),
            Fate::Dead(why) => {
                telemetry::error!(message_id = message.id, reason = why, "dead letter");
                self.dead_letters.bury(&message.body, why).await.map(|()| Settled::Finished)
            }
        };
        done.unwrap_or_else(|fault| {
            telemetry::warn!(message_id = message.id, reason = %fault, "the message stays in the queue");
            Settled::Kept
        })
    }

    async fn delay(&self, message: &Message, seconds: u32) -> Result<(), AwsFault> {
        let sent = self
            .client
            .change_message_visibility()
            .queue_url(&self.events)
            .receipt_handle(&message.receipt)
            .visibility_timeout(i32::try_from(seconds).unwrap_or(i32::MAX))
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsFault::new("sqs:ChangeMessageVisibility", &error))
    }
}

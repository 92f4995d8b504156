//! What becomes of a message in its queue.

use crate::{message::Message, outcome::Fate};
use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_sqs::{Client, types::MessageAttributeValue};

/// The queue of events and that of the dead letters.
pub(crate) struct Queue {
    client: Client,
    events: String,
    dead_letters: String,
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
            dead_letters: aws::required("DEAD_LETTER_QUEUE_URL", text)?,
        })
    }

    /// Brings a message's fate about. Where a call fails the message stays and comes back by itself.
    pub(crate) async fn settle(&self, message: &Message, fate: &Fate) -> Settled {
        let done = match fate {
            Fate::Done => return Settled::Finished,
            Fate::Back(seconds) => self.delay(message, *seconds).await.map(|()| Settled::Kept),
            Fate::Dead(why) => {
                telemetry::error!(message_id = message.id, reason = why, "dead letter");
                self.bury(message, why).await.map(|()| Settled::Finished)
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

    /// A dead letter carries its reason as an attribute, beside the message as it came.
    async fn bury(&self, message: &Message, why: &str) -> Result<(), AwsFault> {
        let attribute = |value: &str| {
            // SQS takes neither an empty text nor control characters.
            let text: String = value.chars().filter(|c| !c.is_control()).take(1000).collect();
            MessageAttributeValue::builder().data_type("String").string_value(text).build()
        };
        let (Ok(reason), Ok(function)) = (attribute(why), attribute("tag-resource")) else { return Ok(()) };
        let sent = self
            .client
            .send_message()
            .queue_url(&self.dead_letters)
            .message_body(&message.body)
            .message_attributes("reason", reason)
            .message_attributes("function", function)
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsFault::new("sqs:SendMessage", &error))
    }
}

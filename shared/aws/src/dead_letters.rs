//! The queue of what can never be used, each with its reason.

use crate::{AwsFault, ConfigError, required};
use aws_config::SdkConfig;
use aws_sdk_sqs::{Client, types::MessageAttributeValue};

/// A queue of dead letters.
#[derive(Debug, Clone)]
pub struct DeadLetters {
    client: Client,
    url: String,
    function: &'static str,
}

impl DeadLetters {
    /// The queue that the environment of `function` names (`DEAD_LETTER_QUEUE_URL`).
    pub fn from_environment(config: &SdkConfig, function: &'static str) -> Result<Self, ConfigError> {
        let url = required("DEAD_LETTER_QUEUE_URL", |text| Ok(text.to_owned()))?;
        Ok(Self { client: Client::new(config), url, function })
    }

    /// Puts a message there as it came, with its reason and who says so as attributes.
    pub async fn bury(&self, body: &str, why: &str) -> Result<(), AwsFault> {
        let attribute = |value: &str| {
            // SQS takes neither an empty text nor control characters.
            let text: String = value.chars().filter(|c| !c.is_control()).take(1000).collect();
            MessageAttributeValue::builder().data_type("String").string_value(text).build()
        };
        let (Ok(reason), Ok(function)) = (attribute(why), attribute(self.function)) else { return Ok(()) };
        let sent = self
            .client
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .message_attributes("reason", reason)
            .message_attributes("function", function)
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsFault::new("sqs:SendMessage", &error))
    }
}

//! The queue of events, as the rule of each account fills it.

use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_sqs::Client;

/// The queue that the tagging function reads.
pub(crate) struct Queue {
    client: Client,
    url: String,
}

impl Queue {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let url = aws::required("EVENT_QUEUE_URL", |text| Ok(text.to_owned()))?;
        Ok(Self { client: Client::new(config), url })
    }

    /// Sends one event. One to a call: a record may have 256 KB, and what events miss is little.
    pub(crate) async fn send(&self, body: &str) -> Result<(), AwsFault> {
        let sent = self.client.send_message().queue_url(&self.url).message_body(body).send().await;
        sent.map(drop).map_err(|error| AwsFault::new("sqs:SendMessage", &error))
    }
}

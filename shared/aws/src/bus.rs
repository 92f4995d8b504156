//! The bus with the suite's events.

use crate::{AwsFault, ConfigError, required};
use aws_config::SdkConfig;
use aws_sdk_eventbridge::{Client, types::PutEventsRequestEntry};
use landing_zone::{Class, Diagnosis, Fault};

/// The bus.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

/// An event that was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotPublished {
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// `EventBridge` took the call and not the event.
    #[error("EventBridge did not take the event: {0}")]
    Refused(String),
}

impl Fault for NotPublished {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Aws(fault) => fault.diagnosis(),
            Self::Refused(_) => Diagnosis::passing(Class::Retryable, "Nothing; it is tried again."),
        }
    }
}

impl Bus {
    /// The bus of a name.
    #[must_use]
    pub fn new(config: &SdkConfig, name: impl Into<String>) -> Self {
        Self { client: Client::new(config), name: name.into() }
    }

    /// The bus that the function's environment names (`EVENT_BUS`).
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self::new(config, required("EVENT_BUS", |text| Ok(text.to_owned()))?))
    }

    /// Publishes an event; `detail` is JSON.
    pub async fn publish(&self, source: &str, detail_type: &str, detail: String) -> Result<(), NotPublished> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(source)
            .detail_type(detail_type)
            .detail(detail)
            .build();
        let sent = self.client.put_events().entries(entry).send().await;
        let answer = sent.map_err(|error| AwsFault::new("events:PutEvents", &error))?;
        // PutEvents answers 200 also when it refuses entries.
        match answer.entries().iter().find_map(|entry| entry.error_code()) {
            Some(code) if answer.failed_entry_count > 0 => Err(NotPublished::Refused(code.to_owned())),
            _ => Ok(()),
        }
    }
}

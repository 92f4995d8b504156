//! The suite's events about tags.

use crate::{group::Done, message::Message, outcome::Outcome};
use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_eventbridge::{Client, types::PutEventsRequestEntry};
use jiff::Timestamp;
use serde::Serialize;
use tagging::{Arn, TagMap};

/// Source of every event about tags.
const SOURCE: &str = "ai-landing-zone.tagging";

/// Entries of one `PutEvents`
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>).
const MOST_ENTRIES: usize = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    event_id: &'a str,
    account_id: &'a str,
    region: &'a str,
    service: &'a str,
    call: &'a str,
    resources: Vec<&'a str>,
    tags: &'a TagMap,
    created_by: Option<&'a str>,
    lag_seconds: i64,
}

/// The bus with the suite's events.
pub(crate) struct Bus {
    client: Client,
    name: String,
}

impl Bus {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let name = aws::required("EVENT_BUS", |text| Ok(text.to_owned()))?;
        Ok(Self { client: Client::new(config), name })
    }

    /// Tells what was tagged, and what has no person behind it. A message that comes again is told again, since nobody
    /// knows whether it was told before. False when not all could be told.
    pub(crate) async fn announce(&self, messages: &[Message], results: &[Done<'_>], now: Timestamp) -> bool {
        let mut entries = Vec::new();
        for done in results.iter().filter(|done| !done.creation.is_owner_only()) {
            let again = messages.get(done.message).is_some_and(|message| message.attempt > 1);
            let tagged = |outcome: &Outcome| *outcome == Outcome::Tagged || (again && *outcome == Outcome::Right);
            let resources: Vec<&Arn> =
                done.resources.iter().filter(|(_, outcome)| tagged(outcome)).map(|(arn, _)| arn).collect();
            if resources.is_empty() {
                continue;
            }
            let detail = detail(done, &resources, now);
            entries.push(self.entry("Resource Tagged", &detail));
            if !done.person_known {
                entries.push(self.entry("Owner Unknown", &detail));
            }
        }
        let mut told = true;
        for some in entries.chunks(MOST_ENTRIES) {
            let sent = self.client.put_events().set_entries(Some(some.to_vec())).send().await;
            let failure = match sent {
                Ok(answer) if answer.failed_entry_count == 0 => continue,
                Ok(answer) => format!("{} events were refused", answer.failed_entry_count),
                Err(error) => AwsFault::new("events:PutEvents", &error).to_string(),
            };
            telemetry::warn!(reason = failure, "events are told later");
            told = false;
        }
        told
    }

    fn entry(&self, detail_type: &str, detail: &Detail<'_>) -> PutEventsRequestEntry {
        PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(detail_type)
            .set_detail(serde_json::to_string(detail).ok())
            .build()
    }
}

fn detail<'a>(done: &'a Done<'_>, resources: &[&'a Arn], now: Timestamp) -> Detail<'a> {
    let creation = done.creation;
    Detail {
        event_id: &creation.event_id,
        account_id: creation.account.as_str(),
        region: &creation.region,
        service: &creation.rule.source,
        call: &creation.rule.event,
        resources: resources.iter().map(|arn| arn.as_str()).collect(),
        tags: &done.tags,
        created_by: creation.principal.name.as_deref(),
        lag_seconds: now.duration_since(creation.time).as_secs(),
    }
}

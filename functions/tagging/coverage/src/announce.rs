//! The suite's events about coverage, and letters.

use crate::{Error, letter::Letter, overdue::Overdue};
use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_eventbridge::{Client, types::PutEventsRequestEntry};
use aws_sdk_sns::types::MessageAttributeValue;
use serde_json::{Value, json};
use tagging::{Summary, Swept};

/// Source of every event about tags.
const SOURCE: &str = "ai-landing-zone.tagging";

/// Resources that one event names: an entry holds 256 KB, and an ARN has at most 1,011 characters.
const MOST_RESOURCES: usize = 100;

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

    /// Tells of resources whose time is over, and what is to be done about them.
    pub(crate) async fn overdue(&self, swept: &Swept, resources: &[Overdue<'_>]) -> Result<(), Error> {
        for some in resources.chunks(MOST_RESOURCES) {
            let detail = json!({"accountId": swept.account_id, "region": swept.region, "owner": swept.owner,
                "environment": swept.environment, "accountType": swept.account_type, "action": swept.action,
                "resources": some});
            self.put("Tags Overdue", &detail).await?;
        }
        Ok(())
    }

    /// Tells how many resources carry their tags.
    pub(crate) async fn measured(&self, summary: &Summary) -> Result<(), Error> {
        let total = summary.coverage.total;
        let detail = json!({"sweptAt": summary.swept_at, "resources": total.resources, "complete": total.complete,
            "percent": total.percent(), "againstTagPolicy": summary.coverage.against_tag_policy,
            "environments": summary.environments, "accountTypes": summary.account_types,
            "keys": summary.coverage.keys, "unreachable": summary.unreachable});
        self.put("Tag Coverage Measured", &detail).await
    }

    async fn put(&self, detail_type: &str, detail: &Value) -> Result<(), Error> {
        let entry = PutEventsRequestEntry::builder()
            .event_bus_name(&self.name)
            .source(SOURCE)
            .detail_type(detail_type)
            .detail(detail.to_string())
            .build();
        let sent = self.client.put_events().entries(entry).send().await;
        let answer = sent.map_err(|error| AwsFault::new("events:PutEvents", &error))?;
        if answer.failed_entry_count > 0 { Err(Error::NotPublished(answer.failed_entry_count)) } else { Ok(()) }
    }
}

/// Publishes a letter. Subscriptions pick their owner's with a filter on the attribute `owner`.
pub(crate) async fn publish(
    client: &aws_sdk_sns::Client,
    topic: &str,
    owner: &str,
    letter: &Letter,
) -> Result<(), AwsFault> {
    let owner = MessageAttributeValue::builder().data_type("String").string_value(owner).build();
    let message = client.publish().topic_arn(topic).subject(&letter.subject).message(&letter.text);
    let sent =
        message.set_message_attributes(owner.ok().map(|owner| [("owner".to_owned(), owner)].into())).send().await;
    sent.map(drop).map_err(|error| AwsFault::new("sns:Publish", &error))
}

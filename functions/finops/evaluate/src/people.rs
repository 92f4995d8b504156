//! What people are told: each thing once, and never not at all.

use crate::{App, Error, announce};
use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_sns::{Client, types::MessageAttributeValue};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;

/// Telling takes less. Whoever is killed in it has not told for sure, and after this time it is told again.
const TELLING: SignedDuration = SignedDuration::from_mins(5);

/// The same is not told again within so long: longer than a quarter.
const TOLD: SignedDuration = SignedDuration::from_hours(24 * 100);

/// SNS takes fewer than 100 characters (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
const LONGEST_SUBJECT: usize = 99;

/// Something that people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Telling {
    /// Told once under this key.
    pub(crate) key: String,
    pub(crate) kind: Kind,
    /// The account that it is about, if it is about one.
    pub(crate) account: Option<AccountId>,
    /// Who answers for that account.
    pub(crate) owner: Option<String>,
    pub(crate) subject: String,
    pub(crate) text: String,
    /// What machines are told with it.
    pub(crate) event: Option<String>,
}

/// What kind of telling it is. Subscriptions choose by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Somebody has to look at once.
    Page,
    /// A step waits for approval.
    Proposal,
    /// An account spends much.
    Notice,
}

impl Kind {
    fn id(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Proposal => "proposal",
            Self::Notice => "notice",
        }
    }
}

/// The topic of people.
pub(crate) struct People {
    client: Client,
    topic: String,
}

impl People {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        Ok(Self::new(config, aws::required("SPEND_TOPIC", |text| Ok(text.to_owned()))?))
    }

    pub(crate) fn new(config: &SdkConfig, topic: String) -> Self {
        Self { client: Client::new(config), topic }
    }

    async fn publish(&self, telling: &Telling) -> Result<(), AwsFault> {
        let account = telling.account.as_ref().map(AccountId::as_str);
        let attributes = [("kind", Some(telling.kind.id())), ("account", account), ("owner", telling.owner.as_deref())];
        let attribute = |(name, value): (&str, Option<&str>)| {
            let value = value.filter(|value| !value.is_empty())?;
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()?;
            Some((name.to_owned(), value))
        };
        let message = self.client.publish().topic_arn(&self.topic).subject(subject(&telling.subject));
        let message = message.message(&telling.text);
        let message = message.set_message_attributes(Some(attributes.into_iter().filter_map(attribute).collect()));
        message.send().await.map(drop).map_err(|error| AwsFault::new("sns:Publish", &error))
    }
}

/// Tells it, unless it was told; true when it was told now. A turn that fails ends at once, so that the next evaluation
/// tells it; one that is killed ends by itself.
pub(crate) async fn tell(app: &App, telling: &Telling, now: Timestamp) -> Result<bool, Error> {
    let turn = format!("tell-{}", telling.key);
    if !app.ledger.take_turn(&turn, now + TELLING, now).await? {
        return Ok(false);
    }
    match send(app, telling).await {
        Ok(()) => app.ledger.end_turn(&turn, now + TOLD).await.map(|()| true).map_err(Error::from),
        Err(error) => {
            app.ledger.end_turn(&turn, now).await?;
            Err(error)
        }
    }
}

async fn send(app: &App, telling: &Telling) -> Result<(), Error> {
    if let Some(detail) = &telling.event {
        app.bus.publish(announce::SOURCE, "Spend Step Proposed", detail.clone()).await?;
    }
    Ok(app.people.publish(telling).await?)
}

/// ASCII on one line, not too long.
fn subject(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_graphic() || c == ' ' { c } else { '?' };
    text.chars().map(plain).take(LONGEST_SUBJECT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_what_sns_takes() {
        assert_eq!(subject("Spending:\r\n5 €"), "Spending:??5 ?");
        assert_eq!(subject(&"x".repeat(200)).len(), 99);
    }
}

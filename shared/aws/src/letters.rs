//! The topic that people read.

use crate::{AwsFault, ConfigError, required};
use aws_config::SdkConfig;
use aws_sdk_sns::{Client, types::MessageAttributeValue};

/// SNS takes fewer than 100 characters (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
const LONGEST_SUBJECT: usize = 99;

/// The topic.
#[derive(Debug, Clone)]
pub struct People {
    client: Client,
    topic: String,
}

/// What people are told. Subscriptions choose by kind, account and owner.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// What kind of letter it is.
    pub kind: &'a str,
    /// The account that it is about, if it is about one.
    pub account: Option<&'a str>,
    /// Who answers for that account.
    pub owner: Option<&'a str>,
    /// The first line. What SNS does not take in it is replaced.
    pub subject: &'a str,
    /// The letter.
    pub text: &'a str,
}

impl People {
    /// The topic of an ARN.
    #[must_use]
    pub fn new(config: &SdkConfig, topic: impl Into<String>) -> Self {
        Self { client: Client::new(config), topic: topic.into() }
    }

    /// The topic that the function's environment names.
    pub fn from_environment(config: &SdkConfig, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(config, required(variable, |text| Ok(text.to_owned()))?))
    }

    /// Publishes a letter.
    pub async fn publish(&self, letter: &Letter<'_>) -> Result<(), AwsFault> {
        let attributes = [("kind", Some(letter.kind)), ("account", letter.account), ("owner", letter.owner)];
        let attribute = |(name, value): (&str, Option<&str>)| {
            let value = value.filter(|value| !value.is_empty())?;
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build().ok()?;
            Some((name.to_owned(), value))
        };
        let message = self.client.publish().topic_arn(&self.topic).subject(subject(letter.subject));
        let message = message.message(letter.text);
        let message = message.set_message_attributes(Some(attributes.into_iter().filter_map(attribute).collect()));
        message.send().await.map(drop).map_err(|error| AwsFault::new("sns:Publish", &error))
    }
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

//! Amazon Resource Names.

use std::fmt;

/// An ARN with its parts in place: `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Arn(String);

impl Arn {
    /// Accepts six parts of which partition, service and resource are not empty, of at most 1,011 characters, which is
    /// what the Resource Groups Tagging API takes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [head, partition, service, _, account, resource] = parts[..] else {
            return Err(format!("{text:?} is not an ARN"));
        };
        let account_is_right =
            account.is_empty() || account == "aws" || landing_zone::AccountId::parse(account).is_ok();
        if head != "arn" || partition.is_empty() || service.is_empty() || resource.is_empty() || !account_is_right {
            return Err(format!("{text:?} is not an ARN"));
        }
        if text.len() > 1011 || text.chars().any(char::is_whitespace) {
            return Err("an ARN has at most 1,011 characters and no spaces".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }

    /// The service, such as `s3`.
    #[must_use]
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// The account; empty where the kind of resource has none in its name (buckets, REST APIs).
    #[must_use]
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// What stands after the account.
    #[must_use]
    pub fn resource(&self) -> &str {
        self.part(5)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_has_its_parts() {
        let arn = Arn::parse("arn:aws:logs:eu-west-1:111122223333:log-group:/aws/x").unwrap();
        assert_eq!((arn.service(), arn.account(), arn.resource()), ("logs", "111122223333", "log-group:/aws/x"));
        assert_eq!(Arn::parse("arn:aws:s3:::bucket").unwrap().account(), "");
        for wrong in ["", "bucket", "arn:aws:s3:::", "arn:aws:ec2:r:12:instance/i", "arn:aws:s3:::a b", "arn::s3:::b"] {
            assert!(Arn::parse(wrong).is_err(), "{wrong}");
        }
    }
}

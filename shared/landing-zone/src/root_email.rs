//! The root e-mail of a new account, made from a pattern of the organization.

use crate::{AccountName, AccountType, Email, Environment};

/// A pattern such as `aws+{name}@example.com`. AWS wants an address of its own for every account; sub-addressing
/// lets one mailbox serve them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootEmailPattern(String);

impl RootEmailPattern {
    /// Accepts a pattern that names `{name}` and makes an address once filled in. `{environment}` and
    /// `{accountType}` may stand beside it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let local = text.split_once('@').map_or("", |(local, _)| local);
        if !local.contains("{name}") {
            return Err("must contain {name} before the @, or two accounts would share an address".to_owned());
        }
        let filled = fill(text, "a", "dev", "frontend");
        if filled.contains(['{', '}']) {
            return Err("knows only {name}, {environment} and {accountType}".to_owned());
        }
        Email::parse(&filled)?;
        Ok(Self(text.to_owned()))
    }

    /// The address of one account. Core accounts stand in as `core` where the pattern names the environment.
    pub fn address(
        &self,
        name: &AccountName,
        account_type: AccountType,
        environment: Option<Environment>,
    ) -> Result<Email, String> {
        let slug = name.slug();
        if slug.is_empty() {
            return Err("must contain a letter or a digit: the root e-mail is made from it".to_owned());
        }
        let text = fill(&self.0, &slug, environment.map_or("core", Environment::id), account_type.id());
        Email::parse(&text).map_err(|why| {
            format!(
                "makes the root e-mail {} characters long, which {why}; choose a shorter name",
                text.chars().count()
            )
        })
    }
}

fn fill(pattern: &str, name: &str, environment: &str, account_type: &str) -> String {
    pattern.replace("{name}", name).replace("{environment}", environment).replace("{accountType}", account_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(pattern: &str, name: &str) -> Result<Email, String> {
        RootEmailPattern::parse(pattern)?.address(
            &AccountName::parse(name).unwrap(),
            AccountType::parse("frontend").unwrap(),
            Some(Environment::Dev),
        )
    }

    #[test]
    fn fills_the_pattern() {
        assert_eq!(
            address("aws+{environment}-{name}@example.com", "My App").unwrap().as_str(),
            "aws+dev-my-app@example.com"
        );
    }

    #[test]
    fn says_when_the_name_makes_the_address_too_long() {
        let why = address("aws+{name}@a-rather-long-host.example.com", &"n".repeat(40)).unwrap_err();
        assert!(why.contains("shorter name"), "{why}");
    }

    #[test]
    fn refuses_patterns_that_cannot_work() {
        for wrong in ["aws@example.com", "aws+{name}", "{name}@{nmae}.example.com", "a@{name}.example.com"] {
            assert!(RootEmailPattern::parse(wrong).is_err(), "{wrong}");
        }
        assert!(address("aws+{name}@example.com", "&&&").is_err());
    }
}

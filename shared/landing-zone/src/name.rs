//! Account names.

use crate::text::parsed_text;

/// 1 to 50 printable ASCII characters, no space at either end
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountName(String);

impl AccountName {
    /// Accepts what `CreateAccount` accepts, less names that differ only by outer spaces.
    pub fn parse(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length == 0 || length > 50 {
            return Err(format!("must have 1 to 50 characters, has {length}"));
        }
        if !text.chars().all(|c| (' '..='~').contains(&c)) {
            return Err("must be printable ASCII (letters, digits, space and punctuation)".to_owned());
        }
        if text.trim() != text {
            return Err("must not begin or end with a space".to_owned());
        }
        Ok(Self(text.to_owned()))
    }

    /// The form under which two names count as the same one.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// Lower-case letters and digits, everything else one hyphen: the part of the root e-mail that names the account.
    #[must_use]
    pub fn slug(&self) -> String {
        self.0
            .to_ascii_lowercase()
            .split(|c: char| !c.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("-")
    }
}

parsed_text!(AccountName);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn refuses_long_empty_control_and_non_ascii_names() {
        for wrong in ["", " x", "x ", "a\tb", "a\u{7f}", "münchen", &"x".repeat(51)] {
            assert!(AccountName::parse(wrong).is_err(), "{wrong:?}");
        }
        assert!(AccountName::parse(&"x".repeat(50)).is_ok());
    }

    #[test]
    fn slug_joins_words_with_one_hyphen() {
        assert_eq!(AccountName::parse("LLMs & Models (DEV)").unwrap().slug(), "llms-models-dev");
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_slugs_are_safe_in_an_address(text in ".{0,60}") {
            if let Ok(name) = AccountName::parse(&text) {
                prop_assert!(name.slug().bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
            }
        }
    }
}

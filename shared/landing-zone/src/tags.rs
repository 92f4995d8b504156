//! Tags within the rules of AWS Organizations.

use crate::text::parsed_text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tags an account can carry (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_tagging.html>).
pub const MAX_TAGS: usize = 50;

/// The keys the suite writes itself; people cannot set them.
pub const RESERVED_KEYS: [&str; 7] =
    ["account-type", "cost-center", "data-classification", "environment", "managed-by", "owner", "vending-request"];

/// Letters, digits, spaces and `_ . : / = + - @`: what every AWS service accepts in a tag.
fn is_tag_character(c: char) -> bool {
    c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c)
}

/// A tag key of 1 to 128 characters that AWS does not keep to itself.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagKey(String);

impl TagKey {
    /// Accepts what Organizations accepts as a key.
    pub fn parse(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length == 0 || length > 128 {
            return Err(format!("a tag key must have 1 to 128 characters, has {length}"));
        }
        if !text.chars().all(is_tag_character) {
            return Err("a tag key may contain letters, digits, spaces and _ . : / = + - @".to_owned());
        }
        if text.get(..4).is_some_and(|head| head.eq_ignore_ascii_case("aws:")) {
            return Err("tag keys that begin with aws: belong to AWS".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_text!(TagKey);

/// A tag value of at most 256 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagValue(String);

impl TagValue {
    /// Accepts what Organizations accepts as a value.
    pub fn parse(text: &str) -> Result<Self, String> {
        let length = text.chars().count();
        if length > 256 {
            return Err(format!("a tag value must have at most 256 characters, has {length}"));
        }
        if !text.chars().all(is_tag_character) {
            return Err("a tag value may contain letters, digits, spaces and _ . : / = + - @".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

parsed_text!(TagValue);

/// Tags by key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tags(pub BTreeMap<TagKey, TagValue>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_keep_within_the_rules() {
        assert!(TagKey::parse("team/ml:Größe").is_ok());
        for wrong in ["", "aws:x", "AWS:x", "a*b", &"k".repeat(129)] {
            assert!(TagKey::parse(wrong).is_err(), "{wrong}");
        }
        assert!(TagValue::parse("").is_ok());
        for wrong in ["a\nb", "a&b", &"v".repeat(257)] {
            assert!(TagValue::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn reserved_keys_are_valid_keys() {
        assert!(RESERVED_KEYS.iter().all(|key| TagKey::parse(key).is_ok()));
    }
}

//! E-mail addresses as AWS Organizations accepts them.

use crate::text::parsed_text;

/// 6 to 64 ASCII characters of the form `local@host.domain`, without white space
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html>).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

impl Email {
    /// Shortest and longest address that `CreateAccount` takes.
    const LENGTH: std::ops::RangeInclusive<usize> = 6..=64;

    /// Accepts what `CreateAccount` accepts; the reason says what to change.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !Self::LENGTH.contains(&text.chars().count()) {
            return Err(format!("must have 6 to 64 characters, has {}", text.chars().count()));
        }
        if !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err("must be printable ASCII without spaces".to_owned());
        }
        let host = match text.split_once('@') {
            Some((local, host)) if !local.is_empty() && !host.contains('@') => host,
            _ => return Err("must contain exactly one @ with a name before it".to_owned()),
        };
        match host.rsplit_once('.') {
            Some((before, after)) if !before.is_empty() && !after.is_empty() => Ok(Self(text.to_owned())),
            _ => Err("must name a host with a domain after the @".to_owned()),
        }
    }

    /// The form under which two addresses count as the same one.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The form for logs: first character and domain only.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, host) = self.0.split_once('@').unwrap_or((&self.0, ""));
        let first: String = local.chars().take(1).collect();
        format!("{first}***@{host}")
    }
}

parsed_text!(Email);

/// The text with every e-mail address in it masked as [`Email::masked`] does. What people or AWS wrote may quote one:
/// the session of a caller, a reason, a name.
#[must_use]
pub fn mask_addresses(text: &str) -> String {
    let (mut masked, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('@') {
        let head = before.trim_end_matches(is_local);
        let local = before.strip_prefix(head).unwrap_or_default();
        let host = after.split(|c: char| !c.is_alphanumeric() && c != '.' && c != '-').next().unwrap_or_default();
        masked.push_str(head);
        match local.chars().next() {
            Some(first) if host.trim_matches('.').contains('.') => {
                masked.push(first);
                masked.push_str("***");
            }
            _ => masked.push_str(local),
        }
        masked.push('@');
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// What stands before the @ of an address, as far as it does not end a word in JSON, ARNs and sentences.
fn is_local(c: char) -> bool {
    c.is_alphanumeric() || "._%+-*!#$&'?^`{|}~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_sub_addressing_up_to_64_characters() {
        let longest = format!("aws+{}@example.com", "a".repeat(64 - 16));
        assert_eq!(longest.len(), 64);
        assert!(Email::parse(&longest).is_ok());
        assert!(Email::parse(&format!("a{longest}")).is_err());
    }

    #[test]
    fn refuses_what_create_account_refuses() {
        for wrong in [
            "",
            "a@b.c",
            "no-at.example.com",
            "a@@example.com",
            "a@b@c.de",
            "@example.com",
            "a b@example.com",
            "a\n@example.com",
            "ä@example.com",
            "name@localhost",
            "name@.com",
            "name@com.",
        ] {
            assert!(Email::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn masks_the_local_part() {
        assert_eq!(Email::parse("jane.doe@example.com").unwrap().masked(), "j***@example.com");
    }

    #[test]
    fn masks_every_address_in_a_text_and_nothing_else() {
        for (text, masked) in [
            (
                r#"{"requester":"arn:aws:sts::1:assumed-role/R/jane.doe@example.com"}"#,
                r#"{"requester":"arn:aws:sts::1:assumed-role/R/j***@example.com"}"#,
            ),
            (
                "tag owner is \"a@b.de\" instead of \"x+y@c.example.com\".",
                "tag owner is \"a***@b.de\" instead of \"x***@c.example.com\".",
            ),
            ("held by email#aws+x@example.com", "held by e***@example.com"),
            ("j***@example.com", "j***@example.com"),
            ("a @ b, x@localhost, @example.com, end@", "a @ b, x@localhost, @example.com, end@"),
            ("münchen@example.com and größe", "m***@example.com and größe"),
            ("", ""),
        ] {
            assert_eq!(mask_addresses(text), masked);
        }
    }
}

//! The tag that keeps a resource running.

use jiff::{SignedDuration, Timestamp, civil::Date, tz::Offset};
use landing_zone::Email;
use std::collections::BTreeMap;

/// The tag that exempts a resource: `until 2027-01-31 by jane@example.com for the launch`.
pub const EXEMPTION_TAG: &str = "spend-exempt";

/// Why a resource is left alone: what its tag says. One that cannot be read protects too, and says why it cannot. Nothing
/// for a resource without the tag, or once its day is over wherever its owner lives.
#[must_use]
pub fn exempt(tags: &BTreeMap<String, String>, now: Timestamp) -> Option<String> {
    let text = tags.get(EXEMPTION_TAG)?;
    let today = Offset::UTC.to_datetime(now - SignedDuration::from_hours(12)).date();
    match until(text) {
        Ok(until) if until < today => None,
        Ok(_) => Some(text.clone()),
        Err(why) => Some(format!("the tag {EXEMPTION_TAG} cannot be read: {why}")),
    }
}

/// The last day of an exemption.
fn until(text: &str) -> Result<Date, String> {
    let wrong = |what: &str| format!("{what} in {text:?}");
    let rest = text.trim_start().strip_prefix("until ").ok_or_else(|| wrong("no `until`"))?;
    let (until, rest) = rest.split_once(" by ").ok_or_else(|| wrong("no `by`"))?;
    let (owner, reason) = rest.split_once(" for ").ok_or_else(|| wrong("no `for`"))?;
    Email::parse(owner.trim()).map_err(|_| wrong("no e-mail address of an owner"))?;
    if reason.trim().is_empty() {
        return Err(wrong("no reason"));
    }
    until.trim().parse().map_err(|_| wrong("no day such as 2027-01-31"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, now: &str) -> Option<String> {
        exempt(&BTreeMap::from([(EXEMPTION_TAG.to_owned(), text.to_owned())]), now.parse().unwrap())
    }

    #[test]
    fn an_exemption_holds_until_its_day_is_over_everywhere() {
        let text = "until 2027-01-31 by jane@example.com for the launch";
        assert_eq!(at(text, "2027-02-01T11:59:59Z").as_deref(), Some(text));
        assert_eq!(at(text, "2027-02-01T12:00:00Z"), None);
        assert_eq!(exempt(&BTreeMap::new(), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn one_that_cannot_be_read_protects_and_says_why() {
        for (text, why) in [
            ("yes", "no `until`"),
            ("", "no `until`"),
            ("until 2027-01-31", "no `by`"),
            ("until 2027-01-31 by jane@example.com", "no `for`"),
            ("until 2027-01-31 by jane for it", "e-mail"),
            ("until later by jane@example.com for it", "no day"),
            ("until 2026-02-29 by jane@example.com for it", "no day"),
            ("until 2027-01-31 by jane@example.com for  ", "no reason"),
        ] {
            let told = at(text, "2030-01-01T00:00:00Z").unwrap_or_default();
            assert!(told.contains(why), "{text}: {told}");
        }
    }
}

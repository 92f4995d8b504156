//! Points in time as the ledger stores them.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// A UTC time to the millisecond, always written with three decimals so that text sorts like time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(Timestamp);

impl Stamp {
    /// The time itself.
    #[must_use]
    pub fn time(self) -> Timestamp {
        self.0
    }
}

impl From<Timestamp> for Stamp {
    fn from(time: Timestamp) -> Self {
        Self(Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Timestamp::deserialize(d).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_sorts_like_time() {
        let text = |time: &str| Stamp::from(time.parse::<Timestamp>().unwrap()).to_string();
        assert_eq!(text("2026-11-23T10:00:00Z"), "2026-11-23T10:00:00.000Z");
        assert!(text("2026-11-23T10:00:00Z") < text("2026-11-23T10:00:00.5Z"));
        assert_eq!(text("2026-11-23T10:00:00.0009Z"), "2026-11-23T10:00:00.000Z");
    }
}

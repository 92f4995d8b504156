//! Request ids.

use crate::text::parsed_text;
use uuid::Uuid;

/// `req-` and a version 7 UUID: sorts by time, fits an execution name (at most 80 characters).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// A new id, never given out before.
    #[must_use]
    pub fn generate() -> Self {
        Self(format!("req-{}", Uuid::now_v7()))
    }

    /// Accepts only what [`Self::generate`] gives out.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.strip_prefix("req-")
            .filter(|id| id.len() == 36 && !id.bytes().any(|b| b.is_ascii_uppercase()))
            .and_then(|id| Uuid::try_parse(id).ok())
            .map(|_| Self(text.to_owned()))
            .ok_or_else(|| "must be a request id such as req-0190f3a2-…".to_owned())
    }

    /// The name of the execution that serves this request for the `attempt`-th time (from 1). Names of closed
    /// executions stay taken for 90 days, so each attempt has its own.
    #[must_use]
    pub fn execution_name(&self, attempt: u32) -> String {
        if attempt <= 1 { self.0.clone() } else { format!("{}-{attempt}", self.0) }
    }

    /// The request an execution of [`Self::execution_name`] serves, and its attempt.
    #[must_use]
    pub fn of_execution(name: &str) -> Option<(Self, u32)> {
        let (id, rest) = name.split_at_checked("req-".len() + 36)?;
        let attempt = match rest.strip_prefix('-') {
            Some(number) => number.parse().ok()?,
            None if rest.is_empty() => 1,
            None => return None,
        };
        Some((Self::parse(id).ok()?, attempt))
    }
}

parsed_text!(RequestId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_through_execution_names() {
        let id = RequestId::generate();
        assert_eq!(RequestId::parse(id.as_str()).unwrap(), id);
        for attempt in [1, 2, 37] {
            assert_eq!(RequestId::of_execution(&id.execution_name(attempt)), Some((id.clone(), attempt)));
        }
        assert_eq!(RequestId::of_execution("somebody-elses-execution"), None);
    }

    #[test]
    fn refuses_other_forms() {
        for wrong in
            ["", "req-", "req-1", "0190f3a2-0000-7000-8000-000000000000", "req-0190F3A2-0000-7000-8000-000000000000"]
        {
            assert!(RequestId::parse(wrong).is_err(), "{wrong}");
        }
    }
}

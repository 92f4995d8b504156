//! Resources whose time of grace is over.

use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use tagging::{Marks, Swept};

/// A resource whose time is over.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Overdue<'m> {
    pub arn: &'m str,
    pub missing: BTreeSet<&'m str>,
    pub since: Timestamp,
    pub due: Timestamp,
}

/// Told again after every sweep for as long as it lasts: whoever acts on it compares with what is there.
pub(crate) fn overdue<'m>(swept: &Swept, marks: &'m Marks, now: Timestamp) -> Vec<Overdue<'m>> {
    let all = marks.0.iter().map(|mark| Overdue {
        arn: &mark.arn,
        missing: mark.missing.iter().map(landing_zone::TagKey::as_str).collect(),
        since: mark.since,
        due: swept.due(mark.since),
    });
    all.filter(|mark| mark.due <= now).collect()
}

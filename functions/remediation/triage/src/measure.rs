//! Counts: what was told, and what it came to.

use crate::admit::Outcome;
use jiff::Timestamp;
use remediation::{Ignored, Verdict};
use std::collections::BTreeMap;
use telemetry::{Metric, Unit, emit};

/// What a batch came to.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    started: u32,
    noted: u32,
    held: u32,
    rejected: u32,
    pub retried: u32,
    ignored: BTreeMap<Ignored, u32>,
}

impl Counts {
    pub(crate) fn verdict(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Planned(_) => {}
            Verdict::Ignored(why) => *self.ignored.entry(*why).or_default() += 1,
            Verdict::Held(..) => self.held += 1,
            Verdict::Rejected(_) => self.rejected += 1,
        }
    }

    pub(crate) fn outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Started => self.started += 1,
            Outcome::Noted => self.noted += 1,
            Outcome::Ignored(why) => *self.ignored.entry(why).or_default() += 1,
        }
    }

    /// One line for all, and one for each reason of leaving a finding alone.
    pub(crate) fn emit(&self, now: Timestamp) {
        let count = |name, value: u32| Metric { name, unit: Unit::Count, value: f64::from(value) };
        let all = [
            count("RemediationsStarted", self.started),
            count("FindingsNoted", self.noted),
            count("FindingsHeld", self.held),
            count("FindingsRejected", self.rejected),
            count("FindingsRetried", self.retried),
        ];
        emit("triage", &all, &[], &[], now);
        for (why, times) in &self.ignored {
            emit("triage", &[count("FindingsIgnored", *times)], &[("reason", &why.to_string())], &[], now);
        }
    }
}

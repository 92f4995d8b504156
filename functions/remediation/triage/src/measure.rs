//! Counts: what was told, and what it came to.

use crate::admit::Outcome;
use jiff::Timestamp;
use remediation::{Ignored, Verdict};
use std::collections::BTreeMap;
use telemetry::{Metric, emit};

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
        let all = [
            Metric::counted("RemediationsStarted", self.started),
            Metric::counted("FindingsNoted", self.noted),
            Metric::counted("FindingsHeld", self.held),
            Metric::counted("FindingsRejected", self.rejected),
            Metric::counted("FindingsRetried", self.retried),
        ];
        emit("triage", &all, &[], &[], now);
        for (why, times) in &self.ignored {
            emit("triage", &[Metric::counted("FindingsIgnored", *times)], &[("reason", &why.to_string())], &[], now);
        }
    }
}

//! What the suite did to an account, and what people decided about it. The ledger keeps one for each account.

use crate::{Override, Stage, Window};
use guardrails::Guardrail;
use jiff::{SignedDuration, Timestamp, civil::Date};
use landing_zone::{AccountId, Failure};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Entries of a timeline; older ones make room.
const TIMELINE: usize = 60;

/// What was done to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The account.
    pub account: AccountId,
    /// The stage it was brought to, seen in place.
    #[serde(default)]
    pub stage: Stage,
    /// Under what it was brought there.
    #[serde(default)]
    pub reached: Option<Reached>,
    /// A further stage that was begun and not reached: part of what it needs may be in place.
    #[serde(default)]
    pub begun: Option<Stage>,
    /// Guardrails on the account: ours from before the call that attaches them until after the one that detaches.
    #[serde(default)]
    pub guardrails: BTreeMap<Guardrail, Holder>,
    /// What people said to proposals, by their id.
    #[serde(default)]
    pub verdicts: BTreeMap<String, Verdict>,
    /// Another limit for a time.
    #[serde(default)]
    pub change: Option<Override>,
    /// Who works on the account now.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// Why the last step did not end well.
    #[serde(default)]
    pub failure: Option<Failure>,
    /// What happened, oldest first.
    #[serde(default)]
    pub timeline: Vec<Entry>,
}

/// Under what a stage was reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// The first day of the period.
    pub period: Date,
    /// The limit at that time.
    pub limit: Decimal,
    /// When.
    pub at: Timestamp,
}

/// Whose guardrail it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// The suite attached it, or was about to.
    Ours,
    /// It was there before the suite came: it stays.
    Another,
}

/// What somebody said to a proposal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// True to go ahead.
    pub approved: bool,
    /// Who said it.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// Why.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A claim on an account while it is brought to another stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lease {
    /// The execution that has it.
    pub holder: String,
    /// When others may take it: that execution is dead then.
    pub until: Timestamp,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// What.
    pub what: String,
}

impl Record {
    /// An account to which nothing was done.
    #[must_use]
    pub fn new(account: AccountId) -> Self {
        Self {
            account,
            stage: Stage::None,
            reached: None,
            begun: None,
            guardrails: BTreeMap::new(),
            verdicts: BTreeMap::new(),
            change: None,
            lease: None,
            failure: None,
            timeline: Vec::new(),
        }
    }

    /// Puts something on record. The same twice in a row is told once.
    pub fn note(&mut self, at: Timestamp, what: impl Into<String>) {
        let what = what.into();
        if self.timeline.last().is_some_and(|last| last.what == what) {
            return;
        }
        self.timeline.push(Entry { at, what });
        let surplus = self.timeline.len().saturating_sub(TIMELINE);
        self.timeline.drain(..surplus);
    }

    /// Claims the account for an execution; false while another one has it.
    pub fn claim(&mut self, holder: &str, lasts: SignedDuration, now: Timestamp) -> bool {
        let free = self.lease.as_ref().is_none_or(|lease| lease.holder == holder || lease.until <= now);
        if free {
            self.lease = Some(Lease { holder: holder.to_owned(), until: now + lasts });
        }
        free
    }

    /// True while the execution has the account.
    #[must_use]
    pub fn is_held_by(&self, holder: &str) -> bool {
        self.lease.as_ref().is_some_and(|lease| lease.holder == holder)
    }

    /// Gives the account back, if the execution has it.
    pub fn release(&mut self, holder: &str) {
        if self.is_held_by(holder) {
            self.lease = None;
        }
    }

    /// All that the account's stage needs is in place, and nothing beyond it.
    pub fn settle(&mut self) {
        self.begun = None;
        self.failure = None;
    }

    /// The account is at a stage now. On the way back, under what it was brought up stays on record: the next step back
    /// is for the same reason.
    pub fn reach(&mut self, stage: Stage, window: Window, limit: Decimal, now: Timestamp) {
        let stage = stage.enforced();
        let spent = match stage.cmp(&self.stage) {
            std::cmp::Ordering::Less => Some("up-"),
            std::cmp::Ordering::Greater => Some("down-"),
            std::cmp::Ordering::Equal => None,
        };
        self.reached = match self.reached.take() {
            _ if !stage.acts() => None,
            Some(before) if stage <= self.stage => Some(before),
            _ => Some(Reached { period: window.start, limit, at: now }),
        };
        self.stage = stage;
        self.settle();
        // What people said counts within its period, and a yes to one way only until the account goes the other.
        let period = window.start.to_string();
        let is_over = |id: &str, verdict: &Verdict| verdict.approved && spent.is_some_and(|way| id.starts_with(way));
        self.verdicts.retain(|id, verdict| id.ends_with(&period) && !is_over(id, verdict));
    }
}

/// The guardrails that a stage needs.
#[must_use]
pub fn guardrails_of(stage: Stage) -> &'static [Guardrail] {
    match stage {
        Stage::None | Stage::Notify => &[],
        Stage::Restrict | Stage::Stop => &[Guardrail::SpendRestrict],
        Stage::Freeze => &[Guardrail::SpendRestrict, Guardrail::SpendFreeze],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Period;
    use jiff::civil::date;

    fn record() -> Record {
        Record::new(AccountId::parse("111122223333").unwrap())
    }

    #[test]
    fn one_execution_at_a_time_has_the_account() {
        let (mut record, now) = (record(), Timestamp::UNIX_EPOCH);
        let lasts = SignedDuration::from_mins(10);
        assert!(record.claim("a", lasts, now));
        assert!(record.claim("a", lasts, now));
        assert!(!record.claim("b", lasts, now));
        record.release("b");
        assert!(!record.claim("b", lasts, now));
        assert!(record.claim("b", lasts, now + lasts));
        record.release("b");
        assert_eq!(record.lease, None);
    }

    #[test]
    fn verdicts_of_other_periods_are_forgotten() {
        let (mut record, now) = (record(), Timestamp::UNIX_EPOCH);
        let verdict = Verdict { approved: true, by: "jane".into(), at: now, reason: None };
        for id in ["up-stop-2026-10-01", "up-stop-2026-11-01"] {
            record.verdicts.insert(id.into(), verdict.clone());
        }
        record.reach(Stage::Stop, Period::Monthly.window(date(2026, 11, 5)), 5.into(), now);
        assert_eq!(record.verdicts.keys().collect::<Vec<_>>(), ["up-stop-2026-11-01"]);
        assert_eq!(record.reached.as_ref().unwrap().period, date(2026, 11, 1));
        record.reach(Stage::Notify, Period::Monthly.window(date(2026, 11, 5)), 5.into(), now);
        assert_eq!((record.stage, &record.reached), (Stage::None, &None));
    }

    #[test]
    fn a_second_way_up_or_down_is_asked_for_again() {
        let (mut record, now) = (record(), Timestamp::UNIX_EPOCH);
        let window = Period::Monthly.window(date(2026, 11, 5));
        let verdict = |approved| Verdict { approved, by: "jane".into(), at: now, reason: None };
        for (to, approved) in [("stop", true), ("freeze", false)] {
            record.verdicts.insert(format!("up-{to}-2026-11-01"), verdict(approved));
        }
        record.reach(Stage::Stop, window, 5.into(), now);
        assert_eq!(record.verdicts.len(), 2);
        record.reach(Stage::Restrict, window, 9.into(), now);
        assert_eq!(record.verdicts.keys().collect::<Vec<_>>(), ["up-freeze-2026-11-01"]);
        record.verdicts.insert("down-none-2026-11-01".to_owned(), verdict(true));
        record.reach(Stage::Stop, window, 9.into(), now);
        assert_eq!(record.verdicts.keys().collect::<Vec<_>>(), ["up-freeze-2026-11-01"]);
    }

    #[test]
    fn the_timeline_has_an_end() {
        let mut record = record();
        for at in 0..70 {
            record.note(Timestamp::UNIX_EPOCH, at.to_string());
            record.note(Timestamp::UNIX_EPOCH, at.to_string());
        }
        assert_eq!(record.timeline.len(), 60);
        assert_eq!(record.timeline[0].what, "10");
    }
}

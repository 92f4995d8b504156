//! A case: a problem on record, and what was done about it.

use crate::{CaseId, FindingKey, Ignored, Mode, Remediation, Severity, State};
use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountType, Environment, Failure};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Somebody let a plan be carried out, or changed back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
    /// The plan that was approved.
    pub plan: String,
    /// When the change is taken back by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// When a case came into a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The state.
    pub state: State,
    /// Since when.
    pub at: Timestamp,
}

/// Entries of the timeline that are kept: some twenty attempts.
const MOST_ENTRIES: usize = 60;

/// Findings of one problem that are settled together: one for each standard, and both formats.
const MOST_FINDINGS: usize = 20;

/// A problem, and what was done about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Case {
    /// The id.
    pub id: CaseId,
    /// How often it was worked on, from 1.
    pub attempt: u32,
    /// Where it stands.
    pub state: State,
    /// The problem as it was last told.
    pub remediation: Remediation,
    /// Every finding that tells of it.
    pub findings: Vec<FindingKey>,
    /// Of its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Environment>,
    /// Of its account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
    /// Whom the tags name: those of the resource, else those of the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Security Hub's rating.
    pub severity: Severity,
    /// When it was first told.
    pub opened_at: Timestamp,
    /// When something last changed here.
    pub updated_at: Timestamp,
    /// When the last attempt began.
    pub began_at: Timestamp,
    /// When the last attempt ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// Why it stands where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// The plan as it was last made; what is approved is this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Who approved it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// Until when the owner has time to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warned_until: Option<Timestamp>,
    /// Who asked for it to be changed back, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<String>,
    /// What its owner writes into the source of a resource that is owned by code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Value>,
    /// How often it was mended.
    #[serde(default)]
    pub fixes: u32,
    /// Seconds from the failed check to the mending, of all fixes together.
    #[serde(default)]
    pub seconds_to_fix: u64,
    /// How often it came back after it was mended.
    #[serde(default)]
    pub regressions: u32,
    /// It was mended before: if it is found broken, it came back.
    #[serde(default)]
    pub returning: bool,
    /// The newest last.
    pub timeline: Vec<Entry>,
}

/// How long a plan that is not carried out stays good.
const PLAN_DAYS: i64 = 7;

/// How long a case that was held or failed is left alone.
const PAUSE_HOURS: i64 = 24;

/// Begins the problem of a finding that is only tried.
const TRIAL: &str = "dry-run#";

impl Remediation {
    /// The same, to be planned for and nothing else, as a problem of its own.
    #[must_use]
    pub fn trial(self) -> Self {
        Self { problem: format!("{TRIAL}{}", self.problem), mode: Mode::Plan, ..self }
    }
}

/// What the record makes of a problem that is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Admission {
    /// Store this, then start its workflow.
    Start(Box<Case>),
    /// It is on record and perhaps not started: start it, once however often.
    Again(Box<Case>),
    /// Another finding tells of it: store this.
    Note(Box<Case>),
    /// Nothing is to be done.
    Ignored(Ignored),
}

impl Case {
    /// A problem that is told for the first time.
    #[must_use]
    pub fn open(
        remediation: Remediation,
        account: &BTreeMap<String, String>,
        severity: Severity,
        now: Timestamp,
    ) -> Self {
        let tag = |name: &str| account.get(name).map(String::as_str);
        let mut case = Self {
            id: CaseId::of(&remediation.problem),
            attempt: 1,
            state: State::Received,
            findings: vec![remediation.finding.clone()],
            environment: tag("environment").and_then(|id| Environment::parse(id).ok()),
            account_type: tag("account-type").and_then(|id| AccountType::parse(id).ok()),
            owner: remediation.owner.clone().or_else(|| tag("owner").map(str::to_owned)),
            severity,
            opened_at: now,
            updated_at: now,
            began_at: now,
            settled_at: None,
            reason: None,
            failure: None,
            plan: None,
            approval: None,
            warned_until: None,
            undone_by: None,
            source: None,
            fixes: 0,
            seconds_to_fix: 0,
            regressions: 0,
            returning: false,
            timeline: Vec::new(),
            remediation,
        };
        case.enter(State::Received, now);
        case
    }

    /// Goes into a state.
    pub fn enter(&mut self, state: State, now: Timestamp) {
        self.state = state;
        self.updated_at = now;
        self.timeline.push(Entry { state, at: now });
        let surplus = self.timeline.len().saturating_sub(MOST_ENTRIES);
        self.timeline.drain(..surplus);
    }

    /// Decides what a report of this very problem means. The same report again, however often, changes nothing.
    #[must_use]
    pub fn admit(self, told: Remediation, now: Timestamp) -> Admission {
        let is_new = told.failed_at > self.remediation.failed_at;
        if self.state == State::Received && !is_new {
            return Admission::Again(Box::new(self));
        }
        let why = if self.state.is_open() {
            Some(Ignored::Open)
        } else if told.asked && told.asked_at > self.settled_at {
            None
        } else if !is_new || self.settled_at.is_some_and(|settled| told.failed_at <= settled) {
            Some(Ignored::Late)
        } else {
            self.left_alone(&told, now)
        };
        match why {
            None => Admission::Start(Box::new(self.again(told, now))),
            Some(why) => self.note(told.finding, why),
        }
    }

    /// Why a newer report changes nothing.
    fn left_alone(&self, told: &Remediation, now: Timestamp) -> Option<Ignored> {
        let settled = self.settled_at.unwrap_or(self.updated_at);
        match self.state {
            State::Waiting | State::Ticket if told.told => Some(Ignored::Told),
            State::Held | State::Failed if told.told && now < settled + SignedDuration::from_hours(PAUSE_HOURS) => {
                Some(Ignored::Told)
            }
            State::Planned
                if told.mode == self.remediation.mode && now < settled + SignedDuration::from_hours(24 * PLAN_DAYS) =>
            {
                Some(Ignored::Told)
            }
            _ => None,
        }
    }

    fn note(mut self, finding: FindingKey, why: Ignored) -> Admission {
        if self.findings.contains(&finding) || self.findings.len() >= MOST_FINDINGS {
            return Admission::Ignored(why);
        }
        self.findings.push(finding);
        Admission::Note(Box::new(self))
    }

    /// Somebody lets the plan be carried out: another attempt begins.
    pub fn approve(&mut self, approval: Approval, now: Timestamp) {
        self.attempt = self.attempt.saturating_add(1);
        (self.approval, self.reason, self.failure) = (Some(approval), None, None);
        self.remediation.hold = None;
        self.began_at = now;
        self.enter(State::Received, now);
    }

    /// Somebody says that the plan shall not be carried out.
    pub fn reject(&mut self, why: String, now: Timestamp) {
        self.reason = Some(why);
        self.enter(State::Held, now);
        self.settled_at = Some(now);
    }

    /// Somebody wants the change taken back.
    pub fn take_back(&mut self, by: String, now: Timestamp) {
        (self.undone_by, self.reason, self.failure) = (Some(by), None, None);
        self.enter(State::Undoing, now);
    }

    /// How often the case was in a state.
    #[must_use]
    pub fn times(&self, state: State) -> usize {
        self.timeline.iter().filter(|entry| entry.state == state).count()
    }

    /// True for a finding that was only tried.
    #[must_use]
    pub fn is_trial(&self) -> bool {
        self.remediation.problem.starts_with(TRIAL)
    }

    /// The next attempt.
    #[must_use]
    pub fn again(mut self, told: Remediation, now: Timestamp) -> Self {
        if !self.findings.contains(&told.finding) && self.findings.len() < MOST_FINDINGS {
            self.findings.push(told.finding.clone());
        }
        self.returning = self.state == State::Fixed;
        let undone = self.state == State::Undone;
        self.attempt = self.attempt.saturating_add(1);
        self.owner = told.owner.clone().or(self.owner);
        self.remediation = told;
        if undone {
            // Somebody took it back. To do it again is theirs to say.
            self.remediation.mode = self.remediation.mode.max(Mode::Approval);
        }
        (self.reason, self.failure, self.plan, self.approval) = (None, None, None, None);
        (self.warned_until, self.source, self.undone_by) = (None, None, None);
        self.began_at = now;
        self.enter(State::Received, now);
        self
    }

    /// The name of the execution that carries out this attempt; the same for the same attempt.
    #[must_use]
    pub fn execution(&self, action: &str) -> String {
        format!("{}-{}-{action}", self.id, self.attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-26T12:00:00Z";

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn told(failed_at: &str) -> Remediation {
        Remediation {
            problem: "S3.8#arn:aws:s3:::data#111122223333#eu-west-1".to_owned(),
            control: "S3.8".to_owned(),
            resource: "arn:aws:s3:::data".to_owned(),
            account_id: landing_zone::AccountId::parse("111122223333").unwrap(),
            region: "eu-west-1".to_owned(),
            mode: Mode::Automatic,
            finding: FindingKey::Asff { id: "f-1".to_owned(), product_arn: "p".to_owned() },
            failed_at: at(failed_at),
            owner: None,
            hold: None,
            told: false,
            asked: false,
            asked_at: None,
        }
    }

    fn case(state: State) -> Case {
        let mut case = Case::open(told("2026-11-26T08:00:00Z"), &BTreeMap::new(), Severity::High, at(NOW));
        case.enter(state, at(NOW));
        case.settled_at = Some(at("2026-11-26T09:00:00Z"));
        case
    }

    fn word(admission: &Admission) -> &'static str {
        match admission {
            Admission::Start(_) => "start",
            Admission::Again(_) => "again",
            Admission::Note(_) => "note",
            Admission::Ignored(_) => "ignored",
        }
    }

    #[test]
    fn what_is_open_or_old_is_left_alone_and_what_comes_back_is_not() {
        for (state, failed_at, expected) in [
            (State::Received, "2026-11-26T08:00:00Z", "again"),
            (State::Received, "2026-11-26T10:00:00Z", "ignored"),
            (State::Applying, "2026-11-26T10:00:00Z", "ignored"),
            (State::Fixed, "2026-11-26T08:00:00Z", "ignored"),
            (State::Fixed, "2026-11-26T08:30:00Z", "ignored"),
            (State::Fixed, "2026-11-26T10:00:00Z", "start"),
            (State::Planned, "2026-11-26T10:00:00Z", "ignored"),
            (State::Undone, "2026-11-26T10:00:00Z", "start"),
        ] {
            let admission = case(state).admit(told(failed_at), at(NOW));
            assert_eq!(word(&admission), expected, "{state:?} {failed_at}");
        }
    }

    #[test]
    fn what_its_owner_was_told_of_waits_for_people() {
        let mut again = told("2026-11-26T10:00:00Z");
        again.told = true;
        for state in [State::Waiting, State::Ticket, State::Held, State::Failed] {
            assert_eq!(word(&case(state).admit(again.clone(), at(NOW))), "ignored", "{state:?}");
        }
        let tomorrow = at("2026-11-27T12:00:00Z");
        assert_eq!(word(&case(State::Failed).admit(again.clone(), tomorrow)), "start");
        assert_eq!(word(&case(State::Ticket).admit(again.clone(), tomorrow)), "ignored");
        (again.asked, again.asked_at) = (true, Some(at(NOW)));
        assert_eq!(word(&case(State::Ticket).admit(again, at(NOW))), "start");
    }

    #[test]
    fn a_second_finding_of_the_same_problem_is_noted_once() {
        let mut other = told("2026-11-26T08:00:00Z");
        other.finding = FindingKey::Asff { id: "f-2".to_owned(), product_arn: "p".to_owned() };
        let Admission::Note(noted) = case(State::Applying).admit(other.clone(), at(NOW)) else { panic!() };
        assert_eq!(noted.findings.len(), 2);
        assert_eq!(word(&noted.admit(other, at(NOW))), "ignored");
    }

    #[test]
    fn what_somebody_took_back_is_done_again_only_with_approval() {
        let Admission::Start(case) = case(State::Undone).admit(told("2026-11-26T10:00:00Z"), at(NOW)) else { panic!() };
        assert_eq!((case.remediation.mode, case.attempt, case.state), (Mode::Approval, 2, State::Received));
        assert_eq!(case.execution("plan"), format!("{}-2-plan", case.id));
        assert!(CaseId::parse(case.id.as_str()).is_ok() && CaseId::parse("rem-1").is_err());
    }
}

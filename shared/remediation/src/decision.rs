//! What becomes of a plan: it is carried out, somebody is asked or told first, or nothing is done for a reason.

use crate::{Approval, Mode, Owner, Tally};
use jiff::{SignedDuration, Timestamp};

/// What is known when a plan has been made.
#[derive(Debug, Clone)]
pub struct Facts<'f> {
    /// How far the control may go here.
    pub mode: Mode,
    /// The guard holds.
    pub safe: bool,
    /// The plan that was made.
    pub plan: &'f str,
    /// What was approved.
    pub approval: Option<&'f Approval>,
    /// Why nothing may be done, found before.
    pub hold: Option<&'f str>,
    /// Whose source the resource comes from, where that holds it.
    pub owner: Option<&'f Owner>,
    /// What went wrong of late.
    pub breaker: Option<String>,
    /// How often the problem came back.
    pub regressions: u32,
    /// How long the owner has to act.
    pub notice: Option<SignedDuration>,
    /// Until when the owner was given time.
    pub warned_until: Option<Timestamp>,
}

/// What becomes of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It stays a plan.
    Plan,
    /// Nothing is done, for this reason.
    Hold(String),
    /// Somebody has to approve it.
    Wait,
    /// The owner is told, and has until then.
    Warn(Timestamp),
    /// It is carried out.
    Apply,
}

/// Decides. Who approved exactly this plan has seen what holds it, and is followed.
#[must_use]
pub fn decide(facts: &Facts<'_>, now: Timestamp) -> Decision {
    if facts.mode >= Mode::Ticket {
        return Decision::Plan;
    }
    if let Some(why) = facts.hold {
        return Decision::Hold(why.to_owned());
    }
    if facts.approval.is_some_and(|approval| approval.plan == facts.plan) {
        return Decision::Apply;
    }
    if let Some(owner) = facts.owner {
        return Decision::Hold(owner.to_string());
    }
    if let Some(why) = &facts.breaker {
        return Decision::Hold(why.clone());
    }
    if facts.regressions >= Tally::MOST_REGRESSIONS {
        return Decision::Hold(format!("it came back {} times: something changes it back", facts.regressions));
    }
    match facts.mode {
        Mode::Automatic => act(facts, now),
        Mode::Guarded if facts.safe => act(facts, now),
        _ => Decision::Wait,
    }
}

fn act(facts: &Facts<'_>, now: Timestamp) -> Decision {
    match (facts.notice, facts.warned_until) {
        (Some(notice), None) => Decision::Warn(now + notice),
        (Some(_), Some(until)) if now < until => Decision::Warn(until),
        _ => Decision::Apply,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(mode: Mode) -> Facts<'static> {
        Facts {
            mode,
            safe: true,
            plan: "p-1",
            approval: None,
            hold: None,
            owner: None,
            breaker: None,
            regressions: 0,
            notice: None,
            warned_until: None,
        }
    }

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn decided(facts: &Facts<'_>) -> Decision {
        decide(facts, at("2026-11-26T12:00:00Z"))
    }

    #[test]
    fn each_mode_goes_as_far_as_it_may() {
        let unsafe_guard = Facts { safe: false, ..facts(Mode::Guarded) };
        for (facts, decision) in [
            (facts(Mode::Automatic), Decision::Apply),
            (facts(Mode::Guarded), Decision::Apply),
            (unsafe_guard, Decision::Wait),
            (facts(Mode::Approval), Decision::Wait),
            (facts(Mode::Plan), Decision::Plan),
        ] {
            assert_eq!(decided(&facts), decision, "{facts:?}");
        }
    }

    #[test]
    fn an_approval_counts_for_its_plan_only() {
        let approved = |plan: &str| Approval {
            by: "jane".to_owned(),
            at: at("2026-11-26T11:00:00Z"),
            plan: plan.to_owned(),
            until: None,
        };
        let (this, other) = (approved("p-1"), approved("p-0"));
        assert_eq!(decided(&Facts { approval: Some(&this), ..facts(Mode::Approval) }), Decision::Apply);
        assert_eq!(decided(&Facts { approval: Some(&other), ..facts(Mode::Approval) }), Decision::Wait);
        assert_eq!(decided(&Facts { approval: Some(&this), ..facts(Mode::Plan) }), Decision::Plan);
        let held = Facts { approval: Some(&this), hold: Some("exempt"), ..facts(Mode::Approval) };
        assert_eq!(decided(&held), Decision::Hold("exempt".to_owned()));
    }

    #[test]
    fn what_goes_wrong_or_is_owned_by_code_is_held() {
        let stack = Owner::CloudFormation("web".to_owned());
        for facts in [
            Facts { owner: Some(&stack), ..facts(Mode::Automatic) },
            Facts { breaker: Some("5 failed".to_owned()), ..facts(Mode::Automatic) },
            Facts { regressions: 3, ..facts(Mode::Automatic) },
        ] {
            assert!(matches!(decided(&facts), Decision::Hold(_)), "{facts:?}");
        }
    }

    #[test]
    fn an_owner_has_the_time_that_was_given() {
        let notice = Some(SignedDuration::from_hours(4));
        let until = |text: &str| Some(at(text));
        let told = at("2026-11-26T16:00:00Z");
        assert_eq!(decided(&Facts { notice, ..facts(Mode::Automatic) }), Decision::Warn(told));
        let early = Facts { notice, warned_until: until("2026-11-26T14:00:00Z"), ..facts(Mode::Automatic) };
        assert_eq!(decided(&early), Decision::Warn(at("2026-11-26T14:00:00Z")));
        let late = Facts { notice, warned_until: until("2026-11-26T11:00:00Z"), ..facts(Mode::Automatic) };
        assert_eq!(decided(&late), Decision::Apply);
    }
}

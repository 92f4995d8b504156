//! The stage an account should be in, computed anew each time from what is known: a pure function. The decision lists
//! every condition and every rail with what it came to.

use crate::{
    Account, Anomaly, Budget, Condition, Costs, Exemption, Meter, Mode, Rail, Record, Signals, Stage, Window, day_of,
    guardrails_of, rails,
};
use guardrails::Guardrail;
use jiff::{Timestamp, civil::Date};
use landing_zone::AccountId;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is known of an account.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The account, as Organizations shows it now.
    pub account: &'a Account,
    /// What it may spend, as people changed it for now.
    pub budget: &'a Budget,
    /// Its exemption, if it has one today.
    pub exemption: Option<&'a Exemption>,
    /// Its bill.
    pub costs: Option<&'a Costs>,
    /// What it was metered at.
    pub meter: Option<&'a Meter>,
    /// Anomalies that it caused.
    pub anomalies: &'a [Anomaly],
    /// What is seen in place; none where it could not be seen.
    pub in_place: Option<&'a InPlace>,
    /// What was done to it.
    pub record: &'a Record,
    /// Since when each stage is called for, from the decision before.
    pub called_since: &'a BTreeMap<Stage, Since>,
    /// Whether anything is done.
    pub mode: Mode,
    /// Now.
    pub now: Timestamp,
}

/// What is seen of enforcement in an account.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InPlace {
    /// Our guardrails that are attached to it.
    pub guardrails: BTreeSet<Guardrail>,
    /// What runs and could be stopped.
    pub running: usize,
}

/// Since which reading a stage is called for, by source.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The first bill that called for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bill: Option<Timestamp>,
    /// The first reading of the meter that called for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter: Option<Timestamp>,
}

/// One condition, and what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The stage it calls for.
    pub stage: Stage,
    /// The condition in words.
    pub condition: String,
    /// The signals in it.
    pub signals: Vec<String>,
    /// Whether it holds. What is not known does not hold.
    pub holds: bool,
    /// What it was compared with.
    pub because: String,
}

/// Which way a step goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To a further stage.
    Up,
    /// To an earlier stage.
    Down,
    /// To the stage that the account should be in and is not: somebody changed something by hand.
    Again,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Names the step within its period, such as `up-stop-2026-11-01`; approvals are given to it.
    pub id: String,
    /// Which way it goes.
    pub direction: Direction,
    /// The stage it leads to.
    pub to: Stage,
    /// True where somebody approved it.
    pub approved: bool,
}

impl Direction {
    /// The word people and machines read.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Again => "again",
        }
    }
}

/// What becomes of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// There is no step: the account is as it should be.
    Settled,
    /// It is done now.
    Act,
    /// It waits for people.
    Approval,
    /// Something stands in the way; the rails say what.
    Held,
    /// It would be done, and is only put on record.
    Would,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Settled, Self::Act, Self::Approval, Self::Held, Self::Would];

    /// The word people and machines read.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Settled => "settled",
            Self::Act => "act",
            Self::Approval => "approval",
            Self::Held => "held",
            Self::Would => "would",
        }
    }
}

/// What was decided about an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The account.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// The period.
    pub window: Window,
    /// The limit.
    pub limit: Decimal,
    /// What was known.
    pub signals: Signals,
    /// The furthest stage whose condition holds.
    pub called: Stage,
    /// That stage, within what policy, exemption, people and the kind of account allow.
    pub desired: Stage,
    /// The stage the account was in.
    pub stage: Stage,
    /// What is to be done next.
    pub step: Option<Step>,
    /// What becomes of it.
    pub outcome: Outcome,
    /// Every condition.
    pub rules: Vec<Rule>,
    /// Every rail.
    pub rails: Vec<Rail>,
    /// Since when each stage is called for.
    pub called_since: BTreeMap<Stage, Since>,
    /// The day whose figures cannot be believed: people are told that, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<Date>,
    /// What machines take to be called for, where nobody could tell them of this decision yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub untold: Option<Stage>,
}

impl Decision {
    /// True where the owner should hear of the spending.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.desired >= Stage::Notify && self.doubted.is_none()
    }

    /// What stands in the way, in words.
    #[must_use]
    pub fn held_by(&self) -> Vec<String> {
        let standing = self.rails.iter().filter(|rail| rail.holds);
        standing.map(|rail| format!("{}: {}", rail.name, rail.because)).collect()
    }
}

/// Decides about one account by itself. [`crate::hold_together`] then looks at all of them.
#[must_use]
pub fn decide(facts: &Facts<'_>) -> Decision {
    let window = facts.budget.period.window(day_of(facts.now));
    let signals = Signals::of(facts.budget, window, facts.costs, facts.meter, facts.anomalies, facts.now);
    let rules = rules(facts.budget, &signals);
    let called = rules.iter().filter(|rule| rule.holds).map(|rule| rule.stage).max().unwrap_or_default();
    let caps = rails::caps(facts);
    let desired = caps.iter().map(|(_, stage)| *stage).chain([called]).min().unwrap_or_default();
    let called_since = called_since(facts, window, &rules);
    let step = step(facts, window, desired);
    let (plausible, doubted) = rails::plausible(facts, window);
    let mut in_the_way = vec![plausible];
    if let Some(step) = &step {
        in_the_way.extend(rails::of_step(facts, step, window, &signals, &rules, &called_since));
    }
    let outcome = outcome(facts, step.as_ref(), &in_the_way);
    let rails = caps.into_iter().map(|(cap, _)| cap).chain(in_the_way).collect();
    Decision {
        account: facts.account.id.clone(),
        at: facts.now,
        window,
        limit: facts.budget.limit,
        called,
        desired,
        stage: facts.record.stage,
        step,
        outcome,
        rules,
        rails,
        called_since,
        doubted,
        untold: None,
        signals,
    }
}

fn outcome(facts: &Facts<'_>, step: Option<&Step>, rails: &[Rail]) -> Outcome {
    let stands = |rail: &Rail| rail.holds && rail.name != rails::APPROVAL;
    let Some(step) = step else { return Outcome::Settled };
    if rails.iter().any(stands) {
        return Outcome::Held;
    }
    // Taking something back that was done is never a dry run.
    if facts.mode == Mode::Report && step.direction != Direction::Down {
        return Outcome::Would;
    }
    if rails.iter().any(|rail| rail.holds && rail.name == rails::APPROVAL) { Outcome::Approval } else { Outcome::Act }
}

fn rules(budget: &Budget, signals: &Signals) -> Vec<Rule> {
    let of_stage = |(stage, conditions): (&Stage, &Vec<Condition>)| {
        let stage = *stage;
        conditions.iter().map(|condition| rule(stage, condition, budget, signals)).collect::<Vec<_>>()
    };
    budget.stages.iter().flat_map(of_stage).collect()
}

fn rule(stage: Stage, condition: &Condition, budget: &Budget, signals: &Signals) -> Rule {
    let percent = |percent: Decimal| budget.limit * percent / Decimal::ONE_HUNDRED;
    let parts = [
        ("reported", condition.reported_percent.map(percent), &signals.reported),
        ("estimated", condition.estimated_percent.map(percent), &signals.estimated),
        ("forecast", condition.forecast_percent.map(percent), &signals.forecast),
        ("anomalies", condition.anomaly_impact, &signals.anomaly),
    ];
    let given = || parts.iter().filter_map(|(name, least, signal)| Some((name, (*least)?, *signal)));
    let words = given().map(|(name, least, _)| format!("{name} at least {}", least.round_dp(2).normalize()));
    let known = given().map(|(name, _, signal)| match signal {
        crate::Signal::Known(reading) => format!("{name} {}", reading.amount.round_dp(2)),
        crate::Signal::Unavailable { why } => format!("{name} unavailable: {why}"),
    });
    Rule {
        stage,
        condition: words.collect::<Vec<_>>().join(" and "),
        signals: given().map(|(name, ..)| (*name).to_owned()).collect(),
        holds: given().all(|(_, least, signal)| signal.amount().is_some_and(|amount| amount >= least)),
        because: known.collect::<Vec<_>>().join(", "),
    }
}

/// Keeps, for each stage that is called for, since which reading that is so.
fn called_since(facts: &Facts<'_>, window: Window, rules: &[Rule]) -> BTreeMap<Stage, Since> {
    let calls = |stage: Stage, signal: &str| {
        rules.iter().any(|rule| rule.holds && rule.stage >= stage && rule.signals.iter().any(|name| name == signal))
    };
    let since = |stage: Stage| {
        let before = facts.called_since.get(&stage).copied().unwrap_or_default();
        let kept = |before: Option<Timestamp>| before.filter(|since| window.contains(day_of(*since)));
        let bill = facts.costs.filter(|_| calls(stage, "reported")).map(|costs| costs.read_at);
        let meter = facts.meter.filter(|_| calls(stage, "estimated")).map(|meter| meter.read_at);
        Since {
            bill: bill.map(|read_at| kept(before.bill).unwrap_or(read_at)),
            meter: meter.map(|read_at| kept(before.meter).unwrap_or(read_at)),
        }
    };
    let all = Stage::ENFORCED.into_iter().map(|stage| (stage, since(stage)));
    all.filter(|(_, since)| *since != Since::default()).collect()
}

/// The next step: one stage at a time.
fn step(facts: &Facts<'_>, window: Window, desired: Stage) -> Option<Step> {
    let here = facts.record.stage;
    let to = here.towards(desired);
    let direction = match to.cmp(&here) {
        std::cmp::Ordering::Greater => Direction::Up,
        std::cmp::Ordering::Less => Direction::Down,
        std::cmp::Ordering::Equal if slipped(facts) => Direction::Again,
        std::cmp::Ordering::Equal => return None,
    };
    let id = format!("{}-{to}-{}", direction.id(), window.start);
    let approved = facts.record.verdicts.get(&id).is_some_and(|verdict| verdict.approved);
    Some(Step { id, direction, to, approved })
}

/// True where what the stage needs is not there any more, or a further stage was begun that nobody calls for now.
fn slipped(facts: &Facts<'_>) -> bool {
    let stage = facts.record.stage;
    if facts.record.begun.is_some_and(|begun| begun > stage) {
        return true;
    }
    let Some(seen) = facts.in_place else { return false };
    guardrails_of(stage).iter().any(|guardrail| !seen.guardrails.contains(guardrail))
        || (stage >= Stage::Stop && seen.running > 0)
}

#[cfg(test)]
mod tests;

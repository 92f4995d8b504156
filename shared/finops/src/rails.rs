//! What stands between a condition that holds and anything being done. Rails are code: no document loosens them.

mod plausible;
mod together;

use crate::{Anomaly, Costs, Direction, Facts, Rule, Signals, Since, Stage, Step, Window, day_of};
use jiff::{SignedDuration, ToSpan as _};
use landing_zone::Environment;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub(crate) use plausible::plausible;
pub use together::{Page, Switch, hold_together};

/// A second reading of the bill is one of another refresh; AWS refreshes up to three times a day.
const SECOND_BILL: SignedDuration = SignedDuration::from_hours(4);

/// A second reading of the meter.
const SECOND_METER: SignedDuration = SignedDuration::from_mins(50);

/// Cost Explorer is up to a day late; after three nobody knows what is going on.
const LATE_DAYS: i32 = 3;

/// The rail that people open.
pub(crate) const APPROVAL: &str = "approval";

/// Something that may stand in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rail {
    /// Its name.
    pub name: String,
    /// True where it stands in the way.
    pub holds: bool,
    /// What was looked at.
    pub because: String,
}

impl Rail {
    fn new(name: &str, holds: bool, because: impl Into<String>) -> Self {
        Self { name: name.to_owned(), holds, because: because.into() }
    }
}

/// How far the account may come, and why.
pub(crate) fn caps(facts: &Facts<'_>) -> Vec<(Rail, Stage)> {
    let (ceiling, because) = facts.account.ceiling();
    let mut caps = vec![
        (Rail::new("account", ceiling < Stage::Freeze, because), ceiling),
        (
            Rail::new("policy", facts.budget.max_stage < Stage::Freeze, format!("at most {}", facts.budget.max_stage)),
            facts.budget.max_stage,
        ),
    ];
    if let Some(exemption) = facts.exemption {
        let because = format!("until {} by {}: {}", exemption.until, exemption.by, exemption.reason);
        caps.push((Rail::new("exemption", true, because), exemption.max_stage));
    }
    caps
}

/// Anomalies that go on.
fn lasting<'a>(facts: &Facts<'a>) -> impl Iterator<Item = &'a Anomaly> {
    let now = facts.now;
    facts.anomalies.iter().filter(move |anomaly| anomaly.lasts(now))
}

/// What stands in the way of a step.
pub(crate) fn of_step(
    facts: &Facts<'_>,
    step: &Step,
    window: Window,
    signals: &Signals,
    rules: &[Rule],
    called_since: &BTreeMap<Stage, Since>,
) -> Vec<Rail> {
    let verdict = facts.record.verdicts.get(&step.id);
    let approved = step.approved;
    let mut rails = vec![currency(facts), busy(facts)];
    if let Some(verdict) = verdict.filter(|verdict| !verdict.approved) {
        let why = verdict.reason.as_deref().unwrap_or("no reason given");
        rails.push(Rail::new("rejected", true, format!("by {}: {why}", verdict.by)));
    }
    match step.direction {
        Direction::Up => {
            rails.push(fresh(facts, signals));
            rails.push(corroborated(facts, step.to, window, rules, called_since, approved));
            // Nothing in production is done by a machine alone, whatever a document says.
            if facts.budget.approval.contains(&step.to) || facts.account.environment == Some(Environment::Prod) {
                rails.push(Rail::new(APPROVAL, !approved, approval_words(step, approved)));
            }
        }
        Direction::Down => rails.push(confirmed(facts, step, window, signals, approved)),
        Direction::Again => {}
    }
    rails
}

fn approval_words(step: &Step, approved: bool) -> String {
    if approved { format!("{} is approved", step.id) } else { format!("{} waits for approval", step.id) }
}

fn currency(facts: &Facts<'_>) -> Rail {
    let Some(costs) = facts.costs else { return Rail::new("currency", false, "there is no bill") };
    let strange = costs.currencies.iter().find(|currency| **currency != facts.budget.currency);
    match strange {
        Some(strange) => Rail::new(
            "currency",
            true,
            format!("the bill has {strange}, and the limit is in {}", facts.budget.currency),
        ),
        None => Rail::new("currency", false, format!("all in {}", facts.budget.currency)),
    }
}

fn busy(facts: &Facts<'_>) -> Rail {
    let lease = facts.record.lease.as_ref().filter(|lease| facts.now < lease.until);
    match lease {
        Some(lease) => Rail::new("busy", true, format!("{} works on the account", lease.holder)),
        None => Rail::new("busy", false, "nobody works on the account"),
    }
}

/// Old figures call for nothing.
fn fresh(facts: &Facts<'_>, signals: &Signals) -> Rail {
    let today = day_of(facts.now);
    match facts.costs.and_then(|costs| costs.through) {
        None => Rail::new("fresh", true, "there is no bill"),
        Some(through) if through < today.saturating_sub(LATE_DAYS.days()) => {
            Rail::new("fresh", true, format!("the bill ends on {through}"))
        }
        Some(_) if signals.reported.reading().is_none() && signals.estimated.reading().is_none() => {
            Rail::new("fresh", true, "neither the bill nor the meter was read lately")
        }
        Some(through) => Rail::new("fresh", false, format!("the bill goes to {through}")),
    }
}

/// One reading of one source is not enough to act.
fn corroborated(
    facts: &Facts<'_>,
    to: Stage,
    window: Window,
    rules: &[Rule],
    called_since: &BTreeMap<Stage, Since>,
    approved: bool,
) -> Rail {
    let rail = |holds, because: String| Rail::new("corroborated", holds, because);
    if approved {
        return rail(false, "somebody looked at it".to_owned());
    }
    let has_reported = |rule: &&Rule| rule.signals.iter().any(|name| name == "reported");
    let by_bill = rules.iter().filter(|rule| rule.holds && rule.stage >= to).any(|rule| has_reported(&rule));
    let metered: Decimal = facts
        .meter
        .map(|meter| meter.by_day.range(window.start..window.end).map(|(_, amount)| amount).sum())
        .unwrap_or_default();
    if by_bill && metered * Decimal::TWO >= facts.budget.limit {
        return rail(false, format!("the bill says so, and the meter alone saw {}", metered.round_dp(2)));
    }
    let caused: Decimal = lasting(facts).map(|anomaly| anomaly.impact).sum();
    if Decimal::ZERO < caused && caused * Decimal::TEN >= facts.budget.limit {
        return rail(false, format!("anomalies of {} say so too", caused.round_dp(2)));
    }
    let since = called_since.get(&to).copied().unwrap_or_default();
    // The meter adds to the bill. Where the bill alone calls, the meter is no second witness.
    let (source, apart, since, read_at) = if by_bill {
        ("bill", SECOND_BILL, since.bill, facts.costs.map(|costs| costs.read_at))
    } else {
        ("meter", SECOND_METER, since.meter, facts.meter.map(|meter| meter.read_at))
    };
    match (since, read_at) {
        (Some(since), Some(read_at)) if read_at.duration_since(since) >= apart => {
            rail(false, format!("the {source} says so since {since}"))
        }
        _ => rail(true, format!("a second reading of the {source} has to say so")),
    }
}

/// What was done is taken back when people decide so, or when the bill of a new period shows that it may.
fn confirmed(facts: &Facts<'_>, step: &Step, window: Window, signals: &Signals, approved: bool) -> Rail {
    let rail = |holds, because: String| Rail::new("confirmed", holds, because);
    if approved {
        return rail(false, format!("{} is approved", step.id));
    }
    // Where the account lies decides nothing here: moved to another unit, it would otherwise be let go.
    let lowered = caps(facts).into_iter().find(|(cap, stage)| cap.name != "account" && *stage < facts.record.stage);
    if let Some((cap, stage)) = lowered {
        return rail(false, format!("it may only come to {stage}: {}", cap.because));
    }
    let Some(reached) = &facts.record.reached else { return rail(false, "nothing is on record".to_owned()) };
    let known = signals.estimated.reading().is_some_and(|reading| reading.lacks.is_empty())
        || signals
            .reported
            .reading()
            .is_some_and(|reading| reading.through.saturating_add(1.day()) >= day_of(facts.now));
    if facts.budget.limit > reached.limit {
        let because = format!("the limit was raised from {} to {}", reached.limit, facts.budget.limit);
        return if known {
            rail(false, because)
        } else {
            rail(true, format!("{because}, and what was spent is not known"))
        };
    }
    if reached.period == window.start {
        return rail(true, "within the period, somebody has to approve it, or raise the limit".to_owned());
    }
    match facts.costs.and_then(Costs::whole_through) {
        Some(whole) if whole >= window.start && known => {
            rail(false, format!("the bill of the new period is whole through {whole}"))
        }
        _ => rail(true, format!("the bill shows no whole day since {}", window.start)),
    }
}

//! What stands between a condition that holds and anything being done. Rails are code: no document loosens them.

use crate::{
    Anomaly, Basis, Costs, Decision, Direction, Facts, Outcome, Rule, Signals, Since, Stage, Step, Window, day_of,
};
use jiff::{SignedDuration, ToSpan as _, civil::Date};
use landing_zone::Environment;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A day that costs over ten times the most of five weeks is doubted, unless the meter saw it too.
const JUMP: i64 = 10;
const TRAILING_DAYS: i32 = 35;

/// Below so much a day nothing is doubted: it is less than looking into it.
const DOUBTED_FROM: i64 = 1_000;

/// No day of one account is believed beyond this, whatever else agrees. In July 2026 wrong prices showed trillions.
const CEILING: i64 = 1_000_000;

/// The meter agrees with the bill where it saw at least a third of it.
const METER_AGREES: i64 = 3;

/// A second reading of the bill is one of another refresh; AWS refreshes up to three times a day.
const SECOND_BILL: SignedDuration = SignedDuration::from_hours(4);

/// A second reading of the meter.
const SECOND_METER: SignedDuration = SignedDuration::from_mins(50);

/// Cost Explorer is up to a day late; after three nobody knows what is going on.
const LATE_DAYS: i32 = 3;

/// More accounts than this at once, and more than a tenth of all, and it is the data or the policy that is wrong.
const BRAKE_ACCOUNTS: usize = 3;

/// Steps of one evaluation. The next goes on.
const STEPS_AT_ONCE: usize = 5;

/// The rail that people open.
pub(crate) const APPROVAL: &str = "approval";

const CAPS: [&str; 5] = ["account", "policy", "exemption", "override", "signals"];

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

    /// True for rails that say how far an account may come, not whether a step may be taken.
    pub(crate) fn is_cap(&self) -> bool {
        CAPS.contains(&self.name.as_str())
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

/// Whether the figures can be believed, and the first day that cannot.
pub(crate) fn plausible(facts: &Facts<'_>, window: Window) -> (Rail, Option<Date>) {
    let doubt = facts.costs.and_then(|costs| doubtful_day(facts, costs, window));
    let doubt = doubt.or_else(|| facts.anomalies.iter().find_map(doubtful_anomaly));
    let Some(doubt) = doubt else {
        return (Rail::new("plausible", false, "no day of the period is out of proportion"), None);
    };
    // People who approved a step in this period have looked at the figures.
    let period = window.start.to_string();
    let looked = facts.record.verdicts.iter().any(|(id, verdict)| verdict.approved && id.ends_with(&period));
    if looked && !doubt.beyond {
        return (Rail::new("plausible", false, format!("{}; somebody looked at it", doubt.why)), None);
    }
    (Rail::new("plausible", true, doubt.why), Some(doubt.day))
}

struct Doubt {
    day: Date,
    why: String,
    /// Beyond the ceiling: no approval makes it true.
    beyond: bool,
}

fn doubtful_anomaly(anomaly: &Anomaly) -> Option<Doubt> {
    (anomaly.impact >= Decimal::from(CEILING)).then(|| Doubt {
        day: anomaly.start,
        why: format!("anomaly {} is told to cost {}", anomaly.id, anomaly.impact.round_dp(2)),
        beyond: true,
    })
}

fn doubtful_day(facts: &Facts<'_>, costs: &Costs, window: Window) -> Option<Doubt> {
    let usual = facts.budget.limit / Decimal::from(window.days_after(window.start).max(1));
    // The last days before the period count as well: they are what estimates begin with.
    let from = window.start.saturating_sub(3.days());
    costs.days.range(from..window.end).find_map(|(day, costs_of_day)| {
        let total = costs_of_day.total(Basis::Gross);
        if total >= Decimal::from(CEILING) {
            let why = format!("{} on {day} is more than any account spends in a day", total.round_dp(2));
            return Some(Doubt { day: *day, why, beyond: true });
        }
        if total < Decimal::from(DOUBTED_FROM) {
            return None;
        }
        let most = costs.most_before(*day, TRAILING_DAYS, Basis::Gross).max(usual);
        let metered = facts.meter.and_then(|meter| meter.by_day.get(day)).copied().unwrap_or_default();
        let doubted = total > most * Decimal::from(JUMP) && metered * Decimal::from(METER_AGREES) < total;
        doubted.then(|| Doubt {
            day: *day,
            why: format!(
                "{} on {day} is over {JUMP} times the {} of the five weeks before, and the meter saw {}",
                total.round_dp(2),
                most.round_dp(2),
                metered.round_dp(2)
            ),
            beyond: false,
        })
    })
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
    let caused: Decimal = facts.anomalies.iter().map(|anomaly| anomaly.impact).sum();
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

/// Whether the suite may act at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It may.
    On,
    /// Nothing is done to any account, in neither direction.
    Off,
}

/// Something that people are told at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Told once under this key.
    pub key: String,
    /// The first line.
    pub subject: String,
    /// What was seen.
    pub text: String,
}

/// Looks at the decisions about all accounts: the switch, the brake, and how much may be done at once. What somebody
/// approved goes through the brake.
pub fn hold_together(decisions: &mut [Decision], switch: Switch) -> Vec<Page> {
    if switch == Switch::Off {
        hold_those(decisions, |_| true, "switch", "enforcement is switched off");
    }
    let mut pages: Vec<Page> = doubted(decisions).into_iter().collect();
    let rises = |decision: &Decision| {
        decision.outcome != Outcome::Settled
            && decision.step.as_ref().is_some_and(|step| step.direction == Direction::Up && !step.approved)
    };
    let by_itself = |decision: &Decision| rises(decision) && matches!(decision.outcome, Outcome::Act | Outcome::Would);
    let rising = decisions.iter().filter(|decision| by_itself(decision)).count();
    let doubted = decisions.iter().filter(|decision| decision.doubted.is_some()).count();
    if doubted > BRAKE_ACCOUNTS {
        hold_those(decisions, rises, "brake", &format!("figures of {doubted} accounts cannot be believed"));
    } else if rising > BRAKE_ACCOUNTS && rising * 10 > decisions.len() {
        let because = format!("{rising} of {} accounts would be acted on at once", decisions.len());
        pages.extend(braked(decisions, &because));
        hold_those(decisions, by_itself, "brake", &because);
    }
    let mut left = STEPS_AT_ONCE;
    for decision in decisions.iter_mut().filter(|decision| decision.outcome == Outcome::Act) {
        if let Some(fewer) = left.checked_sub(1) {
            left = fewer;
        } else {
            hold(
                decision,
                "cap",
                &format!("{STEPS_AT_ONCE} accounts are acted on already; the next evaluation goes on"),
            );
        }
    }
    pages
}

fn braked(decisions: &[Decision], because: &str) -> Option<Page> {
    let day = day_of(decisions.first()?.at);
    Some(Page {
        key: format!("brake-{day}"),
        subject: format!("Spending: {because}"),
        text: format!(
            "{because}. Nothing is done to any of them until somebody has looked: approve single steps, or set the policy right."
        ),
    })
}

fn hold_those(decisions: &mut [Decision], which: impl Fn(&Decision) -> bool, name: &str, because: &str) {
    for decision in decisions.iter_mut().filter(|decision| decision.outcome != Outcome::Settled) {
        if which(decision) {
            hold(decision, name, because);
        }
    }
}

fn hold(decision: &mut Decision, name: &str, because: &str) {
    decision.rails.push(Rail::new(name, true, because));
    decision.outcome = Outcome::Held;
}

/// One page for all accounts whose figures cannot be believed, told once for the day that is doubted.
fn doubted(decisions: &[Decision]) -> Option<Page> {
    let first = decisions.iter().filter_map(|decision| decision.doubted).min()?;
    let lines: Vec<String> = decisions
        .iter()
        .filter(|decision| decision.doubted.is_some())
        .map(|decision| {
            let why = decision.rails.iter().find(|rail| rail.name == "plausible").map_or("", |rail| &rail.because);
            format!("{}: {why}", decision.account)
        })
        .collect();
    let shown = lines.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    let more = match lines.len().saturating_sub(20) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    Some(Page {
        key: format!("doubted-{first}"),
        subject: format!("Spending: figures of {} accounts cannot be believed", lines.len()),
        text: format!("Nothing is done to these accounts. Look at the bill before anything else.\n\n{shown}{more}"),
    })
}

#[cfg(test)]
mod tests;

//! Whether the figures can be believed. In July 2026 wrong prices told thousands of customers that they had spent trillions.

use super::{Rail, lasting};
use crate::{Anomaly, Basis, Costs, Facts, Window};
use jiff::{ToSpan as _, civil::Date};
use rust_decimal::Decimal;

/// A day that costs over ten times the most of five weeks is doubted, unless the meter saw it too.
const JUMP: i64 = 10;
const TRAILING_DAYS: i32 = 35;

/// Below so much a day nothing is doubted: it is less than looking into it.
const DOUBTED_FROM: i64 = 1_000;

/// No day of one account is believed beyond this, whatever else agrees. In July 2026 wrong prices showed trillions.
const CEILING: i64 = 1_000_000;

/// The meter agrees with the bill where it saw at least a third of it.
const METER_AGREES: i64 = 3;

/// Whether the figures can be believed, and the first day that cannot.
pub(crate) fn plausible(facts: &Facts<'_>, window: Window) -> (Rail, Option<Date>) {
    let doubt = facts.costs.and_then(|costs| doubtful_day(facts, costs, window));
    let doubt = doubt.or_else(|| lasting(facts).find_map(doubtful_anomaly));
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

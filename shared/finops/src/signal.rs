//! What is known about spending: four signals, each with the time it is of and how far it can be trusted.
//! What is missing is unavailable, never zero.

use crate::{Budget, Costs, Day, Window, day_of, start_of};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days that a forecast and the share of other services look back on. AWS's own forecasts want five weeks.
const HISTORY_DAYS: i32 = 14;

/// The meter is read each hour. What is older than three readings says nothing about now.
const METER_HOLDS: SignedDuration = SignedDuration::from_hours(3);

/// Cost Explorer refreshes at least once a day; a bill that was read longer ago says nothing about now.
const BILL_HOLDS: SignedDuration = SignedDuration::from_hours(36);

/// An anomaly is told of again while it lasts
/// (<https://docs.aws.amazon.com/cost-management/latest/userguide/manage-ad.html>).
const ANOMALY_HOLDS: SignedDuration = SignedDuration::from_hours(96);

/// What the meter saw of an account, priced and calibrated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meter {
    /// When it was read.
    pub read_at: Timestamp,
    /// What AI cost on each day of UTC, as far as it has a price.
    pub by_day: BTreeMap<Date, Decimal>,
    /// The part of it that the bill shows among other services: machines of EC2.
    #[serde(default)]
    pub machines: BTreeMap<Date, Decimal>,
    /// Where it saw nothing, and why.
    pub blind: Vec<String>,
}

/// An anomaly that this account caused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Anomaly {
    /// The id that Cost Anomaly Detection gave it.
    pub id: String,
    /// When it was told of last.
    pub told_at: Timestamp,
    /// Since when it lasts.
    pub start: Date,
    /// The service.
    pub service: Option<String>,
    /// What it cost this account so far.
    pub impact: Decimal,
}

impl Anomaly {
    /// True while it goes on, as far as is known.
    #[must_use]
    pub fn lasts(&self, now: Timestamp) -> bool {
        now.duration_since(self.told_at) <= ANOMALY_HOLDS
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reading {
    /// How much.
    pub amount: Decimal,
    /// When it was read.
    pub as_of: Timestamp,
    /// The last day that is in it.
    pub through: Date,
    /// What is not in it; empty when all is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
}

/// A figure, or why there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Signal {
    /// It is known.
    Known(Reading),
    /// It is not.
    Unavailable {
        /// Why.
        why: String,
    },
}

impl Signal {
    fn unavailable(why: impl Into<String>) -> Self {
        Self::Unavailable { why: why.into() }
    }

    /// The figure.
    #[must_use]
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Self::Known(reading) => Some(reading),
            Self::Unavailable { .. } => None,
        }
    }

    /// The amount.
    #[must_use]
    pub fn amount(&self) -> Option<Decimal> {
        self.reading().map(|reading| reading.amount)
    }
}

/// The four signals of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Signals {
    /// What the bill shows for the period.
    pub reported: Signal,
    /// What was spent until now: the whole days of the bill, and after them what the meter saw.
    pub estimated: Signal,
    /// What the period is expected to come to.
    pub forecast: Signal,
    /// What anomalies cost that this account caused.
    pub anomaly: Signal,
}

impl Signals {
    /// Computes the signals of one account for the period `window`.
    #[must_use]
    pub fn of(
        budget: &Budget,
        window: Window,
        costs: Option<&Costs>,
        meter: Option<&Meter>,
        anomalies: &[Anomaly],
        now: Timestamp,
    ) -> Self {
        let reported = reported(budget, window, costs, now);
        let estimated = estimated(budget, window, costs, meter, now);
        let forecast = forecast(budget, window, costs, [&estimated, &reported], now);
        Self { forecast, anomaly: anomaly(anomalies, now), reported, estimated }
    }
}

fn reported(budget: &Budget, window: Window, costs: Option<&Costs>, now: Timestamp) -> Signal {
    let Some(costs) = costs else { return Signal::unavailable("the bill was not read yet") };
    let Some(through) = costs.through else { return Signal::unavailable("Cost Explorer shows no costs at all") };
    if now.duration_since(costs.read_at) > BILL_HOLDS {
        return Signal::unavailable(format!("the bill was read last at {}", costs.read_at));
    }
    if through < window.start {
        return Signal::unavailable(format!("the bill ends on {through}, before the period begins"));
    }
    let lacks = if through < day_of(now) { vec![format!("days after {through}")] } else { Vec::new() };
    Signal::Known(Reading { amount: costs.spent(window, budget.basis), as_of: costs.read_at, through, lacks })
}

/// The whole days of the bill, then day by day the greater of what the bill shows already and what the meter saw, with
/// the usual share of services that are not metered.
fn estimated(budget: &Budget, window: Window, costs: Option<&Costs>, meter: Option<&Meter>, now: Timestamp) -> Signal {
    let Some(costs) = costs else { return Signal::unavailable("the bill was not read yet") };
    let Some(meter) = meter else { return Signal::unavailable("the account was not metered yet") };
    if now.duration_since(meter.read_at) > METER_HOLDS {
        return Signal::unavailable(format!("the account was metered last at {}", meter.read_at));
    }
    let today = day_of(now);
    let before = window.start.saturating_sub(1.day());
    let whole = costs.whole_through().unwrap_or(before).clamp(before, today);
    let mut amount = costs.spent(Window { start: window.start, end: next(whole) }, budget.basis);
    let usual = usual_others(costs, meter);
    let mut lacks: Vec<String> = meter.blind.iter().map(|blind| format!("what ran unseen: {blind}")).collect();
    for day in next(whole).series(1.day()).take_while(|day| *day <= today && window.contains(*day)) {
        let billed = costs.days.get(&day).map(|known| known.total(budget.basis)).unwrap_or_default();
        let metered = meter.by_day.get(&day);
        if metered.is_none() {
            lacks.push(format!("what ran on {day}"));
        }
        let seen = metered.copied().unwrap_or_default() + usual * share_of_day(day, now);
        amount += billed.max(seen);
    }
    Signal::Known(Reading { amount, as_of: meter.read_at, through: today, lacks })
}

fn next(day: Date) -> Date {
    day.saturating_add(1.day())
}

/// How much of a day is over.
fn share_of_day(day: Date, now: Timestamp) -> Decimal {
    let over = now.duration_since(start_of(day)).as_secs().clamp(0, 86_400);
    Decimal::from(over) / Decimal::from(86_400)
}

/// What is not metered costs on an average day. Machines that were metered are among the other services of the bill, and
/// are counted already.
fn usual_others(costs: &Costs, meter: &Meter) -> Decimal {
    let others = |(date, day): &(Date, Option<&Day>)| {
        let others = day.map(|day| day.services.values().sum::<Decimal>() - day.ai()).unwrap_or_default();
        (others - meter.machines.get(date).copied().unwrap_or_default()).max(Decimal::ZERO)
    };
    mean(costs.whole_days(HISTORY_DAYS).iter().map(others))
}

fn mean(values: impl ExactSizeIterator<Item = Decimal>) -> Decimal {
    let count = values.len();
    if count == 0 { Decimal::ZERO } else { values.sum::<Decimal>() / Decimal::from(count) }
}

/// What there is, and for each day that is left an average day of the last two weeks, in which no day counts more than
/// three times the median: one spike is no trend.
fn forecast(budget: &Budget, window: Window, costs: Option<&Costs>, spent: [&Signal; 2], now: Timestamp) -> Signal {
    let Some(costs) = costs else { return Signal::unavailable("the bill was not read yet") };
    let days = costs.whole_days(HISTORY_DAYS);
    if days.len() < usize::try_from(HISTORY_DAYS).unwrap_or_default() {
        return Signal::unavailable(format!("insufficient history: {} of {HISTORY_DAYS} whole days", days.len()));
    }
    let Some(spent) = spent.into_iter().find_map(Signal::reading) else {
        return Signal::unavailable("it is not known what was spent");
    };
    let total = |day: &Day| day.total(budget.basis);
    let mut amounts: Vec<Decimal> = days.iter().map(|(_, day)| day.map(total).unwrap_or_default()).collect();
    amounts.sort();
    let median = amounts.get(amounts.len() / 2).copied().unwrap_or_default();
    // Where most days cost nothing, a day that costs something is the rule and no spike.
    let most = if median.is_zero() { Decimal::MAX } else { median * Decimal::from(3) };
    let average = mean(amounts.iter().map(|amount| (*amount).min(most)));
    let left = Decimal::from(window.days_after(spent.through)) + Decimal::ONE
        - if spent.through == day_of(now) { share_of_day(spent.through, now) } else { Decimal::ONE };
    Signal::Known(Reading {
        amount: spent.amount + average * left,
        as_of: spent.as_of,
        through: window.end.saturating_sub(1.day()),
        lacks: spent.lacks.clone(),
    })
}

fn anomaly(anomalies: &[Anomaly], now: Timestamp) -> Signal {
    let lasting = || anomalies.iter().filter(|anomaly| anomaly.lasts(now));
    let Some(as_of) = lasting().map(|anomaly| anomaly.told_at).max() else {
        return Signal::unavailable("no anomaly was told of lately");
    };
    let amount = lasting().map(|anomaly| anomaly.impact).sum();
    Signal::Known(Reading { amount, as_of, through: day_of(as_of), lacks: Vec::new() })
}

#[cfg(test)]
mod tests;

//! What AI cost until now: what was metered times the price list. What has no price is told, and so is where nothing
//! could be seen.

mod calibration;
mod services;

pub use calibration::{Calibration, calibrate};
pub use services::is_ai_service;

use crate::{Measure, Metered, ModelUsage, PriceList, Priced, Running, day_of, start_of};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of workload that the bill shows under EC2 and not under an AI service.
const EC2: &str = "gpu-instance";

/// What AI cost until now, in USD, before it is compared with the bill.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// By day of UTC. Every day has its sum that any Region was metered for; without such a Region there is none.
    pub by_day: BTreeMap<Date, Decimal>,
    /// The part of it that the bill shows among AI services ([`is_ai_service`]), where machines of EC2 are not: only
    /// this can be compared with the bill of those services.
    pub ai_services: BTreeMap<Date, Decimal>,
    /// What each model cost by the token, by day.
    pub models: BTreeMap<Date, BTreeMap<String, Decimal>>,
    /// What cost something, day by day.
    pub lines: Vec<Line>,
    /// What was used and has no price.
    pub unpriced: Vec<Unpriced>,
    /// How much of all use that is, between 0 and 1: of tokens, of images, of requests that have neither, or of hours
    /// of machines, whichever is most. What runs on no machine has no measure and no part in it.
    pub unpriced_share: Decimal,
    /// Where nothing could be seen, and why: `eu-west-1: access denied`.
    pub blind: Vec<String>,
    /// True where a price was taken that is not quite the one of its place.
    pub approximate: bool,
}

/// Something that cost something on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// The day of UTC.
    pub day: Date,
    /// The Region.
    pub region: String,
    /// What it is: `model eu.amazon.nova-lite-v1:0`, `endpoint answers on ml.g5.xlarge`.
    pub what: String,
    /// How much of it, in words.
    pub quantity: String,
    /// USD.
    pub amount: Decimal,
}

/// Something that was used and has no price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unpriced {
    /// What it is, as in [`Line::what`].
    pub what: String,
    /// Why it has no price.
    pub why: String,
    /// How much was used.
    pub quantity: Decimal,
    /// Of what.
    pub unit: Unit,
}

/// What use is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Tokens, in or out.
    Tokens,
    /// Images.
    Images,
    /// Requests that have neither tokens nor images.
    Requests,
    /// Hours of machines.
    Hours,
}

impl Measure {
    fn unit(self) -> Unit {
        match self {
            Self::Input | Self::Output | Self::CacheRead | Self::CacheWrite => Unit::Tokens,
            Self::Image => Unit::Images,
            Self::Request => Unit::Requests,
        }
    }
}

/// Prices what was metered on the days from `from` to that of `now`. What runs is taken to go on until `now`, also
/// where it was stopped since it was looked at.
#[must_use]
pub fn estimate(metered: &[Metered], prices: &PriceList, from: Date, now: Timestamp) -> Estimate {
    let days: Vec<Date> = from.series(1.day()).take_while(|day| *day <= day_of(now)).collect();
    let mut tally = Tally::default();
    for part in metered {
        if let Some(why) = &part.blind {
            tally.estimate.blind.push(format!("{}: {why}", part.region));
            continue;
        }
        for day in &days {
            tally.estimate.by_day.entry(*day).or_default();
            tally.estimate.ai_services.entry(*day).or_default();
        }
        for usage in part.models.iter().filter(|usage| days.contains(&usage.day)) {
            tally.model(usage, &part.region, prices);
        }
        for running in &part.running {
            tally.running(running, &part.region, prices, &days, now);
        }
    }
    tally.done()
}

#[derive(Default)]
struct Tally {
    estimate: Estimate,
    unpriced: BTreeMap<(String, String, Unit), Decimal>,
    used: BTreeMap<Unit, Decimal>,
}

impl Tally {
    fn model(&mut self, usage: &ModelUsage, region: &str, prices: &PriceList) {
        let what = format!("model {}", usage.model);
        let counted = usage.measures().count();
        let matters = |measure: Measure| measure != Measure::Request || counted == 1;
        for (measure, count) in usage.measures().filter(|(measure, _)| matters(*measure)) {
            *self.used.entry(measure.unit()).or_default() += Decimal::from(count);
        }
        let rates = match prices.price_of_model(&usage.model, region) {
            Priced::At(rates) => rates,
            Priced::Unpriced(why) => {
                for (measure, count) in usage.measures().filter(|(measure, _)| matters(*measure)) {
                    self.unpriced(&what, &why, measure.unit(), count.into());
                }
                return;
            }
        };
        let cost = rates.cost(usage);
        for (measure, count) in &cost.unpriced {
            let why = format!("the price list has no price for its {}", measure.name());
            self.unpriced(&what, &why, measure.unit(), (*count).into());
        }
        let quantity: Vec<String> =
            usage.measures().map(|(measure, count)| format!("{count} {}", measure.name())).collect();
        let line = Line {
            day: usage.day,
            region: region.to_owned(),
            what,
            quantity: quantity.join(", "),
            amount: cost.amount,
        };
        if !line.amount.is_zero() {
            let of_day = self.estimate.models.entry(line.day).or_default();
            *of_day.entry(usage.model.clone()).or_default() += line.amount;
        }
        self.line(line, true, rates.approximate);
    }

    fn running(&mut self, running: &Running, region: &str, prices: &PriceList, days: &[Date], now: Timestamp) {
        let Running { kind, name, instance_type, count, since, .. } = running;
        let on = if instance_type.is_empty() { String::new() } else { format!(" on {instance_type}") };
        let what = format!("{kind} {name}{on}");
        let hourly = prices.price_of_instance(kind, instance_type, region);
        for day in days {
            let hours = hours_of(*day, *since, now);
            let machines = hours * Decimal::from(*count);
            *self.used.entry(Unit::Hours).or_default() += machines;
            if let Some(hourly) = hourly {
                let quantity = format!("{} h of {count}", hours.round_dp(2).normalize());
                let amount = machines * hourly.price;
                let line = Line { day: *day, region: region.to_owned(), what: what.clone(), quantity, amount };
                self.line(line, kind != EC2, hourly.approximate);
            } else if !hours.is_zero() {
                let why = if *count == 0 {
                    "it shows no machines: it is billed by use that no metric tells, or runs on none now"
                } else {
                    "it is not in the price list"
                };
                self.unpriced(&what, why, Unit::Hours, machines);
            }
        }
    }

    fn line(&mut self, line: Line, of_ai_service: bool, approximate: bool) {
        if line.amount.is_zero() {
            return;
        }
        *self.estimate.by_day.entry(line.day).or_default() += line.amount;
        if of_ai_service {
            *self.estimate.ai_services.entry(line.day).or_default() += line.amount;
        }
        self.estimate.approximate |= approximate;
        self.estimate.lines.push(line);
    }

    fn unpriced(&mut self, what: &str, why: &str, unit: Unit, quantity: Decimal) {
        *self.unpriced.entry((what.to_owned(), why.to_owned(), unit)).or_default() += quantity;
    }

    fn done(mut self) -> Estimate {
        let share = |unit: Unit| {
            let unpriced: Decimal =
                self.unpriced.iter().filter(|((.., of), _)| *of == unit).map(|(_, used)| used).sum();
            unpriced.checked_div(*self.used.get(&unit)?)
        };
        let units = [Unit::Tokens, Unit::Images, Unit::Requests, Unit::Hours];
        self.estimate.unpriced_share = units.into_iter().filter_map(share).max().unwrap_or_default();
        let unpriced = self.unpriced.into_iter();
        self.estimate.unpriced =
            unpriced.map(|((what, why, unit), quantity)| Unpriced { what, why, quantity, unit }).collect();
        self.estimate
    }
}

/// How many hours of a day something ran that runs since `since`.
fn hours_of(day: Date, since: Timestamp, now: Timestamp) -> Decimal {
    let from = since.max(start_of(day));
    let until = now.min(start_of(day.saturating_add(1.day())));
    Decimal::from(until.duration_since(from).as_secs().max(0)) / Decimal::from(3_600)
}

#[cfg(test)]
mod tests;

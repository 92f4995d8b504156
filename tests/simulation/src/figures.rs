//! What is measured, against the truth.

use crate::{
    case::{Beyond, Case, FalseStep, Period},
    hour::Hour,
    run::Lived,
};
use finops::{Budget, Stage};
use jiff::{Timestamp, civil::Date};
use landing_zone::Environment;
use rust_decimal::Decimal;
use serde::Serialize;

/// Meters and bills are uncertain by so much: percent of what a stage is for.
const UNCERTAIN: i64 = 90;

/// One system in one year.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Figures {
    pub system: &'static str,
    /// Steps up while the truth was below what the stage is for.
    pub false_stops: ByEnvironment,
    /// Those of them while it was below nine tenths of that.
    pub false_stops_by_far: ByEnvironment,
    /// Those of them while the bill was not wrong, nor had been in the two days before.
    pub false_stops_on_good_days: ByEnvironment,
    /// Hours in which accounts were held back although they had not come to their limit: by the figures of the period,
    /// and still from the one before.
    pub hours_held_early: i64,
    pub hours_held_over: i64,
    /// What DEV and TEST accounts spent beyond their limits, USD.
    pub overspend: Decimal,
    /// The same in percent of the limits of the periods in which that happened.
    pub overspend_percent: Decimal,
    /// The same, by what was done by then.
    pub beyond: Beyond,
    /// Periods of DEV and TEST accounts that ended over the limit.
    pub periods_over: usize,
    /// From the truth to the act.
    pub time_to_act: Vec<TimeToAct>,
    /// Hours of a new period until what was done in the one before was taken back.
    pub release: Spread,
    pub steps: usize,
    pub releases: usize,
    pub approvals_asked: usize,
    pub letters: usize,
    pub pages: Vec<String>,
    pub decisions: usize,
    pub false_steps: Vec<Told>,
    /// By day; for the plot.
    #[serde(skip)]
    pub daily_overspend: Vec<(Date, Decimal)>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ByEnvironment {
    pub dev: usize,
    pub test: usize,
    pub prod: usize,
}

/// How long it took from the hour in which the truth came to what a stage is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimeToAct {
    pub what: &'static str,
    /// How often the truth came to it.
    pub crossed: usize,
    /// How often it was done before that.
    pub early: usize,
    /// How often it was still done from the period before.
    pub carried: usize,
    /// How often it was not done until the period ended.
    pub never: usize,
    pub hours: Spread,
    /// Each, for the plot.
    #[serde(skip)]
    pub each: Vec<i64>,
}

/// Hours: half took no longer than the median, nine of ten no longer than the other.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Spread {
    pub count: usize,
    pub median: Option<i64>,
    pub p90: Option<i64>,
}

/// A false step, for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Told {
    pub account: String,
    pub environment: &'static str,
    pub stage: Stage,
    pub at: Timestamp,
    /// What was spent in truth, in percent of what the stage is for.
    pub percent: Decimal,
}

impl Figures {
    pub(crate) fn of(system: &'static str, lived: &Lived<'_>) -> Self {
        let cases = &lived.cases;
        let held = || cases.iter().filter(|case| !case.member.is_prod()).flat_map(|case| &case.periods);
        let over: Decimal = held().map(Period::over).sum();
        let limits: Decimal = held().filter(|period| !period.over().is_zero()).map(|period| period.limit).sum();
        let count = |figure: fn(&Case<'_>) -> usize| cases.iter().map(figure).sum();
        let hours = |hours: fn(&Period) -> i64| cases.iter().flat_map(|case| &case.periods).map(hours).sum();
        let mut beyond = Beyond::default();
        for period in held() {
            beyond += period.beyond;
        }
        Self {
            system,
            false_stops: false_stops(cases, |_| true),
            false_stops_by_far: false_stops(cases, |step| step.percent < Decimal::from(UNCERTAIN)),
            false_stops_on_good_days: false_stops(cases, |step| lived.on_good_day(step.at)),
            hours_held_early: hours(|period| period.held_early),
            hours_held_over: hours(|period| period.held_over),
            overspend: over.round_dp(2),
            overspend_percent: percent(over, limits),
            beyond,
            periods_over: held().filter(|period| !period.over().is_zero()).count(),
            time_to_act: times(cases),
            release: releases(cases),
            steps: count(|case| case.steps),
            releases: count(|case| case.releases),
            approvals_asked: count(|case| case.people.asked),
            letters: count(|case| case.people.letters()),
            pages: lived.pages.clone(),
            decisions: lived.decisions,
            false_steps: cases.iter().flat_map(told).collect(),
            daily_overspend: lived.overspend.clone(),
        }
    }
}

impl Lived<'_> {
    fn on_good_day(&self, hour: Hour) -> bool {
        !self.bad_days.iter().any(|(from, until)| (*from..until.later(48)).contains(&hour))
    }
}

fn percent(part: Decimal, whole: Decimal) -> Decimal {
    (part * Decimal::ONE_HUNDRED).checked_div(whole).unwrap_or_default().round_dp(1)
}

fn environment(case: &Case<'_>) -> &'static str {
    case.member.account.environment.map_or("none", Environment::id)
}

fn told(case: &Case<'_>) -> Vec<Told> {
    let told = |step: &FalseStep| Told {
        account: case.member.account.id.to_string(),
        environment: environment(case),
        stage: step.stage,
        at: step.at.after_end(0),
        percent: step.percent,
    };
    case.false_steps.iter().map(told).collect()
}

fn false_stops(cases: &[Case<'_>], counts: impl Fn(&FalseStep) -> bool) -> ByEnvironment {
    let of = |wanted: Environment| {
        let there = cases.iter().filter(|case| case.member.account.environment == Some(wanted));
        there.flat_map(|case| &case.false_steps).filter(|step| counts(step)).count()
    };
    ByEnvironment { dev: of(Environment::Dev), test: of(Environment::Test), prod: of(Environment::Prod) }
}

fn times(cases: &[Case<'_>]) -> Vec<TimeToAct> {
    let approved = |budget: &Budget, stage: Stage| budget.approval.contains(&stage);
    let alone = |case: &Case<'_>, stage| !case.member.is_prod() && !approved(&case.budget, stage);
    let asked = |case: &Case<'_>, stage| !case.member.is_prod() && approved(&case.budget, stage);
    vec![
        TimeToAct::of("notify", cases, |_, stage| stage == Stage::Notify),
        TimeToAct::of("restrict, without people", cases, move |case, stage| {
            stage == Stage::Restrict && alone(case, stage)
        }),
        TimeToAct::of("stop, approved", cases, move |case, stage| stage == Stage::Stop && asked(case, stage)),
        TimeToAct::of("freeze, approved", cases, move |case, stage| stage == Stage::Freeze && asked(case, stage)),
        TimeToAct::of("PROD, approved", cases, |case, stage| stage.acts() && case.member.is_prod()),
    ]
}

impl TimeToAct {
    fn of(what: &'static str, cases: &[Case<'_>], counts: impl Fn(&Case<'_>, Stage) -> bool) -> Self {
        let mut time =
            Self { what, crossed: 0, early: 0, carried: 0, never: 0, hours: Spread::default(), each: Vec::new() };
        for case in cases {
            for period in &case.periods {
                for (stage, crossed) in period.crossed.iter().filter(|(stage, _)| counts(case, **stage)) {
                    time.note(period, *stage, *crossed);
                }
            }
        }
        time.each.sort_unstable();
        time.hours = Spread::of(&time.each);
        time
    }

    fn note(&mut self, period: &Period, stage: Stage, crossed: Hour) {
        self.crossed += 1;
        match period.reached.get(&stage) {
            Some(reached) if *reached < crossed => self.early += 1,
            Some(reached) => self.each.push(reached.since(crossed)),
            None if stage.acts() && period.carried >= stage => self.carried += 1,
            None => self.never += 1,
        }
    }
}

fn releases(cases: &[Case<'_>]) -> Spread {
    let carried = cases.iter().flat_map(|case| &case.periods).filter(|period| period.carried.acts());
    let freed = carried.filter_map(|period| Some(period.freed?.since(Hour::first_of(period.begins))));
    let mut hours: Vec<i64> = freed.collect();
    hours.sort_unstable();
    Spread::of(&hours)
}

impl Spread {
    /// Of hours in order.
    fn of(hours: &[i64]) -> Self {
        let at = |percent: usize| hours.get((hours.len() * percent).div_ceil(100).saturating_sub(1)).copied();
        Self { count: hours.len(), median: at(50), p90: at(90) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_and_nine_tenths() {
        let hours: Vec<i64> = (1..=10).collect();
        assert_eq!(Spread::of(&hours), Spread { count: 10, median: Some(5), p90: Some(9) });
        assert_eq!(Spread::of(&[7]), Spread { count: 1, median: Some(7), p90: Some(7) });
        assert_eq!(Spread::of(&[]), Spread::default());
    }
}

//! What an account really spends, hour by hour, while it is held back and its owner reacts. Nobody sees this.

use crate::{
    hour::Hour,
    spend::{Demand, Run, Spend},
};
use finops::Stage;
use jiff::{ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, VecDeque};

/// Hours that are kept one by one: bills are late by a day, and revised for three.
const KEPT_HOURS: usize = 10 * 24;

/// Days that are kept.
const KEPT_DAYS: i32 = 70;

/// An owner who reacts uses so much of the models, for the rest of the month.
const SAVING: Decimal = Decimal::from_parts(7, 0, 0, false, 1);

pub(crate) struct Truth<'w> {
    demand: &'w Demand,
    /// Runs that are still to begin.
    coming: &'w [Run],
    running: Vec<Run>,
    /// Runs that were not allowed to begin.
    denied: Vec<Run>,
    calmed: Option<Hour>,
    saves_in: Option<Date>,
    pub days: BTreeMap<Date, Spend>,
    hours: VecDeque<(Hour, Spend)>,
}

impl<'w> Truth<'w> {
    pub(crate) fn new(demand: &'w Demand) -> Self {
        Self {
            demand,
            coming: &demand.runs,
            running: Vec::new(),
            denied: Vec::new(),
            calmed: None,
            saves_in: None,
            days: BTreeMap::new(),
            hours: VecDeque::new(),
        }
    }

    /// An hour goes by while the account is at a stage: restricted, nothing new begins; stopped, nothing runs, and goes
    /// on when the stop is taken back; frozen, no model is invoked.
    pub(crate) fn pass(&mut self, hour: Hour, stage: Stage) -> Spend {
        self.start(hour, stage);
        if hour < self.demand.begins {
            return Spend::default();
        }
        let cost = |forgotten: bool| -> Decimal {
            let runs = self.running.iter().filter(|run| run.forgotten == forgotten);
            if stage >= Stage::Stop { Decimal::ZERO } else { runs.map(|run| run.rate).sum() }
        };
        let saving = if self.saves_in == Some(hour.day().first_of_month()) { SAVING } else { Decimal::ONE };
        let tokens =
            if stage >= Stage::Freeze { Decimal::ZERO } else { self.demand.tokens(hour, self.calmed) * saving };
        let others = self.demand.others(hour);
        let mut spend = Spend { tokens, machines: cost(false), gpus: cost(true), others, credits: Decimal::ZERO };
        spend.credits = self.demand.credits(hour, spend.ai() + spend.others);
        self.keep(hour, spend);
        spend
    }

    fn start(&mut self, hour: Hour, stage: Stage) {
        while let Some((run, rest)) = self.coming.split_first().filter(|(run, _)| run.begins <= hour) {
            self.coming = rest;
            let to = if stage.acts() { &mut self.denied } else { &mut self.running };
            to.push(*run);
        }
        if !stage.acts() {
            self.running.append(&mut self.denied);
        }
        for runs in [&mut self.running, &mut self.denied] {
            runs.retain(|run| hour < run.ends);
        }
    }

    fn keep(&mut self, hour: Hour, spend: Spend) {
        let day = hour.day();
        if !self.days.contains_key(&day) {
            let oldest = day.saturating_sub(KEPT_DAYS.days());
            self.days.retain(|day, _| *day >= oldest);
        }
        *self.days.entry(day).or_default() += spend;
        self.hours.push_back((hour, spend));
        if self.hours.len() > KEPT_HOURS {
            self.hours.pop_front();
        }
    }

    /// The owner ends what nobody needs.
    pub(crate) fn calm(&mut self, hour: Hour) {
        self.calmed = Some(hour);
        self.saves_in = Some(hour.day().first_of_month());
        for runs in [&mut self.running, &mut self.denied] {
            runs.retain(|run| !run.forgotten);
        }
    }

    /// What runs and could be stopped.
    pub(crate) fn running(&self) -> usize {
        self.running.len()
    }

    /// What was spent on a day in the hours before `end`.
    pub(crate) fn before(&self, day: Date, end: Hour) -> Spend {
        if Hour::first_of(day).later(24) <= end {
            return self.days.get(&day).copied().unwrap_or_default();
        }
        let first = Hour::first_of(day);
        let mut sum = Spend::default();
        for (_, spend) in self.hours.iter().filter(|(hour, _)| (first..end).contains(hour)) {
            sum += *spend;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dice::Dice;
    use jiff::civil::date;

    fn start() -> Hour {
        Hour::first_of(date(2026, 3, 2))
    }

    fn demand() -> Demand {
        let run = |from: i64, to: i64, forgotten| Run {
            begins: start().later(from),
            ends: start().later(to),
            rate: 10.into(),
            forgotten,
        };
        Demand {
            dice: Dice::new(1),
            begins: start(),
            tokens: 1.into(),
            others: 1.into(),
            weekly: false,
            growth: 0,
            credits: (0, start()),
            surges: Vec::new(),
            runs: vec![run(0, 100, false), run(5, 100, true)],
            usual: Vec::new(),
        }
    }

    /// What machines and tokens cost in each hour of a day, given the stage in it.
    fn hours(stage: impl Fn(i64) -> Stage) -> Vec<(i64, bool)> {
        let demand = demand();
        let mut truth = Truth::new(&demand);
        (0..24)
            .map(|hour| truth.pass(start().later(hour), stage(hour)))
            .map(|spend| (i64::try_from((spend.machines + spend.gpus).round()).unwrap(), spend.tokens.is_zero()))
            .collect()
    }

    #[test]
    fn each_stage_ends_what_it_is_for() {
        let at = |stages: &[(i64, Stage)]| {
            hours(|hour| stages.iter().rev().find(|(from, _)| *from <= hour).map_or(Stage::None, |(_, stage)| *stage))
        };
        assert_eq!(at(&[])[23], (20, false));
        let restricted = at(&[(3, Stage::Restrict), (12, Stage::None)]);
        assert_eq!((restricted[11], restricted[12]), ((10, false), (20, false)), "what was denied begins later");
        let stopped = at(&[(8, Stage::Stop), (12, Stage::None)]);
        assert_eq!((stopped[7], stopped[8], stopped[12]), ((20, false), (0, false), (20, false)));
        assert_eq!(at(&[(8, Stage::Freeze)])[23], (0, true));
    }

    #[test]
    fn an_owner_who_reacts_stops_what_was_forgotten() {
        let demand = demand();
        let mut truth = Truth::new(&demand);
        for hour in 0..10 {
            truth.pass(start().later(hour), Stage::None);
        }
        assert_eq!(truth.running(), 2);
        truth.calm(start().later(10));
        assert_eq!(truth.pass(start().later(10), Stage::None).gpus, 0.into());
    }

    #[test]
    fn a_part_of_a_day_is_known() {
        let demand = demand();
        let mut truth = Truth::new(&demand);
        for hour in 0..30 {
            truth.pass(start().later(hour), Stage::None);
        }
        let day = date(2026, 3, 2);
        assert_eq!(truth.before(day, start().later(3)).machines, 30.into());
        assert_eq!(truth.before(day, start().later(40)), truth.days[&day]);
    }
}

//! What an account spends while nobody does anything about it.

use crate::{dice::Dice, hour::Hour};
use finops::Basis;
use rust_decimal::Decimal;
use std::ops::AddAssign;

/// When people and their agents work: percent of an average hour, by the hour of the day.
const RHYTHM: [i64; 24] =
    [40, 35, 35, 35, 35, 40, 55, 75, 110, 150, 170, 175, 160, 170, 175, 170, 160, 135, 115, 95, 80, 70, 60, 55];

/// Money of one hour or one day, in USD.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spend {
    /// Invocations of models.
    pub tokens: Decimal,
    /// Notebooks, endpoints and jobs.
    pub machines: Decimal,
    /// GPU instances, which the bill has among all others of EC2.
    pub gpus: Decimal,
    /// All other services, which nobody meters by the hour.
    pub others: Decimal,
    /// Zero or less.
    pub credits: Decimal,
}

impl Spend {
    /// What the meter looks for.
    pub(crate) fn ai(&self) -> Decimal {
        self.tokens + self.machines + self.gpus
    }

    pub(crate) fn total(&self, basis: Basis) -> Decimal {
        let gross = self.ai() + self.others;
        match basis {
            Basis::Gross => gross,
            Basis::Net => gross + self.credits,
        }
    }

    pub(crate) fn times(&self, factor: Decimal) -> Self {
        let part = |amount: Decimal| (amount * factor).round_dp(6);
        Self {
            tokens: part(self.tokens),
            machines: part(self.machines),
            gpus: part(self.gpus),
            others: part(self.others),
            credits: part(self.credits),
        }
    }
}

impl AddAssign for Spend {
    fn add_assign(&mut self, other: Self) {
        self.tokens += other.tokens;
        self.machines += other.machines;
        self.gpus += other.gpus;
        self.others += other.others;
        self.credits += other.credits;
    }
}

/// Something that costs by the hour for as long as it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub begins: Hour,
    pub ends: Hour,
    /// USD an hour.
    pub rate: Decimal,
    /// A GPU instance that nobody needs: its owner stops it when told.
    pub forgotten: bool,
}

/// An agent that calls models in a loop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Surge {
    pub begins: Hour,
    pub ends: Hour,
    /// Times the usual invocations, at its height.
    pub times: Decimal,
    /// Hours until then.
    pub rises: i64,
}

/// What somebody wants to spend.
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    pub dice: Dice,
    pub begins: Hour,
    /// USD an hour, on average, in the beginning.
    pub tokens: Decimal,
    pub others: Decimal,
    /// Rests at weekends.
    pub weekly: bool,
    /// Per mille a month, of what it was in the beginning.
    pub growth: i64,
    /// The part that credits pay, per mille, until they are used up.
    pub credits: (i64, Hour),
    pub surges: Vec<Surge>,
    /// In the order in which they begin.
    pub runs: Vec<Run>,
    /// What is usual, by hour from the first on: tokens and others. It is drawn once for all systems.
    pub usual: Vec<(Decimal, Decimal)>,
}

impl Demand {
    /// Draws what is usual until the end.
    pub(crate) fn drawn(mut self, ends: Hour) -> Self {
        self.usual = self.begins.until(ends).map(|hour| self.draw(hour)).collect();
        self
    }

    fn usual(&self, hour: Hour) -> (Decimal, Decimal) {
        let drawn = usize::try_from(hour.since(self.begins)).ok().and_then(|place| self.usual.get(place));
        drawn.copied().unwrap_or_else(|| self.draw(hour))
    }

    fn draw(&self, hour: Hour) -> (Decimal, Decimal) {
        let day = RHYTHM.get(hour.of_day()).copied().unwrap_or(100);
        let week = match (self.weekly, hour.is_weekend()) {
            (true, true) => 30,
            (true, false) => 128,
            (false, _) => 100,
        };
        let grown = self.grown(hour);
        let tokens = self.tokens * Decimal::new(day * week, 4) * grown * self.dice.of(hour.0).factor(700, 1_300);
        let others = self.others * grown * self.dice.about("others").of(hour.0).factor(900, 1_100);
        (tokens.round_dp(6), others.round_dp(6))
    }

    /// How much more everything is by now.
    fn grown(&self, hour: Hour) -> Decimal {
        let days = hour.since(self.begins).max(0) / 24;
        Decimal::ONE + Decimal::new(self.growth * days / 30, 3)
    }

    /// Invocations in an hour. Surges that began before `calmed` are over.
    pub(crate) fn tokens(&self, hour: Hour, calmed: Option<Hour>) -> Decimal {
        let lasts = |surge: &&Surge| {
            surge.begins <= hour && hour < surge.ends && calmed.is_none_or(|calmed| calmed <= surge.begins)
        };
        let surge = self.surges.iter().filter(lasts).map(|surge| surge.times_at(hour)).max();
        let usual = self.usual(hour).0;
        surge.map_or(usual, |times| (usual * times).round_dp(6))
    }

    pub(crate) fn others(&self, hour: Hour) -> Decimal {
        self.usual(hour).1
    }

    /// What credits pay of an hour.
    pub(crate) fn credits(&self, hour: Hour, gross: Decimal) -> Decimal {
        let (part, used_up) = self.credits;
        if hour < used_up { -(gross * Decimal::new(part, 3)).round_dp(6) } else { Decimal::ZERO }
    }
}

impl Surge {
    fn times_at(&self, hour: Hour) -> Decimal {
        let into = (hour.since(self.begins) + 1).min(self.rises.max(1));
        Decimal::ONE + (self.times - Decimal::ONE) * Decimal::from(into) / Decimal::from(self.rises.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_day_is_an_average_day() {
        assert_eq!(RHYTHM.iter().sum::<i64>(), 2_400);
    }

    #[test]
    fn a_surge_rises_lasts_and_ends() {
        let begins = Hour::first_of(date(2026, 3, 2)).later(10);
        let surge = Surge { begins, ends: begins.later(9), times: 40.into(), rises: 3 };
        let demand = Demand {
            dice: Dice::new(1),
            begins: begins.later(-100),
            tokens: 1.into(),
            others: 0.into(),
            weekly: false,
            growth: 0,
            credits: (0, begins),
            surges: vec![surge],
            runs: Vec::new(),
            usual: Vec::new(),
        };
        let at = |hours, calmed| demand.tokens(begins.later(hours), calmed);
        assert!(at(-1, None) < 3.into() && at(9, None) < 3.into());
        assert!(at(0, None) > 10.into() && at(0, None) < 40.into());
        assert!(at(5, None) > 40.into());
        assert!(at(5, Some(begins.later(4))) < 3.into(), "its owner ended it");
        assert!(at(5, Some(begins)) > 40.into(), "an earlier one was ended");
    }
}

//! The meter: hourly, five minutes late, with prices that are a little wrong, usage that has no price, and Regions that it
//! cannot look into now and then.

use crate::{dice::Dice, hour::Hour, spend::Spend, truth::Truth};
use finops::{Account, InPlace, Observed};
use jiff::{ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Hours of a week.
const WEEK: i64 = 168;

/// The meter of one account.
pub(crate) struct Eye {
    dice: Dice,
    /// For what concerns all accounts at once.
    region: Dice,
    /// What its prices show of each dollar of AI services, and of GPU instances.
    prices: (Decimal, Decimal),
    /// The usual part of tokens that has no price, per mille.
    unpriced: i64,
}

impl Eye {
    pub(crate) fn new(of_account: Dice, of_all: Dice) -> Self {
        let dice = of_account.about("meter");
        let mut draw = dice.about("price");
        let prices = (draw.factor(920, 1_080), draw.factor(950, 1_050));
        let unpriced = if draw.chance(300) { draw.between(20, 150) } else { 0 };
        Self { dice, region: of_all.about("region"), prices, unpriced }
    }

    /// What is seen at the end of an hour; none where the account cannot be entered.
    pub(crate) fn look(
        &self,
        account: &Account,
        truth: &Truth<'_>,
        in_place: InPlace,
        before: Option<&Observed>,
        hour: Hour,
    ) -> Option<Observed> {
        if self.dice.about("entry").of(hour.0).chance(2) {
            return None;
        }
        let unseen = self.unseen(hour);
        let observed = Observed {
            in_place: Some(in_place),
            by_day: self.by_day(truth, hour, |part| part),
            // The bill has machines of EC2 elsewhere.
            ai_services: self.by_day(truth, hour, |part| Spend { gpus: Decimal::ZERO, ..part }),
            blind: if unseen > 0 { vec!["eu-west-1: throttled".to_owned()] } else { Vec::new() },
            ..Observed::new(account.clone(), hour.after_end(5))
        };
        Some(observed.after(before))
    }

    /// What it makes of a part of each day.
    fn by_day(&self, truth: &Truth<'_>, hour: Hour, part: fn(Spend) -> Spend) -> BTreeMap<Date, Decimal> {
        let (today, seen) = (hour.day(), Decimal::new(1_000 - self.unseen(hour), 3));
        let days = Observed::metered_from(hour.begins()).series(1.day()).take_while(|day| *day <= today);
        let priced = |day: Date| {
            let Spend { tokens, machines, gpus, .. } = part(*truth.days.get(&day)?);
            let tokens = tokens * Decimal::new(1_000 - self.unpriced(Hour::first_of(day)), 3);
            let amount = (tokens + machines) * self.prices.0 + gpus * self.prices.1;
            Some((day, (amount * seen).round_dp(4)))
        };
        days.filter_map(priced).collect()
    }

    /// The part that has no price, per mille: new models have none until the list is updated.
    fn unpriced(&self, hour: Hour) -> i64 {
        let mut draw = self.dice.about("model").of(hour.0.div_euclid(2 * WEEK));
        if draw.chance(25) { self.unpriced.max(600) } else { self.unpriced }
    }

    /// The part in Regions that cannot be looked into, per mille.
    fn unseen(&self, hour: Hour) -> i64 {
        let blind = |dice: Dice, per_mille| {
            let (week, into) = (hour.0.div_euclid(WEEK), hour.0.rem_euclid(WEEK));
            let mut draw = dice.of(week);
            let from = draw.between(0, WEEK - 10);
            let hours = from..from + draw.between(2, 10);
            let part = draw.between(200, 1_000);
            if draw.chance(per_mille) && hours.contains(&into) { part } else { 0 }
        };
        blind(self.dice.about("blind"), 60).max(blind(self.region, 100))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{World, Year};
    use finops::Stage;
    use jiff::civil::date;

    #[test]
    fn it_sees_nearly_all_nearly_always_and_says_when_not() {
        let world = World::new(5, 10, date(2026, 3, 1), 1, Year::Calm).unwrap();
        let (mut looks, mut blind, mut closed) = (0_u32, 0_u32, 0_u32);
        for member in &world.members {
            let eye = Eye::new(member.dice, world.dice);
            let (mut truth, mut before) = (Truth::new(&member.demand), None);
            for hour in world.begins.until(world.ends) {
                truth.pass(hour, Stage::None);
                looks += 1;
                let look = eye.look(&member.account, &truth, InPlace::default(), before.as_ref(), hour);
                closed += u32::from(look.is_none());
                before = look.or(before);
                let seen = before.as_ref().unwrap();
                blind += u32::from(!seen.blind.is_empty());
                let seen = seen.by_day.get(&hour.day()).copied().unwrap_or_default();
                let spent = truth.days[&hour.day()].ai();
                assert!(seen <= spent * Decimal::new(109, 2), "{seen} of {spent}");
            }
            let day = date(2026, 3, 20);
            let (seen, spent) = (before.unwrap().by_day[&day], truth.days[&day].ai());
            assert!(seen >= spent * Decimal::new(30, 2), "what was unseen is seen later: {seen} of {spent}");
        }
        assert!((0.001..0.05).contains(&(f64::from(blind) / f64::from(looks))), "{blind} of {looks}");
        assert!(closed > 0);
    }
}

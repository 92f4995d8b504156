//! The meter: hourly, five minutes late, with prices that are a little wrong, usage that has no price, and Regions that it
//! cannot look into now and then.

use crate::{dice::Dice, hour::Hour, spend::Spend, truth::Truth};
use finops::{Account, InPlace, Observed};
use jiff::{ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Days that are read anew at each look, as the observing function does.
const METERED_DAYS: i32 = 4;

/// Hours of a week.
const WEEK: i64 = 168;

/// The meter of one account.
pub(crate) struct Eye {
    dice: Dice,
    /// For what concerns all accounts at once.
    region: Dice,
    /// What its prices show of each dollar.
    price: Decimal,
    /// The usual part that has no price, per mille.
    unpriced: i64,
}

impl Eye {
    pub(crate) fn new(of_account: Dice, of_all: Dice) -> Self {
        let dice = of_account.about("meter");
        let mut draw = dice.about("price");
        let price = draw.factor(920, 1_080);
        let unpriced = if draw.chance(300) { draw.between(20, 150) } else { 0 };
        Self { dice, region: of_all.about("region"), price, unpriced }
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
            account: account.clone(),
            at: hour.after_end(5),
            in_place: Some(in_place),
            by_day: self.by_day(truth, hour, Spend::ai),
            blind: if unseen > 0 { vec!["eu-west-1: throttled".to_owned()] } else { Vec::new() },
            running: Vec::new(),
            unpriced: Vec::new(),
            unpriced_share: Decimal::ZERO,
        };
        Some(observed.after(before))
    }

    /// What is compared with the AI services of the bill, which has machines of EC2 elsewhere.
    pub(crate) fn ai_services(&self, truth: &Truth<'_>, hour: Hour) -> BTreeMap<Date, Decimal> {
        self.by_day(truth, hour, |spend| spend.tokens + spend.machines)
    }

    fn by_day(&self, truth: &Truth<'_>, hour: Hour, part: fn(&Spend) -> Decimal) -> BTreeMap<Date, Decimal> {
        let (today, unseen) = (hour.day(), self.unseen(hour));
        let days = today.saturating_sub((METERED_DAYS - 1).days()).series(1.day()).take_while(|day| *day <= today);
        let seen = |day: Date| {
            let share = Decimal::new((1_000 - self.unpriced(Hour::first_of(day))) * (1_000 - unseen), 6);
            Some((day, (part(truth.days.get(&day)?) * self.price * share).round_dp(4)))
        };
        days.filter_map(seen).collect()
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
        let world = World::new(5, 30, date(2026, 3, 1), 1, Year::Calm).unwrap();
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

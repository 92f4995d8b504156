//! Cost Explorer as it is documented: refreshed up to three times a day, up to a day late, revised afterwards
//! (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html>).

use crate::{dice::Dice, hour::Hour, run::Look, spend::Spend, truth::Truth};
use finops::{Currency, Day, Window};
use jiff::{ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Days that a refresh computes anew; older ones are settled.
const REVISED_DAYS: i32 = 6;

/// A day is revised by up to three percent for so many days.
const UNSETTLED_DAYS: i32 = 3;

/// The longest that anything is looked back on: five weeks, from the end of the month before.
const KEPT_DAYS: i32 = 70;

const TOKENS: &str = "Amazon Bedrock";
const MACHINES: &str = "Amazon SageMaker";
const GPUS: &str = "Amazon Elastic Compute Cloud - Compute";
const OTHERS: &str = "Amazon Simple Storage Service";

/// When the bill is refreshed: three times a day, and now and then not at all for 30 hours and more.
pub(crate) fn refreshes(dice: Dice, begins: Hour, ends: Hour) -> BTreeSet<Hour> {
    let mut draw = dice.about("refreshes");
    let mut due: BTreeSet<Hour> =
        begins.until(ends).filter(|hour| hour.of_day() % 8 == 3).map(|hour| hour.later(draw.between(0, 3))).collect();
    let outages = ends.since(begins) / (24 * 75);
    for _ in 0..outages {
        let from = begins.later(draw.between(0, ends.since(begins)));
        let until = from.later(draw.between(30, 44));
        due.retain(|hour| *hour < from || until <= *hour);
    }
    due
}

/// What Cost Explorer has of one account.
pub(crate) struct Bill {
    dice: Dice,
    /// What was spent before this hour is in it.
    known_before: Hour,
    days: BTreeMap<Date, Day>,
}

impl Bill {
    pub(crate) fn new(dice: Dice, begins: Hour) -> Self {
        Self { dice: dice.about("bill"), known_before: begins, days: BTreeMap::new() }
    }

    /// A refresh at the end of an hour.
    pub(crate) fn refresh(&mut self, truth: &Truth<'_>, hour: Hour) {
        let mut draw = self.dice.of(hour.0);
        // One refresh in two hundred passes an account over.
        if !draw.chance(5) {
            self.known_before = self.known_before.max(hour.later(1 - draw.between(4, 24)));
        }
        let twice = draw.between(1, 10_000) == 1;
        let last = self.known_before.later(-1).day();
        for day in last.saturating_sub((REVISED_DAYS - 1).days()).series(1.day()).take_while(|day| *day <= last) {
            let settled = day < hour.day().saturating_sub(UNSETTLED_DAYS.days());
            let revision = if settled { Decimal::ONE } else { draw.factor(970, 1_030) };
            let spend = truth.before(day, self.known_before);
            let doubled = if twice && day == last { Decimal::TWO } else { Decimal::ONE };
            let billed = billed(spend.times(revision * doubled));
            // What costs nothing is not on the bill.
            if billed == Day::default() {
                self.days.remove(&day)
            } else {
                self.days.insert(day, billed)
            };
        }
        self.days = self.days.split_off(&last.saturating_sub(KEPT_DAYS.days()));
    }

    /// The answer for some days, as a glitch may have it.
    pub(crate) fn read(&self, window: Window, look: &Look<'_>, number: usize) -> BTreeMap<Date, Day> {
        let shown = |(date, day): (&Date, &Day)| {
            let wrong = look.glitches.iter().find(|glitch| glitch.concerns(number, *date, look.hour));
            let day = wrong.map_or_else(|| Some(day.clone()), |glitch| glitch.show(day));
            Some((*date, day?))
        };
        self.days.range(window.start..window.end).filter_map(shown).collect()
    }
}

fn billed(spend: Spend) -> Day {
    let services = [(TOKENS, spend.tokens), (MACHINES, spend.machines), (GPUS, spend.gpus), (OTHERS, spend.others)];
    let used = services.into_iter().filter(|(_, amount)| !amount.is_zero());
    Day {
        services: used.map(|(name, amount)| (name.to_owned(), amount.round_dp(4))).collect(),
        credits: spend.credits.round_dp(4),
    }
}

/// What AI cost on settled days, for the calibration of the meter.
pub(crate) fn ai_by_day(costs: &finops::Costs, days: i32) -> BTreeMap<Date, Decimal> {
    costs.whole_days(days).into_iter().filter_map(|(date, day)| Some((date, day?.ai()))).collect()
}

/// Today and the days before that may change.
pub(crate) fn days_of(today: Date) -> Window {
    Window { start: today.saturating_sub(REVISED_DAYS.days()), end: today.saturating_add(1.day()) }
}

/// The same, and the whole month.
pub(crate) fn month_of(today: Date) -> Window {
    let days = days_of(today);
    Window { start: today.first_of_month().min(days.start), ..days }
}

/// Days that no decision looks back on are dropped; the ledger keeps them for its reports.
pub(crate) fn forget(costs: &mut finops::Costs, today: Date) {
    let oldest = today.saturating_sub(KEPT_DAYS.days());
    costs.days = costs.days.split_off(&oldest);
}

/// The currency of all of it.
pub(crate) fn currency() -> BTreeSet<Currency> {
    [Currency::USD].into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{World, Year};
    use finops::{Basis, Stage, is_ai_service};
    use jiff::civil::date;

    #[test]
    fn the_bill_is_late_and_revised_and_right_in_the_end() {
        let world = World::new(5, 1, date(2026, 3, 1), 1, Year::Calm).unwrap();
        let mut truth = Truth::new(&world.members[0].demand);
        let mut bill = Bill::new(world.dice, world.begins);
        let all = Window { start: date(2026, 1, 1), end: date(2027, 1, 1) };
        let (mut late, mut seen) = (0, BTreeMap::<Date, BTreeSet<Decimal>>::new());
        for hour in world.begins.until(world.ends) {
            truth.pass(hour, Stage::None);
            if world.refreshes.contains(&hour) {
                bill.refresh(&truth, hour);
                late = late.max(hour.later(1).since(bill.known_before));
                let look = Look { hour, refreshed: true, glitches: &[], acts: false };
                for (date, day) in bill.read(all, &look, 0) {
                    seen.entry(date).or_default().insert(day.total(Basis::Gross));
                }
            }
        }
        assert!((12..=60).contains(&late), "{late}");
        let day = date(2026, 3, 10);
        assert!(seen[&day].len() > 4, "{:?}", seen[&day]);
        let (billed, spent) = (bill.days[&day].total(Basis::Gross), truth.days[&day].total(Basis::Gross));
        assert!((billed - spent).abs() < Decimal::new(1, 2), "{billed} {spent}");
        assert!(is_ai_service(TOKENS) && is_ai_service(MACHINES) && !is_ai_service(GPUS));
    }

    #[test]
    fn some_days_have_no_refresh() {
        let world = World::new(5, 1, date(2026, 1, 1), 12, Year::Calm).unwrap();
        let due: Vec<Hour> = world.refreshes.into_iter().collect();
        let longest = due.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap();
        assert!((30..60).contains(&longest), "{longest}");
        assert!(due.len() > 1_000);
    }
}

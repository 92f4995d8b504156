//! Days on which the bill is wrong. What was spent is as it was.

use crate::{dice::Dice, hour::Hour};
use finops::{Day, Window};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// Figures that are wrong for a time.
#[derive(Debug, Clone)]
pub(crate) struct Glitch {
    pub from: Hour,
    pub until: Hour,
    /// The days whose figures are wrong.
    pub days: Window,
    /// The accounts, by number; all where there is none.
    pub accounts: Option<BTreeSet<usize>>,
    pub wrong: Wrong,
}

/// How a figure is wrong.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wrong {
    /// So many times what it is.
    Times(Decimal),
    /// One service has this.
    Amount(Decimal),
    /// It is not there.
    Missing,
}

impl Glitch {
    pub(crate) fn concerns(&self, number: usize, day: Date, at: Hour) -> bool {
        (self.from..self.until).contains(&at)
            && self.days.contains(day)
            && self.accounts.as_ref().is_none_or(|accounts| accounts.contains(&number))
    }

    /// What is shown instead of a day.
    pub(crate) fn show(&self, day: &Day) -> Option<Day> {
        let mut shown = day.clone();
        match self.wrong {
            Wrong::Times(times) => shown.services.values_mut().for_each(|amount| *amount *= times),
            Wrong::Amount(instead) => shown.services.values_mut().take(1).for_each(|amount| *amount = instead),
            Wrong::Missing => return None,
        }
        Some(shown)
    }
}

/// The glitches of the simulated year: thirty times too much in five accounts for one refresh, a million times too much
/// everywhere for two days, and a month that is empty for a day.
pub(crate) fn of_the_year(dice: Dice, accounts: usize, refreshes: &BTreeSet<Hour>) -> Vec<Glitch> {
    let day = |day: Date| Window { start: day, end: day.tomorrow().unwrap_or(day) };
    let mut draw = dice.about("glitch");
    let last = i64::try_from(accounts).unwrap_or(1) - 1;
    let mut some = BTreeSet::new();
    while some.len() < accounts.min(5) {
        some.insert(usize::try_from(draw.between(0, last)).unwrap_or_default());
    }
    // From one refresh to the next.
    let mut after = refreshes.range(Hour::first_of(date(2026, 4, 22)).later(10)..).copied();
    let one = after.next().zip(after.next());
    let jump = one.map(|(from, until)| Glitch {
        from,
        until,
        days: day(date(2026, 4, 21)),
        accounts: Some(some),
        wrong: Wrong::Times(30.into()),
    });
    let incident = Glitch {
        from: Hour::first_of(date(2026, 7, 17)).later(3),
        until: Hour::first_of(date(2026, 7, 19)).later(3),
        days: day(date(2026, 7, 16)),
        accounts: None,
        wrong: Wrong::Times(1_000_000.into()),
    };
    let empty = Glitch {
        from: Hour::first_of(date(2026, 10, 20)),
        until: Hour::first_of(date(2026, 10, 21)),
        days: Window { start: date(2026, 10, 1), end: date(2026, 11, 1) },
        accounts: None,
        wrong: Wrong::Missing,
    };
    jump.into_iter().chain([incident, empty]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glitch_shows_what_is_not_there_for_a_time() {
        let due = (0..9_000).map(|hour| Hour::first_of(date(2026, 1, 1)).later(hour * 8)).collect();
        let glitches = of_the_year(Dice::new(1), 40, &due);
        let day = Day { services: [("a".to_owned(), 2.into())].into(), credits: 0.into() };
        let shown = |date: Date, at: Date, hour| {
            let at = Hour::first_of(at).later(hour);
            let glitch = glitches.iter().find(|glitch| glitch.concerns(0, date, at))?;
            Some(glitch.show(&day).map(|day| day.services["a"]))
        };
        assert_eq!(shown(date(2026, 7, 16), date(2026, 7, 18), 0), Some(Some(2_000_000.into())));
        assert_eq!(shown(date(2026, 7, 16), date(2026, 7, 19), 4), None);
        assert_eq!(shown(date(2026, 7, 15), date(2026, 7, 18), 0), None);
        assert_eq!(shown(date(2026, 10, 3), date(2026, 10, 20), 5), Some(None));
        let hours = glitches[0].until.since(glitches[0].from);
        assert_eq!((hours, glitches[0].accounts.as_ref().unwrap().len()), (8, 5));
    }
}

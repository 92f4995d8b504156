//! The time a limit is for. Days, months and years are those of UTC, as Cost Explorer's are.

use jiff::{Timestamp, ToSpan as _, civil::Date, tz::Offset};
use serde::{Deserialize, Serialize};

/// How long a limit lasts before it begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A day.
    Daily,
    /// A calendar month.
    Monthly,
    /// Three calendar months, from January, April, July or October.
    Quarterly,
    /// A calendar year.
    Annually,
}

/// The days of one period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// The first day.
    pub start: Date,
    /// The day after the last.
    pub end: Date,
}

impl Period {
    /// The period that a day lies in.
    #[must_use]
    pub fn window(self, day: Date) -> Window {
        let first = day.first_of_month();
        let back = |months: i8| first.saturating_sub(months.months());
        let (start, span) = match self {
            Self::Daily => (day, 1.day()),
            Self::Monthly => (first, 1.month()),
            Self::Quarterly => (back((day.month() - 1) % 3), 3.months()),
            Self::Annually => (day.first_of_year(), 1.year()),
        };
        Window { start, end: start.saturating_add(span) }
    }
}

impl Window {
    /// True for a day in it.
    #[must_use]
    pub fn contains(&self, day: Date) -> bool {
        self.start <= day && day < self.end
    }

    /// How many of its days come after `day`.
    #[must_use]
    pub fn days_after(&self, day: Date) -> u32 {
        u32::try_from(day.max(self.start.saturating_sub(1.day())).until(self.end).map_or(0, |span| span.get_days()))
            .unwrap_or_default()
            .saturating_sub(1)
    }
}

/// The day of UTC that an instant lies in.
#[must_use]
pub fn day_of(instant: Timestamp) -> Date {
    Offset::UTC.to_datetime(instant).date()
}

/// The first instant of a day.
#[must_use]
pub fn start_of(day: Date) -> Timestamp {
    Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn periods_are_those_of_the_calendar() {
        for (period, day, start, end) in [
            (Period::Daily, date(2028, 2, 29), date(2028, 2, 29), date(2028, 3, 1)),
            (Period::Monthly, date(2028, 2, 29), date(2028, 2, 1), date(2028, 3, 1)),
            (Period::Monthly, date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
            (Period::Quarterly, date(2026, 12, 31), date(2026, 10, 1), date(2027, 1, 1)),
            (Period::Quarterly, date(2026, 3, 31), date(2026, 1, 1), date(2026, 4, 1)),
            (Period::Annually, date(2028, 2, 29), date(2028, 1, 1), date(2029, 1, 1)),
        ] {
            assert_eq!(period.window(day), Window { start, end }, "{period:?} {day}");
        }
    }

    #[test]
    fn a_period_ends_with_the_last_instant_of_utc() {
        assert_eq!(day_of("2026-11-30T23:59:59.999Z".parse().unwrap()), date(2026, 11, 30));
        assert_eq!(day_of("2026-12-01T00:00:00Z".parse().unwrap()), date(2026, 12, 1));
        assert_eq!(start_of(date(2026, 12, 1)), "2026-12-01T00:00:00Z".parse().unwrap());
    }

    #[test]
    fn the_days_that_are_left_are_counted() {
        let november = Period::Monthly.window(date(2026, 11, 1));
        assert_eq!(november.days_after(date(2026, 11, 30)), 0);
        assert_eq!(november.days_after(date(2026, 11, 1)), 29);
        assert_eq!(november.days_after(date(2026, 10, 15)), 30);
        assert_eq!(november.days_after(date(2026, 12, 5)), 0);
    }

    proptest! {
        #[test]
        fn every_day_is_in_its_own_period(days in 0_i64..40_000) {
            let day = date(1990, 1, 1).saturating_add(days.days());
            for period in [Period::Daily, Period::Monthly, Period::Quarterly, Period::Annually] {
                prop_assert!(period.window(day).contains(day));
            }
        }
    }
}

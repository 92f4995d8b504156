//! Time goes by in hours of UTC.

use finops::{day_of, start_of};
use jiff::{SignedDuration, Timestamp, civil::Date};

/// An hour, counted from the first of 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hour(pub i64);

impl Hour {
    /// The first hour of a day.
    pub(crate) fn first_of(day: Date) -> Self {
        Self(start_of(day).as_second().div_euclid(3_600))
    }

    pub(crate) fn begins(self) -> Timestamp {
        Timestamp::from_second(self.0.saturating_mul(3_600)).unwrap_or(Timestamp::MAX)
    }

    /// The instant so many minutes after its end, when what happened in it is looked at.
    pub(crate) fn after_end(self, minutes: i64) -> Timestamp {
        self.later(1).begins() + SignedDuration::from_mins(minutes)
    }

    pub(crate) fn day(self) -> Date {
        day_of(self.begins())
    }

    /// From 0 to 23.
    pub(crate) fn of_day(self) -> usize {
        usize::try_from(self.0.rem_euclid(24)).unwrap_or_default()
    }

    /// From 0, a Monday, to 6.
    pub(crate) fn weekday(self) -> i64 {
        // The first of 1970 was a Thursday.
        (self.0.div_euclid(24) + 3).rem_euclid(7)
    }

    pub(crate) fn is_weekend(self) -> bool {
        self.weekday() >= 5
    }

    pub(crate) fn later(self, hours: i64) -> Self {
        Self(self.0 + hours)
    }

    pub(crate) fn since(self, other: Self) -> i64 {
        self.0 - other.0
    }

    pub(crate) fn until(self, end: Self) -> impl Iterator<Item = Self> {
        (self.0..end.0).map(Self)
    }

    /// The hour in which somebody who needs so many hours of work is done: from nine to five, Monday to Friday.
    pub(crate) fn after_work(self, hours: i64) -> Self {
        let works = |hour: &Self| !hour.is_weekend() && (9..17).contains(&hour.of_day());
        let ahead = usize::try_from(hours.max(1) - 1).unwrap_or_default();
        (self.0 + 1..self.0 + 1_000).map(Self).filter(works).nth(ahead).unwrap_or(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn hours_know_their_day() {
        let hour = Hour::first_of(date(2026, 7, 17)).later(23);
        assert_eq!((hour.day(), hour.of_day(), hour.weekday()), (date(2026, 7, 17), 23, 4));
        assert_eq!(hour.after_end(5), "2026-07-18T00:05:00Z".parse().unwrap());
        assert!(hour.later(1).is_weekend() && !hour.is_weekend());
    }

    #[test]
    fn people_work_from_nine_to_five_on_weekdays() {
        let friday = Hour::first_of(date(2026, 7, 17));
        for (asked, hours, answered) in [(8, 1, 9), (9, 1, 10), (15, 2, 72 + 9), (20, 8, 72 + 16)] {
            assert_eq!(friday.later(asked).after_work(hours), friday.later(answered), "{asked} {hours}");
        }
    }
}

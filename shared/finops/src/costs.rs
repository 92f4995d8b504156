//! What the bill of one account shows, day by day, as Cost Explorer told it last.

use crate::{Basis, Currency, Window, day_of, is_ai_service};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use landing_zone::AccountId;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How many days are kept: a year, and the one that it is compared with begins in it.
const KEPT_DAYS: i32 = 400;

/// For how many days services are told apart: two months.
const DETAILED_DAYS: i32 = 62;

/// Older days have one sum under this name.
const TOGETHER: &str = "all services";

/// A day is whole this many days after it: Cost Explorer is up to 24 hours late
/// (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html>), and the day itself has to end.
const WHOLE_AFTER_DAYS: i32 = 2;

/// The bill of one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Costs {
    /// The account.
    pub account: AccountId,
    /// When it was read last.
    pub read_at: Timestamp,
    /// When all the days that decisions look at were read last; between, only the last days are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub whole_at: Option<Timestamp>,
    /// The last day for which the bill of the organization shows anything; none where it showed nothing at all.
    pub through: Option<Date>,
    /// The currencies it is in: one, or something is wrong.
    pub currencies: BTreeSet<Currency>,
    /// Days of UTC. A day that is not here, up to `through`, cost nothing.
    pub days: BTreeMap<Date, Day>,
}

/// One day.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Day {
    /// By service, before credits and refunds.
    pub services: BTreeMap<String, Decimal>,
    /// Credits and refunds, zero or less.
    #[serde(default)]
    pub credits: Decimal,
}

impl Day {
    /// What the day cost.
    #[must_use]
    pub fn total(&self, basis: Basis) -> Decimal {
        let gross: Decimal = self.services.values().sum();
        match basis {
            Basis::Gross => gross,
            Basis::Net => gross + self.credits,
        }
    }

    /// What AI services cost, before credits.
    #[must_use]
    pub fn ai(&self) -> Decimal {
        self.services.iter().filter(|(name, _)| is_ai_service(name)).map(|(_, amount)| amount).sum()
    }
}

impl Costs {
    /// Nothing is known yet but that it was asked for.
    #[must_use]
    pub fn new(account: AccountId, read_at: Timestamp) -> Self {
        Self { account, read_at, whole_at: None, through: None, currencies: BTreeSet::new(), days: BTreeMap::new() }
    }

    /// Takes over what was read for the days of `window`. What was known of those days and is not there any more is
    /// forgotten: AWS revises its bills, also downwards.
    pub fn take(&mut self, window: Window, days: BTreeMap<Date, Day>, through: Option<Date>, read_at: Timestamp) {
        self.days.retain(|day, _| !window.contains(*day));
        self.days.extend(days.into_iter().filter(|(day, _)| window.contains(*day)));
        self.through = through.or(self.through);
        self.read_at = read_at;
        let today = day_of(read_at);
        let oldest = today.saturating_sub(KEPT_DAYS.days());
        let detailed = today.saturating_sub(DETAILED_DAYS.days());
        self.days.retain(|day, _| *day >= oldest);
        for day in self.days.range_mut(..detailed).map(|(_, day)| day).filter(|day| day.services.len() > 1) {
            day.services = [(TOGETHER.to_owned(), day.total(Basis::Gross))].into();
        }
    }

    /// The last day that is whole.
    #[must_use]
    pub fn whole_through(&self) -> Option<Date> {
        Some(self.through?.min(day_of(self.read_at).saturating_sub(WHOLE_AFTER_DAYS.days())))
    }

    /// What the days of a window cost, as far as the bill goes.
    #[must_use]
    pub fn spent(&self, window: Window, basis: Basis) -> Decimal {
        self.days.range(window.start..window.end).map(|(_, day)| day.total(basis)).sum()
    }

    /// The most that one of the `days` days before `day` cost.
    #[must_use]
    pub fn most_before(&self, day: Date, days: i32, basis: Basis) -> Decimal {
        let from = day.saturating_sub(days.days());
        self.days.range(from..day).map(|(_, day)| day.total(basis)).max().unwrap_or_default()
    }

    /// The last `count` whole days, oldest first, beginning no earlier than the first day that cost anything.
    #[must_use]
    pub fn whole_days(&self, count: i32) -> Vec<(Date, Option<&Day>)> {
        let (Some(last), Some(first)) = (self.whole_through(), self.days.keys().next()) else { return Vec::new() };
        let from = last.saturating_sub((count - 1).days()).max(*first);
        from.series(1.day()).take_while(|day| *day <= last).map(|day| (day, self.days.get(&day))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Period;
    use jiff::civil::date;

    fn day(amount: i64) -> Day {
        Day {
            services: [("Amazon Bedrock".to_owned(), amount.into()), ("AWS Lambda".to_owned(), 1.into())].into(),
            credits: (-2).into(),
        }
    }

    fn costs() -> Costs {
        let mut costs = Costs::new(AccountId::parse("111122223333").unwrap(), "2026-11-20T06:00:00Z".parse().unwrap());
        let days = (1..=19).map(|at| (date(2026, 11, at), day(at.into()))).collect();
        let window = Period::Monthly.window(date(2026, 11, 1));
        costs.take(window, days, Some(date(2026, 11, 19)), costs.read_at);
        costs
    }

    #[test]
    fn a_day_is_whole_two_days_later() {
        assert_eq!(costs().whole_through(), Some(date(2026, 11, 18)));
    }

    #[test]
    fn revised_days_replace_what_was_known_and_others_stay() {
        let mut costs = costs();
        let window = Window { start: date(2026, 11, 18), end: date(2026, 11, 21) };
        let read_at = "2026-11-20T14:00:00Z".parse().unwrap();
        costs.take(window, [(date(2026, 11, 18), day(5))].into(), Some(date(2026, 11, 20)), read_at);
        assert_eq!(costs.days.len(), 18);
        assert_eq!(costs.days[&date(2026, 11, 18)].total(Basis::Gross), 6.into());
        assert_eq!(costs.days[&date(2026, 11, 17)].total(Basis::Gross), 18.into());
    }

    #[test]
    fn net_is_after_credits_and_gross_before() {
        let window = Window { start: date(2026, 11, 1), end: date(2026, 11, 3) };
        assert_eq!(costs().spent(window, Basis::Gross), 5.into());
        assert_eq!(costs().spent(window, Basis::Net), 1.into());
        assert_eq!(costs().days[&date(2026, 11, 2)].ai(), 2.into());
    }

    #[test]
    fn old_days_keep_their_sum() {
        let mut costs = costs();
        let later = "2027-02-20T06:00:00Z".parse().unwrap();
        let window = Window { start: date(2027, 2, 19), end: date(2027, 2, 21) };
        costs.take(window, BTreeMap::new(), Some(date(2027, 2, 20)), later);
        let kept = &costs.days[&date(2026, 11, 2)];
        assert_eq!((kept.services.len(), kept.total(Basis::Net)), (1, 1.into()));
    }

    #[test]
    fn days_without_costs_count_as_days() {
        let mut costs = costs();
        costs.days.remove(&date(2026, 11, 17));
        let days = costs.whole_days(3);
        let seen: Vec<_> = days.iter().map(|(day, costs)| (day.day(), costs.is_some())).collect();
        assert_eq!(seen, [(16, true), (17, false), (18, true)]);
        assert_eq!(costs.whole_days(100).len(), 18);
    }
}

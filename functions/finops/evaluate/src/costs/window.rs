//! Which days of the bill are read.

use finops::{Costs, Policy, Window, day_of};
use jiff::{ToSpan as _, civil::Date};
use landing_zone::AccountId;
use std::collections::{BTreeMap, BTreeSet};

/// Days before the last reading that are read again: AWS still adds to them. Older ones are read again once a day.
const REVISED_DAYS: i32 = 3;

/// Cost Explorer has 13 months (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html>).
const MONTHS: i32 = 13;

/// What is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// All that decisions look at, where that is due: on the first reading of a day, and for an account that was never
    /// read.
    pub(super) long: Option<Window>,
    /// The last days; none where no account was read before.
    pub(super) short: Option<Window>,
}

/// Decides which days are read.
pub(super) fn plan(
    active: &BTreeSet<AccountId>,
    known: &BTreeMap<AccountId, Costs>,
    policy: &Policy,
    today: Date,
) -> Plan {
    let read_on = |account: &AccountId| known.get(account).map(|costs| day_of(costs.read_at));
    let read: Vec<Date> = active.iter().filter_map(read_on).collect();
    let window = |start: Date| Window { start, end: today.saturating_add(1.day()) };
    let oldest = today.first_of_month().saturating_sub(MONTHS.months());
    // No day may be left out since the last reading: days that are not there cost nothing.
    let last_days = read.iter().min().map(|day| day.saturating_sub(REVISED_DAYS.days()).clamp(oldest, today));
    let is_new = read.len() < active.len();
    let is_first_today = read.iter().max().is_none_or(|day| *day < today);
    let last_month = today.first_of_month().saturating_sub(1.month());
    // Also for accounts that are known: a limit may have been made one for a longer period.
    let from = last_month.min(policy.reaches_back(today));
    Plan {
        long: (is_new || is_first_today).then(|| window(last_days.map_or(from, |day| day.min(from)))),
        short: last_days.map(window),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, civil::date};

    fn account(digit: u8) -> AccountId {
        AccountId::parse(&digit.to_string().repeat(12)).unwrap()
    }

    fn planned(read: &[Option<&str>]) -> [Option<Date>; 2] {
        let accounts = || (1_u8..).zip(read.iter().copied());
        let active = accounts().map(|(digit, _)| account(digit)).collect();
        let costs = |(digit, at): (u8, Option<&str>)| {
            let at: Timestamp = at?.parse().unwrap();
            Some((account(digit), Costs::new(account(digit), at)))
        };
        let plan = plan(&active, &accounts().filter_map(costs).collect(), &Policy::standard(), date(2026, 11, 20));
        for window in [plan.long, plan.short].into_iter().flatten() {
            assert_eq!(window.end, date(2026, 11, 21));
        }
        [plan.long, plan.short].map(|window| window.map(|window| window.start))
    }

    #[test]
    fn the_first_bill_of_a_day_is_long_and_the_others_are_short() {
        assert_eq!(planned(&[Some("2026-11-19T23:00:00Z")]), [Some(date(2026, 10, 1)), Some(date(2026, 11, 16))]);
        assert_eq!(planned(&[Some("2026-11-20T00:00:00Z")]), [None, Some(date(2026, 11, 17))]);
    }

    #[test]
    fn an_account_that_was_never_read_needs_all_its_days() {
        assert_eq!(planned(&[None]), [Some(date(2026, 10, 1)), None]);
        let with_others = planned(&[Some("2026-11-20T04:00:00Z"), None]);
        assert_eq!(with_others, [Some(date(2026, 10, 1)), Some(date(2026, 11, 17))]);
    }

    #[test]
    fn no_day_is_left_out_after_a_break() {
        let after = planned(&[Some("2026-08-10T04:00:00Z"), Some("2026-11-20T04:00:00Z")]);
        assert_eq!(after, [None, Some(date(2026, 8, 7))]);
        assert_eq!(planned(&[Some("2024-01-01T00:00:00Z")]), [Some(date(2025, 10, 1)); 2]);
    }

    #[test]
    fn a_limit_for_a_longer_period_is_read_from_its_beginning() {
        let text = serde_json::json!({"currency": "USD", "mode": "report", "exemptions": [], "budgets": [{"period": "annually",
            "limit": "1000", "basis": "gross", "maxStage": "notify", "approval": [],
            "stages": {"notify": [{"reportedPercent": "80"}]}}]});
        let policy = Policy::parse(&text.to_string()).unwrap();
        let costs = Costs::new(account(1), "2026-11-19T23:00:00Z".parse().unwrap());
        let plan = plan(&[account(1)].into(), &[(account(1), costs)].into(), &policy, date(2026, 11, 20));
        assert_eq!(plan.long.unwrap().start, date(2026, 1, 1));
    }
}

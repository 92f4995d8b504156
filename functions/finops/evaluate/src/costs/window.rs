//! Which days of the bill are read, and of which accounts.

use finops::{Costs, Policy, Window, day_of};
use jiff::{ToSpan as _, civil::Date};
use landing_zone::AccountId;
use std::collections::{BTreeMap, BTreeSet};

/// Days before the last reading that are read again: AWS still adds to them. Older ones are read again once a day.
const REVISED_DAYS: i32 = 3;

/// An account that was not read for longer has to be read whole: for all the others, so many days are too many.
const LONGEST_DAYS: i32 = 10;

/// Cost Explorer has 13 months (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html>).
const MONTHS: i32 = 13;

/// Days of accounts that are read at once: five pages of 5,000 rows, where an account uses eight services.
const ACCOUNT_DAYS: i32 = 3_000;

/// What is to be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The last days of all accounts.
    pub(super) short: Window,
    /// All that decisions look at, of the accounts that were not read whole on this day. Those that wait longest come first.
    pub(super) parts: Vec<Part>,
    /// True where one part has all accounts.
    pub(super) together: bool,
}

/// Accounts that are read whole at once: few enough pages to be worth a try with the requests that are left.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) accounts: Vec<AccountId>,
    pub(super) window: Window,
}

/// Decides which days are read.
pub(super) fn plan(
    active: &BTreeSet<AccountId>,
    known: &BTreeMap<AccountId, Costs>,
    policy: &Policy,
    today: Date,
) -> Plan {
    let window = |start: Date| Window { start, end: today.saturating_add(1.day()) };
    let revised = |day: Date| day.saturating_sub(REVISED_DAYS.days());
    // No day may be left out since the last reading: days that are not there cost nothing.
    let unread = |account: &AccountId| known.get(account).map(|costs| revised(day_of(costs.read_at)).min(today));
    let longest = today.saturating_sub(LONGEST_DAYS.days());
    let short = active.iter().filter_map(unread).filter(|day| *day >= longest).min().unwrap_or(revised(today));
    // Also for accounts that are known: a limit may have been made one for a longer period.
    let last_month = today.first_of_month().saturating_sub(1.month());
    let from = last_month.min(policy.reaches_back(today));
    let whole_on = |account: &AccountId| known.get(account)?.whole_at.map(day_of);
    let mut due: Vec<AccountId> = active.iter().filter(|account| whole_on(account) < Some(today)).cloned().collect();
    due.sort_by_cached_key(whole_on);
    let days = from.until(today).map_or(1, |span| span.get_days()).max(1);
    let at_once = usize::try_from(ACCOUNT_DAYS / days).unwrap_or_default().max(1);
    let oldest = today.first_of_month().saturating_sub(MONTHS.months());
    let part = |accounts: &[AccountId]| {
        let unread = accounts.iter().filter_map(unread).min();
        Part { accounts: accounts.to_vec(), window: window(unread.map_or(from, |day| day.min(from)).max(oldest)) }
    };
    let parts: Vec<Part> = due.chunks(at_once).map(part).collect();
    Plan { short: window(short), together: parts.len() == 1 && due.len() == active.len(), parts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{Timestamp, civil::date};

    const TODAY: Date = date(2026, 11, 20);

    fn account(number: usize) -> AccountId {
        AccountId::parse(&format!("{number:012}")).unwrap()
    }

    /// Accounts by number, each with when it was read, and when whole.
    fn planned(read: &[Option<(&str, Option<&str>)>]) -> Plan {
        let costs = |(number, at): (usize, &Option<(&str, Option<&str>)>)| {
            let (read_at, whole_at) = (*at)?;
            let time = |text: &str| -> Timestamp { text.parse().unwrap() };
            let costs = Costs::new(account(number), time(read_at));
            Some((account(number), Costs { whole_at: whole_at.map(time), ..costs }))
        };
        let active = (0..read.len()).map(account).collect();
        let plan = plan(&active, &read.iter().enumerate().filter_map(costs).collect(), &Policy::standard(), TODAY);
        let windows = plan.parts.iter().map(|part| part.window).chain([plan.short]);
        assert!(windows.into_iter().all(|window| window.end == date(2026, 11, 21)));
        plan
    }

    fn parts(plan: &Plan) -> Vec<(Vec<AccountId>, Date)> {
        plan.parts.iter().map(|part| (part.accounts.clone(), part.window.start)).collect()
    }

    const YESTERDAY: &str = "2026-11-19T23:00:00Z";
    const NOW: &str = "2026-11-20T04:00:00Z";

    #[test]
    fn an_account_is_read_whole_once_a_day() {
        let first = planned(&[Some((YESTERDAY, Some(YESTERDAY)))]);
        assert_eq!((parts(&first), first.together), (vec![(vec![account(0)], date(2026, 10, 1))], true));
        let again = planned(&[Some((NOW, Some(NOW)))]);
        assert_eq!((parts(&again), again.together, again.short.start), (vec![], false, date(2026, 11, 17)));
        // What was stored before this was kept.
        assert!(planned(&[Some((NOW, None))]).together);
    }

    #[test]
    fn an_account_that_was_never_read_is_read_by_itself() {
        assert!(planned(&[None]).together);
        let plan = planned(&[Some((NOW, Some(NOW))), None]);
        assert_eq!((parts(&plan), plan.together), (vec![(vec![account(1)], date(2026, 10, 1))], false));
        assert_eq!(plan.short.start, date(2026, 11, 17));
    }

    #[test]
    fn no_day_is_left_out_after_a_break_and_it_is_nobody_elses() {
        let old = "2026-08-10T04:00:00Z";
        let plan = planned(&[Some((old, Some(old))), Some((NOW, Some(NOW)))]);
        assert_eq!(parts(&plan), [(vec![account(0)], date(2026, 8, 7))]);
        assert_eq!(plan.short.start, date(2026, 11, 17));
        let older = "2024-01-01T00:00:00Z";
        assert_eq!(parts(&planned(&[Some((older, None))]))[0].1, date(2025, 10, 1));
        let days = "2026-11-15T00:00:00Z";
        assert_eq!(planned(&[Some((days, Some(days)))]).short.start, date(2026, 11, 12));
    }

    #[test]
    fn many_accounts_take_turns_and_those_that_wait_longest_are_first() {
        let mut read = vec![Some((YESTERDAY, Some(YESTERDAY))); 100];
        read[70] = None;
        read[80] = Some((YESTERDAY, Some("2026-11-18T04:00:00Z")));
        read[90] = Some((NOW, Some(NOW)));
        let plan = planned(&read);
        assert!(!plan.together);
        assert_eq!(plan.parts.iter().map(|part| part.accounts.len()).collect::<Vec<_>>(), [60, 39]);
        assert_eq!(plan.parts[0].accounts[..3], [account(70), account(80), account(0)]);
    }

    #[test]
    fn a_limit_for_a_longer_period_is_read_from_its_beginning_of_fewer_accounts_at_once() {
        let text = serde_json::json!({"currency": "USD", "mode": "report", "exemptions": [], "budgets": [{"period": "annually",
            "limit": "1000", "basis": "gross", "maxStage": "notify", "approval": [],
            "stages": {"notify": [{"reportedPercent": "80"}]}}]});
        let policy = Policy::parse(&text.to_string()).unwrap();
        let plan = plan(&(0..20).map(account).collect(), &BTreeMap::new(), &policy, TODAY);
        assert!(plan.parts.iter().all(|part| part.window.start == date(2026, 1, 1)));
        assert_eq!(plan.parts.iter().map(|part| part.accounts.len()).collect::<Vec<_>>(), [9, 9, 2]);
    }
}

//! Figures about the evaluation itself. What is not known is not measured: alarms take a missing figure for bad news.

use crate::decide::{Known, outcomes};
use finops::{Account, Costs, Decision, Observed, Special, day_of};
use jiff::{Timestamp, Unit as Span, civil::Date};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use telemetry::{Metric, Unit, emit};

const SERVICE: &str = "evaluate";

/// Of a reading of the bill.
pub(crate) fn bill(paid: u32, was_read: bool, now: Timestamp) {
    let metrics = [Metric::counted("PaidRequests", paid), Metric::counted("BillUnread", u32::from(!was_read))];
    emit(SERVICE, &metrics, &[], &[], now);
}

/// Of the decisions.
pub(crate) fn decided(
    known: &Known,
    decisions: &[Decision],
    pages: usize,
    started_at: Option<Timestamp>,
    now: Timestamp,
) {
    let blind = in_use(known).filter(|seen| seen.in_place.is_none() || !seen.blind.is_empty()).count();
    let mut metrics = vec![
        Metric::counted("Pages", pages),
        Metric::counted("MeterBlindAccounts", blind),
        Metric::counted("AccountsUnseen", unseen(known, started_at)),
    ];
    let unpriced = in_use(known).map(|seen| seen.unpriced_share).max();
    metrics.extend(unpriced.and_then(|share| (share * Decimal::ONE_HUNDRED).to_f64()).map(|value| Metric {
        name: "UnpricedShare",
        unit: Unit::Percent,
        value,
    }));
    metrics.extend(age(known.costs.values(), now));
    emit(SERVICE, &metrics, &[], &[], now);
    for (outcome, accounts) in outcomes(decisions) {
        emit(SERVICE, &[Metric::counted("Decisions", accounts)], &[("outcome", outcome)], &[], now);
    }
}

/// Accounts that were not looked into since the evaluation began.
pub(crate) fn unseen(known: &Known, started_at: Option<Timestamp>) -> usize {
    started_at.map_or(0, |begin| in_use(known).filter(|seen| seen.at < begin).count())
}

/// Accounts that are to be seen: nobody enters the management account, and one that is closed is not looked at any more.
fn in_use(known: &Known) -> impl Iterator<Item = &Observed> {
    let is_seen = |account: &Account| account.state == "ACTIVE" && account.special != Some(Special::Management);
    known.observed.values().filter(move |seen| is_seen(&seen.account))
}

/// How long ago the bill was read, and how many days are missing at its end; yesterday's is usual.
fn age<'a>(costs: impl Iterator<Item = &'a Costs> + Clone, now: Timestamp) -> Vec<Metric> {
    let read = costs.clone().map(|costs| costs.read_at).max();
    let hours = read.map(|read| now.duration_since(read).as_hours().max(0));
    let late = costs.filter_map(|costs| costs.through).max().and_then(|through| days(through, day_of(now)));
    [("BillAgeHours", hours), ("BillDaysLate", late)]
        .into_iter()
        .filter_map(|(name, value)| Some(Metric::counted(name, value?)))
        .collect()
}

fn days(from: Date, to: Date) -> Option<i64> {
    Some(from.until((Span::Day, to)).ok()?.get_days().max(0).into())
}

/// Of messages about cost.
pub(crate) fn notices(counts: &[(&'static str, usize)], now: Timestamp) {
    let metrics: Vec<Metric> = counts.iter().map(|(name, value)| Metric::counted(name, *value)).collect();
    emit(SERVICE, &metrics, &[], &[], now);
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use landing_zone::AccountId;

    #[test]
    fn the_age_of_the_newest_bill_is_measured_and_none_without_a_bill() {
        let now: Timestamp = "2026-11-20T12:30:00Z".parse().unwrap();
        let mut costs = Costs::new(AccountId::parse("111122223333").unwrap(), "2026-11-20T06:00:00Z".parse().unwrap());
        assert_eq!(age([].iter(), now), []);
        assert_eq!(age([&costs].into_iter(), now), [Metric::counted("BillAgeHours", 6_u32)]);
        costs.through = Some(date(2026, 11, 18));
        assert_eq!(
            age([&costs].into_iter(), now),
            [Metric::counted("BillAgeHours", 6_u32), Metric::counted("BillDaysLate", 2_u32)]
        );
    }

    #[test]
    fn accounts_that_nobody_enters_are_not_blind() {
        let mut known = Known::default();
        let mut keep = |digit: u8, change: fn(&mut Observed)| {
            let mut seen = crate::testing::observed(digit, landing_zone::Environment::Dev, 1);
            seen.in_place = None;
            change(&mut seen);
            known.observed.insert(seen.account.id.clone(), seen);
        };
        keep(1, |_| {});
        keep(2, |seen| seen.account.special = Some(Special::Management));
        keep(3, |seen| seen.account.state = "SUSPENDED".to_owned());
        assert_eq!(in_use(&known).count(), 1);
        assert_eq!(unseen(&known, Some(Timestamp::MAX)), 1);
    }
}

//! The bill as Cost Explorer tells it, row by row. One row that cannot be read spoils the whole: a part of a bill would look
//! like a cheap month.

use aws::COST_METRIC;
use aws_sdk_costexplorer::types::{DateInterval, Group, ResultByTime};
use finops::{Currency, Day, Window, amount};
use jiff::civil::Date;
use landing_zone::AccountId;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Part of the bill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// By account and service, without credits and refunds.
    Gross,
    /// Credits and refunds by account.
    Credits,
}

/// The bill of some days.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bill {
    pub(super) window: Window,
    pub(super) accounts: BTreeMap<AccountId, Share>,
    /// The last day that shows anything.
    pub(super) through: Option<Date>,
}

/// What is in it of one account.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) days: BTreeMap<Date, Day>,
    pub(super) currencies: BTreeSet<Currency>,
}

impl Bill {
    pub(super) fn new(window: Window) -> Self {
        Self { window, accounts: BTreeMap::new(), through: None }
    }

    /// Adds the rows of a page. A day may be spread over pages.
    pub(super) fn add(&mut self, part: Part, results: &[ResultByTime]) -> Result<(), String> {
        for result in results {
            let start = result.time_period().map(DateInterval::start).unwrap_or_default();
            let day: Date = start.parse().map_err(|_| format!("{start:?} is no day"))?;
            if !self.window.contains(day) {
                return Err(format!("{day} was not asked for"));
            }
            for group in result.groups() {
                self.row(part, day, group).map_err(|why| format!("{day} {:?}: {why}", group.keys()))?;
            }
        }
        Ok(())
    }

    fn row(&mut self, part: Part, day: Date, group: &Group) -> Result<(), String> {
        let metric = group.metrics().and_then(|metrics| metrics.get(COST_METRIC)).ok_or("it has no amount")?;
        let amount = amount(metric.amount().ok_or("it has no amount")?)?;
        let mut keys = group.keys().iter();
        let account = AccountId::parse(keys.next().ok_or("it has no account")?)?;
        // Nothing was spent, in no currency.
        if amount.is_zero() {
            return Ok(());
        }
        let currency = Currency::parse(metric.unit().ok_or("it has no currency")?)?;
        let share = self.accounts.entry(account).or_default();
        share.currencies.insert(currency);
        let known = share.days.entry(day).or_default();
        let sum = match part {
            Part::Credits => &mut known.credits,
            Part::Gross => known.services.entry(keys.next().ok_or("it has no service")?.clone()).or_default(),
        };
        *sum = sum.checked_add(amount).ok_or("more than can be added up")?;
        if part == Part::Gross {
            self.through = self.through.max(Some(day));
        }
        Ok(())
    }

    /// What a currency-blind sum of all rows comes to, for the log.
    pub(super) fn total(&self) -> Decimal {
        let days = self.accounts.values().flat_map(|share| share.days.values());
        days.map(|day| day.total(finops::Basis::Gross)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_costexplorer::types::MetricValue;
    use jiff::civil::date;

    const ACCOUNT: &str = "011122223333";

    fn row(keys: &[&str], amount: &str, unit: &str) -> Group {
        let metric = MetricValue::builder().amount(amount).unit(unit).build();
        Group::builder()
            .set_keys(Some(keys.iter().map(|key| (*key).to_owned()).collect()))
            .metrics(COST_METRIC, metric)
            .build()
    }

    fn of_day(day: &str, groups: Vec<Group>) -> ResultByTime {
        let period = DateInterval::builder().start(day).end("2026-12-01").build().unwrap();
        ResultByTime::builder().time_period(period).set_groups(Some(groups)).build()
    }

    fn bill() -> Bill {
        Bill::new(Window { start: date(2026, 11, 1), end: date(2026, 11, 28) })
    }

    fn refused(group: Group) -> String {
        bill().add(Part::Gross, &[of_day("2026-11-02", vec![group])]).unwrap_err()
    }

    #[test]
    fn rows_of_a_day_are_added_up_over_pages_by_account_and_service() {
        let mut bill = bill();
        let rows =
            vec![row(&[ACCOUNT, "Amazon Bedrock"], "1.5", "USD"), row(&[ACCOUNT, "AWS Lambda"], "1.2E-7", "USD")];
        bill.add(Part::Gross, &[of_day("2026-11-02", rows)]).unwrap();
        let other = row(&["222233334444", "Amazon Bedrock"], "7", "EUR");
        bill.add(Part::Gross, &[of_day("2026-11-02", vec![row(&[ACCOUNT, "Amazon Bedrock"], "2", "USD"), other])])
            .unwrap();
        bill.add(Part::Credits, &[of_day("2026-11-03", vec![row(&[ACCOUNT], "-3", "USD")])]).unwrap();
        let share = &bill.accounts[&AccountId::parse(ACCOUNT).unwrap()];
        assert_eq!(share.days[&date(2026, 11, 2)].services["Amazon Bedrock"], "3.5".parse().unwrap());
        assert_eq!(share.days[&date(2026, 11, 3)].credits, (-3).into());
        assert_eq!(share.currencies, [Currency::USD].into());
        assert_eq!(bill.accounts.len(), 2);
        // Credits alone do not make a day that the bill goes to.
        assert_eq!(bill.through, Some(date(2026, 11, 2)));
        assert_eq!(bill.total(), "10.50000012".parse().unwrap());
    }

    #[test]
    fn rows_of_nothing_are_nothing_in_whatever_unit() {
        let mut bill = bill();
        bill.add(Part::Gross, &[of_day("2026-11-27", vec![row(&[ACCOUNT, "AWS Lambda"], "0", "N/A")])]).unwrap();
        assert_eq!(bill, self::bill());
    }

    #[test]
    fn one_row_that_cannot_be_read_spoils_all() {
        for (group, why) in [
            (row(&[ACCOUNT, "AWS Lambda"], "NaN", "USD"), "\"NaN\" is no amount"),
            (row(&[ACCOUNT, "AWS Lambda"], "1,200.00", "USD"), "\"1,200.00\" is no amount"),
            (row(&[ACCOUNT, "AWS Lambda"], "1e309", "USD"), "out of range"),
            (row(&[ACCOUNT, "AWS Lambda"], "5", "GB"), "\"GB\" is no currency"),
            (row(&["11122223333", "AWS Lambda"], "5", "USD"), "must be an AWS account id of 12 digits"),
            (row(&[ACCOUNT], "5", "USD"), "it has no service"),
            (row(&[], "5", "USD"), "it has no account"),
            (Group::builder().keys(ACCOUNT).keys("AWS Lambda").build(), "it has no amount"),
        ] {
            let told = refused(group);
            assert!(told.starts_with("2026-11-02") && told.contains(why), "{told}");
        }
        for day in ["2026-10-31", "2026-11-28", "2026-11-31", "November"] {
            assert!(bill().add(Part::Gross, &[of_day(day, Vec::new())]).is_err(), "{day}");
        }
    }
}

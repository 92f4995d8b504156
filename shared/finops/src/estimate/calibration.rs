//! The estimate compared with the bill.

use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days that have to be comparable.
const DAYS: usize = 3;

/// A day with less on either side says nothing: 1 USD.
const LEAST: Decimal = Decimal::ONE;

/// The meter is not believed to be wrong by more: half or twice.
const LOWEST: Decimal = Decimal::from_parts(5, 0, 0, false, 1);
const HIGHEST: Decimal = Decimal::TWO;

/// How many times what is estimated was billed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Calibration {
    /// What estimates are multiplied with.
    pub factor: Decimal,
    /// How many days could be compared.
    pub days: usize,
    /// True where those were enough.
    pub calibrated: bool,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { factor: Decimal::ONE, days: 0, calibrated: false }
    }
}

/// Compares estimates with what was billed for the same days, once the bill of those days is settled: the median of the
/// days' ratios, so that a day that was billed wrongly moves nothing. Both sides have to be of the same services: the
/// estimate's part of AI services, and the bill's.
#[must_use]
pub fn calibrate(estimated: &BTreeMap<Date, Decimal>, billed: &BTreeMap<Date, Decimal>) -> Calibration {
    let both = estimated.iter().filter_map(|(day, estimated)| Some((*estimated, *billed.get(day)?)));
    let mut ratios: Vec<Decimal> = both
        .filter(|(estimated, billed)| *estimated > LEAST && *billed > LEAST)
        .filter_map(|(estimated, billed)| billed.checked_div(estimated))
        .collect();
    ratios.sort();
    let days = ratios.len();
    // An odd number of days has one in the middle, an even number two.
    let (Some(lower), Some(upper)) = (ratios.get(days.saturating_sub(1) / 2), ratios.get(days / 2)) else {
        return Calibration::default();
    };
    if days < DAYS {
        return Calibration { days, ..Calibration::default() };
    }
    Calibration { factor: ((lower + upper) / Decimal::TWO).clamp(LOWEST, HIGHEST), days, calibrated: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{ToSpan as _, civil::date};

    fn days(amounts: &[&str]) -> BTreeMap<Date, Decimal> {
        let first = date(2026, 11, 1);
        (0..).zip(amounts).map(|(at, amount)| (first.saturating_add(at.days()), amount.parse().unwrap())).collect()
    }

    fn factor(estimated: &[&str], billed: &[&str]) -> (String, usize, bool) {
        let found = calibrate(&days(estimated), &days(billed));
        (found.factor.normalize().to_string(), found.days, found.calibrated)
    }

    #[test]
    fn the_median_ratio_is_the_factor() {
        assert_eq!(factor(&["10", "10", "10"], &["11", "12", "15"]), ("1.2".to_owned(), 3, true));
        assert_eq!(factor(&["10", "10", "10", "10"], &["11", "12", "13", "20"]), ("1.25".to_owned(), 4, true));
        assert_eq!(factor(&["10", "20", "30"], &["9", "18", "27"]), ("0.9".to_owned(), 3, true));
    }

    #[test]
    fn one_day_that_was_billed_wrongly_moves_nothing() {
        let billed = ["10", "1046294123330.95", "10", "10"];
        assert_eq!(factor(&["10", "10", "10", "10"], &billed), ("1".to_owned(), 4, true));
    }

    #[test]
    fn the_factor_stays_between_half_and_twice() {
        assert_eq!(factor(&["10", "10", "10"], &["100", "100", "100"]), ("2".to_owned(), 3, true));
        assert_eq!(factor(&["100", "100", "100"], &["2", "2", "2"]), ("0.5".to_owned(), 3, true));
    }

    #[test]
    fn few_days_and_small_ones_calibrate_nothing() {
        assert_eq!(factor(&[], &[]), ("1".to_owned(), 0, false));
        assert_eq!(factor(&["10", "10"], &["20", "20", "20"]), ("1".to_owned(), 2, false));
        assert_eq!(factor(&["10", "10", "1"], &["20", "20", "20"]), ("1".to_owned(), 2, false));
        assert_eq!(factor(&["10", "10", "10"], &["20", "20", "0.99"]), ("1".to_owned(), 2, false));
        assert_eq!(factor(&["10", "10", "10"], &["20", "20", "-20"]), ("1".to_owned(), 2, false));
    }
}

//! What one look into an account showed: where it lies, what is attached to it, what was metered in it.

use crate::{Account, Calibration, InPlace, Meter, Running, Unpriced, day_of};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days that are kept to compare the meter with the bill: as many as the bill is looked back on.
const KEPT_DAYS: i32 = 40;

/// Days of a look: Cost Explorer is up to a day late, and after three days without it nothing is decided.
const METERED_DAYS: i32 = 4;

/// What was observed in an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// The account.
    pub account: Account,
    /// When it was looked at.
    pub at: Timestamp,
    /// What is seen of enforcement; none where the account could not be entered.
    pub in_place: Option<InPlace>,
    /// What AI cost by day as the meter priced it, before it is compared with the bill.
    pub by_day: BTreeMap<Date, Decimal>,
    /// The part of it that the bill shows among AI services: this is what is compared with the bill.
    #[serde(default)]
    pub ai_services: BTreeMap<Date, Decimal>,
    /// What each model cost by the token, on each day that is metered.
    #[serde(default)]
    pub models: BTreeMap<Date, BTreeMap<String, Decimal>>,
    /// Where nothing could be seen, and why.
    #[serde(default)]
    pub blind: Vec<String>,
    /// What runs and costs by the hour.
    #[serde(default)]
    pub running: Vec<Running>,
    /// What was used and has no price.
    #[serde(default)]
    pub unpriced: Vec<Unpriced>,
    /// How much of all use that is, between 0 and 1.
    #[serde(default)]
    pub unpriced_share: Decimal,
}

impl Observed {
    /// An account of which nothing is seen yet.
    #[must_use]
    pub fn new(account: Account, at: Timestamp) -> Self {
        Self {
            account,
            at,
            in_place: None,
            by_day: BTreeMap::new(),
            ai_services: BTreeMap::new(),
            models: BTreeMap::new(),
            blind: Vec::new(),
            running: Vec::new(),
            unpriced: Vec::new(),
            unpriced_share: Decimal::ZERO,
        }
    }

    /// The first day that a look meters: it meters four, today among them, and the bill of those before is whole.
    #[must_use]
    pub fn metered_from(at: Timestamp) -> Date {
        day_of(at).saturating_sub((METERED_DAYS - 1).days())
    }

    /// Keeps what was metered before: a day never cost less than what was seen of it once. A machine that was stopped
    /// since, and a Region that is out of sight now, are missing from the new look.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        let oldest = day_of(self.at).saturating_sub(KEPT_DAYS.days());
        let metered_from = Self::metered_from(self.at);
        if let Some(before) = before {
            keep(&mut self.by_day, before.by_day.range(oldest..));
            keep(&mut self.ai_services, before.ai_services.range(oldest..));
            for (day, models) in before.models.range(metered_from..) {
                keep(self.models.entry(*day).or_default(), models);
            }
        }
        self
    }

    /// The meter as decisions read it. What could not be looked into has none. Only what is compared with the bill is
    /// corrected by it: what lacks in the price list is models, and machines of EC2 have their price.
    #[must_use]
    pub fn meter(&self, calibration: &Calibration) -> Option<Meter> {
        self.in_place.as_ref()?;
        let calibrated = |(day, amount): (&Date, &Decimal)| {
            let compared = self.ai_services.get(day).copied().unwrap_or_default();
            (*day, amount + compared * (calibration.factor - Decimal::ONE))
        };
        let machines =
            |(day, amount): (&Date, &Decimal)| (*day, amount - self.ai_services.get(day).copied().unwrap_or_default());
        Some(Meter {
            read_at: self.at,
            by_day: self.by_day.iter().map(calibrated).collect(),
            machines: self.by_day.iter().map(machines).collect(),
            blind: self.blind.clone(),
        })
    }
}

/// Keeps the higher of what is known and what was.
fn keep<'b, K: Clone + Ord + 'b>(
    known: &mut BTreeMap<K, Decimal>,
    before: impl IntoIterator<Item = (&'b K, &'b Decimal)>,
) {
    for (key, amount) in before {
        let known = known.entry(key.clone()).or_insert(*amount);
        *known = (*known).max(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;
    use jiff::civil::date;

    fn observed(at: &str, by_day: &[(Date, i64)]) -> Observed {
        let by_day: BTreeMap<Date, Decimal> = by_day.iter().map(|(day, amount)| (*day, (*amount).into())).collect();
        Observed {
            in_place: Some(InPlace::default()),
            ai_services: by_day.clone(),
            by_day,
            ..Observed::new(World::new().account, at.parse().unwrap())
        }
    }

    #[test]
    fn what_was_seen_once_was_spent() {
        let [old, first, second] = [date(2026, 10, 1), date(2026, 11, 18), date(2026, 11, 19)];
        let before = observed("2026-11-19T12:00:00Z", &[(old, 9), (first, 5), (second, 3)]);
        let after = observed("2026-11-20T12:00:00Z", &[(first, 2), (second, 4)]).after(Some(&before));
        assert_eq!(after.by_day, [(first, 5.into()), (second, 4.into())].into());
        assert_eq!(after.ai_services, after.by_day);
    }

    #[test]
    fn what_is_not_compared_with_the_bill_is_not_corrected_by_it() {
        let calibration = Calibration { factor: Decimal::TWO, days: 3, calibrated: true };
        let day = date(2026, 11, 19);
        let mut seen = observed("2026-11-20T12:00:00Z", &[(day, 10)]);
        seen.ai_services = [(day, 3.into())].into();
        let meter = seen.meter(&calibration).unwrap();
        assert_eq!((meter.by_day, meter.machines), ([(day, 13.into())].into(), [(day, 7.into())].into()));
    }

    #[test]
    fn models_are_kept_for_the_days_that_are_metered() {
        let [gone, first, second] = [date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 20)];
        let models = |amounts: &[(&str, i64)]| -> BTreeMap<String, Decimal> {
            amounts.iter().map(|(model, amount)| ((*model).to_owned(), (*amount).into())).collect()
        };
        let mut before = observed("2026-11-19T12:00:00Z", &[]);
        before.models = [(gone, models(&[("a", 9)])), (first, models(&[("a", 5), ("b", 3)]))].into();
        // A Region with model b is out of sight.
        let mut look = observed("2026-11-20T12:00:00Z", &[]);
        look.models = [(first, models(&[("a", 5)])), (second, models(&[("a", 1)]))].into();
        let after = look.after(Some(&before));
        let kept = [(first, models(&[("a", 5), ("b", 3)])), (second, models(&[("a", 1)]))];
        assert_eq!(after.models, kept.into());
        assert_eq!(after.clone().after(Some(&after)), after);
    }

    #[test]
    fn what_was_stored_before_models_were_kept_is_read() {
        let mut stored = serde_json::to_value(observed("2026-11-20T12:00:00Z", &[])).unwrap();
        for member in ["aiServices", "models"] {
            stored.as_object_mut().unwrap().remove(member).unwrap();
        }
        let read: Observed = serde_json::from_value(stored).unwrap();
        assert_eq!(read, observed("2026-11-20T12:00:00Z", &[]));
    }

    #[test]
    fn an_account_that_was_not_entered_has_no_meter() {
        let calibration = Calibration { factor: Decimal::TWO, days: 3, calibrated: true };
        let day = date(2026, 11, 19);
        let mut seen = observed("2026-11-20T12:00:00Z", &[(day, 4)]);
        assert_eq!(seen.meter(&calibration).unwrap().by_day, [(day, 8.into())].into());
        seen.in_place = None;
        assert_eq!(seen.meter(&calibration), None);
    }
}

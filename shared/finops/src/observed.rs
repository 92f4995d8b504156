//! What one look into an account showed: where it lies, what is attached to it, what was metered in it.

use crate::{Account, Calibration, InPlace, Meter, Running, Unpriced, day_of};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Days that are kept to compare the meter with the bill: as many as the bill is looked back on.
const KEPT_DAYS: i32 = 40;

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
    /// Keeps what was metered before: a day never cost less than what was seen of it once. A machine that was stopped
    /// since, and a Region that is out of sight now, are missing from the new look.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        let oldest = day_of(self.at).saturating_sub(KEPT_DAYS.days());
        for (day, amount) in before.iter().flat_map(|before| &before.by_day).filter(|(day, _)| **day >= oldest) {
            let known = self.by_day.entry(*day).or_insert(*amount);
            *known = (*known).max(*amount);
        }
        self
    }

    /// The meter as decisions read it. What could not be looked into has none.
    #[must_use]
    pub fn meter(&self, calibration: &Calibration) -> Option<Meter> {
        self.in_place.as_ref()?;
        Some(Meter {
            read_at: self.at,
            by_day: self.by_day.iter().map(|(day, amount)| (*day, amount * calibration.factor)).collect(),
            blind: self.blind.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::World;
    use jiff::civil::date;

    fn observed(at: &str, by_day: &[(Date, i64)]) -> Observed {
        Observed {
            account: World::new().account,
            at: at.parse().unwrap(),
            in_place: Some(InPlace::default()),
            by_day: by_day.iter().map(|(day, amount)| (*day, (*amount).into())).collect(),
            blind: Vec::new(),
            running: Vec::new(),
            unpriced: Vec::new(),
            unpriced_share: Decimal::ZERO,
        }
    }

    #[test]
    fn what_was_seen_once_was_spent() {
        let [old, first, second] = [date(2026, 10, 1), date(2026, 11, 18), date(2026, 11, 19)];
        let before = observed("2026-11-19T12:00:00Z", &[(old, 9), (first, 5), (second, 3)]);
        let after = observed("2026-11-20T12:00:00Z", &[(first, 2), (second, 4)]).after(Some(&before));
        assert_eq!(after.by_day, [(first, 5.into()), (second, 4.into())].into());
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

//! What one look into an account showed: where it lies, what is attached to it, what was metered in it.

use crate::{Account, Calibration, InPlace, Meter, Running, Unpriced};
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
    /// Keeps days that were metered before and are not metered any more.
    #[must_use]
    pub fn after(mut self, before: Option<&Self>) -> Self {
        let oldest = crate::day_of(self.at).saturating_sub(KEPT_DAYS.days());
        for (day, amount) in before.iter().flat_map(|before| &before.by_day).filter(|(day, _)| **day >= oldest) {
            let now = self.by_day.entry(*day).or_insert(*amount);
            // What could be seen once and is out of sight now was spent all the same.
            if !self.blind.is_empty() {
                *now = (*now).max(*amount);
            }
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

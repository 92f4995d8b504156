//! Money and shares as people read them: two decimals, thousands grouped. Sums are made before anything is rounded.

use finops::{Currency, Money};
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Serialize, Serializer};
use std::{fmt, iter::Sum};

/// An amount of the report's currency.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Amount(pub(crate) Decimal);

impl Amount {
    /// With two decimals.
    pub(crate) fn rounded(self) -> Decimal {
        let mut rounded = self.0.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(2);
        rounded
    }
}

/// `1,234.50`: what currency it is stands above the column.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Money { amount: self.rounded(), currency: Currency::USD }.to_string();
        f.pad(text.split(' ').next().unwrap_or_default())
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Serialize::serialize(&self.rounded(), serializer)
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

/// How much of `whole` a part is, in percent with one decimal; none of nothing.
pub(crate) fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    let share = (part * Decimal::ONE_HUNDRED).checked_div(whole)?;
    Some(share.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_decimals_and_groups() {
        for (amount, shown, stored) in [
            ("0", "0.00", "\"0.00\""),
            ("1234.5", "1,234.50", "\"1234.50\""),
            ("-0.005", "-0.01", "\"-0.01\""),
            ("999999.995", "1,000,000.00", "\"1000000.00\""),
            ("0.004", "0.00", "\"0.00\""),
        ] {
            let amount = Amount(amount.parse().unwrap());
            assert_eq!(amount.to_string(), shown);
            assert_eq!(serde_json::to_string(&amount).unwrap(), stored);
        }
    }

    #[test]
    fn nothing_has_no_shares() {
        assert_eq!(percent(Decimal::ONE, Decimal::from(3)).unwrap().to_string(), "33.3");
        assert_eq!(percent(Decimal::ONE, Decimal::ZERO), None);
    }
}

//! Money: decimal, with its currency, read as AWS writes it. Never binary floating point.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr as _};

/// The largest amount that is read, up or down: ten thousand times what the world earns in a year. Sums and products of
/// such amounts stay far below what a [`Decimal`] holds.
const LARGEST: Decimal = Decimal::from_parts(0xA764_0000, 0x0DE0_B6B3, 0, false, 0);

/// Negative powers of ten that no [`Decimal`] can hold.
const SMALLEST_EXPONENT: i32 = -28;

/// A currency by its three letters (ISO 4217).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The dollar of the United States.
    pub const USD: Self = Self(*b"USD");

    /// Accepts three capital letters.
    pub fn parse(text: &str) -> Result<Self, String> {
        let letters =
            <[u8; 3]>::try_from(text.as_bytes()).ok().filter(|letters| letters.iter().all(u8::is_ascii_uppercase));
        letters.map(Self).ok_or_else(|| format!("{text:?} is no currency: three capital letters, such as USD"))
    }

    /// The three letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The currency that a symbol of AWS's messages stands for. The yen and the yuan share theirs, so that it stands
    /// for neither.
    fn of_symbol(symbol: char) -> Option<Self> {
        match symbol {
            '$' => Some(Self::USD),
            '€' => Some(Self(*b"EUR")),
            '£' => Some(Self(*b"GBP")),
            '₹' => Some(Self(*b"INR")),
            _ => None,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// An amount of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// How much, in units of the currency.
    pub amount: Decimal,
    /// Of what.
    pub currency: Currency,
}

/// Such as `1,234.50 USD`: exact, with two decimals at least.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.amount.abs().normalize().to_string();
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut grouped = String::new();
        for (place, digit) in whole.char_indices() {
            if place > 0 && (whole.len() - place).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        let sign = if self.amount < Decimal::ZERO { "-" } else { "" };
        f.pad(&format!("{sign}{grouped}.{fraction:0<2} {}", self.currency))
    }
}

/// An amount as the APIs of AWS write it: `12.3`, `-3`, `1.2E-7`. What is smaller than a [`Decimal`] holds is rounded.
pub fn amount(text: &str) -> Result<Decimal, String> {
    let wrong = || format!("{text:?} is no amount");
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let exponent: i32 = exponent.parse().map_err(|_| wrong())?;
    let (_, digits) = unsigned(mantissa);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return Err(wrong());
    }
    let out_of_range = || format!("{text:?} is out of range");
    let amount = match exponent {
        0 => Decimal::from_str(mantissa),
        tiny if tiny < SMALLEST_EXPONENT && whole.len() == 1 => Ok(Decimal::ZERO),
        _ => Decimal::from_scientific_lossy(text),
    };
    amount.ok().filter(|amount| amount.abs() <= LARGEST).ok_or_else(out_of_range)
}

/// Money as messages print it: `$1,046,294,123,330.95`, `-$3.20`, `1,200.00 EUR`, `€0.5`, `EUR 5`.
pub fn written(text: &str) -> Result<Money, String> {
    let text = text.trim();
    let no_money = || format!("{text:?} is no money");
    let (minus, rest) = unsigned(text);
    let (currency, rest) = currency_of(rest).ok_or_else(no_money)?;
    let (inner_minus, digits) = unsigned(rest);
    if minus && inner_minus {
        return Err(no_money());
    }
    let amount = amount(&ungrouped(digits).ok_or_else(no_money)?)?;
    Ok(Money { amount: if minus || inner_minus { -amount } else { amount }, currency })
}

fn unsigned(text: &str) -> (bool, &str) {
    text.strip_prefix('-').map_or((false, text), |rest| (true, rest))
}

/// The currency, and the text without it.
fn currency_of(text: &str) -> Option<(Currency, &str)> {
    let mut rest = text.chars();
    let symbol = rest.next().and_then(Currency::of_symbol).map(|currency| (currency, rest.as_str()));
    let before = || text.split_once(' ').and_then(|(code, rest)| Some((Currency::parse(code).ok()?, rest)));
    let after = || text.rsplit_once(' ').and_then(|(rest, code)| Some((Currency::parse(code).ok()?, rest)));
    symbol.or_else(before).or_else(after)
}

/// The digits without the commas between thousands; none where commas stand elsewhere: `1.200,00` may mean anything.
fn ungrouped(digits: &str) -> Option<String> {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default();
    let rest: Vec<&str> = groups.collect();
    let regular = rest.is_empty() || ((1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3));
    let plain = whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
        && fraction.bytes().all(|byte| byte.is_ascii_digit());
    (regular && plain).then(|| format!("{}.{fraction}", whole.replace(',', "")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_read_as_apis_write_them() {
        for (text, expected) in [
            ("12.3", "12.3"),
            ("-3", "-3"),
            ("0", "0"),
            ("-0.5", "-0.5"),
            ("1.2E-7", "0.00000012"),
            ("1.2e+3", "1200"),
            ("-5.5511151231257827E-17", "-0.0000000000000000555111512313"),
            ("1.5E-40", "0"),
            ("1046294123330.95", "1046294123330.95"),
            ("0.00000000000000000000000000000000001", "0"),
            ("1000000000000000000", "1000000000000000000"),
        ] {
            assert_eq!(amount(text).unwrap(), decimal(expected), "{text}");
        }
        for wrong in [
            "",
            " ",
            "NaN",
            "1e309",
            "-1E309",
            "inf",
            "Infinity",
            "1,200.00",
            "1_000",
            "$5",
            "5 ",
            ".5",
            "5.",
            "-",
            "--5",
            "+5",
            "1e",
            "1e1.5",
            "1.2.3",
            "٣",
            "0x10",
            "1000000000000000000.01",
            "1E19",
            "12345678901234567890E-40",
        ] {
            assert!(amount(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn money_is_read_as_messages_print_it() {
        for (text, expected, currency) in [
            ("$1,046,294,123,330.95", "1046294123330.95", "USD"),
            ("$0.5", "0.5", "USD"),
            ("$1200.00", "1200", "USD"),
            ("-$3.20", "-3.2", "USD"),
            ("$-3.20", "-3.2", "USD"),
            (" 1,200.00 EUR ", "1200", "EUR"),
            ("-1,200.00 EUR", "-1200", "EUR"),
            ("€1,200.00", "1200", "EUR"),
            ("EUR 5", "5", "EUR"),
            ("£7", "7", "GBP"),
            ("12 CNY", "12", "CNY"),
        ] {
            let money = Money { amount: decimal(expected), currency: Currency::parse(currency).unwrap() };
            assert_eq!(written(text), Ok(money), "{text}");
        }
        for wrong in [
            "",
            "12 GB",
            "12 GB-Mo",
            "5.00",
            "NaN",
            "$NaN",
            "$",
            "$1e309",
            "$1e3",
            "$ ",
            "$1.200,00",
            "$1,20",
            "$1,2000",
            "$,200",
            "$1,",
            "--$5",
            "-$-5",
            "$--5",
            "¥5",
            "$5 EUR",
            "80%",
            "usd 5",
            "$1,000,000,000,000,000,000.01",
        ] {
            assert!(written(wrong).is_err(), "{wrong}");
        }
        assert_eq!(written("12 GB").unwrap_err(), "\"12 GB\" is no money");
    }

    #[test]
    fn money_is_shown_exactly_and_grouped() {
        for (amount, shown) in [
            ("0", "0.00 USD"),
            ("-0", "0.00 USD"),
            ("1234.5", "1,234.50 USD"),
            ("-999999", "-999,999.00 USD"),
            ("1234567.891", "1,234,567.891 USD"),
        ] {
            assert_eq!(Money { amount: decimal(amount), currency: Currency::USD }.to_string(), shown);
        }
    }

    #[test]
    fn money_is_stored_as_text() {
        let money = Money { amount: decimal("12.30"), currency: Currency::USD };
        let stored = serde_json::json!({"amount": "12.30", "currency": "USD"});
        assert_eq!(serde_json::to_value(money).unwrap(), stored);
        assert_eq!(serde_json::from_value::<Money>(stored).unwrap(), money);
        assert!(serde_json::from_value::<Currency>("usd".into()).is_err());
    }

    #[test]
    fn the_largest_amount_is_a_power_of_ten() {
        assert_eq!(LARGEST, decimal("1000000000000000000"));
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_read(units in -1_000_000_000_000_000_i64..1_000_000_000_000_000, places in 0_u32..10) {
            let money = Money { amount: Decimal::new(units, places), currency: Currency::USD };
            prop_assert_eq!(written(&money.to_string()), Ok(money));
            prop_assert_eq!(amount(&money.amount.to_string()), Ok(money.amount));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC*") {
            let _ = amount(&text);
            let _ = written(&text);
        }

        #[test]
        fn any_text_of_numbers_is_read_or_refused(text in "[-$€]?[-0-9,.eE+ ]{0,40}( EUR)?") {
            let _ = amount(&text);
            let _ = written(&text);
        }
    }
}

//! What FinOps costs itself: counts of what is billed times list prices, by number of accounts.

use crate::world::Error;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Organizations that it is computed for.
const ACCOUNTS: [u32; 3] = [50, 200, 1000];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    of: String,
    items: Vec<Item>,
}

/// Something that AWS bills.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Item {
    what: String,
    /// USD for one.
    price: Decimal,
    /// How many a month, however many accounts there are.
    #[serde(default)]
    fixed: Decimal,
    /// How many a month for each account.
    #[serde(default)]
    per_account: Decimal,
    /// How many there are at most.
    #[serde(default)]
    most: Option<Decimal>,
}

impl Item {
    fn cost(&self, accounts: u32) -> Decimal {
        let count = self.fixed + self.per_account * Decimal::from(accounts);
        self.price * self.most.map_or(count, |most| count.min(most))
    }
}

/// USD a month, by number of accounts.
#[derive(Debug, Serialize)]
pub(crate) struct OwnCost {
    of: String,
    accounts: [u32; 3],
    lines: Vec<(String, [Decimal; 3])>,
    together: [Decimal; 3],
}

/// Computes it from the document.
pub(crate) fn own_cost() -> Result<OwnCost, Error> {
    let document: Document = serde_json::from_str(include_str!("../data/own-cost.json"))?;
    let line = |item: &Item| (item.what.clone(), ACCOUNTS.map(|accounts| item.cost(accounts).round_dp(2)));
    let together = ACCOUNTS.map(|accounts| document.items.iter().map(|item| item.cost(accounts)).sum::<Decimal>());
    Ok(OwnCost {
        lines: document.items.iter().map(line).collect(),
        of: document.of,
        accounts: ACCOUNTS,
        together: together.map(|sum| sum.round_dp(2)),
    })
}

impl fmt::Display for OwnCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{}\n", self.of)?;
        let [few, some, many] = self.accounts.map(|accounts| format!("{accounts} accounts"));
        writeln!(f, "| USD a month | {few} | {some} | {many} |\n|---|---|---|---|")?;
        for (what, [few, some, many]) in &self.lines {
            writeln!(f, "| {what} | {few} | {some} | {many} |")?;
        }
        let [few, some, many] = &self.together;
        writeln!(f, "| **together** | **{few}** | **{some}** | **{many}** |")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_has_its_price_and_its_most() {
        let item = |most| Item {
            what: String::new(),
            price: "0.5".parse().unwrap(),
            fixed: 10.into(),
            per_account: 2.into(),
            most,
        };
        assert_eq!(item(None).cost(50), 55.into());
        assert_eq!(item(Some(100.into())).cost(50), 50.into());
        let cost = own_cost().unwrap();
        assert!(cost.together.is_sorted() && cost.lines.len() > 8);
        let sum: Decimal = cost.lines.iter().map(|(_, costs)| costs[0]).sum();
        assert!((sum - cost.together[0]).abs() < Decimal::new(1, 1), "{sum} and {}", cost.together[0]);
    }
}

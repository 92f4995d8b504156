//! The spending of counted accounts, told apart by day, by who they are, by service and by model.

use super::{AccountRow, Facts};
use crate::amount::{Amount, percent};
use finops::{Basis, Costs, Observed, Window};
use jiff::civil::Date;
use landing_zone::AccountId;
use rust_decimal::Decimal;
use serde::Serialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
};

/// What a group of accounts spent, or what a service cost.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Share {
    /// None for accounts that say nothing.
    pub(crate) name: Option<String>,
    /// How many accounts are in it.
    pub(crate) accounts: usize,
    /// Those of them whose spending is not known, and is in no sum.
    pub(crate) unknown: usize,
    pub(crate) this_month: Option<Amount>,
    pub(crate) last_month: Option<Amount>,
    /// Of this month's total.
    pub(crate) percent: Option<Decimal>,
}

/// A day of all accounts.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DaySpend {
    pub(crate) day: Date,
    /// False where bills may still grow.
    pub(crate) whole: bool,
    /// Before credits, by environment.
    pub(crate) environments: BTreeMap<String, Amount>,
}

/// What a model cost, as it was metered and priced.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModelSpend {
    pub(crate) model: String,
    pub(crate) accounts: usize,
    pub(crate) amount: Amount,
    pub(crate) percent: Option<Decimal>,
}

/// The bills that can be added up.
pub(super) fn counted<'f>(facts: &'f Facts, accounts: &[AccountRow]) -> Vec<&'f Costs> {
    let counted: BTreeSet<&AccountId> =
        accounts.iter().filter(|row| row.uncounted.is_none()).map(|row| &row.account).collect();
    facts.costs.iter().filter(|costs| counted.contains(&costs.account)).collect()
}

/// Groups accounts.
pub(super) fn of_accounts(accounts: &[AccountRow], key: fn(&AccountRow) -> Option<String>) -> Vec<Share> {
    let mut groups: BTreeMap<Option<String>, Vec<&AccountRow>> = BTreeMap::new();
    for row in accounts {
        groups.entry(key(row).filter(|name| !name.trim().is_empty())).or_default().push(row);
    }
    let of = |rows: &[&AccountRow], amount: fn(&AccountRow) -> Option<Amount>| {
        let known: Vec<Amount> =
            rows.iter().filter(|row| row.uncounted.is_none()).filter_map(|row| amount(row)).collect();
        (!known.is_empty()).then(|| known.into_iter().sum())
    };
    let share = |(name, rows): (Option<String>, Vec<&AccountRow>)| Share {
        name,
        accounts: rows.len(),
        unknown: rows.iter().filter(|row| row.uncounted.is_some() || row.this_month.is_none()).count(),
        this_month: of(&rows, |row| row.this_month),
        last_month: of(&rows, |row| row.last_month),
        percent: None,
    };
    sorted(groups.into_iter().map(share).collect())
}

/// By service, as bills name them.
pub(super) fn services(counted: &[&Costs], month: Window, before: Window) -> Vec<Share> {
    #[derive(Default)]
    struct Sum<'c> {
        accounts: BTreeSet<&'c AccountId>,
        this_month: Option<Amount>,
        last_month: Option<Amount>,
    }
    let mut services: BTreeMap<&str, Sum<'_>> = BTreeMap::new();
    for costs in counted {
        for (day, spent) in costs.days.range(before.start..month.end) {
            for (service, amount) in &spent.services {
                let sum = services.entry(service).or_default();
                sum.accounts.insert(&costs.account);
                let of = if month.contains(*day) { &mut sum.this_month } else { &mut sum.last_month };
                *of = Some(Amount(of.unwrap_or_default().0 + amount));
            }
        }
    }
    let begun = counted.iter().any(|costs| costs.through.is_some_and(|through| through >= month.start));
    let share = |(name, sum): (&str, Sum<'_>)| Share {
        name: Some(name.to_owned()),
        accounts: sum.accounts.len(),
        unknown: 0,
        // A service that is not in a bill cost nothing, as far as the bill goes.
        this_month: sum.this_month.or(begun.then(Amount::default)),
        last_month: sum.last_month.or(Some(Amount::default())),
        percent: None,
    };
    sorted(services.into_iter().map(share).collect())
}

fn sorted(mut shares: Vec<Share>) -> Vec<Share> {
    shares.sort_by_key(|share| Reverse((share.this_month, share.last_month)));
    let total: Amount = shares.iter().filter_map(|share| share.this_month).sum();
    for share in &mut shares {
        share.percent = share.this_month.and_then(|amount| percent(amount.0, total.0));
    }
    shares
}

/// Every day since `from` as far as bills go.
pub(super) fn days(accounts: &[AccountRow], counted: &[&Costs], from: Date) -> Vec<DaySpend> {
    let environments: BTreeMap<&AccountId, &str> =
        accounts.iter().map(|row| (&row.account, row.environment.as_str())).collect();
    let (through, whole) = (
        counted.iter().filter_map(|costs| costs.through).max(),
        counted.iter().filter_map(|costs| costs.whole_through()).min(),
    );
    let Some(through) = through else { return Vec::new() };
    let mut days: BTreeMap<Date, BTreeMap<String, Amount>> = from
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= through)
        .map(|day| (day, BTreeMap::new()))
        .collect();
    for costs in counted {
        let environment = environments.get(&costs.account).copied().unwrap_or("unknown");
        for (day, spent) in costs.days.range(from..=through) {
            if let Some(sums) = days.get_mut(day) {
                let sum = sums.entry(environment.to_owned()).or_default();
                sum.0 += spent.total(Basis::Gross);
            }
        }
    }
    let day = |(day, environments)| DaySpend { day, whole: whole.is_some_and(|whole| day <= whole), environments };
    days.into_iter().map(day).collect()
}

/// By model, as metered since that day. What an account was metered for before, and not looked into since, is in no sum.
pub(super) fn models(observed: &[Observed], from: Date) -> Vec<ModelSpend> {
    let mut models: BTreeMap<&str, (BTreeSet<&AccountId>, Decimal)> = BTreeMap::new();
    for seen in observed {
        for (model, amount) in seen.models.range(from..).flat_map(|(_, models)| models) {
            let (accounts, sum) = models.entry(model).or_default();
            accounts.insert(&seen.account.id);
            *sum += amount;
        }
    }
    let total: Decimal = models.values().map(|(_, sum)| sum).sum();
    let spend = |(model, (accounts, sum)): (&str, (BTreeSet<&AccountId>, Decimal))| ModelSpend {
        model: model.to_owned(),
        accounts: accounts.len(),
        amount: Amount(sum),
        percent: percent(sum, total),
    };
    let mut models: Vec<ModelSpend> = models.into_iter().map(spend).collect();
    models.sort_by_key(|model| Reverse(model.amount));
    models
}

//! What would have happened, what is not tagged, what has no price.

use super::{AccountRow, Facts};
use crate::amount::{Amount, percent};
use finops::{Decision, Direction, Observed, Outcome, Stage, Unit};
use jiff::Timestamp;
use landing_zone::AccountId;
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use tagging::{Summary, Swept};

/// A step that was not taken.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Waiting {
    pub(crate) account: AccountId,
    pub(crate) title: String,
    pub(crate) environment: String,
    pub(crate) step: String,
    pub(crate) direction: Direction,
    pub(crate) to: Stage,
    pub(crate) outcome: Outcome,
    pub(crate) at: Timestamp,
    /// What called for it.
    pub(crate) because: Vec<String>,
    /// What stands in the way.
    pub(crate) held_by: Vec<String>,
}

/// Steps that would have been taken, wait for people, or are held.
pub(super) fn waiting(facts: &Facts, accounts: &[AccountRow]) -> Vec<Waiting> {
    let rows: BTreeMap<&AccountId, &AccountRow> = accounts.iter().map(|row| (&row.account, row)).collect();
    let one = |decision: &Decision| {
        let step = decision.step.as_ref()?;
        let told = matches!(decision.outcome, Outcome::Would | Outcome::Approval | Outcome::Held);
        let row = rows.get(&decision.account)?;
        told.then(|| Waiting {
            account: decision.account.clone(),
            title: row.title(),
            environment: row.environment.clone(),
            step: step.id.clone(),
            direction: step.direction,
            to: step.to,
            outcome: decision.outcome,
            at: decision.at,
            because: because(decision, step.to),
            held_by: decision.held_by(),
        })
    };
    let mut waiting: Vec<Waiting> = facts.decisions.iter().filter_map(one).collect();
    waiting.sort_by(|one, other| other.to.cmp(&one.to).then_with(|| one.account.cmp(&other.account)));
    waiting
}

/// The conditions for a stage that hold; those of further stages that come to the same are not told again.
fn because(decision: &Decision, to: Stage) -> Vec<String> {
    let mut told = BTreeSet::new();
    let calls = decision.rules.iter().filter(|rule| rule.holds && rule.stage >= to);
    calls
        .filter(|rule| told.insert(&rule.because))
        .map(|rule| format!("{} ({})", rule.condition, rule.because))
        .collect()
}

/// How much cannot be attributed.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Tags {
    /// The oldest sweep among those counted; none where nothing was swept.
    pub(crate) swept_at: Option<Timestamp>,
    pub(crate) resources: u64,
    pub(crate) untagged: u64,
    pub(crate) untagged_percent: Option<Decimal>,
    /// How many resources lack each required key.
    pub(crate) keys: Vec<(String, u64)>,
    pub(crate) unreachable: usize,
    /// This month's spending of accounts that name no owner, no cost center, and its share; none where nobody knows it.
    pub(crate) without_owner: Option<Amount>,
    pub(crate) without_owner_percent: Option<Decimal>,
    pub(crate) without_cost_center: Option<Amount>,
    pub(crate) without_cost_center_percent: Option<Decimal>,
}

pub(super) fn tags(sweeps: &[Swept], accounts: &[AccountRow]) -> Tags {
    let summary = Summary::of(sweeps);
    let count = summary.coverage.total;
    let untagged = count.resources.saturating_sub(count.complete);
    // An account that was not looked into may well name an owner.
    let looked: Vec<&AccountRow> = accounts.iter().filter(|row| row.name.is_some()).collect();
    let all = spent(&looked);
    let without = |lacks: fn(&AccountRow) -> bool| {
        let rows: Vec<&AccountRow> = looked.iter().copied().filter(|row| lacks(row)).collect();
        if rows.is_empty() { all.map(|_| Amount::default()) } else { spent(&rows) }
    };
    let share = |part: Option<Amount>| percent(part?.0, all?.0);
    let (owner, cost_center) = (without(|row| row.owner.is_none()), without(|row| row.cost_center.is_none()));
    let keys = summary.coverage.keys.into_iter();
    Tags {
        swept_at: summary.swept_at,
        resources: count.resources,
        untagged,
        untagged_percent: percent(untagged.into(), count.resources.into()),
        keys: keys.map(|(key, count)| (key, count.resources.saturating_sub(count.complete))).collect(),
        unreachable: summary.unreachable.len(),
        without_owner: owner,
        without_owner_percent: share(owner),
        without_cost_center: cost_center,
        without_cost_center_percent: share(cost_center),
    }
}

/// What accounts spent this month, as far as it is known; none where it is known of none.
fn spent(rows: &[&AccountRow]) -> Option<Amount> {
    let counted = rows.iter().filter(|row| row.uncounted.is_none());
    let known: Vec<Amount> = counted.filter_map(|row| row.this_month).collect();
    (!known.is_empty()).then(|| known.into_iter().sum())
}

/// What was used and has no price.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UnpricedRow {
    pub(crate) what: String,
    pub(crate) why: String,
    pub(crate) quantity: Decimal,
    pub(crate) unit: Unit,
    pub(crate) accounts: usize,
}

pub(super) fn unpriced(observed: &[Observed]) -> Vec<UnpricedRow> {
    let mut found: BTreeMap<(&str, &str, Unit), (Decimal, BTreeSet<&AccountId>)> = BTreeMap::new();
    for seen in observed {
        for used in &seen.unpriced {
            let (quantity, accounts) = found.entry((&used.what, &used.why, used.unit)).or_default();
            *quantity += used.quantity;
            accounts.insert(&seen.account.id);
        }
    }
    let row = |((what, why, unit), (quantity, accounts)): ((&str, &str, Unit), (Decimal, BTreeSet<&AccountId>))| {
        let (what, why) = (what.to_owned(), why.to_owned());
        UnpricedRow { what, why, quantity: quantity.round_dp(2).normalize(), unit, accounts: accounts.len() }
    };
    let mut rows: Vec<UnpricedRow> = found.into_iter().map(row).collect();
    rows.sort_by(|one, other| (one.unit, other.quantity).cmp(&(other.unit, one.quantity)));
    rows
}

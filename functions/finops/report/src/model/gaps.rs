//! What is not seen, is old, or cannot be added up: a report that hides it is wrong.

use super::{AccountRow, Facts, Idleness};
use crate::{billed::Models, commitments::Covered};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Bills are read twice a day, meters each hour, decisions are made after both; idle resources are looked for once a day.
const BILL_HOLDS: SignedDuration = SignedDuration::from_hours(36);
const METER_HOLDS: SignedDuration = SignedDuration::from_hours(3);
const IDLE_HOLDS: SignedDuration = SignedDuration::from_hours(48);

/// Something that is not known.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Gap {
    pub(crate) what: String,
    /// Where; everywhere when empty.
    pub(crate) accounts: BTreeSet<AccountId>,
}

#[derive(Default)]
struct Gaps(BTreeMap<String, BTreeSet<AccountId>>);

impl Gaps {
    fn all(&mut self, what: impl Into<String>) {
        self.0.entry(what.into()).or_default();
    }

    fn of(&mut self, account: &AccountId, what: impl Into<String>) {
        self.0.entry(what.into()).or_default().insert(account.clone());
    }
}

/// All gaps: those of everything first, then those of most accounts.
pub(super) fn gaps(facts: &Facts, accounts: &[AccountRow], idleness: &Idleness<'_>) -> Vec<Gap> {
    let mut gaps = Gaps::default();
    if accounts.is_empty() {
        gaps.all("Accounts: no bill was read yet, and no account was looked into.");
    }
    for row in accounts {
        of_account(&mut gaps, row, facts.now);
    }
    bills(&mut gaps, facts);
    meters(&mut gaps, facts);
    idle(&mut gaps, facts, idleness);
    if facts.sweeps.is_empty() {
        gaps.all("No resources were swept for tags: the untagged share of resources is not known.");
    }
    for (name, covered) in
        [("Savings Plans", &facts.commitments.savings_plans), ("reservations", &facts.commitments.reservations)]
    {
        if let Covered::Unavailable { why } = covered {
            gaps.all(format!("The coverage by {name} is not known: {why}."));
        }
    }
    if let Models::Unavailable { why } = &facts.billed.models {
        gaps.all(format!("What each model was billed is not known: {why}."));
    }
    let mut gaps: Vec<Gap> = gaps.0.into_iter().map(|(what, accounts)| Gap { what, accounts }).collect();
    gaps.sort_by_key(|gap| (!gap.accounts.is_empty(), std::cmp::Reverse(gap.accounts.len())));
    gaps
}

fn of_account(gaps: &mut Gaps, row: &AccountRow, now: Timestamp) {
    if let Some(why) = &row.uncounted {
        gaps.of(&row.account, format!("In no sum and no chart: {why}."));
    }
    if row.name.is_none() {
        gaps.of(&row.account, "Was not looked into yet: its name, tags, use and limit are not known.");
    }
    match row.decided_at {
        None => gaps.of(&row.account, "Nothing was decided about it yet: what it spent of its limit is not known."),
        Some(at) if old(at, METER_HOLDS, now) => {
            gaps.of(&row.account, "The last decision about it is more than 3 hours old, and so is its status.");
        }
        Some(_) => {}
    }
}

fn bills(gaps: &mut Gaps, facts: &Facts) {
    let billed: BTreeSet<&AccountId> = facts.costs.iter().map(|costs| &costs.account).collect();
    for seen in facts.observed.iter().filter(|seen| !billed.contains(&seen.account.id)) {
        gaps.of(&seen.account.id, "Its bill was not read yet.");
    }
    for costs in &facts.costs {
        match costs.through {
            None => gaps.of(&costs.account, "Cost Explorer shows no costs at all."),
            Some(_) if old(costs.read_at, BILL_HOLDS, facts.now) => {
                gaps.of(&costs.account, "Its bill was read more than 36 hours ago.");
            }
            Some(_) => {}
        }
    }
}

fn meters(gaps: &mut Gaps, facts: &Facts) {
    for seen in &facts.observed {
        if old(seen.at, METER_HOLDS, facts.now) {
            gaps.of(&seen.account.id, "Was metered more than 3 hours ago.");
        }
        for blind in &seen.blind {
            gaps.of(&seen.account.id, format!("The meter saw nothing: {blind}."));
        }
    }
}

fn idle(gaps: &mut Gaps, facts: &Facts, idleness: &Idleness<'_>) {
    if idleness.reports.is_empty() {
        // Where no account is an AI account in use, nothing is to be looked for.
        if facts.observed.is_empty() || !idleness.accounts.is_empty() {
            gaps.all("Idle resources were not looked for yet.");
        }
        return;
    }
    for account in idleness.unlooked() {
        gaps.of(account, "Idle resources were not looked for.");
    }
    for report in &idleness.reports {
        if old(report.at, IDLE_HOLDS, facts.now) {
            gaps.of(&report.account, "Idle resources were looked for more than 48 hours ago.");
        }
        for blind in &report.blind {
            gaps.of(&report.account, format!("Could not be judged as idle or not: {blind}."));
        }
    }
}

fn old(at: Timestamp, holds: SignedDuration, now: Timestamp) -> bool {
    now.duration_since(at) > holds
}

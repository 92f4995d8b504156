//! What is idle in the AI accounts that are in use. What is left in the ledger of others, which were closed or became something
//! else, counts nowhere: nobody looks into them any more.

use super::Facts;
use crate::amount::Amount;
use finops::{Idle, IdleReport, IdleState};
use jiff::Timestamp;
use landing_zone::AccountId;
use serde::Serialize;
use std::{cmp::Reverse, collections::BTreeSet};

/// What nobody uses.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Idling {
    /// In how many accounts it was looked.
    pub(crate) accounts: usize,
    /// In how many it was not, or something in them could not be judged.
    pub(crate) unseen: usize,
    pub(crate) found: Vec<IdleRow>,
    /// What a month without what still runs saves, as far as it has a price; none where nothing has one. That nothing is
    /// idle is known only where everything was judged.
    pub(crate) saving: Option<Amount>,
    /// How many of those have no price.
    pub(crate) unpriced: usize,
}

/// One idle resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct IdleRow {
    pub(crate) account: AccountId,
    pub(crate) kind: String,
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) owner: Option<String>,
    pub(crate) evidence: String,
    pub(crate) since: Option<Timestamp>,
    pub(crate) monthly_saving: Option<Amount>,
    #[serde(flatten)]
    pub(crate) state: IdleState,
}

/// Where idle resources are looked for, and what came of it.
pub(super) struct Idleness<'f> {
    /// The AI accounts that are in use.
    pub(super) accounts: BTreeSet<&'f AccountId>,
    /// Those of these accounts.
    pub(super) reports: Vec<&'f IdleReport>,
}

impl<'f> Idleness<'f> {
    pub(super) fn of(facts: &'f Facts) -> Self {
        let in_use =
            facts.observed.iter().map(|seen| &seen.account).filter(|account| account.ai_environment().is_some());
        let accounts: BTreeSet<&AccountId> = in_use.map(|account| &account.id).collect();
        let reports = facts.idle.iter().filter(|report| accounts.contains(&report.account)).collect();
        Self { accounts, reports }
    }

    /// Accounts that were not looked into.
    pub(super) fn unlooked(&self) -> impl Iterator<Item = &'f AccountId> {
        let looked: BTreeSet<&AccountId> = self.reports.iter().map(|report| &report.account).collect();
        self.accounts.iter().copied().filter(move |account| !looked.contains(account))
    }

    /// The most expensive first.
    pub(super) fn idling(&self) -> Idling {
        let rows =
            |report: &&'f IdleReport| report.found.iter().map(|idle| row(&report.account, idle)).collect::<Vec<_>>();
        let mut found: Vec<IdleRow> = self.reports.iter().flat_map(rows).collect();
        found.sort_by(|one, other| {
            let by = |row: &IdleRow| Reverse(row.monthly_saving);
            by(one).cmp(&by(other)).then_with(|| one.arn.cmp(&other.arn))
        });
        // What is stopped saves already.
        let running = || found.iter().filter(|row| !matches!(row.state, IdleState::Stopped { .. }));
        let priced: Vec<Amount> = running().filter_map(|row| row.monthly_saving).collect();
        let unseen = self.unlooked().count() + self.reports.iter().filter(|report| !report.blind.is_empty()).count();
        let nothing_is_idle = running().next().is_none() && unseen == 0 && !self.reports.is_empty();
        Idling {
            accounts: self.reports.len(),
            unseen,
            unpriced: running().count().saturating_sub(priced.len()),
            saving: (nothing_is_idle || !priced.is_empty()).then(|| priced.into_iter().sum()),
            found,
        }
    }
}

fn row(account: &AccountId, idle: &Idle) -> IdleRow {
    IdleRow {
        account: account.clone(),
        kind: idle.kind.clone(),
        arn: idle.arn.clone(),
        name: idle.name.clone(),
        region: idle.region.clone(),
        owner: idle.owner.clone(),
        evidence: idle.evidence.clone(),
        since: idle.since,
        monthly_saving: idle.monthly_saving.map(Amount),
        state: idle.state.clone(),
    }
}

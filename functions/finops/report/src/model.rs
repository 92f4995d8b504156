//! What is reported, computed from what is known: pure. What is not known is told among the gaps, and is never a zero.

mod accounts;
mod gaps;
mod idle;
mod rest;
mod shares;

pub(crate) use accounts::{AccountRow, Standing};
pub(crate) use gaps::Gap;
pub(crate) use idle::{IdleRow, Idling};
pub(crate) use rest::{Tags, UnpricedRow, Waiting};
pub(crate) use shares::{DaySpend, ModelSpend, Share};

use crate::{amount::Amount, billed::Billed, commitments::Commitments};
use finops::{Basis, Costs, Currency, Decision, IdleReport, Mode, Observed, Period, Policy, Record, Window, day_of};
use idle::Idleness;
use jiff::{Timestamp, ToSpan as _, civil::Date};
use serde::Serialize;
use tagging::Swept;

/// What is known.
pub(crate) struct Facts {
    pub(crate) now: Timestamp,
    pub(crate) policy: Policy,
    pub(crate) costs: Vec<Costs>,
    pub(crate) observed: Vec<Observed>,
    pub(crate) decisions: Vec<Decision>,
    pub(crate) records: Vec<Record>,
    pub(crate) idle: Vec<IdleReport>,
    pub(crate) sweeps: Vec<Swept>,
    pub(crate) commitments: Commitments,
    pub(crate) billed: Billed,
}

/// The report.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// When it was made.
    pub(crate) at: Timestamp,
    /// The currency of all amounts.
    pub(crate) currency: Currency,
    /// Whether anything is done against spending.
    pub(crate) mode: Mode,
    /// This month.
    pub(crate) month: Window,
    /// The month before.
    pub(crate) before: Window,
    /// The last day that the bill shows.
    pub(crate) through: Option<Date>,
    /// The last day that is whole in every bill.
    pub(crate) whole_through: Option<Date>,
    pub(crate) total: Total,
    pub(crate) days: Vec<DaySpend>,
    pub(crate) accounts: Vec<AccountRow>,
    pub(crate) environments: Vec<Share>,
    pub(crate) account_types: Vec<Share>,
    pub(crate) owners: Vec<Share>,
    pub(crate) cost_centers: Vec<Share>,
    pub(crate) services: Vec<Share>,
    /// How many accounts the meter could look into.
    pub(crate) metered: usize,
    /// The first day of what models cost.
    pub(crate) models_from: Date,
    pub(crate) models: Vec<ModelSpend>,
    /// What models cost this month, as the bill has it.
    pub(crate) billed: Billed,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) idle: Idling,
    pub(crate) tags: Tags,
    pub(crate) commitments: Commitments,
    pub(crate) unpriced: Vec<UnpricedRow>,
    pub(crate) gaps: Vec<Gap>,
}

/// All accounts together. Amounts are before credits, of accounts whose figures can be added up.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Total {
    pub(crate) this_month: Option<Amount>,
    pub(crate) last_month: Option<Amount>,
    /// What AI services cost this month.
    pub(crate) ai: Option<Amount>,
    /// Credits and refunds of this month, zero or less.
    pub(crate) credits: Option<Amount>,
    /// What this month is expected to come to, for the accounts of which that is known.
    pub(crate) forecast: Option<Amount>,
    /// How many accounts have no forecast of this month.
    pub(crate) without_forecast: usize,
    pub(crate) over: usize,
    pub(crate) expected_over: usize,
    pub(crate) within: usize,
    pub(crate) unknown: usize,
}

impl Report {
    /// Computes it.
    pub(crate) fn of(facts: &Facts) -> Self {
        let today = day_of(facts.now);
        let month = Period::Monthly.window(today);
        let before = Period::Monthly.window(month.start.saturating_sub(1.day()));
        let accounts = accounts::rows(facts, month, before);
        let counted = shares::counted(facts, &accounts);
        let idleness = Idleness::of(facts);
        let models_from = Observed::metered_from(facts.now);
        let share = |key: fn(&AccountRow) -> Option<String>| shares::of_accounts(&accounts, key);
        Self {
            at: facts.now,
            currency: facts.policy.currency,
            mode: facts.policy.mode,
            month,
            before,
            through: counted.iter().filter_map(|costs| costs.through).max(),
            whole_through: counted.iter().filter_map(|costs| costs.whole_through()).min(),
            total: total(&accounts, &counted, month),
            days: shares::days(&accounts, &counted, before.start),
            environments: share(|row| Some(row.environment.clone())),
            account_types: share(|row| row.account_type.clone()),
            owners: share(|row| row.owner.clone()),
            cost_centers: share(|row| row.cost_center.clone()),
            services: shares::services(&counted, month, before),
            metered: facts.observed.iter().filter(|seen| seen.in_place.is_some()).count(),
            models_from,
            models: shares::models(&facts.observed, models_from),
            billed: facts.billed.clone(),
            waiting: rest::waiting(facts, &accounts),
            idle: idleness.idling(),
            tags: rest::tags(&facts.sweeps, &accounts),
            commitments: facts.commitments.clone(),
            unpriced: rest::unpriced(&facts.observed),
            gaps: gaps::gaps(facts, &accounts, &idleness),
            accounts,
        }
    }

    /// Accounts that are over their limit, the worst first.
    pub(crate) fn over(&self) -> impl Iterator<Item = &AccountRow> {
        self.accounts.iter().filter(|row| row.standing == Standing::Over)
    }

    /// Accounts that are expected to come over it.
    pub(crate) fn expected_over(&self) -> impl Iterator<Item = &AccountRow> {
        self.accounts.iter().filter(|row| row.standing == Standing::ExpectedOver)
    }
}

fn total(accounts: &[AccountRow], counted: &[&Costs], month: Window) -> Total {
    let known = || accounts.iter().filter(|row| row.uncounted.is_none());
    let of = |amounts: Vec<Amount>| (!amounts.is_empty()).then(|| amounts.into_iter().sum());
    let forecast = |row: &AccountRow| (row.window == Some(month)).then(|| row.forecast.amount().map(Amount)).flatten();
    let begun = || counted.iter().filter(|costs| costs.through.is_some_and(|through| through >= month.start));
    let days = |costs: &&&Costs| {
        let days = costs.days.range(month.start..month.end);
        days.fold(<(Amount, Amount)>::default(), |(ai, credits), (_, day)| {
            (Amount(ai.0 + day.ai()), Amount(credits.0 + day.total(Basis::Net) - day.total(Basis::Gross)))
        })
    };
    let parts: Vec<(Amount, Amount)> = begun().map(|costs| days(&costs)).collect();
    let stand = |standing| accounts.iter().filter(|row| row.standing == standing).count();
    Total {
        this_month: of(known().filter_map(|row| row.this_month).collect()),
        last_month: of(known().filter_map(|row| row.last_month).collect()),
        ai: of(parts.iter().map(|(ai, _)| *ai).collect()),
        credits: of(parts.iter().map(|(_, credits)| *credits).collect()),
        forecast: of(known().filter_map(forecast).collect()),
        without_forecast: accounts.iter().filter(|row| row.uncounted.is_some() || forecast(row).is_none()).count(),
        over: stand(Standing::Over),
        expected_over: stand(Standing::ExpectedOver),
        within: stand(Standing::Within),
        unknown: stand(Standing::Unknown),
    }
}

#[cfg(test)]
mod tests;

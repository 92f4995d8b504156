//! One row for each account: who it is, what it spent, how it stands against its limit.

use super::Facts;
use crate::amount::{Amount, percent};
use finops::{Basis, Costs, Decision, Direction, Observed, Outcome, Record, Signal, Stage, Window};
use jiff::{Timestamp, civil::Date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// An account.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AccountRow {
    pub(crate) account: AccountId,
    /// None where the account was not looked at yet.
    pub(crate) name: Option<String>,
    /// `prod`, `test`, `dev`, `core` for platform accounts, `unknown`.
    pub(crate) environment: String,
    pub(crate) account_type: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) cost_center: Option<String>,
    /// As Organizations has it, such as `ACTIVE`.
    pub(crate) state: Option<String>,
    /// What the bill shows of this month, before credits; none where it does not reach into it.
    pub(crate) this_month: Option<Amount>,
    pub(crate) last_month: Option<Amount>,
    /// Why its amounts are in no sum, where they are not.
    pub(crate) uncounted: Option<String>,
    /// The period of its limit.
    pub(crate) window: Option<Window>,
    pub(crate) limit: Option<Amount>,
    /// Of that period, as decided on last.
    pub(crate) reported: Signal,
    pub(crate) estimated: Signal,
    pub(crate) forecast: Signal,
    /// What was spent in percent of the limit.
    pub(crate) used_percent: Option<Decimal>,
    pub(crate) standing: Standing,
    /// When it was decided on last.
    pub(crate) decided_at: Option<Timestamp>,
    /// The stage that the account is in, and the one it should be in.
    pub(crate) stage: Stage,
    pub(crate) desired: Option<Stage>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) direction: Option<Direction>,
    /// The day whose figures cannot be believed.
    pub(crate) doubted: Option<Date>,
    /// Another limit for a time, and why the last step did not end well.
    pub(crate) notes: Vec<String>,
}

/// How an account stands against its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    /// It spent the limit.
    Over,
    /// It is expected to.
    ExpectedOver,
    /// It is not.
    Within,
    /// Nobody knows.
    Unknown,
}

impl Standing {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Over => "over limit",
            Self::ExpectedOver => "expected over",
            Self::Within => "within",
            Self::Unknown => "not known",
        }
    }
}

impl AccountRow {
    /// What was spent of the limit: with what the meter saw, where that is known.
    pub(crate) fn spent(&self) -> Option<Amount> {
        self.estimated.amount().or(self.reported.amount()).map(Amount)
    }

    /// Its name and id, as people tell accounts apart.
    pub(crate) fn title(&self) -> String {
        match self.name.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => format!("{name} ({})", self.account),
            None => self.account.to_string(),
        }
    }
}

struct Known<'f> {
    costs: Option<&'f Costs>,
    observed: Option<&'f Observed>,
    decision: Option<&'f Decision>,
    record: Option<&'f Record>,
}

/// All accounts that anything is known of, those that spent most of their limit first.
pub(super) fn rows(facts: &Facts, month: Window, before: Window) -> Vec<AccountRow> {
    let costs: BTreeMap<_, _> = facts.costs.iter().map(|costs| (&costs.account, costs)).collect();
    let observed: BTreeMap<_, _> = facts.observed.iter().map(|seen| (&seen.account.id, seen)).collect();
    let decisions: BTreeMap<_, _> = facts.decisions.iter().map(|decision| (&decision.account, decision)).collect();
    let records: BTreeMap<_, _> = facts.records.iter().map(|record| (&record.account, record)).collect();
    let ids: BTreeSet<&AccountId> = costs.keys().chain(observed.keys()).chain(decisions.keys()).copied().collect();
    let known = |id: &AccountId| Known {
        costs: costs.get(id).copied(),
        observed: observed.get(id).copied(),
        decision: decisions.get(id).copied(),
        record: records.get(id).copied(),
    };
    let mut rows: Vec<AccountRow> = ids.into_iter().map(|id| row(facts, id, &known(id), month, before)).collect();
    rows.sort_by(|one, other| {
        let by = |row: &AccountRow| (row.standing, std::cmp::Reverse(row.used_percent));
        by(one).cmp(&by(other)).then_with(|| other.this_month.cmp(&one.this_month))
    });
    rows
}

fn row(facts: &Facts, id: &AccountId, known: &Known<'_>, month: Window, before: Window) -> AccountRow {
    let Known { costs, observed, decision, record } = *known;
    let account = observed.map(|observed| &observed.account);
    let foreign = costs.and_then(|costs| costs.currencies.iter().find(|used| **used != facts.policy.currency));
    let reaching = |window: Window| {
        costs.filter(|costs| foreign.is_none() && costs.through.is_some_and(|through| through >= window.start))
    };
    let spent = |window: Window| reaching(window).map(|costs| Amount(costs.spent(window, Basis::Gross)));
    let doubted = decision.and_then(|decision| decision.doubted);
    let signal = |of: fn(&Decision) -> &Signal| match decision {
        Some(decision) => of(decision).clone(),
        None => Signal::Unavailable { why: "nothing was decided about the account yet".to_owned() },
    };
    let budget = account.map(|account| {
        let budget = facts.policy.budget(id, account.account_type, account.environment);
        budget.with(record.and_then(|record| record.change.as_ref()), facts.now)
    });
    let limit = decision.map(|decision| decision.limit).or(budget.as_ref().map(|budget| budget.limit));
    let window = decision.map(|decision| decision.window);
    let mut row = AccountRow {
        account: id.clone(),
        name: account.map(|account| account.name.clone()),
        environment: environment(account.and_then(|account| account.environment), account.and_then(|a| a.account_type)),
        account_type: account.and_then(|account| account.account_type).map(|kind| kind.id().to_owned()),
        owner: account.and_then(|account| account.owner.clone()),
        cost_center: account.and_then(|account| account.cost_center.clone()),
        state: account.map(|account| account.state.clone()),
        this_month: spent(month),
        last_month: spent(before),
        uncounted: uncounted(foreign.map(ToString::to_string), doubted),
        window: window.or(budget.map(|budget| budget.period.window(finops::day_of(facts.now)))),
        limit: limit.map(Amount),
        reported: signal(|decision| &decision.signals.reported),
        estimated: signal(|decision| &decision.signals.estimated),
        forecast: signal(|decision| &decision.signals.forecast),
        used_percent: None,
        standing: Standing::Unknown,
        decided_at: decision.map(|decision| decision.at),
        stage: record.map(|record| record.stage).unwrap_or_default(),
        desired: decision.map(|decision| decision.desired),
        outcome: decision.map(|decision| decision.outcome),
        direction: decision.and_then(|decision| decision.step.as_ref()).map(|step| step.direction),
        doubted,
        notes: notes(facts, record),
    };
    if row.uncounted.is_none() {
        (row.used_percent, row.standing) = standing(&row);
    }
    row
}

fn environment(environment: Option<Environment>, account_type: Option<AccountType>) -> String {
    match (environment, account_type) {
        (Some(environment), _) => environment.id().to_owned(),
        (None, Some(kind)) if kind.is_core() => "core".to_owned(),
        (None, _) => "unknown".to_owned(),
    }
}

fn uncounted(foreign: Option<String>, doubted: Option<Date>) -> Option<String> {
    let foreign = foreign.map(|currency| format!("the bill has amounts in {currency}"));
    foreign.or(doubted.map(|day| format!("the figures of {day} cannot be believed")))
}

fn notes(facts: &Facts, record: Option<&Record>) -> Vec<String> {
    let Some(record) = record else { return Vec::new() };
    let change = record.change.as_ref().filter(|change| facts.now < change.until);
    let change = change.map(|change| {
        let until = finops::day_of(change.until);
        format!("another limit until {until} by {}: {}", change.by, change.reason)
    });
    let failure = record.failure.as_ref().map(|failure| format!("the last step failed: {}", failure.message()));
    change.into_iter().chain(failure).collect()
}

fn standing(row: &AccountRow) -> (Option<Decimal>, Standing) {
    let (Some(spent), Some(limit)) = (row.spent(), row.limit) else { return (None, Standing::Unknown) };
    let standing = if spent >= limit {
        Standing::Over
    } else if row.forecast.amount().is_some_and(|forecast| forecast >= limit.0) {
        Standing::ExpectedOver
    } else {
        Standing::Within
    };
    (percent(spent.0, limit.0), standing)
}

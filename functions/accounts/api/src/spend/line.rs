//! An account and its spending in a few words.

use finops::{Account, Currency, Decision, Outcome, Signal, Stage, Window};
use jiff::{Timestamp, civil::Date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use std::cmp::Reverse;

/// An account and its spending.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Line<'a> {
    account_id: &'a AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<Environment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account_type: Option<AccountType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner: Option<&'a str>,
    period: Window,
    limit: Decimal,
    currency: Currency,
    /// Of the limit; none where nothing is known of what was spent.
    #[serde(skip_serializing_if = "Option::is_none")]
    percent: Option<Decimal>,
    reported: Figure<'a>,
    estimated: Figure<'a>,
    forecast: Figure<'a>,
    pub(super) stage: Stage,
    desired: Stage,
    pub(super) outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Next<'a>>,
    held_by: Vec<String>,
    at: Timestamp,
}

/// A figure, rounded to cents, or why there is none.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Figure<'a> {
    #[serde(rename_all = "camelCase")]
    Known {
        amount: Decimal,
        as_of: Timestamp,
        through: Date,
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        lacks: &'a [String],
    },
    Missing {
        unavailable: &'a str,
    },
}

/// What is to be done next.
#[derive(Serialize)]
struct Next<'a> {
    id: &'a str,
    to: Stage,
}

/// Where an account stands in the list: who spent most of the limit comes first, who is not known to have spent last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    percent: Reverse<Option<Decimal>>,
    account: AccountId,
}

impl<'a> Line<'a> {
    /// The account is none where it was not observed yet.
    pub(super) fn of(decision: &'a Decision, account: Option<&'a Account>, currency: Currency) -> Self {
        Self {
            account_id: &decision.account,
            name: account.map(|account| account.name.as_str()),
            environment: account.and_then(|account| account.environment),
            account_type: account.and_then(|account| account.account_type),
            owner: account.and_then(|account| account.owner.as_deref()),
            period: decision.window,
            limit: decision.limit,
            currency,
            percent: percent(decision),
            reported: Figure::from(&decision.signals.reported),
            estimated: Figure::from(&decision.signals.estimated),
            forecast: Figure::from(&decision.signals.forecast),
            stage: decision.stage,
            desired: decision.desired,
            outcome: decision.outcome,
            step: decision.step.as_ref().map(|step| Next { id: &step.id, to: step.to }),
            held_by: decision.held_by(),
            at: decision.at,
        }
    }

    pub(super) fn position(&self) -> Position {
        Position { percent: Reverse(self.percent), account: self.account_id.clone() }
    }
}

/// What was spent in percent of the limit, by the signal that shows more.
fn percent(decision: &Decision) -> Option<Decimal> {
    let spent = decision.signals.reported.amount().max(decision.signals.estimated.amount())?;
    let percent = spent.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(decision.limit)?;
    Some(percent.round_dp(2))
}

impl<'a> From<&'a Signal> for Figure<'a> {
    fn from(signal: &'a Signal) -> Self {
        match signal {
            Signal::Known(reading) => Self::Known {
                amount: reading.amount.round_dp(2),
                as_of: reading.as_of,
                through: reading.through,
                lacks: &reading.lacks,
            },
            Signal::Unavailable { why } => Self::Missing { unavailable: why },
        }
    }
}

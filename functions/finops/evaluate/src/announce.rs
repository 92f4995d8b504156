//! What machines are told of decisions.

use finops::{Account, Currency, Decision, Rule, Signal, Stage};
use serde_json::{Value, json};

/// What an event says of a decision. `before` is the stage that was called for before.
pub(crate) fn detail(decision: &Decision, account: &Account, currency: Currency, before: Option<Stage>) -> String {
    let held: Vec<&Rule> = decision.rules.iter().filter(|rule| rule.holds).collect();
    let signals = &decision.signals;
    json!({"accountId": decision.account, "name": account.name, "owner": account.owner,
        "costCenter": account.cost_center, "environment": account.environment, "accountType": account.account_type,
        "at": decision.at, "period": decision.window, "limit": decision.limit, "currency": currency,
        "called": decision.called, "calledBefore": before.unwrap_or_default(), "desired": decision.desired,
        "stage": decision.stage, "outcome": decision.outcome, "step": decision.step, "doubted": decision.doubted,
        "reported": amount(&signals.reported), "estimated": amount(&signals.estimated),
        "forecast": amount(&signals.forecast), "anomalies": amount(&signals.anomaly),
        "rules": held, "heldBy": decision.held_by()})
    .to_string()
}

/// Null is not known.
fn amount(signal: &Signal) -> Value {
    json!(signal.amount().map(|amount| amount.round_dp(2)))
}

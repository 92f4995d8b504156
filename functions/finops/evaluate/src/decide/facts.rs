//! What is known of all accounts, and the decision about each: pure.

use finops::{Anomaly, Calibration, Costs, Decision, Facts, Observed, Policy, Record, calibrate, day_of, decide};
use jiff::Timestamp;
use landing_zone::AccountId;
use std::collections::BTreeMap;

/// What the ledger knows.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) observed: BTreeMap<AccountId, Observed>,
    pub(crate) costs: BTreeMap<AccountId, Costs>,
    pub(crate) anomalies: BTreeMap<AccountId, Vec<Anomaly>>,
    pub(crate) records: BTreeMap<AccountId, Record>,
    /// The last decisions.
    pub(crate) decisions: BTreeMap<AccountId, Decision>,
}

/// Decides about every account that was ever looked into. What was not seen or read lately is no signal any more, and so
/// nothing follows from it.
pub(crate) fn decisions(known: &Known, policy: &Policy, now: Timestamp) -> Vec<Decision> {
    known.observed.values().map(|observed| decision(known, observed, policy, now)).collect()
}

fn decision(known: &Known, observed: &Observed, policy: &Policy, now: Timestamp) -> Decision {
    let account = &observed.account;
    let untouched = Record::new(account.id.clone());
    let record = known.records.get(&account.id).unwrap_or(&untouched);
    let costs = known.costs.get(&account.id);
    let budget = policy.budget(&account.id, account.account_type, account.environment);
    let called_since = known.decisions.get(&account.id).map(|before| before.called_since.clone()).unwrap_or_default();
    decide(&Facts {
        account,
        budget: &budget.with(record.change.as_ref(), now),
        exemption: policy.exemption(&account.id, day_of(now)),
        costs,
        meter: observed.meter(&calibration(observed, costs)).as_ref(),
        anomalies: known.anomalies.get(&account.id).map_or(&[], Vec::as_slice),
        in_place: observed.in_place.as_ref(),
        record,
        called_since: &called_since,
        mode: policy.mode,
        now,
    })
}

/// The meter compared with the whole days of the bill, AI services on both sides.
fn calibration(observed: &Observed, costs: Option<&Costs>) -> Calibration {
    let Some((costs, whole)) = costs.and_then(|costs| Some((costs, costs.whole_through()?))) else {
        return Calibration::default();
    };
    let billed = costs.days.range(..=whole).map(|(day, billed)| (*day, billed.ai())).collect();
    calibrate(&observed.ai_services, &billed)
}

/// True where a decision is another one than before. Figures move all the time; what follows from them does not.
pub(crate) fn changes(before: Option<&Decision>, after: &Decision) -> bool {
    fn what(decision: &Decision) -> impl PartialEq {
        let Decision { called, desired, stage, step, outcome, limit, doubted, rails, .. } = decision.clone();
        let rails: Vec<(String, bool)> = rails.into_iter().map(|rail| (rail.name, rail.holds)).collect();
        (called, desired, stage, step, outcome, limit, doubted, rails)
    }
    before.is_none_or(|before| what(before) != what(after))
}

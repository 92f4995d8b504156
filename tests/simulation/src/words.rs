//! Decisions in words.

use crate::case::Case;
use finops::Decision;

/// A decision in words.
pub(crate) fn explained(case: &Case<'_>, decision: &Decision) -> String {
    let step = decision.step.as_ref().map_or("no step", |step| &step.id);
    let reported = decision.signals.reported.amount();
    let reported = reported.map_or("nothing".to_owned(), |amount| amount.round_dp(2).to_string());
    let head = format!(
        "{} {}: {reported} of {} reported, {} spent; called {}, desired {}, {step}: {}\n",
        decision.account,
        case.member.account.name,
        decision.limit,
        case.spent().round_dp(2),
        decision.called,
        decision.desired,
        decision.outcome.id()
    );
    let rules = decision.rules.iter().map(|rule| {
        let truth = if rule.holds { "TRUE" } else { "false" };
        format!("    {truth:<5} {} when {}: {}\n", rule.stage, rule.condition, rule.because)
    });
    let rails = decision.rails.iter().map(|rail| {
        let holds = if rail.holds { "HOLDS" } else { "open" };
        format!("    {holds:<5} {}: {}\n", rail.name, rail.because)
    });
    head + &rules.chain(rails).collect::<String>()
}

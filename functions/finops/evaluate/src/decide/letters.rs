//! Letters about an account: what was spent, how that is known, and what follows.

use finops::{Account, Currency, Decision, Direction, Money, Outcome, Signal, Stage, Step};
use jiff::ToSpan as _;
use landing_zone::{AccountType, Environment};
use rust_decimal::Decimal;

/// Such as `Spending of account 111122223333: 620.00 USD of 500.00 USD`.
pub(super) fn notice_subject(decision: &Decision, currency: Currency) -> String {
    let limit = money(decision.limit, currency);
    let spent = decision.signals.reported.amount().max(decision.signals.estimated.amount());
    match spent {
        Some(spent) => format!("Spending of account {}: {} of {limit}", decision.account, money(spent, currency)),
        None => format!("Spending of account {}: {} is called for", decision.account, decision.called),
    }
}

/// To the owner.
pub(super) fn notice(decision: &Decision, account: &Account, currency: Currency) -> String {
    let mut follows = vec![follows(decision)];
    let held = decision.held_by();
    if matches!(decision.outcome, Outcome::Held | Outcome::Settled) && !held.is_empty() {
        follows.push("What is in the way:".to_owned());
        follows.extend(held.iter().map(|rail| format!("- {rail}")));
    }
    let advice = format!(
        "GET /v1/spend/{id} shows every rule. A limit is raised for a time with POST /v1/spend/{id}/override.",
        id = decision.account
    );
    letter([figures(decision, account, currency), rules(decision), follows, vec![advice]])
}

/// Such as `Approve? restrict account 111122223333`.
pub(super) fn proposal_subject(decision: &Decision, step: &Step) -> String {
    format!("Approve? {} account {} ({})", step.to, decision.account, step.id)
}

/// To whoever may approve.
pub(super) fn proposal(decision: &Decision, account: &Account, step: &Step, currency: Currency) -> String {
    let proposed = format!("Proposed: {}. Nothing is done until somebody approves it:", does(step.to));
    let request = vec![
        format!("POST /v1/spend/{}/approval", decision.account),
        format!("{{\"decision\": \"approve\", \"step\": \"{}\"}}", step.id),
    ];
    let otherwise = "With \"reject\" it is not done in this period.".to_owned();
    letter([figures(decision, account, currency), rules(decision), vec![proposed], request, vec![otherwise]])
}

/// Paragraphs of lines.
fn letter<const N: usize>(paragraphs: [Vec<String>; N]) -> String {
    let written = paragraphs.into_iter().filter(|lines| !lines.is_empty());
    written.map(|lines| lines.join("\n")).collect::<Vec<_>>().join("\n\n")
}

/// The account, its limit and the four signals.
fn figures(decision: &Decision, account: &Account, currency: Currency) -> Vec<String> {
    let kind = [account.account_type.map(AccountType::id), account.environment.map(Environment::id)];
    let of = account.owner.as_deref().map(|owner| format!("of {owner}"));
    let name = [decision.account.as_str(), &account.name].join(" ");
    let about: Vec<String> =
        [name].into_iter().chain(kind.into_iter().flatten().map(str::to_owned)).chain(of).collect();
    let last = decision.window.end.saturating_sub(1.day());
    let signals = &decision.signals;
    vec![
        format!("Account {}", about.join(", ")),
        format!("Limit: {} from {} to {last}", money(decision.limit, currency), decision.window.start),
        format!("Reported by the bill: {}", figure(&signals.reported, currency)),
        format!("Estimated until now: {}", figure(&signals.estimated, currency)),
        format!("Forecast: {}", figure(&signals.forecast, currency)),
        format!("Anomalies: {}", figure(&signals.anomaly, currency)),
    ]
}

/// The conditions that call for the furthest stage.
fn rules(decision: &Decision) -> Vec<String> {
    let holding = decision.rules.iter().filter(|rule| rule.holds && rule.stage == decision.called);
    holding.map(|rule| format!("{}: {} ({})", rule.stage, rule.condition, rule.because)).collect()
}

fn figure(signal: &Signal, currency: Currency) -> String {
    let reading = match signal {
        Signal::Known(reading) => reading,
        Signal::Unavailable { why } => return format!("unavailable, {why}"),
    };
    let lacks =
        if reading.lacks.is_empty() { String::new() } else { format!("; without {}", reading.lacks.join(", ")) };
    let as_of = reading.as_of.strftime("%Y-%m-%d %H:%M UTC");
    format!("{} as of {as_of}, through {}{lacks}", money(reading.amount, currency), reading.through)
}

fn follows(decision: &Decision) -> String {
    let Some(step) = &decision.step else {
        let stage = decision.stage;
        let stays = if stage.acts() { format!("the account stays at {stage}") } else { "nothing is done".to_owned() };
        return format!("What follows: {stays}. It may come to {} at most.", decision.desired);
    };
    let what = match step.direction {
        Direction::Down => format!("the account goes back to {}", step.to),
        Direction::Up | Direction::Again => does(step.to).to_owned(),
    };
    match decision.outcome {
        Outcome::Act | Outcome::Settled => format!("What follows now: {what}."),
        Outcome::Approval => format!("What follows once {} is approved: {what}.", step.id),
        Outcome::Held => format!("What would follow, and is held: {what}."),
        Outcome::Would => format!("What would follow, were this no dry run: {what}."),
    }
}

/// What a stage means for who works in the account.
fn does(stage: Stage) -> &'static str {
    match stage {
        Stage::None | Stage::Notify => "nothing is denied or stopped",
        Stage::Restrict => "nothing new for AI can be created or enlarged; what runs goes on",
        Stage::Stop => {
            "notebooks, jobs, apps, GPU instances and endpoints are stopped, so that they can be started again"
        }
        Stage::Freeze => "models cannot be invoked either; reading, stopping and deleting go on",
    }
}

fn money(amount: Decimal, currency: Currency) -> Money {
    Money { amount: amount.round_dp(2), currency }
}

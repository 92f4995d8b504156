//! Decides about all accounts, tells people and machines, and starts what brings an account to its stage. It is all computed
//! anew each time: whoever runs it again after it was killed comes to the same.

mod facts;
mod letters;
mod tellings;

use crate::{
    AT_ONCE, App, Error, announce, measure,
    people::{self, Kind, Telling},
};
pub(crate) use facts::Known;
use finops::{Decision, Outcome, Stage, Step, Switch, hold_together};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use landing_zone::AccountId;
use serde::Serialize;
use serde_json::json;
use std::collections::BTreeMap;
use tellings::{About, tellings};

/// Accounts whose holds are told in the answer; a workflow passes 256 KB on.
const SHOWN: usize = 20;

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Accounts by what becomes of their step.
    outcomes: BTreeMap<&'static str, usize>,
    /// Decisions that are others than before.
    changed: usize,
    /// Accounts that were not looked into in this evaluation.
    unseen: usize,
    /// People were told so often.
    told: usize,
    /// Executions that were started.
    started: Vec<String>,
    /// What stands in the way of steps, of the first accounts.
    held: Vec<String>,
}

/// What was done, and what went wrong first. Trouble with one account keeps no other from its step.
#[derive(Debug, Default)]
struct Tally {
    told: usize,
    pages: usize,
    changed: usize,
    started: Vec<String>,
    trouble: Option<Error>,
}

impl Tally {
    fn note(&mut self, error: Error) {
        telemetry::error!(reason = %error, "not done yet");
        self.trouble.get_or_insert(error);
    }
}

/// What one decision came to.
#[derive(Debug, Default)]
struct Done {
    changed: bool,
    started: Option<String>,
}

/// Decides about all accounts. What went wrong is told at the end, and then all is done again.
pub(crate) async fn decide(app: &App, started_at: Option<Timestamp>) -> Result<Answer, Error> {
    let now = (app.clock)();
    let known = known(app).await?;
    let mut decisions = facts::decisions(&known, &app.policy, now);
    let pages = hold_together(&mut decisions, switch(app).await);
    let all: Vec<About<'_>> = decisions.iter().filter_map(|decision| about(&known, decision)).collect();
    let mut tally = Tally::default();
    tell_all(app, &tellings(&pages, &all, app.policy.currency), &mut tally, now).await;
    follow_all(app, &known, &all, &mut tally).await;
    measure::decided(&known, &decisions, tally.pages, started_at, now);
    match tally.trouble {
        Some(error) => Err(error),
        None => Ok(Answer {
            outcomes: outcomes(&decisions),
            changed: tally.changed,
            unseen: measure::unseen(&known, started_at),
            told: tally.told,
            started: tally.started,
            held: held(&decisions),
        }),
    }
}

/// One after the other: whoever is killed has told one thing without noting it, and not many.
async fn tell_all(app: &App, tellings: &[Telling], tally: &mut Tally, now: Timestamp) {
    for telling in tellings {
        match people::tell(app, telling, now).await {
            Ok(true) => {
                tally.told += 1;
                tally.pages += usize::from(telling.kind == Kind::Page);
            }
            Ok(false) => {}
            Err(error) => tally.note(error),
        }
    }
}

async fn follow_all(app: &App, known: &Known, all: &[About<'_>], tally: &mut Tally) {
    let following = all.iter().map(|about| follow(app, about, known.decisions.get(&about.decision.account)));
    let mut following = stream::iter(following).buffered(AT_ONCE);
    while let Some(done) = following.next().await {
        match done {
            Ok(done) => {
                tally.changed += usize::from(done.changed);
                tally.started.extend(done.started);
            }
            Err(error) => tally.note(error),
        }
    }
}

/// How the switch stands. One that cannot be read is off: then people are told, and nothing is done.
async fn switch(app: &App) -> Switch {
    match app.switch.is_on().await {
        Ok(true) => Switch::On,
        Ok(false) => Switch::Off,
        Err(fault) => {
            telemetry::error!(reason = %fault, "the kill switch cannot be read, so that it is off");
            Switch::Off
        }
    }
}

async fn known(app: &App) -> Result<Known, Error> {
    fn by<T>(all: Vec<T>, account: impl Fn(&T) -> &AccountId) -> BTreeMap<AccountId, T> {
        all.into_iter().map(|one| (account(&one).clone(), one)).collect()
    }
    let ledger = &app.ledger;
    let mut known = Known {
        observed: by(ledger.all_observed().await?, |observed| &observed.account.id),
        costs: by(ledger.all_costs().await?, |costs| &costs.account),
        records: by(ledger.all_spend().await?, |record| &record.account),
        decisions: by(ledger.decisions().await?, |decision| &decision.account),
        ..Known::default()
    };
    for (account, anomaly) in ledger.all_anomalies().await? {
        known.anomalies.entry(account).or_default().push(anomaly);
    }
    Ok(known)
}

fn about<'a>(known: &'a Known, decision: &'a Decision) -> Option<About<'a>> {
    let account = &known.observed.get(&decision.account)?.account;
    // What was called for by figures that nobody believed was not called for.
    let called = |before: &Decision| before.doubted.map_or(before.called, |_| Stage::None);
    let before = known.decisions.get(&decision.account).map(|before| before.untold.unwrap_or_else(|| called(before)));
    Some(About { decision, account, before })
}

/// Tells of the decision where it is another one, stores it, and starts its step. It is told before it is stored: whoever is
/// killed between tells it again. Nobody waits for an event: what could not be told is stored as untold, and the next
/// evaluation tells it.
async fn follow(app: &App, about: &About<'_>, before: Option<&Decision>) -> Result<Done, Error> {
    let About { decision, account, .. } = *about;
    let changed = facts::changes(before, decision);
    let mut untold = None;
    if changed || before.is_some_and(|before| before.untold.is_some()) {
        let detail = announce::detail(decision, account, app.policy.currency, about.before);
        untold = app.bus.publish(finops::EVENT_SOURCE, "Spend Decided", detail).await.err();
    }
    let owed = untold.is_some().then(|| about.before.unwrap_or_default());
    app.ledger.store_decision(&Decision { untold: owed, ..decision.clone() }, changed).await?;
    let mut started = None;
    if let Some(step) = decision.step.as_ref().filter(|_| decision.outcome == Outcome::Act) {
        let name = execution(decision, step);
        if app.enforcement.start(&name, input(decision, step)).await? {
            started = Some(name);
        }
    }
    match untold {
        Some(error) => Err(error.into()),
        None => Ok(Done { changed, started }),
    }
}

/// Of at most 80 characters, and another one for each evaluation: a step that failed is taken again.
fn execution(decision: &Decision, step: &Step) -> String {
    format!("{}-{}-{}", decision.account, step.id, decision.at.as_second())
}

fn input(decision: &Decision, step: &Step) -> String {
    json!({"accountId": decision.account, "stepId": step.id, "direction": step.direction, "to": step.to,
        "decidedAt": decision.at})
    .to_string()
}

pub(crate) fn outcomes(decisions: &[Decision]) -> BTreeMap<&'static str, usize> {
    let count = |outcome: Outcome| decisions.iter().filter(|decision| decision.outcome == outcome).count();
    Outcome::ALL.into_iter().map(|outcome| (outcome.id(), count(outcome))).collect()
}

fn held(decisions: &[Decision]) -> Vec<String> {
    let held = decisions.iter().filter(|decision| decision.outcome == Outcome::Held);
    held.take(SHOWN).map(|decision| format!("{}: {}", decision.account, decision.held_by().join("; "))).collect()
}

#[cfg(test)]
mod tests;

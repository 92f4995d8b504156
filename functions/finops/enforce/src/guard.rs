//! May the step be taken? What was decided, the switch, and where the account lies are read anew; then the account is
//! claimed.

use crate::{
    App, Error,
    event::{Grounds, Guarded, Work},
    keep, switch,
};
use finops::{Account, Decision, Direction, Outcome, Record, Stage};
use jiff::{SignedDuration, Timestamp};

/// A decision is made each hour. What an older one wanted, a newer one wants too, or it is wrong.
const DECISION_HOLDS: SignedDuration = SignedDuration::from_hours(2);

/// Lets the step through, or says why not.
pub(crate) async fn guard(app: &App, step: &Work) -> Result<Guarded, Error> {
    let organization = app.organization().await?;
    let Some(decision) = app.ledger.decision(&step.account_id).await? else {
        return Ok(declined(step, "nothing was decided about the account".to_owned()));
    };
    let is_on = switch::is_on(app).await?;
    let account = placement::account(&app.organizations, &organization, &step.account_id).await?;
    let claim = |record: &mut Record| {
        let now = (app.clock)();
        if let Some(why) = obstacle(step, &decision, record, &account, is_on, now) {
            record.release(&step.execution_id);
            return Err(why);
        }
        let grounds = grounds(step, &decision, record, account.clone());
        record.claim(&step.execution_id, keep::LEASE, now);
        if step.direction == Direction::Up {
            record.begun = record.begun.max(Some(step.to));
        }
        Ok(grounds)
    };
    match keep::amend(app, &step.account_id, claim).await? {
        Ok(grounds) => Ok(Guarded { proceed: true, reason: None, grounds: Some(grounds) }),
        Err(why) => Ok(declined(step, why)),
    }
}

fn declined(step: &Work, why: String) -> Guarded {
    telemetry::info!(account = step.account_id.as_str(), step = step.step_id, reason = why, "the step is not taken");
    Guarded { proceed: false, reason: Some(why), grounds: None }
}

/// What stands in the way.
fn obstacle(
    step: &Work,
    decision: &Decision,
    record: &Record,
    account: &Account,
    is_on: bool,
    now: Timestamp,
) -> Option<String> {
    let (ceiling, because) = account.ceiling();
    if !is_on {
        return Some("enforcement is switched off".to_owned());
    }
    if step.direction != Direction::Down && step.to > ceiling {
        return Some(format!("the account comes to {ceiling} at most: {because}"));
    }
    // It was let through before. A decision that was made since says that the account is busy, with this execution.
    if record.is_held_by(&step.execution_id) {
        return None;
    }
    if let Some(lease) = record.lease.as_ref().filter(|lease| now < lease.until) {
        return Some(format!("{} works on the account", lease.holder));
    }
    if DECISION_HOLDS < now.duration_since(step.decided_at) {
        return Some(format!("the decision of {} is too old", step.decided_at));
    }
    let is_same = |decided: &finops::Step| {
        decided.id == step.step_id && decided.direction == step.direction && decided.to == step.to
    };
    if decision.outcome != Outcome::Act || !decision.step.as_ref().is_some_and(is_same) {
        return Some(format!("since {} something else is decided", decision.at));
    }
    (record.stage != decision.stage).then(|| format!("the account is at {} already", record.stage))
}

fn grounds(step: &Work, decision: &Decision, record: &Record, account: Account) -> Grounds {
    Grounds {
        from: record.stage,
        window: decision.window,
        limit: decision.limit,
        why: why(step, decision, record),
        name: account.name,
        owner: account.owner,
        environment: account.environment,
    }
}

/// The rules that call for the stage; on the way down what confirms that it is not needed. And who approved it.
fn why(step: &Work, decision: &Decision, record: &Record) -> Vec<String> {
    let mut why: Vec<String> = match step.direction {
        Direction::Up | Direction::Again => {
            let rules = decision.rules.iter().filter(|rule| rule.holds && rule.stage >= step.to.max(Stage::Restrict));
            rules.map(|rule| format!("{}: {}", rule.condition, rule.because)).collect()
        }
        Direction::Down => {
            let confirmed = decision.rails.iter().filter(|rail| rail.name == "confirmed");
            confirmed.map(|rail| rail.because.clone()).collect()
        }
    };
    let verdict = record.verdicts.get(&step.step_id).filter(|verdict| verdict.approved);
    why.extend(verdict.map(|verdict| {
        let reason = verdict.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("approved by {}{reason}", verdict.by)
    }));
    why
}

#[cfg(test)]
mod tests;

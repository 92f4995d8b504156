//! What machines and people are told of a step.

use crate::{
    App, Error,
    event::{Ended, Failed, Grounds, Work},
};
use aws::Letter;
use finops::{Direction, EVENT_SOURCE, Stage};
use jiff::{Timestamp, civil::Date};
use landing_zone::{AccountId, Failure};
use serde_json::{Value, json};

/// What is told.
pub(crate) struct Tidings {
    kind: &'static str,
    account: AccountId,
    owner: Option<String>,
    subject: String,
    text: String,
    detail_type: &'static str,
    detail: Value,
    /// Machines are told once under this key.
    event_key: String,
    /// People are told once under this key.
    letter_key: String,
}

impl Tidings {
    /// A step was taken.
    pub(crate) fn taken(ended: &Ended, done: &[String]) -> Self {
        let (step, grounds) = (&ended.step, &ended.grounds);
        let (account, to) = (&step.account_id, step.to.enforced());
        let detail = about(step, Some(grounds), done, ("left", json!(ended.left)));
        let went = match step.direction {
            Direction::Again => format!("is at {to} again"),
            _ => format!("went from {} to {to}", grounds.from),
        };
        let mut text = vec![format!("{} {went}.", named(account, Some(grounds)))];
        list(&mut text, "Why:", &grounds.why);
        list(&mut text, "What was done:", done);
        list(&mut text, "What runs on:", &ended.left);
        text.push(way_back(step, to));
        Self {
            kind: "step-taken",
            account: account.clone(),
            owner: grounds.owner.clone(),
            subject: format!("Spending: account {account} {went}"),
            text: text.join("\n"),
            detail_type: "Spend Step Taken",
            detail,
            event_key: format!("{}-taken-event", step.execution_id),
            letter_key: format!("{}-taken", step.execution_id),
        }
    }

    /// A step failed. It is tried at each evaluation; people hear of the same failure once a day.
    pub(crate) fn failed(failed: &Failed, failure: &Failure, done: &[String], today: Date) -> Self {
        let (step, grounds) = (&failed.step, failed.grounds.as_ref());
        let account = &step.account_id;
        let detail = about(step, grounds, done, ("failure", json!(failure)));
        let told = format!("{}: {} failed: {}", named(account, grounds), step.step_id, failure.reason);
        let mut text = vec![told, failure.advice.clone()];
        list(&mut text, "What was begun until then, and stays:", done);
        text.push("The next evaluation tries again, from there.".to_owned());
        Self {
            kind: "step-failed",
            account: account.clone(),
            owner: grounds.and_then(|grounds| grounds.owner.clone()),
            subject: format!("Spending: account {account}: {} failed", step.step_id),
            text: text.join("\n"),
            detail_type: "Spend Step Failed",
            detail,
            event_key: format!("{}-failed-event", step.execution_id),
            letter_key: format!("{account}-{}-{}-{today}", step.step_id, failure.name),
        }
    }
}

fn about(step: &Work, grounds: Option<&Grounds>, done: &[String], more: (&str, Value)) -> Value {
    let of_step = json!({"accountId": step.account_id, "stepId": step.step_id, "direction": step.direction,
        "to": step.to.enforced(), "decidedAt": step.decided_at, "execution": step.execution_id, "done": done});
    let of_grounds = grounds.map(|grounds| {
        json!({"name": grounds.name, "owner": grounds.owner, "environment": grounds.environment, "from": grounds.from,
            "period": grounds.window, "limit": grounds.limit, "why": grounds.why})
    });
    let members = [Some(of_step), of_grounds].into_iter().flatten().filter_map(|part| match part {
        Value::Object(members) => Some(members),
        _ => None,
    });
    members.flatten().chain([(more.0.to_owned(), more.1)]).collect()
}

fn named(account: &AccountId, grounds: Option<&Grounds>) -> String {
    match grounds.filter(|grounds| !grounds.name.is_empty()) {
        Some(grounds) => format!("Account {} ({account})", grounds.name),
        None => format!("Account {account}"),
    }
}

fn list(text: &mut Vec<String>, title: &str, lines: &[String]) {
    if !lines.is_empty() {
        text.push(format!("\n{title}"));
        text.extend(lines.iter().map(|line| format!("- {line}")));
    }
}

fn way_back(step: &Work, to: Stage) -> String {
    let account = &step.account_id;
    if to.acts() {
        let next = step.to.towards(Stage::None);
        format!(
            "\nTo take it back, raise the limit or lower the furthest stage for a time: POST /v1/spend/{account}/override. \
             The step down to {next} then waits for POST /v1/spend/{account}/approval, or for a new period whose figures allow it. \
             GET /v1/spend/{account} shows the step."
        )
    } else {
        format!("\nNothing holds the account any more. GET /v1/spend/{account} shows what it spends.")
    }
}

/// Tells machines and people. What is on record as told is not told again; whoever is killed between telling and
/// recording tells twice, which is better than not at all.
pub(crate) async fn tell(app: &App, tidings: &Tidings, now: Timestamp) -> Result<(), Error> {
    if !app.ledger.was_told(&tidings.event_key).await? {
        app.bus.publish(EVENT_SOURCE, tidings.detail_type, tidings.detail.to_string()).await?;
        app.ledger.tell_once(&tidings.event_key, now).await?;
    }
    if !app.ledger.was_told(&tidings.letter_key).await? {
        let Tidings { kind, account, owner, subject, text, .. } = tidings;
        let (account, owner) = (Some(account.as_str()), owner.as_deref());
        app.people.publish(&Letter { kind, account, owner, subject, text }).await?;
        app.ledger.tell_once(&tidings.letter_key, now).await?;
    }
    Ok(())
}

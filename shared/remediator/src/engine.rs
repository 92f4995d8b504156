//! The calls: a resource is described, a plan goes on by one call at a time, so that whoever drives it can keep how far
//! it got between any two.

use crate::Error;
use aws::{AwsFault, Call, SdkConfig};
use remediation::{Ask, CLOCK, Control, Progress, Scene, Step, is_fixed};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A resource as AWS shows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Described {
    /// It is not there.
    Gone,
    /// It is there.
    There(Scene),
}

/// Reads a resource. `parts` are those of [`remediation::parts`]; `account` is what is known of its account.
pub async fn describe(
    config: &SdkConfig,
    control: &Control,
    parts: &BTreeMap<String, String>,
    account: &Value,
) -> Result<Described, Error> {
    let mut scene = Scene { parts: parts.clone(), documents: Map::new() };
    scene.documents.insert("account".to_owned(), account.clone());
    let now = parts.get("now").cloned().unwrap_or_default();
    scene.documents.insert(CLOCK.to_owned(), Value::from(now));
    for (name, read) in &control.describe {
        let answer = match read.ask(&scene)? {
            None => continue,
            Some(Ask::Keep(value)) => value,
            Some(Ask::Call(call)) => match aws::send(config, &call).await {
                Ok(answer) => answer,
                Err(fault) if read.means_absent(fault.code()) => return Ok(Described::Gone),
                Err(fault) if read.means_nothing(fault.code()) => Value::Object(Map::new()),
                Err(fault) => return Err(fault.into()),
            },
        };
        scene.documents.insert(name.clone(), answer);
    }
    Ok(Described::There(scene))
}

/// What a call to [`advance`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// A call was sent, or what was waited for is there: keep the progress and go on.
    Moved,
    /// What the last call set off is still going on: look again later.
    Waits,
    /// Every step is done with.
    Done,
}

/// Goes on by at most one call that changes something.
pub async fn advance(
    config: &SdkConfig,
    control: &Control,
    before: &Scene,
    steps: &[Step],
    progress: &mut Progress,
) -> Result<Advance, Error> {
    let Some(step) = steps.get(progress.done) else { return Ok(Advance::Done) };
    if !progress.sent {
        let call: Call = step.call(before, &progress.made)?;
        match (aws::send(config, &call).await, &step.creates) {
            (Ok(answer), Some(name)) => {
                progress.made.insert(name.clone(), answer);
            }
            (Ok(_), None) => {}
            // A step whose answer was lost is sent again. Whether it had its effect, the last look decides.
            (Err(fault), None) if says_done_already(&call.action, &fault) => {}
            (Err(fault), _) => return Err(fault.into()),
        }
        progress.sent = true;
        return Ok(Advance::Moved);
    }
    if !step.until.is_empty() {
        let documents = match look_again(config, control, before).await? {
            Described::There(scene) => scene.documents,
            Described::Gone => Map::new(),
        };
        if !step.until.iter().all(|condition| condition.holds(&documents)) {
            return Ok(Advance::Waits);
        }
    }
    progress.done += 1;
    progress.sent = false;
    Ok(Advance::Moved)
}

/// Operations that take something away.
const REMOVING: [&str; 7] = ["Delete", "Revoke", "Detach", "Remove", "Terminate", "Disassociate", "Stop"];

/// True where AWS refuses a call because what it asks for is so already.
fn says_done_already(action: &str, fault: &AwsFault) -> bool {
    let code = fault.code();
    let text = fault.to_string().to_ascii_lowercase();
    if REMOVING.iter().any(|verb| action.starts_with(verb)) {
        let gone = ["NoSuch", "NotFound", "DoesNotExist"].iter().any(|part| code.contains(part));
        return gone
            || text.contains("does not exist")
            || text.contains("not found")
            || text.contains("could not find");
    }
    ["AlreadyExist", "Duplicate"].iter().any(|part| code.contains(part)) || text.contains("already exist")
}

/// True when AWS shows the resource as the control wants it, or shows it no more.
pub async fn verify(config: &SdkConfig, control: &Control, before: &Scene) -> Result<bool, Error> {
    Ok(match look_again(config, control, before).await? {
        Described::There(scene) => is_fixed(control, &scene),
        Described::Gone => true,
    })
}

pub(crate) async fn look_again(config: &SdkConfig, control: &Control, before: &Scene) -> Result<Described, Error> {
    let account = before.documents.get("account").unwrap_or(&Value::Null);
    describe(config, control, &before.parts, account).await
}

#[cfg(test)]
mod tests;

//! Carries plans out in an account. What is to be called is decided in `remediation`; here it is called: a resource is
//! described, a plan goes on by one call at a time, so that whoever drives it can keep how far it got between any two.

use aws::{AwsFault, Call, SdkConfig};
use landing_zone::{Class, Diagnosis, Fault};
use remediation::{Ask, CLOCK, Control, Scene, Step, Undescribed, is_fixed};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// AWS answers otherwise than the catalog expects.
    #[error("the catalog does not fit what AWS shows: {0}")]
    Catalog(#[from] Undescribed),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Aws(fault) => fault.diagnosis(),
            Self::Catalog(_) => Diagnosis::named(
                Class::Invalid,
                "CatalogMismatch",
                "Mend the resource by hand, and report the control with this message.",
            ),
        }
    }
}

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

/// How far the steps of a plan have got.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Steps that are done with.
    pub done: usize,
    /// The next one is sent, and what it waits for is not there yet.
    pub sent: bool,
    /// What steps made, by name.
    pub made: Map<String, Value>,
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
        let answer = aws::send(config, &call).await?;
        if let Some(name) = &step.creates {
            progress.made.insert(name.clone(), answer);
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

/// True when AWS shows the resource as the control wants it, or shows it no more.
pub async fn verify(config: &SdkConfig, control: &Control, before: &Scene) -> Result<bool, Error> {
    Ok(match look_again(config, control, before).await? {
        Described::There(scene) => is_fixed(control, &scene),
        Described::Gone => true,
    })
}

async fn look_again(config: &SdkConfig, control: &Control, before: &Scene) -> Result<Described, Error> {
    let account = before.documents.get("account").unwrap_or(&Value::Null);
    describe(config, control, &before.parts, account).await
}

//! Stops a workload and starts it again as it was, by at most one changing call at a time.
//!
//! Nothing is remembered of single calls. Each time it is looked what is there, and the first change that is still
//! needed is made: a call whose answer was lost is not needed any more, or is made again. Only what must not depend on
//! what is found later is decided once, before the first change, and is stored by the caller in between.

use crate::{
    Error, Kind, Workload, exempt,
    kind::{Change, Reason, Row, all},
    look::{image, look},
    reading::may_be_done_already,
    running::now,
    workload::{differences, tags},
};
use aws::{Call, SdkConfig};
use remediation::{Ask, Scene};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How far a stop or a start has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// What is there is on record, and nothing is changed.
    Saved,
    /// Being stopped.
    Stopping,
    /// Stopped by us.
    Stopped,
    /// AWS will not stop it, for this reason; our marks are being taken back.
    Refused(String),
    /// It runs on, for this reason.
    NotStoppable(String),
    /// Being started again.
    Starting,
    /// As it was before.
    Started,
    /// Left alone: [`Stopped::left`] says why.
    Left,
}

/// What a call to [`stop`] or [`start`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// One thing was done, or decided: store the record and go on.
    Moved,
    /// What was set off is still going on: look again later.
    Waits,
    /// There is nothing more to do.
    Done,
}

/// A workload that is stopped, or is to be: a record that the caller keeps between calls.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// As it was listed.
    pub workload: Workload,
    /// All that it takes to start it again.
    pub before: Value,
    /// How far it got.
    pub phase: Phase,
    /// Who stops it: the value of the tag [`crate::STOPPED_BY`].
    pub stopped_by: String,
    /// Why it is left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<String>,
}

/// Puts on record what is there; changes nothing. What cannot be stopped, or need not be, comes back as
/// [`Phase::NotStoppable`] or [`Phase::Left`].
pub async fn save(config: &SdkConfig, workload: &Workload, label: &str) -> Result<Stopped, Error> {
    let row = row(workload)?;
    let mut stopped = Stopped {
        workload: workload.clone(),
        before: Value::Null,
        phase: Phase::Saved,
        stopped_by: label.to_owned(),
        left: None,
    };
    if let Some(reason) = &row.reason {
        stopped.phase = Phase::NotStoppable(reason.clone());
        return Ok(stopped);
    }
    let scene = stopped.look(config, row).await?;
    stopped.decide(row, scene, config);
    Ok(stopped)
}

/// Goes on with stopping. The decision comes first, without a call; then the calls, one at a time.
pub async fn stop(config: &SdkConfig, stopped: &mut Stopped) -> Result<Advance, Error> {
    let row = row(&stopped.workload)?;
    match stopped.phase.clone() {
        Phase::Saved => {
            let scene = stopped.look(config, row).await?;
            stopped.decide(row, scene, config);
            if stopped.phase != Phase::Saved {
                return Ok(Advance::Done);
            }
            stopped.phase = Phase::Stopping;
            Ok(Advance::Moved)
        }
        Phase::Stopping => {
            let scene = stopped.look(config, row).await?;
            if all(&row.stopped, &scene.documents) || all(&row.gone, &scene.documents) {
                stopped.phase = Phase::Stopped;
                return Ok(Advance::Done);
            }
            match stopped.change(config, row, &row.stop, &scene, false).await? {
                Made::Sent => Ok(Advance::Moved),
                Made::Nothing => Ok(Advance::Waits),
                Made::Refused(why) => {
                    stopped.phase = Phase::Refused(why);
                    Ok(Advance::Moved)
                }
            }
        }
        Phase::Refused(why) => {
            let scene = stopped.look(config, row).await?;
            match stopped.change(config, row, &row.start, &scene, true).await? {
                Made::Sent | Made::Refused(_) => Ok(Advance::Moved),
                Made::Nothing => {
                    stopped.phase = Phase::NotStoppable(why);
                    Ok(Advance::Done)
                }
            }
        }
        _ => Ok(Advance::Done),
    }
}

/// Goes on with starting again what [`stop`] stopped, half or wholly. What somebody else started, changed or removed
/// since, or took our tag from, is left alone, and only our marks are taken back; [`Stopped::left`] says so.
pub async fn start(config: &SdkConfig, stopped: &mut Stopped) -> Result<Advance, Error> {
    let row = row(&stopped.workload)?;
    match stopped.phase {
        Phase::Stopping | Phase::Stopped | Phase::Refused(_) => {
            let scene = stopped.look(config, row).await?;
            stopped.left = stopped.leaves(row, &scene.documents);
            stopped.phase = Phase::Starting;
            Ok(Advance::Moved)
        }
        Phase::Starting => {
            let scene = stopped.look(config, row).await?;
            if stopped.left.is_none() && all(&row.gone, &scene.documents) {
                stopped.left = Some("it is gone".to_owned());
                return Ok(Advance::Moved);
            }
            match stopped.change(config, row, &row.start, &scene, stopped.left.is_some()).await? {
                Made::Sent => Ok(Advance::Moved),
                Made::Refused(why) => {
                    stopped.left = Some(why);
                    Ok(Advance::Moved)
                }
                Made::Nothing if stopped.left.is_some() => Ok(stopped.ends(Phase::Left)),
                Made::Nothing if all(&row.started, &scene.documents) => Ok(stopped.ends(Phase::Started)),
                Made::Nothing => Ok(Advance::Waits),
            }
        }
        _ => Ok(Advance::Done),
    }
}

fn row(workload: &Workload) -> Result<&'static Row, Error> {
    Kind::parse(&workload.kind).map(|kind| kind.0).map_err(|_| Error::UnknownKind(workload.kind.clone()))
}

/// What came of looking for a change to make.
enum Made {
    Sent,
    Nothing,
    Refused(String),
}

impl Stopped {
    async fn look(&self, config: &SdkConfig, row: &Row) -> Result<Scene, Error> {
        look(config, row, &self.workload, &self.stopped_by, &self.before).await
    }

    /// Whether to stop it, from the last look before anything is changed, which is what is kept.
    fn decide(&mut self, row: &Row, scene: Scene, config: &SdkConfig) {
        let documents = &scene.documents;
        if all(&row.gone, documents) || all(&row.stopped, documents) {
            self.phase = Phase::Left;
            self.left = Some("it does not run any more".to_owned());
        } else if let Some(why) = exempt(&tags(documents, &row.tags), now(config)) {
            self.phase = Phase::NotStoppable(format!("it is exempt: {why}"));
        } else if let Some(why) = Reason::first(&row.cannot, documents) {
            self.phase = Phase::NotStoppable(why);
        }
        self.before = image(scene);
    }

    /// Why it is not started again, where that is so.
    fn leaves(&self, row: &Row, documents: &Map<String, Value>) -> Option<String> {
        let none = Map::new();
        let before = self.before.as_object().unwrap_or(&none);
        if row.started.is_empty() {
            return Some(format!("a stopped {} does not go on", row.title));
        }
        if all(&row.gone, documents) {
            return Some("it is gone".to_owned());
        }
        // Halfway down there is nothing yet that somebody else could have taken up.
        if self.phase != Phase::Stopped && !all(&row.stopped, documents) {
            return None;
        }
        let changed = differences(&row.same, before, documents);
        Reason::first(&row.left, documents)
            .or_else(|| (!changed.is_empty()).then(|| format!("somebody changed it meanwhile: {}", changed.join("; "))))
    }

    fn ends(&mut self, phase: Phase) -> Advance {
        self.phase = phase;
        Advance::Done
    }

    /// Makes the first change that is still needed.
    async fn change(
        &self,
        config: &SdkConfig,
        row: &Row,
        changes: &[Change],
        scene: &Scene,
        only_cleans: bool,
    ) -> Result<Made, Error> {
        for change in changes.iter().filter(|change| change.cleans || !only_cleans) {
            let Some(call) = needed(change, scene)? else { continue };
            return match aws::send(config, &call).await {
                Ok(_) => Ok(Made::Sent),
                Err(fault) if change.refused.iter().any(|code| code == fault.code()) => {
                    Ok(Made::Refused(fault.to_string()))
                }
                Err(fault) if change.later.iter().any(|code| code == fault.code()) => Ok(Made::Nothing),
                // It may have been done already, by the call whose answer was lost or by somebody else.
                Err(fault) if may_be_done_already(&fault) => match needed(change, &self.look(config, row).await?)? {
                    Some(_) => Err(fault.into()),
                    None => Ok(Made::Sent),
                },
                Err(fault) => Err(fault.into()),
            };
        }
        Ok(Made::Nothing)
    }
}

fn needed(change: &Change, scene: &Scene) -> Result<Option<Call>, Error> {
    Ok(match change.call.ask(scene)? {
        Some(Ask::Call(call)) => Some(call),
        _ => None,
    })
}

#[cfg(test)]
mod tests;

//! What stopping, starting and looking have in common.

use crate::{
    App, Error,
    event::{Acted, Work},
    keep,
};
use finops::Stage;
use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountId, Environment};
use ledger::Versioned;
use workloads::{Advance, Kind, Phase, Stopped, Workload};

/// The value of the tag on what is stopped here. What carries another one is stopped by somebody else.
pub(crate) const LABEL: &str = "spend-enforcement";

/// Changes of one invocation: enough to get on, few enough to end before Lambda ends it.
const MOST_CHANGES: u32 = 25;

/// The same in time.
const MOST_TIME: SignedDuration = SignedDuration::from_secs(60);

/// How long machines are given before it is looked again.
pub(crate) const WAIT_SECONDS: u32 = 20;

/// Names that one line tells.
const MOST_NAMES: usize = 10;

/// The workloads that were stopped here, or were to be.
pub(crate) async fn ours(app: &App, account: &AccountId) -> Result<Vec<Stopped>, Error> {
    let all: Vec<Stopped> = app.ledger.all_stopped(account).await?;
    Ok(all.into_iter().filter(|stopped| stopped.stopped_by == LABEL).collect())
}

/// True for what was stopped here, or is to be, and is not at its end.
pub(crate) fn is_open(stopped: &Stopped) -> bool {
    stopped.stopped_by == LABEL && matches!(stopped.phase, Phase::Saved | Phase::Stopping | Phase::Refused(_))
}

/// Why a running workload is not to be stopped.
pub(crate) fn spared(workload: &Workload, environment: Option<Environment>) -> Option<String> {
    let kind = Kind::parse(&workload.kind).ok();
    if let Some(why) = &workload.exempt {
        Some(format!("it is exempt: {why}"))
    } else if !kind.is_some_and(Kind::stoppable) {
        Some("it cannot be stopped so that it could be started again".to_owned())
    } else if kind.is_some_and(Kind::serves) && environment == Some(Environment::Prod) {
        Some("applications depend on it in production".to_owned())
    } else {
        None
    }
}

/// What people call a workload.
pub(crate) fn called(workload: &Workload) -> String {
    let kind = Kind::parse(&workload.kind).ok();
    let title = kind.map_or(workload.kind.as_str(), |kind| kind.title());
    format!("{title} {} in {}", workload.name, workload.region)
}

/// The first few, and how many more there are.
pub(crate) fn few(all: &[String]) -> Vec<String> {
    let more = all.len().saturating_sub(MOST_NAMES);
    let shown = all.iter().take(MOST_NAMES).cloned();
    shown.chain((more > 0).then(|| format!("{more} more"))).collect()
}

/// One invocation's work on workloads.
pub(crate) struct Shift<'a> {
    pub(crate) app: &'a App,
    pub(crate) step: &'a Work,
    began: Timestamp,
    changes: u32,
    waits: bool,
    fault: Option<Error>,
}

impl<'a> Shift<'a> {
    pub(crate) fn new(app: &'a App, step: &'a Work) -> Self {
        Self { app, step, began: (app.clock)(), changes: 0, waits: false, fault: None }
    }

    /// True when the rest is for the next invocation. Each makes one change at least, however long looking takes.
    pub(crate) fn is_over(&self) -> bool {
        let is_late = || (self.app.clock)().duration_since(self.began) >= MOST_TIME;
        self.changes >= MOST_CHANGES || (self.changes > 0 && is_late())
    }

    /// Something has to be looked at again later.
    pub(crate) fn wait(&mut self) {
        self.waits = true;
    }

    /// Goes on with one workload by `advance` until there is nothing more to do for now; true at its end. What it came to
    /// is stored after each change, and before anything else is done.
    pub(crate) async fn drive(
        &mut self,
        stopped: &mut Versioned<Stopped>,
        advance: impl AsyncFn(&mut Stopped) -> Result<Advance, workloads::Error>,
    ) -> Result<bool, Error> {
        let account = &self.step.account_id;
        while !self.is_over() {
            let before = stopped.value.clone();
            let what = || called(&before.workload);
            let came_to = advance(&mut stopped.value).await.map_err(|why| Error::Workload { what: what(), why })?;
            self.changes += u32::from(came_to == Advance::Moved);
            if stopped.value != before {
                let arn = before.workload.arn.as_str();
                if !self.app.ledger.store_stopped(account, arn, stopped, (self.app.clock)()).await? {
                    self.wait();
                    return Ok(false);
                }
            }
            let phase = format!("{:?}", stopped.value.phase);
            let (account, arn) = (account.as_str(), before.workload.arn.as_str());
            telemetry::info!(account, resource = arn, action = self.step.step_id, phase, "workload");
            match came_to {
                Advance::Moved => {}
                Advance::Waits => {
                    self.wait();
                    return Ok(false);
                }
                Advance::Done => return Ok(true),
            }
        }
        Ok(false)
    }

    /// Keeps trouble for the end, for the other workloads are none of its business; passing trouble is told at once.
    pub(crate) fn outlast<T>(&mut self, came_to: Result<T, Error>) -> Result<Option<T>, Error> {
        match came_to {
            Ok(done) => Ok(Some(done)),
            Err(error) if error.passes() => Err(error),
            Err(error) => {
                self.fault.get_or_insert(error);
                Ok(None)
            }
        }
    }

    /// Puts on record what was done.
    pub(crate) async fn note(&self, what: &[String]) -> Result<(), Error> {
        let now = (self.app.clock)();
        let note = |record: &mut finops::Record| what.iter().for_each(|what| record.note(now, what.as_str()));
        keep::amend(self.app, &self.step.account_id, note).await
    }

    /// What the invocation came to.
    pub(crate) fn ends(self) -> Result<Acted, Error> {
        let over = self.is_over();
        match self.fault {
            // What is left of the others comes first.
            Some(fault) if !over && !self.waits => Err(fault),
            fault => {
                let done = !over && !self.waits && fault.is_none();
                Ok(Acted { done, wait_seconds: if over { 1 } else { WAIT_SECONDS } })
            }
        }
    }
}

/// True where workloads have to stand still.
pub(crate) fn stands_still(stage: Stage) -> bool {
    stage >= Stage::Stop
}

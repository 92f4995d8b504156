//! Starts again what was stopped here, and forgets it. What somebody else has taken up meanwhile is left as it is.

use crate::{
    App, Error,
    event::{Acted, Work},
    work::{LABEL, Shift, called, few},
};
use ledger::Versioned;
use std::cmp::Reverse;
use workloads::{Kind, Phase, Stopped};

/// Starts all that is `known`, what was stopped last first.
pub(crate) async fn all(app: &App, step: &Work, mut known: Vec<Stopped>) -> Result<Acted, Error> {
    let mut shift = Shift::new(app, step);
    let session = app.enter(&step.account_id).await?;
    let place = |stopped: &Stopped| Kind::all().position(|kind| kind.id() == stopped.workload.kind);
    known.sort_by_key(|stopped| Reverse(place(stopped)));
    let mut ended = Vec::new();
    for known in known {
        if shift.is_over() {
            break;
        }
        // The list is of the index, which may be behind.
        let found: Option<Versioned<Stopped>> = app.ledger.stopped(&step.account_id, &known.workload.arn).await?;
        let Some(mut stopped) = found.filter(|found| found.value.stopped_by == LABEL) else { continue };
        // Nothing was changed yet.
        if matches!(stopped.value.phase, Phase::Saved | Phase::NotStoppable(_)) {
            app.ledger.forget_stopped(&step.account_id, &known.workload.arn).await?;
            continue;
        }
        let config = aws::in_region(&session, &stopped.value.workload.region);
        let advance = async |stopped: &mut Stopped| workloads::start(&config, stopped).await;
        let came_to = shift.drive(&mut stopped, advance).await;
        if shift.outlast(came_to)? == Some(true) {
            ended.push(stopped.value);
        }
    }
    shift.note(&notes(&ended)).await?;
    for stopped in &ended {
        app.ledger.forget_stopped(&step.account_id, &stopped.workload.arn).await?;
    }
    shift.ends()
}

fn notes(ended: &[Stopped]) -> Vec<String> {
    let started = ended.iter().filter(|stopped| stopped.phase == Phase::Started);
    let started: Vec<String> = started.map(|stopped| called(&stopped.workload)).collect();
    let mut notes = Vec::new();
    if !started.is_empty() {
        notes.push(format!("started {}", few(&started).join(", ")));
    }
    let left = ended.iter().filter(|stopped| stopped.phase == Phase::Left);
    let left = left.map(|stopped| {
        let why = stopped.left.as_deref().unwrap_or("somebody else has it");
        format!("left {} as it is: {why}", called(&stopped.workload))
    });
    notes.extend(few(&left.collect::<Vec<_>>()));
    notes
}

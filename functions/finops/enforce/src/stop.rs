//! Stops what runs for AI. How each thing was before is stored before the first call that changes it.

use crate::{
    App, Error,
    event::{Acted, Begun},
    work::{LABEL, Shift, called, few, is_open, spared},
};
use aws::SdkConfig;
use ledger::Versioned;
use std::collections::BTreeSet;
use workloads::{Phase, STOPPED_BY, Stopped, Workload};

/// Stops everything but what is spared, Region by Region. `known` is on record already: some of it may be on its way down
/// and does not count as running any more.
pub(crate) async fn all(app: &App, begun: &Begun, known: &[Stopped]) -> Result<Acted, Error> {
    let mut shift = Shift::new(app, &begun.step);
    let session = app.enter(&begun.step.account_id).await?;
    let mut ended = Vec::new();
    let mut taken = BTreeSet::new();
    for region in &app.regions {
        if shift.is_over() {
            break;
        }
        let open = take_all(&mut shift, &aws::in_region(&session, region), region, begun).await?;
        taken.extend(open.iter().map(|stopped| stopped.value.workload.arn.clone()));
        ended.extend(drive(&mut shift, &session, open).await?);
    }
    let mut open = Vec::new();
    for stopped in known.iter().filter(|stopped| is_open(stopped) && !taken.contains(&stopped.workload.arn)) {
        let found = app.ledger.stopped(&begun.step.account_id, &stopped.workload.arn).await?;
        open.extend(found.filter(|found: &Versioned<Stopped>| is_open(&found.value)));
    }
    ended.extend(drive(&mut shift, &session, open).await?);
    shift.note(&notes(&ended)).await?;
    shift.ends()
}

/// Goes on with each; those that came to an end.
async fn drive(
    shift: &mut Shift<'_>,
    session: &SdkConfig,
    open: Vec<Versioned<Stopped>>,
) -> Result<Vec<Stopped>, Error> {
    let mut ended = Vec::new();
    for mut stopped in open {
        if shift.is_over() {
            break;
        }
        let config = aws::in_region(session, &stopped.value.workload.region);
        let advance = async |stopped: &mut Stopped| workloads::stop(&config, stopped).await;
        let came_to = shift.drive(&mut stopped, advance).await;
        if shift.outlast(came_to)? == Some(true) {
            ended.push(stopped.value);
        }
    }
    Ok(ended)
}

/// Puts everything on record that is to be stopped in a Region.
async fn take_all(
    shift: &mut Shift<'_>,
    config: &SdkConfig,
    region: &str,
    begun: &Begun,
) -> Result<Vec<Versioned<Stopped>>, Error> {
    let found = workloads::running(config, region, &begun.step.account_id, None).await;
    let found = found.map_err(|why| Error::Workload { what: format!("what runs in {region}"), why });
    let mut open = Vec::new();
    for workload in shift.outlast(found)?.unwrap_or_default() {
        if spared(&workload, begun.grounds.environment).is_none() {
            let taken = take(shift, config, &workload).await;
            open.extend(shift.outlast(taken)?.flatten());
        }
    }
    Ok(open)
}

/// The record of one workload; none where there is nothing to do.
async fn take(
    shift: &mut Shift<'_>,
    config: &SdkConfig,
    workload: &Workload,
) -> Result<Option<Versioned<Stopped>>, Error> {
    let (ledger, account) = (&shift.app.ledger, &shift.step.account_id);
    let found: Option<Versioned<Stopped>> = ledger.stopped(account, &workload.arn).await?;
    let is_marked = workload.tags.get(STOPPED_BY).is_some_and(|label| label == LABEL);
    let mut record = match found {
        Some(found) if is_open(&found.value) => return Ok(Some(found)),
        Some(found) if found.value.stopped_by == LABEL => match found.value.phase {
            Phase::NotStoppable(_) => return Ok(None),
            // It was stopped and runs again with our mark on it. How it was before cannot be seen any more.
            Phase::Stopped | Phase::Starting if is_marked => {
                let again = Stopped { phase: Phase::Stopping, left: None, ..found.value.clone() };
                found.with(again)
            }
            _ => found.with(save(config, workload).await?),
        },
        // Somebody else stopped it, and it runs.
        Some(found) => found.with(save(config, workload).await?),
        None => Versioned::new(save(config, workload).await?),
    };
    if record.value.phase == Phase::Left {
        return Ok(None);
    }
    if !ledger.store_stopped(account, &workload.arn, &mut record, (shift.app.clock)()).await? {
        shift.wait();
        return Ok(None);
    }
    Ok(Some(record).filter(|record| is_open(&record.value)))
}

async fn save(config: &SdkConfig, workload: &Workload) -> Result<Stopped, Error> {
    let saved = workloads::save(config, workload, LABEL).await;
    saved.map_err(|why| Error::Workload { what: called(workload), why })
}

fn notes(ended: &[Stopped]) -> Vec<String> {
    let of = |phase: &Phase| -> Vec<String> {
        let these = ended.iter().filter(|stopped| stopped.phase == *phase);
        these.map(|stopped| called(&stopped.workload)).collect()
    };
    let stopped = of(&Phase::Stopped);
    let mut notes = Vec::new();
    if !stopped.is_empty() {
        notes.push(format!("stopped {}", few(&stopped).join(", ")));
    }
    let refused = ended.iter().filter_map(|stopped| match &stopped.phase {
        Phase::NotStoppable(why) => Some(format!("{} runs on: {why}", called(&stopped.workload))),
        _ => None,
    });
    notes.extend(few(&refused.collect::<Vec<_>>()));
    notes
}

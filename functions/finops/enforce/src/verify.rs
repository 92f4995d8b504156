//! Looks whether the account is as the stage needs it.

use crate::{
    App, Error,
    event::{Begun, Verified},
    keep,
    work::{WAIT_SECONDS, called, few, is_open, ours, spared, stands_still},
};
use finops::{Holder, guardrails_of};
use std::collections::BTreeMap;
use workloads::{Phase, Stopped};

/// Looks. Whatever is missing is for the next time of acting.
pub(crate) async fn verify(app: &App, begun: &Begun) -> Result<Verified, Error> {
    let step = &begun.step;
    let organization = app.organization().await?;
    let record = keep::renewed(app, step).await?;
    let attached = placement::attached(&app.organizations, &organization, &step.account_id).await?;
    let needed = guardrails_of(step.to);
    let lacking = needed.iter().filter(|guardrail| !attached.contains(guardrail));
    let mut missing: Vec<String> = lacking.map(|guardrail| format!("{} is not attached", guardrail.id())).collect();
    let beyond = record.guardrails.iter().filter(|(held, holder)| **holder == Holder::Ours && !needed.contains(held));
    missing.extend(beyond.map(|(guardrail, _)| format!("{} is not detached", guardrail.id())));
    let known = ours(app, &step.account_id).await?;
    let mut left = Vec::new();
    if stands_still(step.to) {
        still(app, begun, &known, &mut missing, &mut left).await?;
    } else {
        missing.extend(known.iter().map(|stopped| format!("{} is not started", called(&stopped.workload))));
    }
    let wait_seconds = if missing.is_empty() { 0 } else { WAIT_SECONDS };
    Ok(Verified { in_place: missing.is_empty(), wait_seconds, missing: few(&missing), left: few(&left) })
}

/// What runs: by right, or although it was to be stopped.
async fn still(
    app: &App,
    begun: &Begun,
    known: &[Stopped],
    missing: &mut Vec<String>,
    left: &mut Vec<String>,
) -> Result<(), Error> {
    let phases: BTreeMap<&str, &Phase> =
        known.iter().map(|stopped| (stopped.workload.arn.as_str(), &stopped.phase)).collect();
    let session = app.enter(&begun.step.account_id).await?;
    for region in &app.regions {
        let config = aws::in_region(&session, region);
        let found = workloads::running(&config, region, &begun.step.account_id, None).await;
        let found = found.map_err(|why| Error::Workload { what: format!("what runs in {region}"), why })?;
        for workload in found {
            let refused = match phases.get(workload.arn.as_str()) {
                Some(Phase::NotStoppable(why)) => Some(why.clone()),
                _ => None,
            };
            match spared(&workload, begun.grounds.environment).or(refused) {
                Some(why) => left.push(format!("{}: {why}", called(&workload))),
                None => missing.push(format!("{} runs", called(&workload))),
            }
        }
    }
    let going = known.iter().filter(|stopped| is_open(stopped));
    missing.extend(going.map(|stopped| format!("{} is being stopped", called(&stopped.workload))));
    Ok(())
}

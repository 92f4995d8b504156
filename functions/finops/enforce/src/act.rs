//! Goes on with what leads to the stage, as far as one invocation gets.

use crate::{
    App, Error,
    event::{Acted, Begun},
    keep, policies, start, stop, switch,
    work::{ours, stands_still},
};

/// Guardrails first: on the way up nothing new begins while what runs is stopped.
pub(crate) async fn act(app: &App, begun: &Begun) -> Result<Acted, Error> {
    if !switch::is_on(app).await? {
        return Err(Error::SwitchedOff);
    }
    let step = &begun.step;
    keep::renewed(app, step).await?;
    let organization = app.organization().await?;
    policies::converge(app, step, &organization).await?;
    let known = ours(app, &step.account_id).await?;
    if stands_still(step.to) {
        return stop::all(app, begun, &known).await;
    }
    if known.is_empty() {
        return Ok(Acted { done: true, wait_seconds: 0 });
    }
    start::all(app, step, known).await
}

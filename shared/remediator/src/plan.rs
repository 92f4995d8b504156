//! Describes, plans, and decides what becomes of the plan.

use crate::{Answer, App, Described, Error, Next, account, describe, tags};
use ledger::Versioned;
use remediation::{
    Assessment, Case, Control, Decision, EXEMPTION_TAG, Facts, Held, Mode, Owner, Plan, Scene, State, Work, assess,
    decide, exempt,
};
use std::collections::BTreeMap;

pub(crate) async fn plan(app: &App, row: &Control, mut case: Versioned<Case>) -> Result<Answer, Error> {
    match case.value.state {
        State::Received | State::Warned => {}
        // Delivered again: it goes on where it is.
        State::Applying => return Ok(Answer::next(Next::Apply)),
        _ => return Ok(Answer::next(Next::Settle)),
    }
    if !row.has_remedy() {
        return end(app, case, State::Ticket, row.reason.clone()).await;
    }
    let parts = app.parts(row, &case.value)?;
    let session = app.sessions.enter(row, &case.value, &parts, false).await?;
    let tags = tags::of(&session, &case.value.remediation.resource).await?;
    if let Some(owner) = tags.get("owner") {
        case.value.owner = Some(owner.clone());
    }
    let exemption = exempt(
        row,
        tags.get(EXEMPTION_TAG).into_iter().chain(app.modes.exemptions(&case.value.remediation.account_id)),
        (app.clock)(),
    );
    match exemption {
        Ok(true) => return end(app, case, State::Held, Some("it is exempt".to_owned())).await,
        Ok(false) => {}
        Err(why) => case.value.remediation.hold = Some(Held::Exemption(why).to_string()),
    }
    if let Some(why) = case.value.remediation.hold.clone() {
        return end(app, case, State::Held, Some(why)).await;
    }
    let scene = match describe(&session, row, &parts, &account(&case.value)).await? {
        Described::There(scene) => scene,
        Described::Gone => return end(app, case, State::Fixed, Some("it is gone".to_owned())).await,
    };
    match assess(row, &scene)? {
        Assessment::Fixed => end(app, case, State::Fixed, Some("it is as it should be".to_owned())).await,
        Assessment::DoesNotApply(why) => end(app, case, State::Suppressed, Some(why)).await,
        Assessment::Fix(plan) => go_on(app, row, case, (scene, plan), &tags).await,
    }
}

async fn go_on(
    app: &App,
    row: &Control,
    mut case: Versioned<Case>,
    (scene, plan): (Scene, Plan),
    tags: &BTreeMap<String, String>,
) -> Result<Answer, Error> {
    let now = (app.clock)();
    let of = &mut case.value;
    if std::mem::take(&mut of.returning) {
        of.regressions = of.regressions.saturating_add(1);
    }
    let digest = plan.digest(&scene);
    let owner = Owner::of(tags).filter(|_| app.modes.leaves_code_alone());
    of.source = owner.as_ref().and_then(|owner| owner.source(&row.control));
    of.plan = Some(digest.clone());
    let tally = app.ledger.tally(now).await?;
    let facts = Facts {
        mode: of.remediation.mode,
        safe: plan.safe,
        plan: &digest,
        approval: of.approval.as_ref(),
        hold: None,
        owner: owner.as_ref(),
        breaker: tally.breaker(&row.control, of.remediation.account_id.as_str()),
        regressions: of.regressions,
        notice: app.modes.notice(&row.control, of.environment, of.account_type),
        warned_until: of.warned_until,
    };
    let decision = decide(&facts, now);
    let mut work = match app.ledger.work(&of.id, of.attempt).await? {
        Some(mut work) => {
            work.value = Work::new(scene, plan);
            work
        }
        None => Versioned::new(Work::new(scene, plan)),
    };
    app.keep(&case.value, &mut work).await?;
    match decision {
        Decision::Plan if case.value.remediation.mode == Mode::Ticket => end(app, case, State::Ticket, None).await,
        Decision::Plan => end(app, case, State::Planned, None).await,
        Decision::Hold(why) => end(app, case, State::Held, Some(why)).await,
        Decision::Wait => {
            let why = if case.value.remediation.mode == Mode::Guarded {
                "its guard does not hold"
            } else {
                row.breaks.as_str()
            };
            end(app, case, State::Waiting, Some(why.to_owned())).await
        }
        Decision::Warn(until) => {
            case.value.warned_until = Some(until);
            app.enter(case, State::Warned, None).await?;
            Ok(Answer { until: Some(until), ..Answer::next(Next::Warn) })
        }
        Decision::Apply => {
            let state = case.value.state;
            app.enter(case, state, None).await?;
            Ok(Answer::next(Next::Apply))
        }
    }
}

/// The attempt ends here. Where the mode lets nothing be done, what would be done is all that is said.
async fn end(app: &App, mut case: Versioned<Case>, state: State, reason: Option<String>) -> Result<Answer, Error> {
    let only_plans = case.value.remediation.mode == Mode::Plan && matches!(state, State::Suppressed | State::Ticket);
    case.value.returning = false;
    app.enter(case, if only_plans { State::Planned } else { state }, reason).await?;
    Ok(Answer::next(Next::Settle))
}

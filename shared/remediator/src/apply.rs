//! Carries a plan out, a call at a time, and reads back what came of it.

use crate::{Advance, Answer, App, Described, Error, Next, account, advance, describe, engine::look_again};
use aws::SdkConfig;
use jiff::Timestamp;
use ledger::Versioned;
use remediation::{Assessment, Case, Control, Mode, Progress, Scene, State, Step, Work, assess, differences, is_fixed};
use std::time::Duration;

/// No call is begun after so long; the function has 120 s, and one call takes 25 s at most.
pub(crate) const BUDGET: Duration = Duration::from_mins(1);

pub(crate) async fn apply(app: &App, row: &Control, mut case: Versioned<Case>, check: u32) -> Result<Answer, Error> {
    if !matches!(case.value.state, State::Received | State::Warned | State::Applying) {
        return Ok(Answer::next(Next::Settle));
    }
    let until = (app.clock)() + BUDGET;
    if !app.ledger.lock(&case.value, (app.clock)()).await? {
        return Ok(Answer::wait(check));
    }
    let mut work = app.work(&case.value).await?;
    let session = app.sessions.enter(row, &case.value, &work.value.before.parts, true).await?;
    if work.value.progress.is_none() {
        match last_look(app, row, &session, &case.value, &mut work).await? {
            Look::Unchanged => {}
            Look::Ends(state, why) => {
                // Another plan than the one that was approved waits for an approval of its own.
                case.value.plan = Some(work.value.plan.digest(&work.value.before));
                app.enter(case, state, Some(why)).await?;
                return Ok(Answer::next(Next::Settle));
            }
        }
        // The before-image is stored before anything is changed.
        work.value.progress = Some(Progress::default());
        app.keep(&case.value, &mut work).await?;
    }
    let case = if case.value.state == State::Applying { case } else { app.enter(case, State::Applying, None).await? };
    if !carry_out(app, row, &session, &case.value, (&mut work, Part::Steps), until).await? {
        return Ok(Answer::wait(check));
    }
    match look_again(&session, row, &work.value.before).await? {
        Described::There(scene) if !is_fixed(row, &scene) => return Ok(Answer::wait(check)),
        Described::There(scene) => work.value.after = Some(scene),
        Described::Gone => {}
    }
    app.keep(&case.value, &mut work).await?;
    Ok(Answer::next(Next::Settle))
}

/// What the last look before the first change shows.
enum Look {
    Unchanged,
    Ends(State, String),
}

/// A plan is made for what was described. Where that has changed since, it is made again, once.
async fn last_look(
    app: &App,
    row: &Control,
    session: &SdkConfig,
    case: &Case,
    work: &mut Versioned<Work>,
) -> Result<Look, Error> {
    let parts = app.parts(row, case)?;
    let scene = match describe(session, row, &parts, &account(case)).await? {
        Described::There(scene) => scene,
        Described::Gone => return Ok(Look::Ends(State::Fixed, "it is gone".to_owned())),
    };
    let moved = differences(row, &work.value.before, &scene);
    if moved.is_empty() {
        return Ok(Look::Unchanged);
    }
    let plan = match assess(row, &scene)? {
        Assessment::Fix(plan) => plan,
        Assessment::Fixed => return Ok(Look::Ends(State::Fixed, "somebody mended it meanwhile".to_owned())),
        Assessment::DoesNotApply(why) => return Ok(Look::Ends(State::Suppressed, why)),
    };
    if work.value.replanned {
        return Ok(Look::Ends(State::Held, format!("it keeps changing: {}", moved.join("; "))));
    }
    let asks = case.remediation.mode >= Mode::Approval || !plan.safe;
    let is_other = plan.digest(&scene) != work.value.plan.digest(&work.value.before);
    work.value = Work { replanned: true, ..Work::new(scene, plan) };
    app.keep(case, work).await?;
    if asks && is_other {
        return Ok(Look::Ends(State::Waiting, format!("it changed after its plan was approved: {}", moved.join("; "))));
    }
    Ok(Look::Unchanged)
}

/// Which steps of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Steps,
    Undo,
}

impl Part {
    fn of(self, work: &Work) -> (&Scene, &[Step], Progress) {
        match self {
            Self::Steps => (&work.before, &work.plan.steps, work.progress.clone().unwrap_or_default()),
            Self::Undo => (&work.before, &work.plan.undo, work.undo.clone().unwrap_or_default()),
        }
    }

    fn keep(self, work: &mut Work, progress: Progress) {
        match self {
            Self::Steps => work.progress = Some(progress),
            Self::Undo => work.undo = Some(progress),
        }
    }
}

/// Goes on with the steps until they wait for something, all are done (true), or the time is over. How far it got is
/// stored after each call.
pub(crate) async fn carry_out(
    app: &App,
    row: &Control,
    session: &SdkConfig,
    case: &Case,
    (work, part): (&mut Versioned<Work>, Part),
    until: Timestamp,
) -> Result<bool, Error> {
    while (app.clock)() < until {
        let (before, steps, mut progress) = part.of(&work.value);
        match advance(session, row, before, steps, &mut progress).await? {
            Advance::Done => return Ok(true),
            Advance::Waits => return Ok(false),
            Advance::Moved => {}
        }
        let was_call = progress.sent;
        part.keep(&mut work.value, progress);
        if was_call {
            app.keep(case, work).await?;
        }
    }
    Ok(false)
}

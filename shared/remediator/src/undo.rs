//! Takes a change back, from the before-image, unless the resource has moved on since.

use crate::{
    Answer, App, Described, Error, Next,
    apply::{BUDGET, Part, carry_out},
    engine::look_again,
};
use ledger::Versioned;
use remediation::{Case, Control, Progress, Reversibility, State, differences};

pub(crate) async fn undo(app: &App, row: &Control, mut case: Versioned<Case>, check: u32) -> Result<Answer, Error> {
    let now = (app.clock)();
    let ends = case.value.approval.as_ref().and_then(|approval| approval.until);
    if let (State::Fixed, Some(ends), None) = (case.value.state, ends, &case.value.undone_by) {
        // Clocks differ: the wait of the workflow may end a little early.
        if now < ends {
            return Ok(Answer::wait(check));
        }
        case.value.undone_by = Some("the approval, which has ended".to_owned());
        case = app.enter(case, State::Undoing, None).await?;
    }
    if case.value.state != State::Undoing {
        return Ok(Answer::next(Next::Settle));
    }
    let until = now + BUDGET;
    if !app.ledger.lock(&case.value, (app.clock)()).await? {
        return Ok(Answer::wait(check));
    }
    let mut work = app.work(&case.value).await?;
    let session = app.sessions.enter(row, &case.value, &work.value.before.parts, true).await?;
    if work.value.undo.is_none() {
        let moved = match (&work.value.after, look_again(&session, row, &work.value.before).await?) {
            (Some(left), Described::There(found)) => differences(row, left, &found),
            (Some(_), Described::Gone) => vec!["it is gone".to_owned()],
            (None, _) => Vec::new(),
        };
        if !moved.is_empty() {
            let why = format!("not taken back, for it has changed since: {}", moved.join("; "));
            app.enter(case, State::Fixed, Some(why)).await?;
            return Ok(Answer::next(Next::Settle));
        }
        let made = work.value.progress.as_ref().map(|progress| progress.made.clone()).unwrap_or_default();
        work.value.undo = Some(Progress { made, ..Progress::default() });
        app.keep(&case.value, &mut work).await?;
    }
    if !carry_out(app, row, &session, &case.value, (&mut work, Part::Undo), until).await? {
        return Ok(Answer::wait(check));
    }
    let left_over = match look_again(&session, row, &work.value.before).await? {
        Described::There(found) => differences(row, &work.value.before, &found),
        Described::Gone => vec!["it was made anew, with another id".to_owned()],
    };
    if !left_over.is_empty() && row.reversibility == Reversibility::Full {
        return Ok(Answer::wait(check));
    }
    work.value.left_over = left_over;
    app.keep(&case.value, &mut work).await?;
    Ok(Answer::next(Next::Settle))
}

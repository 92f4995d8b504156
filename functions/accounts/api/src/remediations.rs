//! `/remediations`: findings and what was done about them; plans approved, changes taken back, findings tried.

mod approve;
mod list;
mod read;
mod start;
mod summary;
mod try_finding;
mod undo;

use crate::{
    app::App,
    problem::{CASE_MOVED, Problem, UNKNOWN_CASE},
};
use ledger::Versioned;
use remediation::{Case, CaseId};

pub(crate) use approve::approve;
pub(crate) use list::list;
pub(crate) use read::read;
pub(crate) use summary::summary;
pub(crate) use try_finding::try_finding;
pub(crate) use undo::undo;

/// The case that a path names.
async fn case(app: &App, id: &str) -> Result<Versioned<Case>, Problem> {
    let unknown = || Problem::new(&UNKNOWN_CASE, "Use an id that GET /v1/remediations shows.");
    let id = CaseId::parse(id).map_err(|_| unknown())?;
    app.ledger.case(&id).await?.ok_or_else(unknown)
}

/// Stores a case that somebody changed, unless something else changed it at the same moment.
async fn store(app: &App, case: &mut Versioned<Case>) -> Result<(), Problem> {
    if app.ledger.store_case(case).await? {
        return Ok(());
    }
    Err(Problem::new(&CASE_MOVED, "It changed at this very moment. Look at it again, then repeat what you want."))
}

//! Puts a problem on record and starts its workflow, once for each attempt however often it is told.

use crate::{App, Problem};
use aws::AwsFault;
use ledger::Versioned;
use remediation::{Admission, Case, CaseId, Ignored, Remediation, control};
use serde_json::json;

/// Why a problem is not on record, or not started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Aws(#[from] AwsFault),
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error("other writers were faster, again and again")]
    Contended,
}

/// What came of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Started,
    Noted,
    Ignored(Ignored),
}

/// Writers of one case at the same moment: triage, its workflow, people.
const MOST_TRIES: usize = 4;

/// Admits every report of a problem.
pub(crate) async fn admit(app: &App, problem: &Problem) -> Result<Outcome, Error> {
    let mut outcome = Outcome::Ignored(Ignored::Open);
    for report in &problem.reports {
        let one = admit_one(app, problem, report).await?;
        if outcome != Outcome::Started {
            outcome = one;
        }
    }
    Ok(outcome)
}

async fn admit_one(app: &App, problem: &Problem, report: &Remediation) -> Result<Outcome, Error> {
    let id = CaseId::of(&report.problem);
    for _ in 0..MOST_TRIES {
        let now = (app.clock)();
        let (mut case, starts) = match app.ledger.case(&id).await? {
            None => {
                let Some(row) = control(&report.control) else { return Ok(Outcome::Ignored(Ignored::UnknownControl)) };
                (Versioned::new(Case::open(report.clone(), &problem.account, row.severity, now)), true)
            }
            Some(found) => match found.value.clone().admit(report.clone(), now) {
                Admission::Ignored(why) => return Ok(Outcome::Ignored(why)),
                Admission::Again(case) => {
                    start(app, &case).await?;
                    return Ok(Outcome::Ignored(Ignored::Open));
                }
                Admission::Start(case) => (found.with(*case), true),
                Admission::Note(case) => (found.with(*case), false),
            },
        };
        if !app.ledger.store_case(&mut case).await? {
            continue;
        }
        if starts {
            start(app, &case.value).await?;
            return Ok(Outcome::Started);
        }
        return Ok(Outcome::Noted);
    }
    Err(Error::Contended)
}

/// Starts the attempt, once however often it is called.
async fn start(app: &App, case: &Case) -> Result<(), AwsFault> {
    let Some(row) = control(&case.remediation.control) else { return Ok(()) };
    let input = json!({"caseId": case.id, "family": row.family, "action": "plan"});
    app.workflow.start(case.execution("plan"), input.to_string()).await.map(drop)
}

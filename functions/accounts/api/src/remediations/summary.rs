//! `GET /remediations/summary`: per control and per account what is open, mended, came back, and would be mended.

use crate::{
    app::App,
    problem::Problem,
    response::{self, Response},
};
use http::StatusCode;
use ledger::CaseFilter;
use remediation::{Case, State};
use serde::Serialize;
use std::collections::BTreeMap;

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Count {
    cases: u32,
    /// Being worked on.
    open: u32,
    /// Waiting for people: approval, ticket, hold.
    waiting: u32,
    /// As the control wants it.
    fixed: u32,
    failed: u32,
    /// Planned, where the mode lets nothing be changed.
    would_fix: u32,
    undone: u32,
    /// Mendings of all cases: one that came back counts again.
    fixes: u32,
    regressions: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    mean_seconds_to_fix: Option<u64>,
    #[serde(skip)]
    seconds: u64,
}

#[derive(Default, Serialize)]
struct Report {
    total: Count,
    controls: BTreeMap<String, Count>,
    accounts: BTreeMap<String, Count>,
}

/// Cases that one page of the ledger brings.
const PAGE: usize = 1000;

/// Summarizes every case.
pub(crate) async fn summary(app: &App) -> Result<Response, Problem> {
    let (mut report, mut after) = (Report::default(), None);
    loop {
        let (cases, next) = app.ledger.cases(&CaseFilter::default(), PAGE, after.as_ref()).await?;
        for case in &cases {
            report.add(case);
        }
        after = next;
        if after.is_none() {
            return Ok(response::json(StatusCode::OK, &report));
        }
    }
}

impl Report {
    /// What was only tried is nobody's problem.
    fn add(&mut self, case: &Case) {
        if case.is_trial() {
            return;
        }
        self.total.add(case);
        self.controls.entry(case.remediation.control.clone()).or_default().add(case);
        self.accounts.entry(case.remediation.account_id.to_string()).or_default().add(case);
    }
}

impl Count {
    fn add(&mut self, case: &Case) {
        self.cases += 1;
        match case.state {
            State::Waiting | State::Held | State::Ticket => self.waiting += 1,
            State::Fixed => self.fixed += 1,
            State::Failed => self.failed += 1,
            State::Planned => self.would_fix += 1,
            State::Undone => self.undone += 1,
            State::Suppressed => {}
            State::Received | State::Warned | State::Applying | State::Undoing => self.open += 1,
        }
        self.fixes += case.fixes;
        self.regressions += case.regressions;
        self.seconds += case.seconds_to_fix;
        self.mean_seconds_to_fix = self.seconds.checked_div(self.fixes.into());
    }
}

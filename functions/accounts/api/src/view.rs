//! A request as clients see it.

use landing_zone::{AccountId, AccountRequest, Email, Failure, RequestId, UnitPath};
use ledger::{Record, Stamp, State, Step, StepTimes};
use serde::Serialize;

/// A request in a list: all but how it came about.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Summary<'a> {
    request_id: &'a RequestId,
    state: State,
    #[serde(flatten)]
    request: &'a AccountRequest,
    requester: &'a str,
    created_at: Stamp,
    updated_at: Stamp,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizational_unit: Option<&'a UnitPath>,
    root_email: &'a Email,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
}

impl<'a> From<&'a Record> for Summary<'a> {
    fn from(record: &'a Record) -> Self {
        Self {
            request_id: &record.request_id,
            state: record.state,
            request: &record.request,
            requester: &record.requester,
            created_at: record.created_at,
            updated_at: record.updated_at,
            attempt: record.attempt,
            account_id: record.account_id.as_ref(),
            organizational_unit: record.organizational_unit.as_ref(),
            root_email: &record.root_email,
            failure: record.failure.as_ref(),
        }
    }
}

/// A request with its timeline and what was read back at the end.
#[derive(Serialize)]
pub(crate) struct Details<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    timeline: Vec<Entry>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    verified: &'a [String],
}

#[derive(Serialize)]
struct Entry {
    step: Step,
    #[serde(flatten)]
    times: StepTimes,
}

impl<'a> From<&'a Record> for Details<'a> {
    fn from(record: &'a Record) -> Self {
        let mut timeline: Vec<_> =
            record.steps.iter().map(|(step, times)| Entry { step: *step, times: *times }).collect();
        // Stable: steps that began in the same millisecond keep the order of the workflow.
        timeline.sort_by_key(|entry| entry.times.started_at);
        Self { summary: record.into(), timeline, verified: &record.attestation }
    }
}

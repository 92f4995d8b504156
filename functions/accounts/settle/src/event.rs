//! How this function hears of an end: from the workflow, from `EventBridge` about its execution, or, where there was
//! no execution, by looking for it.

use landing_zone::{ErrorOutput, ExecutionEnd, Failure, RequestId};
use serde::Deserialize;

/// An event as it comes in.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// From a step of the workflow.
    #[serde(rename_all = "camelCase")]
    Workflow {
        /// The request.
        request_id: RequestId,
        /// The attempt; the current one where it is left out.
        #[serde(default)]
        attempt: Option<u32>,
        /// How it ended.
        outcome: Word,
        /// The error output of the state machine.
        #[serde(default)]
        error: ErrorOutput,
    },
    /// `Step Functions Execution Status Change`
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>).
    StatusChange {
        /// What it says.
        detail: ExecutionEnd,
    },
    /// From a schedule.
    Sweep {
        /// Anything.
        #[allow(dead_code, reason = "tells the event from the others")]
        sweep: bool,
    },
}

/// How the workflow ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// With the account in use.
    Active,
    /// With an error.
    Failed,
}

/// How a request ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Active,
    Failed { attempt: Option<u32>, failure: Failure },
}

impl Event {
    /// Which request ended, and how; none when it is about something else.
    pub(crate) fn read(self) -> Option<(RequestId, Outcome)> {
        match self {
            Self::Workflow { request_id, outcome: Word::Active, .. } => Some((request_id, Outcome::Active)),
            Self::Workflow { request_id, attempt, outcome: Word::Failed, error } => {
                Some((request_id, Outcome::Failed { attempt, failure: error.failure() }))
            }
            Self::Sweep { .. } => None,
            Self::StatusChange { detail } => {
                let (request_id, attempt) = RequestId::of_execution(&detail.name)?;
                Some((request_id, Outcome::Failed { attempt: Some(attempt), failure: detail.failure() }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landing_zone::Class;
    use serde_json::json;

    const ID: &str = "req-0190f3a2-0000-7000-8000-000000000000";

    fn failure_of(event: serde_json::Value) -> (Option<u32>, Failure) {
        match serde_json::from_value::<Event>(event).unwrap().read() {
            Some((id, Outcome::Failed { attempt, failure })) if id.as_str() == ID => (attempt, failure),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_function_error_keeps_its_class_reason_and_advice() {
        let cause = json!({"errorType": "Conflict.EmailTaken", "errorMessage": "taken\nchoose another"}).to_string();
        let (attempt, failure) = failure_of(json!({
            "requestId": ID, "outcome": "failed", "attempt": 2, "error": {"Error": "Conflict.EmailTaken", "Cause": cause}
        }));
        assert_eq!(attempt, Some(2));
        assert_eq!((failure.class, &*failure.reason, &*failure.advice), (Class::Conflict, "taken", "choose another"));
    }

    #[test]
    fn a_killed_function_and_a_bare_error_are_retryable() {
        for error in [
            json!({"Error": "Lambda.Unknown", "Cause": "exit status 9"}),
            json!({"Error": "States.Timeout"}),
            json!({}),
        ] {
            assert_eq!(
                failure_of(json!({"requestId": ID, "outcome": "failed", "error": error})).1.class,
                Class::Retryable
            );
        }
    }

    #[test]
    fn an_aborted_execution_names_its_request_and_attempt() {
        let (attempt, failure) = failure_of(json!({
            "source": "aws.states", "detail": {"name": format!("{ID}-3"), "status": "TIMED_OUT", "error": null}
        }));
        assert_eq!((attempt, &*failure.name), (Some(3), "Retryable.ExecutionTimedOut"));
    }

    #[test]
    fn other_executions_are_none_of_its_business() {
        let event = json!({"detail": {"name": "nightly-run", "status": "FAILED"}});
        assert_eq!(serde_json::from_value::<Event>(event).unwrap().read(), None);
    }
}

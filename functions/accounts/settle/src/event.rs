//! How this function hears of an end: from the workflow, from `EventBridge` about its execution, or, where there was
//! no execution, by looking for it.

use landing_zone::{Class, Failure, RequestId};
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
        detail: StatusDetail,
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

/// An error as the state machine hands it on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorOutput {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    cause: Option<String>,
}

/// The part of a status change that is read.
#[derive(Debug, Deserialize)]
pub struct StatusDetail {
    name: String,
    status: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    cause: Option<String>,
}

/// How a request ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Active,
    Failed { attempt: Option<u32>, failure: Failure },
}

/// The cause of a failed Lambda task is its error as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LambdaError {
    error_message: String,
}

impl Event {
    /// Which request ended, and how; none when it is about something else.
    pub(crate) fn read(self) -> Option<(RequestId, Outcome)> {
        match self {
            Self::Workflow { request_id, outcome: Word::Active, .. } => Some((request_id, Outcome::Active)),
            Self::Workflow { request_id, attempt, outcome: Word::Failed, error } => {
                let name = error.error.unwrap_or_else(|| "Unknown".to_owned());
                Some((request_id, Outcome::Failed { attempt, failure: failure(&name, error.cause) }))
            }
            Self::Sweep { .. } => None,
            Self::StatusChange { detail } => {
                let (request_id, attempt) = RequestId::of_execution(&detail.name)?;
                let failure = match detail.error {
                    Some(name) => failure(&name, detail.cause),
                    None => Failure {
                        class: Class::Retryable,
                        name: format!("Retryable.Execution{}", title_case(&detail.status)),
                        reason: format!("The workflow ended with {}.", detail.status),
                        advice: "Send the same request again; it resumes where it stopped.".to_owned(),
                    },
                };
                Some((request_id, Outcome::Failed { attempt: Some(attempt), failure }))
            }
        }
    }
}

fn failure(name: &str, cause: Option<String>) -> Failure {
    let cause = cause.unwrap_or_else(|| "no cause given".to_owned());
    let message = serde_json::from_str::<LambdaError>(&cause).map_or(cause, |error| error.error_message);
    Failure::from_error(name, &message)
}

/// `TIMED_OUT` as `TimedOut`.
fn title_case(status: &str) -> String {
    status
        .split('_')
        .filter_map(|word| word.split_at_checked(1))
        .flat_map(|(head, tail)| [head.to_owned(), tail.to_ascii_lowercase()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
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

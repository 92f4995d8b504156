//! How this function hears of an end: from the workflow, or from `EventBridge` about its execution.

use landing_zone::{ErrorOutput, ExecutionEnd, Failure};
use remediation::CaseId;
use serde::Deserialize;

/// An event as it comes in.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Event {
    /// From a step of the workflow.
    #[serde(rename_all = "camelCase")]
    Workflow {
        /// The case.
        case_id: CaseId,
        /// What to do.
        action: Action,
        /// The error output of the state machine.
        #[serde(default)]
        error: ErrorOutput,
    },
    /// `Step Functions Execution Status Change`.
    StatusChange {
        /// What it says.
        detail: ExecutionEnd,
    },
}

/// What a step of the workflow asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Tell the owner what is to come.
    Warn,
    /// Say what came of it.
    Settle,
    /// Say what went wrong.
    Fail,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum What {
    Warn,
    Settle,
    Failed { attempt: Option<u32>, failure: Failure },
}

impl Event {
    /// Which case, and what is to be done about it; none when it is about something else.
    pub(crate) fn read(self) -> Option<(CaseId, What)> {
        match self {
            Self::Workflow { case_id, action: Action::Warn, .. } => Some((case_id, What::Warn)),
            Self::Workflow { case_id, action: Action::Settle, .. } => Some((case_id, What::Settle)),
            Self::Workflow { case_id, action: Action::Fail, error } => {
                Some((case_id, What::Failed { attempt: None, failure: error.failure() }))
            }
            Self::StatusChange { detail } => {
                let (case_id, attempt) = CaseId::of_execution(&detail.name)?;
                Some((case_id, What::Failed { attempt: Some(attempt), failure: detail.failure() }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(event: Value) -> Option<(CaseId, What)> {
        serde_json::from_value::<Event>(event).unwrap().read()
    }

    #[test]
    fn every_way_of_ending_names_its_case() {
        let id = CaseId::of("x");
        let step =
            |action: &str| json!({"caseId": id, "action": action, "error": {"Error": "Denied.X", "Cause": "no"}});
        assert_eq!(read(step("settle")), Some((id.clone(), What::Settle)));
        assert_eq!(read(step("warn")), Some((id.clone(), What::Warn)));
        assert!(
            matches!(read(step("fail")), Some((of, What::Failed { attempt: None, failure })) if of == id && failure.name == "Denied.X")
        );
        let ended = json!({"detail": {"name": format!("{id}-3-plan"), "status": "ABORTED"}});
        assert!(matches!(read(ended), Some((of, What::Failed { attempt: Some(3), .. })) if of == id));
        assert_eq!(read(json!({"detail": {"name": "nightly", "status": "FAILED"}})), None);
    }
}

//! What is said of a case: in Security Hub, and as an event.

use remediation::{Case, Mode, State, control};

/// What a finding becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Update {
    /// The workflow status.
    pub workflow: &'static str,
    /// The same, as OCSF counts it.
    pub status_id: u8,
    /// The note.
    pub note: String,
}

/// The longest note, in characters
/// (<https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_NoteUpdate.html>).
const LONGEST_NOTE: usize = 512;

/// `RESOLVED` is for what was read back and found as it should be, and for nothing else.
pub(crate) fn update(case: &Case) -> Update {
    let (workflow, status_id) = match case.state {
        State::Fixed if case.undone_by.is_none() => ("RESOLVED", 4),
        State::Suppressed => ("SUPPRESSED", 3),
        _ => ("NOTIFIED", 2),
    };
    let reason = case.reason.as_deref();
    let said = match case.state {
        State::Fixed if case.undone_by.is_some() => format!("Still mended: {}.", reason.unwrap_or("not taken back")),
        State::Fixed => format!("Read back: {}.", reason.unwrap_or("mended")),
        State::Suppressed => format!("Does not apply: {}.", reason.unwrap_or("by the catalog")),
        State::Waiting => format!(
            "Waits for approval of plan {}. {}",
            case.plan.as_deref().unwrap_or_default(),
            reason.unwrap_or_default()
        ),
        State::Warned => format!(
            "Will be mended at {}, unless its owner does it before.",
            case.warned_until.map(|until| until.to_string()).unwrap_or_default()
        ),
        State::Held => format!("Held: {}.", reason.unwrap_or_default()),
        State::Ticket => format!("For people: {}", reason.unwrap_or("the mode asks for it")),
        State::Failed => {
            format!("Not mended: {}", case.failure.as_ref().map(|failure| failure.reason.as_str()).unwrap_or_default())
        }
        State::Undone => format!("Taken back as {} asked.", case.undone_by.as_deref().unwrap_or("somebody")),
        _ => "Being worked on.".to_owned(),
    };
    let note = format!("AI Landing Zone, case {}. {said}", case.id);
    Update { workflow, status_id, note: note.chars().take(LONGEST_NOTE).collect() }
}

/// The event's detail type.
pub(crate) fn event(case: &Case) -> &'static str {
    match case.state {
        // What only plans asks nobody for anything, unless it cannot even read.
        state if case.remediation.mode == Mode::Plan && state != State::Failed => "Remediation Planned",
        State::Fixed if case.undone_by.is_some() => "Remediation Undo Refused",
        State::Fixed => "Remediation Fixed",
        State::Suppressed => "Remediation Suppressed",
        State::Waiting => "Remediation Waiting",
        State::Held => "Remediation Held",
        State::Ticket => "Remediation Ticket",
        State::Failed => "Remediation Failed",
        State::Undone => "Remediation Undone",
        _ => "Remediation Planned",
    }
}

/// True where the owner has something to do.
pub(crate) fn needs_people(case: &Case) -> bool {
    case.remediation.mode != Mode::Plan
        && matches!(case.state, State::Waiting | State::Held | State::Ticket | State::Failed)
}

/// What the control is about, for people.
pub(crate) fn title(case: &Case) -> &str {
    control(&case.remediation.control).map_or(case.remediation.control.as_str(), |row| row.title.as_str())
}

//! Where cases stand.

use serde::{Deserialize, Serialize};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum State {
    /// On record, and its workflow begins.
    Received,
    /// It is known what would be done; the mode does not let it be done.
    Planned,
    /// The owner has been told, and has time to act.
    Warned,
    /// Somebody has to approve the plan.
    Waiting,
    /// Nothing is done, for a reason that people can change.
    Held,
    /// Being changed; the before-image is stored.
    Applying,
    /// Read back and found as the control wants it.
    Fixed,
    /// The control is not meant for it.
    Suppressed,
    /// People have to do it.
    Ticket,
    /// Something went wrong; the before-image is kept.
    Failed,
    /// Being changed back.
    Undoing,
    /// As it was before.
    Undone,
}

impl State {
    /// True while a workflow works on it.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Warned | Self::Applying | Self::Undoing)
    }

    /// The word as people read it, as in `FIXED`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Planned => "PLANNED",
            Self::Warned => "WARNED",
            Self::Waiting => "WAITING",
            Self::Held => "HELD",
            Self::Applying => "APPLYING",
            Self::Fixed => "FIXED",
            Self::Suppressed => "SUPPRESSED",
            Self::Ticket => "TICKET",
            Self::Failed => "FAILED",
            Self::Undoing => "UNDOING",
            Self::Undone => "UNDONE",
        }
    }

    /// Reads the word.
    ///
    /// # Errors
    /// Lists the words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let all = [
            Self::Received,
            Self::Planned,
            Self::Warned,
            Self::Waiting,
            Self::Held,
            Self::Applying,
            Self::Fixed,
            Self::Suppressed,
            Self::Ticket,
            Self::Failed,
            Self::Undoing,
            Self::Undone,
        ];
        let words = || all.map(Self::id).join(", ");
        all.into_iter().find(|state| state.id() == text).ok_or_else(|| format!("must be one of {}", words()))
    }
}

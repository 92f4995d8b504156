//! A request as the ledger remembers it.

use crate::{Error, Stamp};
use landing_zone::{AccountId, AccountRequest, Email, Failure, RequestId, UnitPath};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a request has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Accepted; name and e-mail are reserved.
    Received,
    /// Waiting for a creation slot, or AWS is making the account.
    Creating,
    /// The account exists and is in quarantine.
    Quarantined,
    /// The account gets its roles, tags and contacts.
    Baselining,
    /// Everything is read back.
    Verifying,
    /// The account moves to its unit.
    Placing,
    /// The account is in use.
    Active,
    /// Ended without an account in use; the same request sent again resumes.
    Failed,
}

impl State {
    /// All states, in order.
    pub const ALL: [Self; 8] = [
        Self::Received,
        Self::Creating,
        Self::Quarantined,
        Self::Baselining,
        Self::Verifying,
        Self::Placing,
        Self::Active,
        Self::Failed,
    ];

    /// The word in the API.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Received => "RECEIVED",
            Self::Creating => "CREATING",
            Self::Quarantined => "QUARANTINED",
            Self::Baselining => "BASELINING",
            Self::Verifying => "VERIFYING",
            Self::Placing => "PLACING",
            Self::Active => "ACTIVE",
            Self::Failed => "FAILED",
        }
    }

    /// Finds the state; the reason lists what exists.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.id() == text)
            .ok_or_else(|| format!("must be one of {}", Self::ALL.map(Self::id).join(", ")))
    }
}

/// The steps of vending, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Name and root e-mail are held.
    Reserve,
    /// One of the five creations that AWS allows at once.
    Slot,
    /// AWS makes the account.
    Create,
    /// The account moves to Quarantine.
    Quarantine,
    /// The account lets us in.
    Probe,
    /// The suite's roles in the account.
    MemberRoles,
    /// Tags and alternate contacts.
    Profile,
    /// Everything read back.
    Verify,
    /// The account moves to its unit.
    Place,
    /// The event is out.
    Announce,
}

impl Step {
    /// The step's name in the timeline.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Slot => "slot",
            Self::Create => "create",
            Self::Quarantine => "quarantine",
            Self::Probe => "probe",
            Self::MemberRoles => "member-roles",
            Self::Profile => "profile",
            Self::Verify => "verify",
            Self::Place => "place",
            Self::Announce => "announce",
        }
    }

    /// The state a request is in while the step runs.
    #[must_use]
    pub fn state(self) -> State {
        match self {
            Self::Reserve => State::Received,
            Self::Slot | Self::Create => State::Creating,
            Self::Quarantine => State::Quarantined,
            Self::Probe | Self::MemberRoles | Self::Profile => State::Baselining,
            Self::Verify => State::Verifying,
            Self::Place | Self::Announce => State::Placing,
        }
    }
}

/// When a step first began and last ended in this attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepTimes {
    /// First begun.
    pub started_at: Stamp,
    /// Last ended; none while it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Stamp>,
}

/// What is known of the one `CreateAccount` call of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Creation {
    /// Which invocation claimed the right to call.
    pub token: String,
    /// In which attempt of the request.
    pub attempt: u32,
    /// When it claimed it: the call can only be later.
    pub claimed_at: Stamp,
    /// The id of AWS's creation request (`car-…`); none while the answer is out or after it was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_id: Option<String>,
    /// Set once AWS said that the creation failed: no account came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
}

/// A request with everything that has happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The request.
    pub request_id: RequestId,
    /// How far it has come.
    pub state: State,
    /// When it was accepted.
    pub created_at: Stamp,
    /// When it last changed.
    pub updated_at: Stamp,
    /// How often it was started; from 1.
    pub attempt: u32,
    /// What was asked for.
    pub request: AccountRequest,
    /// The root e-mail the account gets.
    pub root_email: Email,
    /// The IAM identity that asked.
    pub requester: String,
    /// Digest of requester and body: the same means the same request.
    pub fingerprint: String,
    /// The creation, once claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation: Option<Creation>,
    /// The account, once made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// Where the account was last put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organizational_unit: Option<UnitPath>,
    /// What was read back and found right, line by line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attestation: Vec<String>,
    /// The steps of this attempt.
    #[serde(default)]
    pub steps: BTreeMap<Step, StepTimes>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

impl Record {
    /// The account, for a step that needs it.
    pub fn account(&self) -> Result<&AccountId, Error> {
        self.account_id.as_ref().ok_or_else(|| Error::NoAccount(self.request_id.clone()))
    }

    /// True once the step has ended in this attempt.
    #[must_use]
    pub fn has_finished(&self, step: Step) -> bool {
        self.steps.get(&step).is_some_and(|times| times.finished_at.is_some())
    }
}

/// The item id of a request.
pub(crate) fn request_item(id: &RequestId) -> String {
    format!("request#{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_states_and_steps_are_those_stored() {
        for state in State::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), state.id());
        }
        for step in [
            Step::Reserve,
            Step::Slot,
            Step::Create,
            Step::Quarantine,
            Step::Probe,
            Step::MemberRoles,
            Step::Profile,
            Step::Verify,
            Step::Place,
            Step::Announce,
        ] {
            assert_eq!(serde_json::to_value(step).unwrap(), step.id());
        }
    }
}

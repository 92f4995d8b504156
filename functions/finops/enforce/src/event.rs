//! What the workflow asks for, and what it is answered.

use finops::{Direction, Stage, Window};
use jiff::Timestamp;
use landing_zone::{AccountId, Environment, ErrorOutput};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// One part of a step.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
pub enum Event {
    /// May it be done? Then the account is claimed.
    Guard(Work),
    /// Goes on with what leads to the stage.
    Act(Begun),
    /// Looks whether the account is as the stage needs it.
    Verify(Begun),
    /// Puts it on record, tells people, gives the account back.
    Settle(Ended),
    /// Puts the failure on record, tells people, gives the account back.
    Fail(Failed),
}

/// The step, and the execution that takes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    pub(crate) account_id: AccountId,
    pub(crate) step_id: String,
    pub(crate) direction: Direction,
    pub(crate) to: Stage,
    pub(crate) decided_at: Timestamp,
    pub(crate) execution_id: String,
}

/// What the decision stood on when the account was claimed. The parts that follow are told it, for by then there may be
/// a newer decision, of another period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Grounds {
    /// The stage that the account is brought from.
    pub(crate) from: Stage,
    pub(crate) window: Window,
    pub(crate) limit: Decimal,
    pub(crate) why: Vec<String>,
    pub(crate) name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) environment: Option<Environment>,
}

/// A step that was let through.
#[derive(Debug, Clone, Deserialize)]
pub struct Begun {
    #[serde(flatten)]
    pub(crate) step: Work,
    pub(crate) grounds: Grounds,
}

/// A step whose effect was seen.
#[derive(Debug, Clone, Deserialize)]
pub struct Ended {
    #[serde(flatten)]
    pub(crate) step: Work,
    pub(crate) grounds: Grounds,
    /// What runs on, and why.
    #[serde(default)]
    pub(crate) left: Vec<String>,
}

/// A step that ended in an error; without grounds where that was before the account was claimed.
#[derive(Debug, Clone, Deserialize)]
pub struct Failed {
    #[serde(flatten)]
    pub(crate) step: Work,
    #[serde(default)]
    pub(crate) grounds: Option<Grounds>,
    pub(crate) error: ErrorOutput,
}

/// What a part came to.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of the guard.
    Guarded(Guarded),
    /// Of acting.
    Acted(Acted),
    /// Of looking.
    Verified(Verified),
    /// Of the end.
    Settled(Settled),
}

/// Whether to go on.
#[derive(Debug, Serialize)]
pub struct Guarded {
    pub(crate) proceed: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) grounds: Option<Grounds>,
}

/// How far it got.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Acted {
    pub(crate) done: bool,
    pub(crate) wait_seconds: u32,
}

/// How the account stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verified {
    pub(crate) in_place: bool,
    pub(crate) wait_seconds: u32,
    /// What is not as the stage needs it.
    pub(crate) missing: Vec<String>,
    /// What runs on by right, and why.
    pub(crate) left: Vec<String>,
}

/// The stage that is on record.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Settled {
    pub(crate) stage: Stage,
}

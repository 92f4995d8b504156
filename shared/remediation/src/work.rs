//! The work on a case: what was found, what is to be done, and how far it got.

use crate::{Plan, Scene};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How far the steps of a plan have got.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Steps that are done with.
    pub done: usize,
    /// The next one is sent, and what it waits for is not there yet.
    pub sent: bool,
    /// What steps made, by name.
    pub made: Map<String, Value>,
}

/// The work on one attempt at a case. What was found before the first change stays in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// The before-image.
    pub before: Scene,
    /// What is to be done, and what takes it back.
    pub plan: Plan,
    /// How far it got; nothing before its first step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
    /// The resource changed after it was planned for, and was planned for again.
    #[serde(default)]
    pub replanned: bool,
    /// The resource as it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Scene>,
    /// How far it was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Progress>,
    /// Where it differs from the before-image after it was taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_over: Vec<String>,
}

impl Work {
    /// A plan that nothing has been done about.
    #[must_use]
    pub fn new(before: Scene, plan: Plan) -> Self {
        Self { before, plan, progress: None, replanned: false, after: None, undo: None, left_over: Vec::new() }
    }
}

//! How far the suite goes against spending, in order.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A stage. Each includes those before it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Nothing.
    #[default]
    None,
    /// People are told.
    Notify,
    /// Nothing new that costs: a service control policy denies new AI and GPU resources.
    Restrict,
    /// What runs for AI is stopped, so that it can be started again.
    Stop,
    /// Models may not be invoked either. Reading, stopping, deleting and logging go on.
    Freeze,
}

impl Stage {
    /// All stages that act on an account, in order.
    pub const ENFORCED: [Self; 3] = [Self::Restrict, Self::Stop, Self::Freeze];

    /// The word people write.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Notify => "notify",
            Self::Restrict => "restrict",
            Self::Stop => "stop",
            Self::Freeze => "freeze",
        }
    }

    /// True where an account is acted on, not only spoken of.
    #[must_use]
    pub fn acts(self) -> bool {
        self >= Self::Restrict
    }

    /// The stage of enforcement: none where people are only told.
    #[must_use]
    pub fn enforced(self) -> Self {
        if self.acts() { self } else { Self::None }
    }

    /// The next step of enforcement from here to `goal`; `goal` itself at the end.
    #[must_use]
    pub fn towards(self, goal: Self) -> Self {
        let ladder = [Self::None, Self::Restrict, Self::Stop, Self::Freeze];
        let at = |stage: Self| ladder.iter().position(|step| *step == stage.enforced()).unwrap_or_default();
        let (here, there) = (at(self), at(goal));
        let next = if there > here { here + 1 } else { here.saturating_sub(usize::from(there < here)) };
        ladder.get(next).copied().unwrap_or_default()
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enforcement_goes_step_by_step_in_both_directions() {
        for (from, goal, next) in [
            (Stage::None, Stage::Notify, Stage::None),
            (Stage::None, Stage::Freeze, Stage::Restrict),
            (Stage::Restrict, Stage::Freeze, Stage::Stop),
            (Stage::Freeze, Stage::Freeze, Stage::Freeze),
            (Stage::Freeze, Stage::Notify, Stage::Stop),
            (Stage::Restrict, Stage::None, Stage::None),
        ] {
            assert_eq!(from.towards(goal), next, "{from} to {goal}");
        }
    }
}

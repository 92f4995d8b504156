//! What holds for all accounts together: the switch, the brake, and how much may be done at once.

use super::Rail;
use crate::{Decision, Direction, Outcome, day_of};
use serde::{Deserialize, Serialize};

/// More accounts than this at once, and more than a tenth of all, and it is the data or the policy that is wrong.
const BRAKE_ACCOUNTS: usize = 3;

/// Steps of one evaluation. The next goes on.
const STEPS_AT_ONCE: usize = 5;

/// Whether the suite may act at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Switch {
    /// It may.
    On,
    /// Nothing is done to any account, in neither direction.
    Off,
}

/// Something that people are told at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Told once under this key.
    pub key: String,
    /// The first line.
    pub subject: String,
    /// What was seen.
    pub text: String,
}

/// Looks at the decisions about all accounts: the switch, the brake, and how much may be done at once. What somebody
/// approved goes through the brake.
pub fn hold_together(decisions: &mut [Decision], switch: Switch) -> Vec<Page> {
    if switch == Switch::Off {
        hold_those(decisions, |_| true, "switch", "enforcement is switched off");
    }
    let mut pages: Vec<Page> = doubted(decisions).into_iter().collect();
    let rises = |decision: &Decision| {
        decision.outcome != Outcome::Settled
            && decision.step.as_ref().is_some_and(|step| step.direction == Direction::Up && !step.approved)
    };
    let by_itself = |decision: &Decision| rises(decision) && matches!(decision.outcome, Outcome::Act | Outcome::Would);
    let rising = decisions.iter().filter(|decision| by_itself(decision)).count();
    let doubted = decisions.iter().filter(|decision| decision.doubted.is_some()).count();
    if doubted > BRAKE_ACCOUNTS {
        hold_those(decisions, rises, "brake", &format!("figures of {doubted} accounts cannot be believed"));
    } else if rising > BRAKE_ACCOUNTS && rising * 10 > decisions.len() {
        let because = format!("{rising} of {} accounts would be acted on at once", decisions.len());
        pages.extend(braked(decisions, &because));
        hold_those(decisions, by_itself, "brake", &because);
    }
    let mut left = STEPS_AT_ONCE;
    for decision in decisions.iter_mut().filter(|decision| decision.outcome == Outcome::Act) {
        if let Some(fewer) = left.checked_sub(1) {
            left = fewer;
        } else {
            hold(
                decision,
                "cap",
                &format!("{STEPS_AT_ONCE} accounts are acted on already; the next evaluation goes on"),
            );
        }
    }
    pages
}

fn braked(decisions: &[Decision], because: &str) -> Option<Page> {
    let day = day_of(decisions.first()?.at);
    Some(Page {
        key: format!("brake-{day}"),
        subject: format!("Spending: {because}"),
        text: format!(
            "{because}. Nothing is done to any of them until somebody has looked: approve single steps, or set the policy right."
        ),
    })
}

fn hold_those(decisions: &mut [Decision], which: impl Fn(&Decision) -> bool, name: &str, because: &str) {
    for decision in decisions.iter_mut().filter(|decision| decision.outcome != Outcome::Settled) {
        if which(decision) {
            hold(decision, name, because);
        }
    }
}

fn hold(decision: &mut Decision, name: &str, because: &str) {
    decision.rails.push(Rail::new(name, true, because));
    decision.outcome = Outcome::Held;
}

/// One page for all accounts whose figures cannot be believed, told once for the day that is doubted.
fn doubted(decisions: &[Decision]) -> Option<Page> {
    let first = decisions.iter().filter_map(|decision| decision.doubted).min()?;
    let lines: Vec<String> = decisions
        .iter()
        .filter(|decision| decision.doubted.is_some())
        .map(|decision| {
            let why = decision.rails.iter().find(|rail| rail.name == "plausible").map_or("", |rail| &rail.because);
            format!("{}: {why}", decision.account)
        })
        .collect();
    let shown = lines.iter().take(20).cloned().collect::<Vec<_>>().join("\n");
    let more = match lines.len().saturating_sub(20) {
        0 => String::new(),
        more => format!("\nand {more} more"),
    };
    Some(Page {
        key: format!("doubted-{first}"),
        subject: format!("Spending: figures of {} accounts cannot be believed", lines.len()),
        text: format!("Nothing is done to these accounts. Look at the bill before anything else.\n\n{shown}{more}"),
    })
}

#[cfg(test)]
mod tests;

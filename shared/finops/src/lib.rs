//! What an account may spend, what it spends, and what follows: pure, with `now` and configuration given.

/// Source of every event about spending.
pub const EVENT_SOURCE: &str = "ai-landing-zone.spending";

mod account;
mod costs;
mod decide;
mod estimate;
mod idle;
mod money;
mod notice;
mod observed;
mod period;
mod policy;
mod prices;
mod rails;
mod record;
mod signal;
mod stage;
#[cfg(test)]
mod testing;
mod usage;

pub use account::{Account, Special};
pub use costs::{Costs, Day};
pub use decide::{Decision, Direction, Facts, InPlace, Outcome, Rule, Since, Step, decide};
pub use estimate::*;
pub use idle::*;
pub use money::*;
pub use notice::*;
pub use observed::Observed;
pub use period::{Period, Window, day_of, start_of};
pub use policy::{Basis, Budget, Condition, Exemption, Mode, Override, Policy, PolicyError};
pub use prices::*;
pub use rails::{Page, Rail, Switch, hold_together};
pub use record::{Entry, Holder, Lease, Reached, Record, Verdict, guardrails_of};
pub use signal::{Anomaly, Meter, Reading, Signal, Signals};
pub use stage::Stage;
pub use usage::*;

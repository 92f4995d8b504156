//! Spending, from the bill and the meter to what is done in an account and back, as AWS shows it.

mod bells;
mod bill;
mod budgets;
mod crash;
mod ears;
mod explorer;
mod idle;
mod incident;
mod plant;
mod quiet;
mod report;
mod steps;
mod switch;
mod trouble;
mod world;

use std::time::Duration;

/// Nothing else that these tests wait for takes longer.
const LONGEST: Duration = Duration::from_mins(3);

/// An evaluation that looks into every account there is: 40 calls for each, of which the embedded AWS answers 200 a second.
const OF_ALL: Duration = Duration::from_mins(15);

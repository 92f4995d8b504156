//! What every function does alike: start, log flat JSON, count in the embedded metric format, report errors by class.

mod log;
mod metrics;
mod run;

pub use metrics::{Metric, Unit, emit};
pub use run::run;
pub use tracing::{error, info, warn};

//! What runs for AI in an account and costs by the hour: found, stopped, and started again as it was.
//!
//! What is known of a kind of workload is data (`data/README.md`); one engine goes through it. It never terminates
//! anything and deletes no data: an endpoint and a Studio app are taken away and made again, everything else is stopped.

mod error;
mod exemption;
mod kind;
mod look;
mod machines;
mod permissions;
mod reading;
mod restore;
mod running;
mod scaling;
mod stopped;
mod workload;

pub use error::Error;
pub use exemption::{EXEMPTION_TAG, exempt};
pub use kind::Kind;
pub use look::STOPPED_BY;
pub use machines::Capacity;
pub use permissions::{Permissions, permissions};
pub use running::running;
pub use stopped::{Advance, Phase, Stopped, save, start, stop};
pub use workload::Workload;

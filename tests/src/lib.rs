//! What tests and demo share: the running stack, its API as a user calls it, and the gateway's record and faults.

mod api;
mod aws;
mod creation;
mod finding;
mod gateway;
mod listener;
mod observed;
pub mod reach;
mod requests;
mod sign;
pub mod spent;
mod stack;
mod tags;

pub use api::{Answer, Api};
pub use aws::{Aws, Invocation, between};
pub use creation::{Creation, session, tell};
pub use finding::{finding, finding_at, import};
pub use gateway::{Call, Fault, Gateway};
pub use listener::Listener;
pub use observed::{Observed, inside};
pub use requests::{request, unique};
pub use sign::sign;
pub use stack::{Stack, root};
pub use tags::{TagMap, pairs, tags_of};

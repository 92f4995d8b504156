//! The suite's memory: one `DynamoDB` table with one item per thing remembered.
//!
//! | item id | what it remembers |
//! |---|---|
//! | `request#<request id>` | a request, its state, timeline, creation and failure |
//! | `name#<name>`, `email#<address>` | who holds an account name or root e-mail (lower case) |
//! | `account#<account id>` | which request an account came from, and every account known |
//! | `key#<digest>` | which request an idempotency key stands for |
//! | `pace#create-account` | creation slots and token bucket |
//! | `stack#<stack ARN>` | who made a `CloudFormation` stack |
//! | `coverage#<account id>#<Region>`, `untagged#<account id>#<Region>` | how many resources carry their tags, and which do not |
//! | `remediation#<case id>`, `work#<case id>#<attempt>` | a case of remediation; the work on it with its before-image |
//! | `lock#<account id>#<Region>#<resource>`, `tally#<hour>` | which case changes a resource; how many cases ended well |
//! | `costs#<account id>`, `observed#<account id>`, `anomaly#<account id>#<id>` | the bill of an account; what was observed in it; anomalies that it caused |
//! | `decision#<account id>`, `decided#<account id>#<time>` | the last decision about its spending; decisions that changed something |
//! | `spend#<account id>`, `stopped#<account id>#<ARN>` | what was done to an account; what was stopped in it, as it was before |
//! | `idle#<account id>` | what nobody uses in an account |
//! | `told#<key>`, `turn#<key>` | what people were told already; until when something is being done, or is not due again |
//! | `paid#<day>` | how many paid requests a day had |
//! | `organization` | ids of the root and the organizational units |
//!
//! Every write is conditional and may happen twice.

#[cfg(feature = "remediations")]
mod cases;
mod creation;
mod error;
mod organization;
mod outcome;
mod pace;
mod record;
mod requests;
mod reservations;
#[cfg(feature = "spend")]
mod spend;
mod stacks;
mod stamp;
mod steps;
mod sweeps;
mod table;
#[cfg(any(feature = "remediations", feature = "spend"))]
mod versioned;

#[cfg(feature = "remediations")]
pub use cases::{CaseFilter, CasePosition};
pub use error::Error;
pub use organization::{KnownAccount, Organization};
pub use pace::Pace;
pub use record::{Creation, Record, State, Step, StepTimes};
pub use requests::{Filter, IdempotencyKey, Page, Position, Submission};
pub use reservations::Reserved;
pub use stamp::Stamp;
pub use table::Ledger;
#[cfg(any(feature = "remediations", feature = "spend"))]
pub use versioned::Versioned;

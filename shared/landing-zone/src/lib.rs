//! The domain of the landing zone: what an account is called, where it lives, what it is tagged with and how
//! things fail. Pure: no AWS client, no clock, no environment.

mod account_id;
mod contacts;
mod email;
mod failure;
mod name;
mod organization;
mod partition;
mod progress;
mod request;
mod request_id;
mod root_email;
mod tags;
mod text;

pub use account_id::AccountId;
pub use contacts::{AlternateContacts, Contact};
pub use email::{Email, mask_addresses};
pub use failure::{Class, Diagnosis, ErrorOutput, ExecutionEnd, Failure, Fault};
pub use name::AccountName;
pub use organization::{AccountType, DataClassification, Environment, UnitPath, quarantine, units};
pub use partition::partition_of;
pub use progress::Progress;
pub use request::{AccountRequest, FieldProblem};
pub use request_id::RequestId;
pub use root_email::RootEmailPattern;
pub use tags::{MAX_TAGS, RESERVED_KEYS, TagKey, TagValue, Tags};

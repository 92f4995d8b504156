//! What can go wrong with the ledger.

use aws::AwsFault;
use landing_zone::{Class, Diagnosis, Fault, RequestId};

/// An error of the ledger.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `DynamoDB` did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// Another writer was there first; reading again shows what holds now.
    #[error("another writer changed {0} at the same moment")]
    Contended(String),
    /// There is no such request.
    #[error("there is no request {0}")]
    UnknownRequest(RequestId),
    /// The request has ended; a step that comes late must not change it.
    #[error("request {0} has already ended")]
    Settled(RequestId),
    /// The step came before the one that makes the account.
    #[error("request {0} has no account yet")]
    NoAccount(RequestId),
    /// An item does not have the form this release writes.
    #[error("item {id} of the ledger cannot be read: {why}")]
    Unreadable {
        /// The item.
        id: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Aws(fault) => fault.diagnosis(),
            Self::Contended(_) => Diagnosis::passing(Class::Retryable, "Nothing; it is tried again."),
            Self::UnknownRequest(_) => {
                Diagnosis::named(Class::Invalid, "UnknownRequest", "Use an id that POST /v1/accounts returned.")
            }
            Self::Settled(_) => Diagnosis::named(
                Class::Conflict,
                "RequestSettled",
                "Nothing; the step came after the end and changed nothing.",
            ),
            Self::NoAccount(_) => {
                Diagnosis::named(Class::Conflict, "NoAccount", "Send the same request again; its steps run in order.")
            }
            Self::Unreadable { .. } => Diagnosis::named(
                Class::Invalid,
                "UnreadableItem",
                "Deploy the release that wrote the item, or correct the item.",
            ),
        }
    }
}

//! What can go wrong with the ledger.

use aws::AwsFault;
use landing_zone::{Class, Fault, RequestId};

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
    fn class(&self) -> Class {
        match self {
            Self::Aws(fault) => fault.class(),
            Self::Contended(_) => Class::Retryable,
            Self::UnknownRequest(_) | Self::Unreadable { .. } => Class::Invalid,
            Self::Settled(_) | Self::NoAccount(_) => Class::Conflict,
        }
    }

    fn name(&self) -> Option<String> {
        match self {
            Self::Aws(fault) => fault.name(),
            Self::Contended(_) => None,
            Self::UnknownRequest(_) => Some("UnknownRequest".to_owned()),
            Self::Settled(_) => Some("RequestSettled".to_owned()),
            Self::NoAccount(_) => Some("NoAccount".to_owned()),
            Self::Unreadable { .. } => Some("UnreadableItem".to_owned()),
        }
    }

    fn advice(&self) -> String {
        match self {
            Self::Aws(fault) => fault.advice(),
            Self::Contended(_) => "Nothing; it is tried again.".to_owned(),
            Self::UnknownRequest(_) => "Use an id that POST /v1/accounts returned.".to_owned(),
            Self::Settled(_) => "Nothing; the step came after the end and changed nothing.".to_owned(),
            Self::NoAccount(_) => "Send the same request again; its steps run in order.".to_owned(),
            Self::Unreadable { .. } => "Deploy the release that wrote the item, or correct the item.".to_owned(),
        }
    }
}

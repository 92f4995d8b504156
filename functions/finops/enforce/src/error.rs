//! Why a step does not go on.

use aws::{AwsFault, NotPublished};
use guardrails::Guardrail;
use landing_zone::{Class, Diagnosis, Fault};

/// Why a step does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// A workload was not stopped or started.
    #[error("{what}: {why}")]
    Workload {
        /// Which one, or where.
        what: String,
        /// Why not.
        why: workloads::Error,
    },
    /// The event was not taken.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// Nothing is known of the organization.
    #[error("the organization was not read yet")]
    NoOrganization,
    /// The policy is not there.
    #[error("the organization has no policy {}", .0.id())]
    NoGuardrail(Guardrail),
    /// Too many policies are attached to the account.
    #[error("the account has as many service control policies as it may have, so that {} cannot be attached", .0.id())]
    PolicyLimit(Guardrail),
    /// Somebody switched it off meanwhile.
    #[error("enforcement was switched off")]
    SwitchedOff,
    /// Another execution has the account.
    #[error("the execution does not have the account any more")]
    LeaseLost,
    /// Others change the record all the time.
    #[error("the record of the account was changed by somebody else at each attempt")]
    Contended,
}

/// The name of [`Error::LeaseLost`] as a state machine hands it on.
pub(crate) const LEASE_LOST: &str = "Conflict.LeaseLost";

impl Error {
    /// True where the same again may work.
    pub(crate) fn passes(&self) -> bool {
        matches!(self.diagnosis().class, Class::Retryable | Class::Throttled | Class::NotReady)
    }
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        let conflict = |name: &'static str, advice: &'static str| Diagnosis::named(Class::Conflict, name, advice);
        match self {
            Self::Aws(fault) => fault.diagnosis(),
            Self::Ledger(error) => error.diagnosis(),
            Self::Workload { why, .. } => why.diagnosis(),
            Self::NotPublished(error) => error.diagnosis(),
            Self::NoOrganization => {
                Diagnosis::named(Class::NotReady, "NoOrganization", "Run the reconcile function, which reads it.")
            }
            Self::NoGuardrail(_) => Diagnosis::named(
                Class::NotReady,
                "NoGuardrail",
                "Run the reconcile function, which makes the policies.",
            ),
            Self::PolicyLimit(_) => conflict(
                "PolicyLimit",
                "Detach a policy from the account, or put several into one; the next evaluation tries again.",
            ),
            Self::SwitchedOff => conflict(
                "SwitchedOff",
                "Switch enforcement on again once the reason is gone; the next evaluation goes on from where this stopped.",
            ),
            Self::LeaseLost => conflict("LeaseLost", "Nothing: the execution that has the account now goes on."),
            Self::Contended => Diagnosis::passing(Class::Retryable, "Nothing; it is tried again."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workflow_knows_a_lost_lease_by_its_name() {
        assert_eq!(Error::LeaseLost.diagnosis().error_type(), LEASE_LOST);
    }
}

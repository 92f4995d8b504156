//! Why it does not go on.

use aws::AwsFault;
use landing_zone::{Class, Diagnosis, Fault};
use remediation::{CaseId, Undescribed};

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS answers otherwise than the catalog expects.
    #[error("the catalog does not fit what AWS shows: {0}")]
    Catalog(#[from] Undescribed),
    /// There is no such case.
    #[error("there is no case {0}")]
    UnknownCase(CaseId),
    /// The control has no row in this release.
    #[error("the control {0} has no row")]
    UnknownControl(String),
    /// The control is about other resources.
    #[error("the control is not about {0}")]
    OtherResource(String),
    /// Nothing was planned.
    #[error("there is no plan to go on with")]
    NoPlan,
    /// Another execution works on the same case.
    #[error("another execution changed the case at the same moment")]
    Contended,
    /// AWS takes no session policy as long as this one.
    #[error("the session policy would have {0} characters")]
    LongPolicy(usize),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        let report = "Mend the resource by hand, and report the control with this message.";
        match self {
            Self::Aws(fault) => fault.diagnosis(),
            Self::Ledger(error) => error.diagnosis(),
            Self::Catalog(_) => Diagnosis::named(Class::Invalid, "CatalogMismatch", report),
            Self::UnknownCase(_) => {
                Diagnosis::named(Class::Invalid, "UnknownCase", "Use an id that GET /v1/remediations shows.")
            }
            Self::UnknownControl(_) | Self::OtherResource(_) => {
                Diagnosis::named(Class::Invalid, "UnknownControl", "Deploy the release that recorded the case.")
            }
            Self::NoPlan => Diagnosis::named(Class::Conflict, "NoPlan", "Start the workflow anew; it plans first."),
            Self::Contended => Diagnosis::passing(Class::Retryable, "Nothing; it is tried again."),
            Self::LongPolicy(_) => Diagnosis::named(Class::Invalid, "LongPolicy", report),
        }
    }
}

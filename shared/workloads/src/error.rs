//! Why it does not go on.

use aws::AwsFault;
use landing_zone::{Class, Diagnosis, Fault};
use remediation::Undescribed;

/// Why it does not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// AWS shows something else than the table expects.
    #[error("the table of workloads does not fit what AWS shows: {0}")]
    Table(#[from] Undescribed),
    /// There is no such kind in this release.
    #[error("there is no kind of workload {0}")]
    UnknownKind(String),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Aws(fault) => fault.diagnosis(),
            Self::Table(_) => Diagnosis::named(
                Class::Invalid,
                "WorkloadMismatch",
                "Stop or start the resource by hand, and report its kind with this message.",
            ),
            Self::UnknownKind(_) => {
                Diagnosis::named(Class::Invalid, "UnknownWorkload", "Deploy the release that recorded the workload.")
            }
        }
    }
}

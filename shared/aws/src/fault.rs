//! What an AWS error means for the suite. Codes are open: one that is not known here is permanent and keeps its name.

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use landing_zone::{Class, Diagnosis, Fault};
use std::borrow::Cow;

/// Codes that mean "later", whatever the service calls it.
const THROTTLED: [&str; 11] = [
    "TooManyRequestsException",
    "ThrottlingException",
    "Throttling",
    "ThrottledException",
    "RequestThrottled",
    "RequestLimitExceeded",
    "ProvisionedThroughputExceededException",
    "SlowDown",
    "LimitExceededException",
    "EC2ThrottledException",
    // The quota of open executions: others end, then there is room.
    "ExecutionLimitExceeded",
];

/// Codes that mean "the same again may work".
const RETRYABLE: [&str; 9] = [
    "ConcurrentModificationException",
    "PolicyChangesInProgressException",
    "TransactionConflictException",
    "TransactionInProgressException",
    "RequestTimeout",
    "RequestTimeoutException",
    "InternalError",
    "InternalFailure",
    "ServiceException",
];

/// Codes that say nothing about the effect, although Organizations answers them with status 400.
const OPEN: [&str; 5] =
    ["ServiceException", "InternalError", "InternalFailure", "RequestTimeout", "RequestTimeoutException"];

/// Codes of an organization or account that is still being set up; AWS speaks of up to an hour
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html>).
const NOT_READY: [&str; 3] = ["FinalizingOrganizationException", "SubscriptionRequiredException", "OptInRequired"];

/// Codes of missing permissions; the last three are what services answer in a Region that the account has not enabled.
const DENIED: [&str; 8] = [
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "AuthorizationError",
    "AccessDeniedForDependencyException",
    "UnrecognizedClientException",
    "InvalidClientTokenId",
    "AuthFailure",
];

/// An AWS call that failed, with what can be done about it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{action} failed: {code}: {message}")]
pub struct AwsFault {
    action: Cow<'static, str>,
    class: Class,
    /// The service's error code; empty when no answer came.
    code: String,
    message: String,
    refused: bool,
}

impl AwsFault {
    /// Reads the error of `action`, which is named as IAM names it (`organizations:CreateAccount`).
    pub fn new<E>(action: impl Into<Cow<'static, str>>, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata,
    {
        let action = action.into();
        let status = error.raw_response().map(|response| response.status().as_u16());
        let Some(service_error) = error.as_service_error() else {
            let what = match error {
                SdkError::TimeoutError(_) => "no answer in time",
                SdkError::DispatchFailure(_) => "the connection failed",
                SdkError::ResponseError(_) => "the answer could not be read",
                _ => "the request could not be built",
            };
            return Self {
                action,
                class: if matches!(error, SdkError::ConstructionFailure(_)) {
                    Class::Invalid
                } else {
                    Class::Retryable
                },
                code: "NoAnswer".to_owned(),
                message: what.to_owned(),
                refused: false,
            };
        };
        let code = service_error.code().unwrap_or("Unknown");
        Self {
            action,
            class: class_of(code, status),
            code: code.to_owned(),
            message: service_error.message().unwrap_or("no message").to_owned(),
            refused: status.is_some_and(|status| (400..500).contains(&status)) && !OPEN.contains(&code),
        }
    }

    /// A call that could not be sent.
    #[cfg(feature = "calls")]
    pub(crate) fn unsent(action: String, why: String) -> Self {
        let action = Cow::Owned(action);
        Self { action, class: Class::Invalid, code: "NotSent".to_owned(), message: why, refused: true }
    }

    /// What can be done about it.
    #[must_use]
    pub fn class(&self) -> Class {
        self.class
    }

    /// The service's error code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// True when the call surely had no effect: AWS refused it. A failure inside AWS or a missing answer leaves it open.
    #[must_use]
    pub fn had_no_effect(&self) -> bool {
        self.refused
    }
}

fn class_of(code: &str, status: Option<u16>) -> Class {
    let any = |codes: &[&str]| codes.contains(&code);
    if any(&THROTTLED) || status == Some(429) {
        Class::Throttled
    } else if any(&NOT_READY) {
        Class::NotReady
    } else if any(&RETRYABLE) || status.is_some_and(|status| status >= 500) {
        Class::Retryable
    } else if any(&DENIED) {
        Class::Denied
    } else {
        Class::Invalid
    }
}

impl Fault for AwsFault {
    fn diagnosis(&self) -> Diagnosis {
        let code = self.code.clone();
        match self.class {
            Class::Retryable | Class::Throttled | Class::NotReady => {
                Diagnosis::passing(self.class, "Send the same request again; it resumes where it stopped.")
            }
            Class::Denied => Diagnosis::named(
                self.class,
                code,
                format!(
                    "Allow {} to the suite's role, in its policy and in every service control policy above the account; then send the same request again.",
                    self.action
                ),
            ),
            Class::Invalid | Class::Conflict => Diagnosis::named(
                self.class,
                code,
                "AWS refuses this request as it is. Correct what the message names, then send it again.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_statuses_have_their_class() {
        for (code, status, class) in [
            ("TooManyRequestsException", 400, Class::Throttled),
            ("Whatever", 429, Class::Throttled),
            ("ExecutionLimitExceeded", 400, Class::Throttled),
            ("FinalizingOrganizationException", 400, Class::NotReady),
            ("ConcurrentModificationException", 400, Class::Retryable),
            ("Whatever", 503, Class::Retryable),
            ("AccessDeniedException", 400, Class::Denied),
            ("ConstraintViolationException", 409, Class::Invalid),
        ] {
            assert_eq!(class_of(code, Some(status)), class, "{code}");
        }
    }
}

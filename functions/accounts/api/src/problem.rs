//! Problems as clients see them (RFC 9457, <https://www.rfc-editor.org/rfc/rfc9457>).

use crate::response::{self, Response};
use http::{
    StatusCode,
    header::{ACCEPT, ALLOW, RETRY_AFTER},
};
use landing_zone::{Class, Fault, FieldProblem};
use serde::Serialize;
use telemetry::{error, warn};

/// A kind of problem: its type is `/problems/<name>` and never changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    name: &'static str,
    title: &'static str,
    status: StatusCode,
}

/// Declares the kinds.
macro_rules! kinds {
    ($($constant:ident = $status:ident $name:literal $title:literal;)+) => {
        $(pub(crate) const $constant: Kind =
            Kind { name: $name, title: $title, status: StatusCode::$status };)+
        #[cfg(test)]
        const ALL: &[&Kind] = &[$(&$constant),+];
    };
}

kinds! {
    MALFORMED_BODY = BAD_REQUEST "malformed-body" "The body cannot be read";
    INVALID_REQUEST = BAD_REQUEST "invalid-request" "The request has wrong fields";
    INVALID_QUERY = BAD_REQUEST "invalid-query" "The query has wrong parameters";
    INVALID_KEY = BAD_REQUEST "invalid-idempotency-key" "The Idempotency-Key cannot be used";
    UNSIGNED = FORBIDDEN "unsigned" "The caller is not known";
    UNKNOWN_PATH = NOT_FOUND "unknown-path" "There is nothing at this path";
    UNKNOWN_ACCOUNT = NOT_FOUND "unknown-account" "There is no such account request";
    UNKNOWN_CASE = NOT_FOUND "unknown-remediation" "There is no such remediation";
    CASE_MOVED = CONFLICT "remediation-moved-on" "The remediation is not where the request expects it";
    UNKNOWN_SPEND = NOT_FOUND "unknown-spend" "Nothing was decided about such an account";
    SPEND_MOVED = CONFLICT "spend-moved-on" "The spending is not where the request expects it";
    WRONG_METHOD = METHOD_NOT_ALLOWED "method-not-allowed" "The path does not have this method";
    NAME_TAKEN = CONFLICT "name-taken" "The account name is taken";
    ROOT_EMAIL_TAKEN = CONFLICT "root-email-taken" "The root e-mail is taken";
    TOO_LARGE = PAYLOAD_TOO_LARGE "body-too-large" "The body is too large";
    WRONG_MEDIA_TYPE = UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "The body has another media type";
    KEY_REUSED = UNPROCESSABLE_ENTITY "idempotency-key-reused" "The Idempotency-Key stands for another request";
    THROTTLED = TOO_MANY_REQUESTS "throttled" "Too many requests at the moment";
    INTERNAL = INTERNAL_SERVER_ERROR "internal" "The service made a mistake";
    UNAVAILABLE = SERVICE_UNAVAILABLE "unavailable" "The service cannot answer right now";
}

/// Seconds until a throttled client may try again: the token buckets of AWS refill within a few.
const THROTTLED_SECONDS: &str = "10";
/// Seconds until the same request is worth another try after passing trouble.
const UNAVAILABLE_SECONDS: &str = "5";

/// A header that tells the client what would be served.
#[derive(Debug, Clone, Copy)]
enum Hint {
    Allow(&'static str),
    Accept(&'static str),
    RetryAfter(&'static str),
}

/// Why a request was not served.
#[derive(Debug)]
pub(crate) struct Problem {
    kind: &'static Kind,
    detail: String,
    errors: Vec<FieldProblem>,
    holder: Option<String>,
    hint: Option<Hint>,
}

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldProblem],
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<&'a str>,
}

impl Problem {
    /// A problem with what exactly is wrong and what to do.
    pub(crate) fn new(kind: &'static Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), holder: None, hint: None }
    }

    /// Wrong fields or parameters, each with its entry.
    pub(crate) fn fields(kind: &'static Kind, errors: Vec<FieldProblem>) -> Self {
        let detail = "Correct what the entries in errors name, then send it again.";
        Self { errors, ..Self::new(kind, detail) }
    }

    /// A name or root e-mail that `holder`, a request or account, has.
    pub(crate) fn held(kind: &'static Kind, field: &str, what: &str, holder: String) -> Self {
        let detail = format!("{what} is held by {holder}. Look at that one, or choose another name.");
        let errors = vec![FieldProblem { field: field.to_owned(), detail: format!("is held by {holder}") }];
        Self { errors, holder: Some(holder), ..Self::new(kind, detail) }
    }

    /// A method the path does not have.
    pub(crate) fn method(allowed: &'static str) -> Self {
        Self {
            hint: Some(Hint::Allow(allowed)),
            ..Self::new(&WRONG_METHOD, format!("Use one of these methods: {allowed}."))
        }
    }

    /// A body that is not JSON by its own account.
    pub(crate) fn media_type() -> Self {
        Self {
            hint: Some(Hint::Accept("application/json")),
            ..Self::new(&WRONG_MEDIA_TYPE, "Send JSON with the header Content-Type: application/json.")
        }
    }

    /// A failure behind the API. The log has it all; the client learns only whether and when to try again.
    pub(crate) fn fault(fault: &impl Fault, kept: &str) -> Self {
        let failure = fault.failure();
        let (kind, advice, retry_after) = match failure.class {
            Class::Throttled => {
                (&THROTTLED, "Send the same request again after the seconds in Retry-After.", Some(THROTTLED_SECONDS))
            }
            Class::Retryable | Class::NotReady => (
                &UNAVAILABLE,
                "Send the same request again after the seconds in Retry-After.",
                Some(UNAVAILABLE_SECONDS),
            ),
            Class::Invalid | Class::Conflict | Class::Denied => {
                (&INTERNAL, "The operators find it in the log; send the same request again once it is mended.", None)
            }
        };
        if retry_after.is_some() {
            warn!(error_type = failure.name, reason = failure.reason, advice = failure.advice, "passing trouble");
        } else {
            error!(error_type = failure.name, reason = failure.reason, advice = failure.advice, "failed");
        }
        let detail = if kept.is_empty() { advice.to_owned() } else { format!("{kept} {advice}") };
        Self { hint: retry_after.map(Hint::RetryAfter), ..Self::new(kind, detail) }
    }

    /// The status the client sees.
    pub(crate) fn status(&self) -> StatusCode {
        self.kind.status
    }

    /// True when the caller has to change the request; false when the same one may be served later.
    pub(crate) fn is_callers(&self) -> bool {
        self.status().is_client_error() && self.kind != &THROTTLED
    }

    /// The name of its kind, for the log.
    pub(crate) fn name(&self) -> &'static str {
        self.kind.name
    }

    /// The answer that carries it.
    pub(crate) fn response(&self) -> Response {
        let document = Document {
            r#type: format!("/problems/{}", self.kind.name),
            title: self.kind.title,
            status: self.kind.status.as_u16(),
            detail: &self.detail,
            errors: &self.errors,
            holder: self.holder.as_deref(),
        };
        let response = response::of_type(self.kind.status, "application/problem+json", &document);
        match self.hint {
            Some(Hint::Allow(methods)) => response::with_header(response, ALLOW, methods),
            Some(Hint::Accept(media_type)) => response::with_header(response, ACCEPT, media_type),
            Some(Hint::RetryAfter(seconds)) => response::with_header(response, RETRY_AFTER, seconds),
            None => response,
        }
    }
}

impl From<ledger::Error> for Problem {
    fn from(error: ledger::Error) -> Self {
        Self::fault(&error, "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use landing_zone::Diagnosis;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_is_an_error_with_a_type_of_its_own() {
        let names: BTreeSet<_> = ALL.iter().map(|kind| kind.name).collect();
        assert_eq!(names.len(), ALL.len());
        for kind in ALL {
            assert!(kind.status.is_client_error() || kind.status.is_server_error(), "{kind:?}");
            assert!(kind.name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{kind:?}");
        }
    }

    #[test]
    fn faults_tell_when_to_come_back_and_nothing_else() {
        #[derive(Debug)]
        struct Secret(Class);
        impl std::fmt::Display for Secret {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("table-name-inside")
            }
        }
        impl std::error::Error for Secret {}
        impl Fault for Secret {
            fn diagnosis(&self) -> Diagnosis {
                Diagnosis::passing(self.0, "table-name-inside")
            }
        }
        for (class, status, retry_after) in [
            (Class::Throttled, 429, Some("10")),
            (Class::Retryable, 503, Some("5")),
            (Class::NotReady, 503, Some("5")),
            (Class::Denied, 500, None),
            (Class::Invalid, 500, None),
            (Class::Conflict, 500, None),
        ] {
            for kept in ["", "Request 7 is kept."] {
                let response = Problem::fault(&Secret(class), kept).response();
                assert_eq!(response.status_code, status);
                assert_eq!(response.headers.get(RETRY_AFTER).map(|value| value.to_str().unwrap()), retry_after);
                let text = format!("{response:?}");
                assert!(text.contains(kept) && !text.contains("inside"), "{text}");
            }
        }
    }
}

//! How things fail: a class that machines act on, a name that stays the same, a reason and what to do.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What can be done about a failure. The state machine retries the first three by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Went wrong for now (time-out, 5xx, lost answer): the same again may work.
    Retryable,
    /// Too many requests: the same again works later.
    Throttled,
    /// Something asked for is still being made.
    NotReady,
    /// The request itself has to change.
    Invalid,
    /// Somebody else holds what was asked for.
    Conflict,
    /// Not allowed, or a quota that only AWS can raise.
    Denied,
}

impl Class {
    /// The name in error types, as in `Conflict.NameTaken`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Retryable => "Retryable",
            Self::Throttled => "Throttled",
            Self::NotReady => "NotReady",
            Self::Invalid => "Invalid",
            Self::Conflict => "Conflict",
            Self::Denied => "Denied",
        }
    }

    /// The class at the head of an error type. Anything that is not ours (a killed function, a time-out of the
    /// service) is retryable: every step can run again.
    #[must_use]
    pub fn of_error_type(error_type: &str) -> Self {
        let head = error_type.split_once('.').map_or(error_type, |(head, _)| head);
        [Self::Throttled, Self::NotReady, Self::Invalid, Self::Conflict, Self::Denied]
            .into_iter()
            .find(|class| class.name() == head)
            .unwrap_or(Self::Retryable)
    }
}

/// What an error means for those who meet it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// What can be done about it.
    pub class: Class,
    /// The stable name behind the class; `None` for passing trouble that the state machine retries by class alone.
    pub name: Option<Cow<'static, str>>,
    /// What a person should do now.
    pub advice: Cow<'static, str>,
}

impl Diagnosis {
    /// Something that needs somebody.
    pub fn named(class: Class, name: impl Into<Cow<'static, str>>, advice: impl Into<Cow<'static, str>>) -> Self {
        Self { class, name: Some(name.into()), advice: advice.into() }
    }

    /// Passing trouble.
    pub fn passing(class: Class, advice: impl Into<Cow<'static, str>>) -> Self {
        Self { class, name: None, advice: advice.into() }
    }

    /// The error type that Lambda reports and the state machine matches: `Class` or `Class.Name`.
    #[must_use]
    pub fn error_type(&self) -> String {
        match &self.name {
            Some(name) => format!("{}.{name}", self.class.name()),
            None => self.class.name().to_owned(),
        }
    }
}

/// An error of the suite.
pub trait Fault: std::error::Error {
    /// What it means.
    fn diagnosis(&self) -> Diagnosis;

    /// The failure as it is recorded and shown to people.
    fn failure(&self) -> Failure {
        let diagnosis = self.diagnosis();
        Failure {
            class: diagnosis.class,
            name: diagnosis.error_type(),
            reason: self.to_string(),
            advice: diagnosis.advice.into_owned(),
        }
    }
}

/// For handlers that always have an answer.
impl Fault for std::convert::Infallible {
    fn diagnosis(&self) -> Diagnosis {
        match *self {}
    }
}

/// A failure as the ledger, the API and the events carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// What can be done about it.
    pub class: Class,
    /// The error type, stable across releases.
    pub name: String,
    /// What happened.
    pub reason: String,
    /// What to do now.
    pub advice: String,
}

impl Failure {
    /// The text that travels as a Lambda error message: reason, line feed, advice.
    #[must_use]
    pub fn message(&self) -> String {
        format!("{}\n{}", self.reason.replace('\n', " "), self.advice)
    }

    /// Reads an error type and message back, whoever raised them.
    #[must_use]
    pub fn from_error(error_type: &str, message: &str) -> Self {
        let class = Class::of_error_type(error_type);
        let (reason, advice) = message.split_once('\n').unwrap_or((message, ""));
        let advice =
            if advice.is_empty() { "Send the same request again; it resumes where it stopped." } else { advice };
        Self { class, name: error_type.to_owned(), reason: reason.to_owned(), advice: advice.to_owned() }
    }
}

/// An error as a state machine hands it on.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ErrorOutput {
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    cause: Option<String>,
}

/// The cause of a failed Lambda task is its error as JSON.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LambdaError {
    error_message: String,
}

impl ErrorOutput {
    /// The failure that was handed on.
    #[must_use]
    pub fn failure(self) -> Failure {
        let cause = self.cause.unwrap_or_else(|| "no cause given".to_owned());
        let message = serde_json::from_str::<LambdaError>(&cause).map_or(cause, |error| error.error_message);
        Failure::from_error(self.error.as_deref().unwrap_or("Unknown"), &message)
    }
}

/// The part of a status change of an execution that is read
/// (<https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html>).
#[derive(Debug, Clone, Deserialize)]
pub struct ExecutionEnd {
    /// Name of the execution.
    pub name: String,
    status: String,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    cause: Option<String>,
}

impl ExecutionEnd {
    /// The failure that ended it.
    #[must_use]
    pub fn failure(self) -> Failure {
        match self.error {
            Some(error) => ErrorOutput { error: Some(error), cause: self.cause }.failure(),
            None => Failure {
                class: Class::Retryable,
                name: format!("Retryable.Execution{}", title_case(&self.status)),
                reason: format!("The workflow ended with {}.", self.status),
                advice: "Send the same request again; it resumes where it stopped.".to_owned(),
            },
        }
    }
}

/// `TIMED_OUT` as `TimedOut`.
fn title_case(status: &str) -> String {
    status
        .split('_')
        .filter_map(|word| word.split_at_checked(1))
        .flat_map(|(head, tail)| [head.to_owned(), tail.to_ascii_lowercase()])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_survives_the_way_through_lambda_and_the_state_machine() {
        let failure = Failure {
            class: Class::Conflict,
            name: "Conflict.NameTaken".into(),
            reason: "The name is taken.".into(),
            advice: "Choose another name.".into(),
        };
        assert_eq!(Failure::from_error(&failure.name, &failure.message()), failure);
    }

    #[test]
    fn errors_of_the_platform_are_retryable() {
        for name in ["Lambda.Unknown", "Runtime.ExitError", "States.Timeout", "Retryable", "Retryable.X"] {
            assert_eq!(Class::of_error_type(name), Class::Retryable, "{name}");
        }
        assert_eq!(Class::of_error_type("Denied.AccountLimit"), Class::Denied);
        assert_eq!(Class::of_error_type("Throttled"), Class::Throttled);
    }
}

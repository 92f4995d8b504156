//! What became of one resource, and what is to become of its message.

use aws::AwsFault;
use jiff::Timestamp;
use landing_zone::Class;
use serde::Deserialize;
use std::sync::LazyLock;

/// What became of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Tags were written.
    Tagged,
    /// Nothing had to be written.
    Right,
    /// It was deleted before it could be tagged.
    Gone,
    /// The same again will work.
    Later(String),
    /// People have to see it.
    Failed(String),
}

/// A resource that AWS does not know is new for so long, in seconds; afterwards it is gone. Ten minutes is far beyond any
/// consistency window of a create call.
const NEW_SECONDS: i64 = 600;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Meaning {
    /// Asking again does not help.
    Refused,
    /// New or gone.
    Missing,
    /// Throttled, not ready, not allowed yet, trouble inside AWS.
    Later,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    means: Meaning,
}

static ROWS: LazyLock<Vec<Row>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/failures.json")).expect("data/failures.json")
});

/// Reads a service's refusal of one resource: its error code is open, and the first row that fits decides.
pub(crate) fn of_failure(code: &str, message: &str, made: Timestamp, now: Timestamp) -> Outcome {
    let meaning = ROWS.iter().find(|row| code.contains(&row.code) && message.contains(&row.message));
    let text = format!("{code}: {message}");
    match meaning.map(|row| row.means) {
        Some(Meaning::Missing) if now.duration_since(made).as_secs() > NEW_SECONDS => Outcome::Gone,
        Some(Meaning::Missing | Meaning::Later) => Outcome::Later(text),
        Some(Meaning::Refused) | None => Outcome::Failed(text),
    }
}

impl Outcome {
    /// Reads the failure of a whole call. A role that is minutes old may not be allowed everything yet.
    pub(crate) fn of_fault(fault: &AwsFault) -> Self {
        match fault.class() {
            Class::Retryable | Class::Throttled | Class::NotReady | Class::Denied => Self::Later(fault.to_string()),
            Class::Invalid | Class::Conflict => Self::Failed(fault.to_string()),
        }
    }
}

/// What is to become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done with.
    Done,
    /// It comes back after so many seconds.
    Back(u32),
    /// It goes to the dead letters, with its reason.
    Dead(String),
}

/// How messages are tried again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// The first delay, in seconds; each further one is twice as long.
    pub first_seconds: u32,
    /// Deliveries after which a message is a dead letter.
    pub attempts: u32,
}

/// The longest delay. SQS would allow twelve hours
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html>).
const LONGEST_SECONDS: u32 = 900;

impl Patience {
    /// Decides by everything that a message was about.
    pub(crate) fn fate<'o>(self, outcomes: impl Iterator<Item = &'o Outcome>, attempt: u32) -> Fate {
        let (mut later, mut failed) = (None, None);
        for outcome in outcomes {
            match outcome {
                Outcome::Later(why) => later = later.or(Some(why)),
                Outcome::Failed(why) => failed = failed.or(Some(why)),
                Outcome::Tagged | Outcome::Right | Outcome::Gone => {}
            }
        }
        match (later, failed) {
            (Some(why), _) if attempt >= self.attempts => {
                Fate::Dead(format!("still not possible after {attempt} attempts: {why}"))
            }
            (Some(_), _) => self.again(attempt),
            (None, Some(why)) => Fate::Dead(why.clone()),
            (None, None) => Fate::Done,
        }
    }

    /// Comes back, each time after twice as long.
    pub(crate) fn again(self, attempt: u32) -> Fate {
        let doubled = self.first_seconds.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        Fate::Back(doubled.min(LONGEST_SECONDS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    #[test]
    fn refusals_are_told_apart() {
        let made = at("2026-11-26T08:00:00Z");
        let soon = at("2026-11-26T08:01:00Z");
        let much_later = at("2026-11-26T09:00:00Z");
        for (code, message) in [
            ("ThrottlingException", "Rate exceeded"),
            ("ResourceInUseException", "Table is being created"),
            ("InvalidParameterException", "The resource could not be found"),
            ("ResourceNotFoundException", "x"),
            ("InternalServiceException", "x"),
            ("AccessDeniedException", "no identity-based policy allows it"),
        ] {
            assert!(matches!(of_failure(code, message, made, soon), Outcome::Later(_)), "{code}");
        }
        assert_eq!(of_failure("ResourceNotFoundException", "x", made, much_later), Outcome::Gone);
        for (code, message) in
            [("InvalidParameterException", "the value does not comply with the tag policy"), ("SomethingNew", "x")]
        {
            assert!(matches!(of_failure(code, message, made, soon), Outcome::Failed(_)), "{code}");
        }
    }

    #[test]
    fn a_message_comes_back_ever_later_and_ends_among_the_dead_letters() {
        let patience = Patience { first_seconds: 30, attempts: 10 };
        let later = [Outcome::Tagged, Outcome::Later("busy".to_owned()), Outcome::Failed("no".to_owned())];
        assert_eq!(patience.fate(later.iter(), 1), Fate::Back(30));
        assert_eq!(patience.fate(later.iter(), 3), Fate::Back(120));
        assert_eq!(patience.fate(later.iter(), 9), Fate::Back(900));
        assert!(matches!(patience.fate(later.iter(), 10), Fate::Dead(why) if why.contains("busy")));
        assert_eq!(patience.fate([Outcome::Failed("no".to_owned())].iter(), 1), Fate::Dead("no".to_owned()));
        assert_eq!(patience.fate([Outcome::Gone, Outcome::Right].iter(), 1), Fate::Done);
    }
}

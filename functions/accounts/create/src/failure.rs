//! Why AWS makes no account, and what people can do: a data file, open to reasons that AWS adds.

use landing_zone::Class;
use serde::Deserialize;
use std::{collections::BTreeMap, sync::LazyLock};

/// What a failure reason of AWS means.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Meaning {
    pub class: Class,
    pub reason: String,
    pub advice: String,
}

static MEANINGS: LazyLock<BTreeMap<String, Meaning>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/creation-failures.json")).expect("data/creation-failures.json")
});

/// What `reason` means
/// (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccountStatus.html>).
pub(crate) fn meaning(reason: &str) -> Meaning {
    MEANINGS.get(reason).cloned().unwrap_or_else(|| Meaning {
        class: Class::Denied,
        reason: format!("AWS made no account: {reason}."),
        advice:
            "Look the reason up in the AWS Organizations documentation, settle it, then send the same request again."
                .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_reasons_have_their_class_and_unknown_ones_an_answer() {
        assert_eq!(meaning("EMAIL_ALREADY_EXISTS").class, Class::Conflict);
        assert_eq!(meaning("ACCOUNT_LIMIT_EXCEEDED").class, Class::Denied);
        assert_eq!(meaning("INTERNAL_FAILURE").class, Class::Retryable);
        assert!(meaning("SOMETHING_NEW").reason.contains("SOMETHING_NEW"));
    }
}

//! Ids of cases.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, fmt::Write as _};

/// Names a problem for good: the same control, resource, account and Region have the same id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct CaseId(String);

impl CaseId {
    /// The id of a problem.
    #[must_use]
    pub fn of(problem: &str) -> Self {
        let digest = Sha256::digest(problem);
        Self(digest.iter().take(12).fold("rem-".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        }))
    }

    /// Reads `rem-` and 24 hexadecimal digits.
    ///
    /// # Errors
    /// Says what an id looks like.
    pub fn parse(text: &str) -> Result<Self, String> {
        let digits = text.strip_prefix("rem-").filter(|digits| digits.len() == 24);
        let is_id = digits.is_some_and(|digits| digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
        if is_id { Ok(Self(text.to_owned())) } else { Err("must be rem- and 24 hexadecimal digits".to_owned()) }
    }

    /// The case and attempt that an execution of the workflow is named after (see [`Case::execution`]).
    #[must_use]
    pub fn of_execution(name: &str) -> Option<(Self, u32)> {
        let (rest, _action) = name.rsplit_once('-')?;
        let (id, attempt) = rest.rsplit_once('-')?;
        Some((Self::parse(id).ok()?, attempt.parse().ok()?))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CaseId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text)
    }
}

impl fmt::Display for CaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

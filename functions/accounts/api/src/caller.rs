//! Who asks, and what makes two requests of theirs the same one.

use crate::problem::{INVALID_KEY, Problem, UNSIGNED};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use landing_zone::AccountRequest;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

const KEY_HEADER: &str = "Idempotency-Key";

/// The caller as IAM knows it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The identity that signed: recorded as requester.
    pub(crate) arn: String,
    /// The identity without its session, which changes with every sign-in.
    principal: String,
}

impl Caller {
    /// The identity API Gateway checked the signature of.
    pub(crate) fn of(request: &ApiGatewayProxyRequest) -> Result<Self, Problem> {
        let arn = request.request_context.identity.user_arn.as_deref().filter(|arn| !arn.is_empty());
        let arn = arn.ok_or_else(|| {
            Problem::new(&UNSIGNED, "Sign the request with IAM credentials (Signature Version 4, service execute-api).")
        })?;
        Ok(Self { arn: arn.to_owned(), principal: without_session(arn) })
    }

    /// The same for the same caller asking for the same account.
    pub(crate) fn fingerprint(&self, request: &AccountRequest) -> String {
        // Fields in the order of the struct and tags by key: one request has one text.
        self.digest(&serde_json::to_string(request).unwrap_or_default())
    }

    /// What the ledger knows an idempotency key by: keys of different callers never meet.
    pub(crate) fn key_digest(&self, key: &str) -> String {
        self.digest(key)
    }

    fn digest(&self, text: &str) -> String {
        digest(&format!("{}\n{text}", self.principal))
    }
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The role behind `arn:aws:sts::<account>:assumed-role/<role>/<session>`; other identities as they are.
fn without_session(arn: &str) -> String {
    match arn.split_once(":assumed-role/") {
        Some((head, tail)) => {
            let role = tail.split_once('/').map_or(tail, |(role, _)| role);
            format!("{head}:assumed-role/{role}")
        }
        None => arn.to_owned(),
    }
}

/// The idempotency key of the request, if it has one: 1 to 64 visible ASCII characters.
pub(crate) fn idempotency_key(request: &ApiGatewayProxyRequest) -> Result<Option<String>, Problem> {
    let wrong = |detail: &str| Err(Problem::new(&INVALID_KEY, detail));
    if request.multi_value_headers.get_all(KEY_HEADER).iter().count() > 1 {
        return wrong("Send one Idempotency-Key, not several.");
    }
    let sent = request.headers.get(KEY_HEADER).or_else(|| request.multi_value_headers.get(KEY_HEADER));
    let Some(key) = sent else { return Ok(None) };
    match key.to_str() {
        Ok(key) if (1..=64).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic()) => {
            Ok(Some(key.to_owned()))
        }
        _ => wrong("An Idempotency-Key has 1 to 64 visible ASCII characters, without spaces."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ROLE_ARN, event, post, valid_body};
    use serde_json::json;

    fn caller(arn: &str) -> Caller {
        let mut request = post(&valid_body());
        request.request_context.identity.user_arn = Some(arn.to_owned());
        Caller::of(&request).unwrap()
    }

    #[test]
    fn sessions_of_a_role_are_one_caller_and_users_are_themselves() {
        let one = caller("arn:aws:sts::111122223333:assumed-role/Requester/jane");
        let other = caller("arn:aws:sts::111122223333:assumed-role/Requester/joe");
        assert_eq!(one.arn, "arn:aws:sts::111122223333:assumed-role/Requester/jane");
        assert_eq!(one.principal, "arn:aws:sts::111122223333:assumed-role/Requester");
        assert_eq!(one.key_digest("k"), other.key_digest("k"));
        let role = caller("arn:aws:sts::111122223333:assumed-role/Other/jane");
        assert_ne!(one.key_digest("k"), role.key_digest("k"));
        let user = "arn:aws:iam::111122223333:user/team/jane";
        assert_eq!(caller(user).principal, user);
        assert_eq!(caller("arn:aws:sts::1:assumed-role/Alone").principal, "arn:aws:sts::1:assumed-role/Alone");
    }

    #[test]
    fn digests_are_those_anybody_can_compute() {
        // printf 'arn:aws:sts::111122223333:assumed-role/Requester\nk' | sha256sum
        assert_eq!(
            caller(ROLE_ARN).key_digest("k"),
            "b7bf758253db2c8528e07353f7a7c86d66dadf9a6e8ca03712d964fe87f2197b"
        );
    }

    #[test]
    fn a_caller_without_identity_is_refused() {
        let mut request = post(&valid_body());
        for missing in [None, Some(String::new())] {
            request.request_context.identity.user_arn = missing;
            assert_eq!(Caller::of(&request).unwrap_err().name(), "unsigned");
        }
    }

    #[test]
    fn keys_are_found_in_any_case_and_refused_in_any_other_form() {
        let with = |header: &str, value: &str| {
            idempotency_key(&event(&json!({ "headers": { header: value } }))).map_err(|problem| problem.name())
        };
        assert_eq!(with("idempotency-KEY", "abc-1"), Ok(Some("abc-1".to_owned())));
        assert_eq!(with("x-other", "abc-1"), Ok(None));
        assert_eq!(with("Idempotency-Key", &"k".repeat(64)), Ok(Some("k".repeat(64))));
        for wrong in ["", "a b", "a\tb", "schlüssel", &"k".repeat(65)] {
            assert_eq!(with("Idempotency-Key", wrong), Err("invalid-idempotency-key"), "{wrong:?}");
        }
        let twice = event(&json!({ "multiValueHeaders": { "idempotency-key": ["a", "b"] } }));
        assert_eq!(idempotency_key(&twice).unwrap_err().name(), "invalid-idempotency-key");
    }
}

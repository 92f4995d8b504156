//! Who signed a call: the `SigV4` credential scope, the function named in the user agent, and the account that the
//! access key belongs to.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, USER_AGENT};

use crate::text::{between, decode};

/// What a signature says about itself, before anyone checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    pub(crate) access_key: Option<String>,
    pub(crate) service: Option<String>,
}

/// Reads the credential scope from the `Authorization` header or, for a presigned URL, from the query.
pub(crate) fn scope(headers: &HeaderMap, query: &str) -> Scope {
    let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let credential = header
        .and_then(|value| between(value, "Credential=", &[',', ' ']))
        .map(str::to_owned)
        .or_else(|| between(query, "X-Amz-Credential=", &['&']).map(decode));
    let Some(credential) = credential else {
        return Scope::default();
    };
    let mut parts = credential.split('/');
    // key / date / region / service / aws4_request
    Scope { access_key: parts.next().map(str::to_owned), service: parts.nth(2).map(str::to_owned) }
}

/// The Lambda function that made the call: the SDK's application name, `app/<name>`.
pub(crate) fn function(headers: &HeaderMap) -> Option<String> {
    [headers.get("x-amz-user-agent"), headers.get(USER_AGENT)]
        .into_iter()
        .flatten()
        .filter_map(|value| value.to_str().ok())
        .flat_map(str::split_whitespace)
        .find_map(|word| word.strip_prefix("app/"))
        .map(str::to_owned)
}

/// The accounts behind the access keys that `AssumeRole` handed out.
pub(crate) struct Accounts {
    management: String,
    sessions: RwLock<HashMap<String, String>>,
}

impl Accounts {
    pub(crate) fn new(management: String) -> Self {
        Self { management, sessions: RwLock::default() }
    }

    /// The account an access key belongs to: a member account for a key from `AssumeRole`, else the management account.
    pub(crate) fn of(&self, access_key: Option<&str>) -> String {
        let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        access_key.and_then(|key| sessions.get(key)).unwrap_or(&self.management).clone()
    }

    pub(crate) fn is_management(&self, account: &str) -> bool {
        account == self.management
    }

    /// Remembers the key in an answer to `AssumeRole`, in STS's XML.
    pub(crate) fn learn(&self, answer: &str) {
        let key = between(answer, "<AccessKeyId>", &['<']);
        let account = between(answer, "<Arn>", &['<']).and_then(|arn| arn.split(':').nth(4));
        if let (Some(key), Some(account)) = (key, account) {
            let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
            sessions.insert(key.trim().to_owned(), account.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn the_scope_is_read_from_header_and_from_presigned_query() {
        let signed = headers(&[(
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=0",
        )]);
        let expected = Scope { access_key: Some("AKID".into()), service: Some("sts".into()) };
        assert_eq!(scope(&signed, ""), expected);
        let query =
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20260101%2Fus-east-1%2Fsts%2Faws4_request";
        assert_eq!(scope(&HeaderMap::new(), query), expected);
        assert_eq!(scope(&HeaderMap::new(), "a=b"), Scope::default());
    }

    #[test]
    fn the_function_is_the_sdk_application_name() {
        let agent = headers(&[("user-agent", "aws-sdk-rust/1.3 os/linux lang/rust/1.95 app/create")]);
        assert_eq!(function(&agent).as_deref(), Some("create"));
        assert_eq!(function(&headers(&[("user-agent", "curl/8")])), None);
    }

    #[test]
    fn a_key_from_assume_role_belongs_to_the_account_of_the_role() {
        let accounts = Accounts::new("123456789012".into());
        assert_eq!(accounts.of(Some("ASIANEW")), "123456789012");
        accounts.learn(
            "<AssumeRoleResult><Credentials><AccessKeyId>ASIANEW</AccessKeyId></Credentials><AssumedRoleUser>\
             <Arn>arn:aws:sts::111122223333:assumed-role/R/s</Arn></AssumedRoleUser></AssumeRoleResult>",
        );
        assert_eq!(accounts.of(Some("ASIANEW")), "111122223333");
    }
}

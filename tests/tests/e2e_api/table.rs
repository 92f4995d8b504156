//! The bad requests, one line each where one line says it.

use serde_json::{Value, json};
use tests::{request, unique};

/// Who signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    Right,
    WrongSecret,
    Unknown,
    None,
}

/// A bad request and the answer it should get.
pub(crate) struct Case {
    pub name: &'static str,
    pub key: Key,
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    pub status: u16,
    /// The end of the problem's type.
    pub problem: &'static str,
    pub fields: Vec<&'static str>,
}

/// A POST of `body` as it is.
fn post(name: &'static str, body: impl Into<Vec<u8>>, status: u16, problem: &'static str) -> Case {
    let headers = vec![("content-type", "application/json".to_owned())];
    let (method, path) = ("POST", "/accounts".to_owned());
    Case { name, key: Key::Right, method, path, headers, body: body.into(), status, problem, fields: vec![] }
}

/// A POST of a valid request after `change`, which makes exactly `fields` wrong.
fn changed(name: &'static str, change: impl Fn(&mut Value), fields: &[&'static str]) -> Case {
    let mut body = valid();
    change(&mut body);
    Case { fields: fields.to_vec(), ..post(name, body.to_string(), 400, "/invalid-request") }
}

/// A POST of a valid request with one field set.
fn field(name: &'static str, field: &'static str, value: &Value) -> Case {
    changed(name, |body| body[field] = value.clone(), &[field])
}

fn get(name: &'static str, path: &str, status: u16, problem: &'static str, fields: &[&'static str]) -> Case {
    let (method, path) = ("GET", path.to_owned());
    Case {
        name,
        key: Key::Right,
        method,
        path,
        headers: vec![],
        body: vec![],
        status,
        problem,
        fields: fields.to_vec(),
    }
}

fn other(name: &'static str, method: &'static str, path: &str) -> Case {
    // API Gateway takes a method that the contract does not have for a missing token.
    Case { method, ..get(name, path, 403, "/unsigned", &[]) }
}

fn valid() -> Value {
    request(&unique("never"), "frontend", Some("dev"))
}

fn tags(count: usize) -> Value {
    (0..count).map(|n| (format!("key-{n}"), json!("value"))).collect::<serde_json::Map<_, _>>().into()
}

/// Every case.
pub(crate) fn cases() -> Vec<Case> {
    [callers(), bodies(), fields(), paths(), queries()].into_iter().flatten().collect()
}

fn callers() -> Vec<Case> {
    let signed = |name, key, problem| Case { key, ..post(name, valid().to_string(), 403, problem) };
    let listing = |name, key, problem| Case { key, ..get(name, "/accounts", 403, problem, &[]) };
    vec![
        signed("unsigned POST", Key::None, "/unsigned"),
        signed("wrong secret", Key::WrongSecret, ""),
        signed("unknown key", Key::Unknown, "/refused"),
        listing("unsigned GET", Key::None, "/unsigned"),
        listing("GET with the wrong secret", Key::WrongSecret, ""),
        Case { key: Key::None, ..get("unsigned GET of one", "/accounts/123456789012", 403, "/unsigned", &[]) },
    ]
}

fn bodies() -> Vec<Case> {
    let nested = |levels: usize| [b"{\"tags\":".repeat(levels), b"1".to_vec(), b"}".repeat(levels)].concat();
    let large = json!({"name": "x".repeat(1_000_000)}).to_string();
    let typed = |name, media_type: &str| Case {
        headers: vec![("content-type", media_type.to_owned())],
        ..post(name, valid().to_string(), 415, "/unsupported-media-type")
    };
    let keyed = |name, key: String| {
        let mut case = post(name, valid().to_string(), 400, "");
        case.headers.push(("idempotency-key", key));
        case
    };
    // What is no JSON object is refused by API Gateway, which names the body as a whole.
    let refused = |name, body: &[u8]| Case { fields: vec!["body"], ..post(name, body, 400, "/invalid-request") };
    vec![
        refused("malformed JSON", b"{\"name\": "),
        refused("two documents", b"{} {}"),
        refused("an empty body", b""),
        refused("an empty object", b"{}"),
        refused("an array", b"[]"),
        refused("a string", b"\"name\""),
        refused("null", b"null"),
        refused("no UTF-8", b"{\"name\":\"\xff\xfe\"}"),
        refused("100,000 levels of JSON", &nested(100_000)),
        post("500 levels of JSON", nested(500), 400, "/malformed-body"),
        post("1 MB", large, 413, "/body-too-large"),
        typed("XML", "application/xml"),
        typed("text", "text/plain"),
        typed("a form", "application/x-www-form-urlencoded"),
        keyed("a key of 65 characters", "k".repeat(65)),
        keyed("a key with a space", "a b".to_owned()),
    ]
}

fn fields() -> Vec<Case> {
    let email = |length: usize| json!(format!("{}@example.com", "a".repeat(length - 12)));
    vec![
        field("a name of 51 characters", "name", &json!("n".repeat(51))),
        field("an empty name", "name", &json!("")),
        field("a name with a control character", "name", &json!("a\u{7}b")),
        field("a name with a line break", "name", &json!("a\nb")),
        field("a name beyond ASCII", "name", &json!("münchen")),
        field("a name with an outer space", "name", &json!(" name")),
        field("a name without letter or digit", "name", &json!("---")),
        field("a name that makes the root e-mail too long", "name", &json!("n".repeat(50))),
        field("a name that is a number", "name", &json!(7)),
        field("a name that is null", "name", &Value::Null),
        field("an unknown account type", "accountType", &json!("sandbox")),
        field("an account type in another case", "accountType", &json!("Frontend")),
        field("an unknown environment", "environment", &json!("staging")),
        changed("a core account with environment", |body| body["accountType"] = json!("audit"), &["environment"]),
        changed(
            "an AI account without environment",
            |body| drop(body.as_object_mut().unwrap().remove("environment")),
            &["environment"],
        ),
        field("an e-mail of 65 characters", "ownerEmail", &email(65)),
        field("an e-mail without @", "ownerEmail", &json!("nobody.example.com")),
        field("an e-mail in a list", "ownerEmail", &json!(["a@example.com"])),
        field("an empty cost center", "costCenter", &json!("")),
        field("a cost center of 65 characters", "costCenter", &json!("c".repeat(65))),
        field("an unknown classification", "dataClassification", &json!("secret")),
        field("a purpose of 257 characters", "purpose", &json!("p".repeat(257))),
        field("44 tags", "tags", &tags(44)),
        field("tags in a list", "tags", &json!([])),
        changed("a reserved tag", |body| body["tags"] = json!({"owner": "me"}), &["tags.owner"]),
        changed("a reserved tag in another case", |body| body["tags"] = json!({"Owner": "me"}), &["tags.Owner"]),
        changed("a tag of AWS", |body| body["tags"] = json!({"aws:x": "me"}), &["tags.aws:x"]),
        changed("a tag that is a number", |body| body["tags"] = json!({"size": 3}), &["tags.size"]),
        changed("a tag of 257 characters", |body| body["tags"] = json!({"size": "s".repeat(257)}), &["tags.size"]),
        changed("an unknown field", |body| body["colour"] = json!("blue"), &["colour"]),
        changed(
            "several wrong fields",
            |body| {
                *body = json!({"name": 1, "accountType": "x", "environment": "y", "tags": {"owner": "z"}, "colour": 1});
            },
            &[
                "name",
                "accountType",
                "environment",
                "ownerEmail",
                "costCenter",
                "dataClassification",
                "purpose",
                "tags.owner",
                "colour",
            ],
        ),
    ]
}

fn paths() -> Vec<Case> {
    let unknown = |name, path: &str| get(name, path, 404, "/unknown-account", &[]);
    vec![
        unknown("an unknown request", "/accounts/req-01939b0c-6f8a-7cc0-9d5e-2f4c8e1a7b36"),
        unknown("an unknown account", "/accounts/000000000001"),
        unknown("the management account", "/accounts/123456789012"),
        unknown("a malformed id", "/accounts/nobody"),
        unknown("an id of 13 digits", "/accounts/1234567890123"),
        unknown("an encoded NUL", "/accounts/%00"),
        unknown("an encoded percent", "/accounts/%25"),
        unknown("no UTF-8", "/accounts/%ff%fe"),
        unknown("a ledger key", "/accounts/request%23req-1"),
        get("an encoded dot-dot", "/accounts/%2e%2e", 404, "", &[]),
        other("DELETE of all", "DELETE", "/accounts"),
        other("PUT to all", "PUT", "/accounts"),
        other("PATCH of one", "PATCH", "/accounts/123456789012"),
        other("DELETE of one", "DELETE", "/accounts/123456789012"),
        other("POST to one", "POST", "/accounts/123456789012"),
        other("GET of the root", "GET", "/"),
        other("GET of another path", "GET", "/users"),
        other("GET below one", "GET", "/accounts/123456789012/timeline"),
    ]
}

/// Paths that API Gateway may take apart before the function sees them, so that the status is not ours to say.
pub(crate) const ODD_PATHS: [&str; 8] = [
    "/accounts/%2F",
    "/accounts/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/accounts/..%2f..",
    "/accounts/%252e%252e",
    "/accounts/a%0d%0ab",
    "/accounts/%zz",
    "//accounts",
    "/accounts/",
];

fn queries() -> Vec<Case> {
    let query = |name, query: &str, fields: &[&'static str]| {
        get(name, &format!("/accounts?{query}"), 400, "/invalid-query", fields)
    };
    vec![
        query("a page of 0", "pageSize=0", &["pageSize"]),
        query("a page of 101", "pageSize=101", &["pageSize"]),
        query("a page of some", "pageSize=some", &["pageSize"]),
        query("a token from elsewhere", "pageToken=eyJwYWdlIjoyfQ", &["pageToken"]),
        query("an empty token", "pageToken=", &["pageToken"]),
        query("an unknown state", "state=DONE", &["state"]),
        query("an unknown environment", "environment=staging", &["environment"]),
        query("an unknown type", "accountType=sandbox", &["accountType"]),
        query("an unknown parameter", "colour=blue", &["colour"]),
        query("a parameter given twice", "state=ACTIVE&state=FAILED", &["state"]),
        query("several wrong parameters", "state=x&pageSize=0&colour=blue", &["state", "pageSize", "colour"]),
    ]
}

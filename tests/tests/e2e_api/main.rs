//! The API from outside: whatever is sent, the answer has the right status, says what is wrong in
//! `application/problem+json`, and changes nothing it should not.

mod conflicts;
mod pages;
mod table;
mod wire;

use serde_json::Value;
use std::collections::BTreeSet;
use table::{Case, Key};
use tests::{Answer, Api, Stack};

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_answered_with_the_right_problem() {
    let stack = Stack::load();
    let before = newest(&stack.api()).await;
    let mut wrong = Vec::new();
    let cases = table::cases();
    for case in &cases {
        let answer = send(&stack, case).await;
        if let Err(why) = judge(case, &answer) {
            wrong.push(format!("{}: {why}: {} {}", case.name, answer.status, answer.body));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    assert_eq!(newest(&stack.api()).await, before, "a refused request was recorded");
    eprintln!("{} bad requests answered", cases.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_paths_are_answered_and_never_crashed_on() {
    let stack = Stack::load();
    for path in table::ODD_PATHS {
        let answer = wire::send(&stack, Some(&stack.credentials()), "GET", path, &[], b"").await;
        assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.body);
        let media_type = if answer.status < 400 { "application/json" } else { "application/problem+json" };
        assert_eq!(answer.content_type, media_type, "{path}: {} {}", answer.status, answer.body);
    }
}

/// Sends a case with its key. Nothing on the way may tidy up the path, so the request is written byte by byte.
async fn send(stack: &Stack, case: &Case) -> Answer {
    let mut credentials = stack.credentials();
    if case.key == Key::WrongSecret {
        let id = credentials.access_key_id().to_owned();
        credentials = aws_credential_types::Credentials::new(id, "not-the-secret", None, None, "wrong");
    } else if case.key == Key::Unknown {
        credentials = aws_credential_types::Credentials::new("AKIANOTHERENOTTHERE0", "secret", None, None, "wrong");
    }
    let key = (case.key != Key::None).then_some(&credentials);
    let headers: Vec<(&str, &str)> = case.headers.iter().map(|(name, value)| (*name, &**value)).collect();
    wire::send(stack, key, case.method, &case.path, &headers, &case.body).await
}

/// Compares an answer with what the case expects.
fn judge(case: &Case, answer: &Answer) -> Result<(), String> {
    let expect = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
    expect(answer.status == case.status, &format!("not {}", case.status))?;
    expect(answer.content_type == "application/problem+json", &format!("media type {:?}", answer.content_type))?;
    // API Gateway's template for every other refusal cannot name its status; RFC 9457 does not ask for it.
    let status = answer
        .body
        .get("status")
        .cloned()
        .unwrap_or_else(|| (case.problem == "/refused").then_some(case.status).into());
    expect(status == case.status, "the status in the body differs")?;
    for field in ["type", "title", "detail"] {
        expect(!answer.text(field).is_empty(), &format!("no {field}"))?;
    }
    expect(answer.text("type").ends_with(case.problem), &format!("not the problem {}", case.problem))?;
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    let named: Vec<&str> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
    expect(
        errors.iter().all(|error| error["detail"].as_str().is_some_and(|text| !text.is_empty())),
        "an entry without detail",
    )?;
    expect(named == case.fields, &format!("fields {named:?}"))?;
    expect(named.iter().collect::<BTreeSet<_>>().len() == named.len(), "a field is named twice")
}

/// The newest request of the ledger; a refused one must not show up there.
async fn newest(api: &Api) -> Option<Value> {
    let answer = api.get("/accounts?pageSize=1").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body["accounts"].get(0).map(|request| request["requestId"].clone())
}

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn parse(body: &Value) -> Result<AccountRequest, Vec<FieldProblem>> {
    AccountRequest::parse(body.as_object().unwrap())
}

fn valid() -> Value {
    json!({
        "name": "Claims Frontend Dev",
        "accountType": "frontend",
        "environment": "dev",
        "ownerEmail": "claims@example.com",
        "costCenter": "CC-1234",
        "dataClassification": "internal",
        "purpose": "Web front end of the claims assistant",
        "tags": { "team": "claims" }
    })
}

fn with(field: &str, value: Value) -> Value {
    let mut body = valid();
    body[field] = value;
    body
}

fn wrong_fields(body: &Value) -> Vec<String> {
    parse(body).unwrap_err().into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_valid_request_parses_and_survives_storage() {
    let request = parse(&valid()).unwrap();
    assert_eq!(request.unit().unwrap().as_str(), "AI/AI DEV");
    let stored = serde_json::to_value(&request).unwrap();
    assert_eq!(serde_json::from_value::<AccountRequest>(stored).unwrap(), request);
}

#[test]
fn every_wrong_field_has_its_own_entry() {
    let problems = parse(&json!({
        "name": "x".repeat(51),
        "accountType": "mainframe",
        "environment": 7,
        "ownerEmail": "nobody",
        "costCenter": "",
        "dataClassification": ["internal"],
        "tags": { "aws:x": "1", "Owner": "me", "n": 1 },
        "colour": "blue"
    }))
    .unwrap_err();
    insta::assert_json_snapshot!(problems);
}

#[test]
fn environment_is_required_for_ai_accounts_and_forbidden_for_core_ones() {
    assert_eq!(wrong_fields(&with("environment", Value::Null)), ["environment"]);
    assert_eq!(wrong_fields(&with("accountType", json!("audit"))), ["environment"]);
    let mut core = with("accountType", json!("audit"));
    core.as_object_mut().unwrap().remove("environment");
    assert_eq!(parse(&core).unwrap().unit().unwrap().as_str(), "Security");
}

#[test]
fn forty_three_tags_fit_beside_the_seven_of_the_suite() {
    let tags =
        |count: usize| -> Value { (0..count).map(|n| (format!("k{n}"), json!("v"))).collect::<Map<_, _>>().into() };
    assert!(parse(&with("tags", tags(43))).is_ok());
    assert_eq!(wrong_fields(&with("tags", tags(44))), ["tags"]);
}

#[test]
fn an_account_carries_the_suites_tags_and_the_requesters() {
    let id = RequestId::parse("req-0190f3a2-0000-7000-8000-000000000000").unwrap();
    insta::assert_json_snapshot!(parse(&valid()).unwrap().account_tags(&id));
}

proptest! {
    #[test]
    fn no_text_in_any_field_panics(text in any::<String>(), field in 0..FIELDS.len()) {
        let _ = parse(&with(FIELDS[field], Value::String(text)));
    }
}

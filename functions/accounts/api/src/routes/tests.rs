use super::*;
use crate::testing::{Cloud, event, json_of};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The problem's name and the methods it allows.
fn problem_of(event_json: &Value) -> (&'static str, String) {
    let problem = route(&event(event_json)).unwrap_err();
    let response = problem.response();
    let allow = response.headers.get("allow").map_or("", |value| value.to_str().unwrap());
    (problem.name(), allow.to_owned())
}

#[test]
fn methods_and_paths_lead_to_their_functions() {
    for (method, resource, path, expected) in [
        ("POST", "/accounts", "/accounts", Route::Submit),
        ("GET", "/accounts", "/base/accounts", Route::List),
        ("GET", "", "/accounts/", Route::List),
        ("GET", "/{proxy+}", "/accounts/a%2Fb%20c", Route::Read("a/b c".to_owned())),
        ("GET", "/{proxy+}", "/%61ccounts/x", Route::Read("x".to_owned())),
        ("GET", "/tags/coverage", "/base/tags/coverage", Route::Coverage),
        ("GET", "/{proxy+}", "/tags/coverage", Route::Coverage),
        ("GET", "/spend", "/base/spend", Route::Spend),
        ("GET", "/{proxy+}", "/spend/111122223333", Route::SpendOf("111122223333".to_owned())),
        ("POST", "/{proxy+}", "/spend/1/override", Route::OverrideSpend("1".to_owned())),
        ("POST", "/{proxy+}", "/spend/1/approval", Route::ApproveSpend("1".to_owned())),
    ] {
        let event = event(&json!({ "httpMethod": method, "resource": resource, "path": path }));
        assert_eq!(route(&event).unwrap(), expected, "{method} {resource} {path}");
    }
}

#[test]
fn unknown_paths_and_wrong_methods_are_told_apart() {
    let at = |method: &str, path: &str| json!({ "httpMethod": method, "resource": "/{proxy+}", "path": path });
    for path in ["", "/", "/account", "/accounts/a/b", "//", "/accounts%2Fa/b", "/%ff%fe/a", "/ACCOUNTS", "/tags"] {
        assert_eq!(problem_of(&at("GET", path)), ("unknown-path", String::new()), "{path}");
    }
    for method in ["PUT", "DELETE", "PATCH", "BREW"] {
        assert_eq!(problem_of(&at(method, "/accounts")), ("method-not-allowed", "GET, POST".to_owned()), "{method}");
        assert_eq!(problem_of(&at(method, "/accounts/x")), ("method-not-allowed", "GET".to_owned()), "{method}");
    }
    assert_eq!(problem_of(&at("POST", "/accounts/x")), ("method-not-allowed", "GET".to_owned()));
    for path in ["/tags/coverage", "/spend", "/spend/1"] {
        assert_eq!(problem_of(&at("POST", path)), ("method-not-allowed", "GET".to_owned()), "{path}");
    }
    for path in ["/spend/1/override", "/spend/1/approval"] {
        assert_eq!(problem_of(&at("GET", path)), ("method-not-allowed", "POST".to_owned()), "{path}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", "(%[0-9a-fA-F]{0,2}|[a-z/.-]){0,20}", any::<String>()]
}

fn body() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        Just(None),
        any::<String>().prop_map(Some),
        "[\\[\\]{}:,\"a1 \\\\]{0,200}".prop_map(Some),
        (0..70_000usize).prop_map(|size| Some("[".repeat(size))),
        (text(), text()).prop_map(|(name, value)| {
            let mut body = crate::testing::valid_body();
            body[name] = json!(value);
            Some(body.to_string())
        }),
        ("name|accountType|environment|ownerEmail|costCenter|dataClassification|purpose|tags", text())
            .prop_map(|(name, value)| Some(crate::testing::body_with(&name, json!(value)).to_string())),
    ]
}

fn any_event() -> impl Strategy<Value = Value> {
    let method = prop_oneof![Just("GET"), Just("POST"), Just("PUT")];
    let resource = prop_oneof![
        Just("/accounts"),
        Just("/accounts/{id}"),
        Just("/{proxy+}"),
        Just("/spend"),
        Just("/spend/{accountId}"),
        Just("/spend/{accountId}/override"),
        Just("/spend/{accountId}/approval"),
    ];
    let parameter =
        prop_oneof!["pageSize|pageToken|state|environment|accountType|stage".prop_map(String::from), text()];
    // API Gateway sends no parameter without a value: `?state` comes as [""].
    let query = prop::collection::btree_map(parameter, prop::collection::vec(text(), 1..3), 0..4);
    let header = "content-type|idempotency-key";
    let headers = prop::collection::btree_map(header, "[\\x20-\\x7eäß]{0,70}|application/json", 0..2);
    (method, resource, text(), text(), body(), any::<bool>(), query, headers, any::<Option<bool>>()).prop_map(
        |(method, resource, path, id, body, base64, query, headers, prefix)| {
            json!({
                "httpMethod": method,
                "resource": resource,
                "path": if prefix == Some(true) { format!("/accounts/{path}") } else { path },
                "pathParameters": if prefix.is_none() { Value::Null } else { json!({ "id": id }) },
                "body": body,
                "isBase64Encoded": base64,
                "multiValueQueryStringParameters": query,
                "headers": headers,
            })
        },
    )
}

proptest! {
    #[test]
    fn every_event_has_an_answer_that_blames_nobody_wrongly(event_json in any_event(), faulty in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let cloud = Cloud::default();
        let actions = ["GetItem", "Query", "TransactWriteItems", "UpdateItem", "StartExecution"];
        if faulty {
            for action in actions {
                cloud.fail(action, "AccessDeniedException", 1);
            }
        }
        let answer = runtime.block_on(cloud.send(event(&event_json)));
        let aws_was_called = actions.iter().any(|action| cloud.calls(action) > 0);
        let status = answer.status_code;
        prop_assert_eq!(status >= 500, faulty && aws_was_called, "{:?}", answer);
        prop_assert_eq!(answer.headers.get("cache-control").unwrap(), "no-store");
        let body = json_of(&answer);
        if status >= 400 {
            prop_assert_eq!(answer.headers.get("content-type").unwrap(), "application/problem+json");
            prop_assert_eq!(&body["status"], status);
            for member in ["type", "title", "detail"] {
                prop_assert!(!body[member].as_str().unwrap().is_empty());
            }
        } else {
            prop_assert!(status == 200 || status == 202);
            prop_assert_eq!(answer.headers.get("content-type").unwrap(), "application/json");
        }
    }
}

//! Names, root e-mails and idempotency keys that are taken.

use serde_json::{Value, json};
use std::time::Duration;
use tests::{Answer, Stack, request, unique};

const LONGEST: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn names_and_addresses_are_taken_once_and_keys_stand_for_one_request() {
    let stack = Stack::load();
    let api = stack.api();
    let name = unique("taken");
    let key = [("idempotency-key", &*name)];
    let body = request(&name, "frontend", Some("dev"));
    let first = api.post_with("/accounts", &key, &body).await;
    assert_eq!(first.status, 202, "{}", first.body);
    let holder = first.text("requestId").to_owned();

    // The same again, also with its fields in another order, is the same request.
    let other_order: Value = serde_json::from_str(&body.to_string()).unwrap();
    for again in [&body, &other_order] {
        let again = api.post_with("/accounts", &key, again).await;
        assert_eq!((again.status, again.text("requestId")), (202, &*holder), "{}", again.body);
    }
    // The same key for something else is a mistake.
    let mut changed = body.clone();
    changed["purpose"] = json!("Something else");
    let refused = api.post_with("/accounts", &key, &changed).await;
    assert_problem(&refused, 422, "/idempotency-key-reused");
    // Another key, or none, meets the holder of the name, in whatever case, and of the root e-mail.
    let mut upper = body.clone();
    upper["name"] = json!(name.to_uppercase());
    let mut same_email = body.clone();
    same_email["name"] = json!(name.replace('-', "  "));
    for (request, problem, field) in [
        (&body, "/name-taken", "name"),
        (&upper, "/name-taken", "name"),
        (&same_email, "/root-email-taken", "rootEmail"),
    ] {
        let refused = api.post("/accounts", request).await;
        assert_held(&refused, problem, field, &holder);
    }
    let done = api.follow(&holder, LONGEST, |_| ()).await;
    assert_eq!(done["state"], "ACTIVE", "{done}");
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_were_there_before_hold_their_name_and_address() {
    let stack = Stack::load();
    let (api, name) = (stack.api(), unique("before"));
    let account = create_directly(&stack, &name, &format!("aws+{name}@example.com")).await;
    let report = stack.aws().invoke(stack.output("ReconcileFunctionName"), &json!({})).await;
    assert_eq!(report.error, None, "{}", report.payload);
    assert!(report.payload["newAccounts"].as_u64().is_some_and(|new| new >= 1), "{}", report.payload);
    assert_eq!(report.payload["created"], json!([]), "every unit was there: {}", report.payload);

    let by_name = api.post("/accounts", &request(&name.to_uppercase(), "frontend", Some("dev"))).await;
    assert_held(&by_name, "/name-taken", "name", &account);
    let by_email = api.post("/accounts", &request(&name.replace('-', "."), "frontend", Some("dev"))).await;
    assert_held(&by_email, "/root-email-taken", "rootEmail", &account);
    // It is known, but no request of this API made it.
    assert_problem(&api.get(&format!("/accounts/{account}")).await, 404, "/unknown-account");
}

/// An account that somebody makes behind the suite's back.
async fn create_directly(stack: &Stack, name: &str, email: &str) -> String {
    let organizations = aws_sdk_organizations::Client::new(&stack.sdk_config());
    let made = organizations.create_account().account_name(name).email(email).send().await.expect("CreateAccount");
    let id = made.create_account_status.and_then(|status| status.id).expect("an id");
    for _ in 0..100 {
        let asked = organizations.describe_create_account_status().create_account_request_id(&id).send().await;
        let status = asked.expect("DescribeCreateAccountStatus").create_account_status.expect("a status");
        if let Some(account) = status.account_id {
            return account;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("{name} was not created");
}

fn assert_problem(answer: &Answer, status: u16, problem: &str) {
    assert_eq!((answer.status, &*answer.content_type), (status, "application/problem+json"), "{}", answer.body);
    assert!(answer.text("type").ends_with(problem), "{}", answer.body);
}

fn assert_held(answer: &Answer, problem: &str, field: &str, holder: &str) {
    assert_problem(answer, 409, problem);
    assert_eq!(answer.text("holder"), holder, "{}", answer.body);
    assert_eq!(answer.body["errors"][0]["field"], field, "{}", answer.body);
    assert!(answer.text("detail").contains(holder), "{}", answer.body);
}

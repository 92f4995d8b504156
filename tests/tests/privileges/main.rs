//! The roles fit exactly: every recorded AWS call is allowed by the deployed policies of the role that made it, and
//! every action, resource and ledger key they grant was needed for some recorded call. Runs after the end-to-end
//! tests, on the gateway's record of them all. Statements whose Sid begins with Platform belong to Lambda and Step
//! Functions, whose own calls no record shows.

mod exercise;
mod foreign;
mod needs;
mod roles;

use iam_rs::{Arn, Context, ContextValue, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use needs::{Need, Place};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::Stack;

/// Decides as IAM does for an identity's own policies.
fn allows(policy: &Value, need: &Need) -> bool {
    let policy = IAMPolicy::from_json(&policy.to_string()).unwrap_or_else(|why| panic!("{why}: {policy}"));
    let principal = Principal::Aws(PrincipalId::String("arn:aws:iam::123456789012:role/any".to_owned()));
    let mut context = Context::new();
    for (key, value) in &need.context {
        context.insert((*key).to_owned(), ContextValue::StringList(vec![value.clone()]));
    }
    let resource = Arn::parse(&need.resource).unwrap_or_else(|why| panic!("{why}: {need:?}"));
    let request = IAMRequest::new_with_context(principal, &*need.action, resource, context);
    let result = PolicyEvaluator::with_policies(vec![policy]).evaluate(&request);
    result.unwrap_or_else(|why| panic!("{why}: {need:?}")).decision == Decision::Allow
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_allow_every_recorded_call_and_grant_nothing_else() {
    let stack = Stack::load();
    let account = exercise::rare_grants(&stack).await;
    let place = Place::of(&stack).await;
    let calls = stack.gateway().calls(0).await;
    let needs = needs::of(&calls, &place, &account);
    let roles = roles::deployed(&stack, &account).await;
    assert_eq!(roles.keys().collect::<Vec<_>>(), needs.keys().collect::<Vec<_>>(), "roles, and those who made calls");
    let (mut faults, mut granted) = (Vec::new(), 0);
    for (name, role) in &roles {
        let needs = &needs[name];
        for need in needs.iter().filter(|need| !allows(&role.policy(), need)) {
            faults.push(format!("{name} is not allowed {need}"));
        }
        // The Tagging API asks for the service's permission behind our back: the contract tests compare those with the
        // rules.
        let by_table = name == "tagging" || name.starts_with("remediation-") || name.starts_with("member-");
        let grants = if by_table { Vec::new() } else { role.grants() };
        granted += grants.len();
        for (grant, policy) in &grants {
            if !needs.iter().any(|need| allows(policy, need)) {
                faults.push(format!("{name} is granted {grant} and never used it"));
            }
        }
        eprintln!("{name:<32} {:>4} distinct needs, {:>2} grants", needs.len(), grants.len());
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    eprintln!("{} recorded calls, {} roles, {granted} grants, each needed", calls.len(), roles.len());
    let foreign = foreign::needs(&place);
    assert_eq!(foreign.keys().copied().collect::<BTreeSet<_>>(), roles.keys().map(String::as_str).collect());
    for (name, needs) in foreign {
        for need in needs {
            assert!(!allows(&roles[name].policy(), &need), "{name} may do {need}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_policy_has_a_wildcard_in_an_action() {
    let documents = roles::documents(&Stack::load()).await;
    assert!(documents.len() > 10, "{:?}", documents.keys());
    for (name, document) in documents {
        for statement in document["Statement"].as_array().unwrap() {
            assert!(
                statement.get("NotAction").is_none() && statement.get("NotResource").is_none(),
                "{name}: {statement}"
            );
            for action in roles::list(&statement["Action"]) {
                assert!(!action.contains(['*', '?']), "{name} grants {action}");
            }
        }
    }
}

#[test]
fn the_evaluator_knows_what_these_policies_use() {
    let condition = json!({"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["request#*", "organization"]}});
    let policy = |condition: &Value| {
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["dynamodb:GetItem"],
            "Resource": ["arn:aws:dynamodb:*:1:table/t"], "Condition": condition}]})
    };
    let need = |action: &str, table: &str, key: &str| {
        let mut need =
            Need::new(action, format!("arn:aws:dynamodb:us-east-1:1:table/{table}").replace(":1:", ":111122223333:"));
        need.context.insert("dynamodb:LeadingKeys", key.to_owned());
        need
    };
    let here = |condition: &Value| {
        let text = policy(condition).to_string().replace(":1:", ":111122223333:");
        serde_json::from_str::<Value>(&text).unwrap()
    };
    assert!(allows(&here(&condition), &need("dynamodb:GetItem", "t", "request#1")));
    assert!(allows(&here(&condition), &need("dynamodb:GetItem", "t", "organization")));
    for refused in [
        need("dynamodb:GetItem", "t", "organizations"),
        need("dynamodb:GetItem", "t", "name#1"),
        need("dynamodb:GetItem", "t2", "request#1"),
        need("dynamodb:GetItem", "t/index/i", "request#1"),
        need("dynamodb:PutItem", "t", "request#1"),
    ] {
        assert!(!allows(&here(&condition), &refused), "{refused}");
    }
    let organization = json!({"StringEquals": {"aws:ResourceOrgID": "o-1"}});
    assert!(!allows(&here(&organization), &need("dynamodb:GetItem", "t", "request#1")), "a condition without its key");
}

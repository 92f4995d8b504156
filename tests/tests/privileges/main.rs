//! The roles fit exactly: every recorded AWS call is allowed by the deployed policies of the role that made it, and
//! every action, resource and ledger key they grant was needed for some recorded call. Runs after the end-to-end
//! tests, on the gateway's record of them all. Statements whose Sid begins with Platform belong to Lambda and Step
//! Functions, whose own calls no record shows.

mod exercise;
mod needs;
mod roles;

use iam_rs::{Arn, Context, ContextValue, Decision, IAMPolicy, IAMRequest, PolicyEvaluator, Principal, PrincipalId};
use needs::{Need, Place};
use roles::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
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
        let grants = if name == "tagging" { Vec::new() } else { role.grants() };
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
    foreign_needs_are_refused(&roles, &place);
}

/// For each role something that its neighbours may do and it may not.
fn foreign_needs_are_refused(roles: &BTreeMap<String, Role>, place: &Place) {
    let item = |action: &str, id: &str| place.item(action, id);
    let everything = |action: &str| Need::new(action, place.organizations("any"));
    let other_organization = |role: &str| {
        let mut need = place.assume(&format!("arn:aws:iam::111122223333:role/{role}"));
        need.context.insert("aws:ResourceOrgID", "o-another000".to_owned());
        need
    };
    let foreign: [(&str, Vec<Need>); 13] = [
        (
            "api",
            vec![
                item("PutItem", "pace#create-account"),
                item("DeleteItem", "name#x"),
                everything("organizations:CreateAccount"),
            ],
        ),
        (
            "admit",
            vec![
                item("PutItem", "organization"),
                item("PutItem", "account#1"),
                everything("organizations:CreateAccount"),
            ],
        ),
        (
            "create",
            vec![item("UpdateItem", "name#x"), item("PutItem", "request#x"), everything("organizations:CloseAccount")],
        ),
        ("place", vec![item("UpdateItem", "name#x"), everything("organizations:CreateAccount")]),
        (
            "baseline",
            vec![
                item("GetItem", "organization"),
                other_organization("OrganizationAccountAccessRole"),
                place.assume("arn:aws:iam::111122223333:role/Another"),
            ],
        ),
        (
            "profile",
            vec![
                item("GetItem", "organization"),
                everything("organizations:UntagResource"),
                everything("organizations:MoveAccount"),
            ],
        ),
        (
            "verify",
            vec![
                item("DeleteItem", "request#x"),
                place.assume("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"),
                everything("organizations:TagResource"),
            ],
        ),
        (
            "settle",
            vec![
                item("UpdateItem", "account#1"),
                Need::new("events:PutEvents", "arn:aws:events:us-east-1:123456789012:event-bus/default".to_owned()),
            ],
        ),
        (
            "reconcile",
            vec![
                item("PutItem", "request#x"),
                everything("organizations:MoveAccount"),
                everything("organizations:CreateAccount"),
            ],
        ),
        ("account-vending", vec![Need::new("lambda:InvokeFunction", place.function("api"))]),
        (
            "tag-resource",
            vec![
                item("GetItem", "request#x"),
                everything("organizations:TagResource"),
                place.assume("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"),
                other_organization("AiLandingZone-tagging"),
            ],
        ),
        (
            "tagging",
            vec![
                Need::new("ec2:DeleteVolume", "arn:aws:ec2:us-east-1:123456789012:volume/v".to_owned()),
                Need::new("iam:UntagRole", "arn:aws:iam::123456789012:role/x".to_owned()),
            ],
        ),
        (
            "verification",
            vec![Need::new("iam:CreateRole", "arn:aws:iam::123456789012:role/AiLandingZone-x".to_owned())],
        ),
    ];
    let probed: BTreeSet<&str> = foreign.iter().map(|(name, _)| *name).collect();
    assert_eq!(probed, roles.keys().map(String::as_str).collect());
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

//! The deployed policies, as IAM shows them.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tests::{Stack, inside};

/// Begins the name of every role and policy of the suite.
const PREFIX: &str = "ai-landing-zone-";

/// What a statement can be narrowed by.
const PIECES: [&str; 4] = [
    "/Action",
    "/Resource",
    "/Condition/ForAllValues:StringLike/dynamodb:LeadingKeys",
    "/Condition/ForAllValues:StringEquals/dynamodb:LeadingKeys",
];

/// The statements of a role that its code lives by.
pub(crate) struct Role {
    statements: Vec<Value>,
}

impl Role {
    fn of(documents: &[Value]) -> Self {
        let all = documents.iter().flat_map(|document| document["Statement"].as_array().expect("statements"));
        let own = all.filter(|statement| !statement["Sid"].as_str().expect("a Sid").starts_with("Platform"));
        Self { statements: own.cloned().collect() }
    }

    pub(crate) fn policy(&self) -> Value {
        policy(&self.statements)
    }

    /// What the role grants, piece by piece: the statement narrowed to each of its actions, resources and ledger keys.
    pub(crate) fn grants(&self) -> Vec<(String, Value)> {
        let mut grants = Vec::new();
        for statement in &self.statements {
            for place in PIECES {
                for one in statement.pointer(place).map(list).unwrap_or_default() {
                    let mut narrowed = statement.clone();
                    *narrowed.pointer_mut(place).expect("as before") = json!([one]);
                    let name = place.rsplit('/').next().unwrap_or_default();
                    grants.push((format!("{} {name} {one}", statement["Sid"]), policy(&[narrowed])));
                }
            }
        }
        grants
    }
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// One text or a list of them.
pub(crate) fn list(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().map(|one| one.as_str().expect("text").to_owned()).collect(),
        one => vec![one.as_str().expect("text").to_owned()],
    }
}

/// The roles that run the suite's code, and its roles in the member account, without prefix.
pub(crate) async fn deployed(stack: &Stack, account: &str) -> BTreeMap<String, Role> {
    let client = aws_sdk_iam::Client::new(&stack.sdk_config());
    let mut roles = BTreeMap::new();
    for name in names(&client).await {
        let documents = inline(&client, &name).await;
        let role = Role::of(&documents);
        // A role that AWS alone uses has nothing for the record to show.
        if !role.statements.is_empty() {
            roles.insert(name.trim_start_matches(PREFIX).to_owned(), role);
        }
    }
    let member = aws_sdk_iam::Client::new(&inside(stack, account).await);
    let remediators = crate::needs::REMEDIATORS.map(|family| format!("remediation-{family}"));
    let others = ["verification", "tagging", "tag-audit"].map(str::to_owned);
    for name in others.into_iter().chain(remediators) {
        let documents = inline(&member, &format!("AiLandingZone-{name}")).await;
        roles.insert(name, Role::of(&documents));
    }
    // A workflow has the name of one of them.
    for name in ["spend-observation", "spend-enforcement"] {
        let documents = inline(&member, &format!("AiLandingZone-{name}")).await;
        roles.insert(format!("member-{name}"), Role::of(&documents));
    }
    roles
}

/// Every policy document of the suite in the management account, those for people included.
pub(crate) async fn documents(stack: &Stack) -> BTreeMap<String, Value> {
    let client = aws_sdk_iam::Client::new(&stack.sdk_config());
    let mut documents = BTreeMap::new();
    for name in names(&client).await {
        for (count, document) in inline(&client, &name).await.into_iter().enumerate() {
            documents.insert(format!("{name} {count}"), document);
        }
    }
    for arn in
        [stack.output("RequesterPolicyArn"), stack.output("OperatorPolicyArn"), stack.output("ApproverPolicyArn")]
    {
        let policy = client.get_policy().policy_arn(arn).send().await.expect("GetPolicy").policy.expect("a policy");
        let version = policy.default_version_id.expect("a version");
        let version =
            client.get_policy_version().policy_arn(arn).version_id(version).send().await.expect("GetPolicyVersion");
        let text = version.policy_version.and_then(|version| version.document).expect("a document");
        documents.insert(arn.to_owned(), parsed(&text));
    }
    documents
}

async fn names(client: &aws_sdk_iam::Client) -> Vec<String> {
    let roles =
        client.list_roles().into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.expect("ListRoles");
    roles.into_iter().map(|role| role.role_name).filter(|name| name.starts_with(PREFIX)).collect()
}

async fn inline(client: &aws_sdk_iam::Client, role: &str) -> Vec<Value> {
    let names = client.list_role_policies().role_name(role).send().await.expect("ListRolePolicies").policy_names;
    let mut documents = Vec::new();
    for name in names {
        let answer = client.get_role_policy().role_name(role).policy_name(name).send().await.expect("GetRolePolicy");
        documents.push(parsed(&answer.policy_document));
    }
    documents
}

/// IAM percent-encodes documents (RFC 3986).
fn parsed(document: &str) -> Value {
    let decoded = percent_encoding::percent_decode_str(document).decode_utf8().expect("UTF-8");
    serde_json::from_str(&decoded).unwrap_or_else(|why| panic!("{why}: {decoded}"))
}

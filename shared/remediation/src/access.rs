//! What a session in an account may do: the actions of one plan, on what the plan is about, and nothing else.

use crate::{
    Control,
    template::{Source, filled},
};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::LazyLock,
};

/// ARNs beyond the resource itself, or those of single actions.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Reach {
    Resource(String),
    Actions { actions: Vec<String>, resources: Vec<String> },
}

static REACH: LazyLock<HashMap<String, Vec<Reach>>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../data/reach.json")).expect("data/reach.json")
});

/// The longest session policy, in characters
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
pub const LONGEST_POLICY: usize = 2048;

/// The session policy under which a control's resource is read, and with `writes` changed.
#[must_use]
pub fn session_policy(control: &Control, resource: &str, parts: &BTreeMap<String, String>, writes: bool) -> String {
    let mut reads = actions(control.reads());
    reads.insert("tag:GetResources".to_owned());
    let mut statements = vec![allow(&reads, &["*".to_owned()])];
    if writes {
        statements.extend(changes(control, resource, parts));
    }
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn changes(control: &Control, resource: &str, parts: &BTreeMap<String, String>) -> Vec<Value> {
    let source = Source { parts: Some(parts), ..Source::default() };
    let mut writes = actions(control.writes());
    let mut resources: Vec<String> = arn(control, resource, &source).into_iter().collect();
    let mut statements = Vec::new();
    // A part that is not given names nothing that could be reached.
    let fill = |patterns: &[String]| patterns.iter().filter_map(|one| filled(one, &source).ok()).collect::<Vec<_>>();
    for reach in REACH.get(&control.control).into_iter().flatten() {
        match reach {
            Reach::Resource(pattern) => resources.extend(fill(std::slice::from_ref(pattern))),
            Reach::Actions { actions, resources } => {
                let own: BTreeSet<String> = actions.iter().cloned().collect();
                writes.retain(|action| !own.contains(action));
                statements.push(allow(&own, &fill(resources)));
            }
        }
    }
    if !writes.is_empty() && !resources.is_empty() {
        statements.push(allow(&writes, &resources));
    }
    statements
}

/// Some findings name a resource by its bare name: its ARN is what the row says.
fn arn(control: &Control, resource: &str, source: &Source<'_>) -> Option<String> {
    if resource.starts_with("arn:") {
        return Some(resource.to_owned());
    }
    filled(control.resource.text(), source).ok().filter(|arn| arn.starts_with("arn:"))
}

fn actions<'c>(calls: impl Iterator<Item = &'c str>) -> BTreeSet<String> {
    calls
        .filter_map(|call| call.split_once(':'))
        .flat_map(|(service, action)| aws::permissions(service, action))
        .collect()
}

fn allow(actions: &BTreeSet<String>, resources: &[String]) -> Value {
    json!({"Effect": "Allow", "Action": actions, "Resource": resources})
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control;

    #[test]
    fn a_session_reads_first_and_changes_one_resource_only() {
        let row = control("DynamoDB.6").unwrap();
        let arn = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders";
        let parts = row.resource.parts(arn).unwrap();
        let policy =
            |writes: bool| -> Value { serde_json::from_str(&session_policy(row, arn, &parts, writes)).unwrap() };
        let (read, write) = (policy(false), policy(true));
        assert_eq!(
            read["Statement"],
            json!([{"Effect": "Allow", "Action": ["dynamodb:DescribeTable", "tag:GetResources"], "Resource": ["*"]}])
        );
        assert_eq!(write["Statement"][1]["Action"], json!(["dynamodb:UpdateTable"]));
        assert_eq!(write["Statement"][1]["Resource"][0], arn);
    }
}

//! The API's contract says what the code does: the words of the domain stand in both.

use landing_zone::{AccountRequest, AccountType};
use ledger::State;
use serde_yaml_ng::Value;
use std::collections::{BTreeMap, BTreeSet};
use tagging::{Evidence, rules};
use tests::root;

fn schemas() -> Value {
    let text = std::fs::read_to_string(root().join("sam/openapi.yaml")).unwrap();
    let document: Value = serde_yaml_ng::from_str(&text).unwrap();
    document["components"]["schemas"].clone()
}

fn words(schema: &Value) -> Vec<String> {
    schema["enum"].as_sequence().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
}

#[test]
fn account_types_environments_classes_and_states_are_those_of_the_code() {
    let schemas = schemas();
    assert_eq!(words(&schemas["AccountType"]), AccountType::all().map(AccountType::id).collect::<Vec<_>>());
    assert_eq!(words(&schemas["State"]), State::ALL.map(State::id));
    for environment in words(&schemas["Environment"]) {
        assert!(landing_zone::Environment::parse(&environment).is_ok(), "{environment}");
    }
    for class in words(&schemas["DataClassification"]) {
        assert!(landing_zone::DataClassification::parse(&class).is_ok(), "{class}");
    }
}

#[test]
fn the_fields_of_a_request_are_those_the_code_reads() {
    let schemas = schemas();
    let properties = schemas["AccountRequest"]["properties"].as_mapping().unwrap().clone();
    let required = schemas["AccountRequest"]["required"].as_sequence().unwrap().clone();
    let problems = AccountRequest::parse(&serde_json::Map::new()).unwrap_err();
    let missing: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(required.iter().map(|field| field.as_str().unwrap()).collect::<Vec<_>>(), missing);
    // An unknown field is answered with the list of those there are.
    let unknown = serde_json::json!({"colour": "blue"});
    let problems = AccountRequest::parse(unknown.as_object().unwrap()).unwrap_err();
    let list = problems.iter().find(|problem| problem.field == "colour").unwrap();
    let listed: Vec<&str> = list.detail.rsplit_once("fields are ").unwrap().1.split(", ").collect();
    assert_eq!(properties.keys().map(|key| key.as_str().unwrap()).collect::<Vec<_>>(), listed);
}

#[test]
fn every_fixture_of_the_demo_is_a_valid_request_and_every_ai_account_type_has_one() {
    let mut types = Vec::new();
    for entry in std::fs::read_dir(root().join("tests/fixtures/requests")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let body: serde_json::Value = serde_json::from_str(&text).unwrap();
        types.push(AccountRequest::parse(body.as_object().unwrap()).unwrap().account_type.id());
    }
    let mut all: Vec<&str> = AccountType::all().filter(|kind| !kind.is_core()).map(AccountType::id).collect();
    types.sort_unstable();
    all.sort_unstable();
    assert_eq!(types, all);
}

/// A template as it is written; `!Sub` and its like keep their values.
fn template(name: &str) -> Value {
    let text = std::fs::read_to_string(root().join("sam").join(name)).unwrap();
    serde_yaml_ng::from_str(&text).unwrap()
}

fn texts(value: &Value) -> BTreeSet<String> {
    value.as_sequence().unwrap().iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
}

#[test]
fn every_event_of_the_table_passes_both_rules_and_no_other_source_does() {
    let patterns = ["member-roles.yaml", "tagging.yaml"]
        .map(|name| template(name)["Resources"]["CreationsRule"]["Properties"]["EventPattern"].clone());
    assert_eq!(patterns[0], patterns[1]);
    let detail = &patterns[0]["detail"];
    let sources: BTreeSet<String> = rules().iter().map(|rule| format!("{}.amazonaws.com", rule.source)).collect();
    assert_eq!(texts(&detail["eventSource"]), sources);
    let others = rules().iter().map(|rule| rule.event.clone()).filter(|event| !event.starts_with("Create"));
    assert_eq!(texts(&detail["eventName"]), others.collect());
    assert_eq!(detail["eventName"][0]["prefix"], "Create");
    // What EventBridge takes as a pattern; the account's quota may be raised, but not the newcomer's patience.
    assert!(serde_json::to_string(&patterns[0]).unwrap().len() <= 2048);
}

#[test]
fn the_tagging_role_has_the_permissions_of_the_rules_and_no_others() {
    let role = template("member-roles.yaml")["Resources"]["TaggingRole"]["Properties"].clone();
    let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
    let mut wanted: BTreeSet<String> = rules().iter().filter_map(|rule| rule.action.clone()).collect();
    wanted.insert("tag:TagResources".to_owned());
    let mut granted = texts(&statements[1]["Action"]);
    granted.extend(statements[2]["Action"].as_str().map(str::to_owned));
    assert_eq!(granted, wanted);
    // What the function reads itself, and what the Tagging API reads of S3 and Glue.
    let read =
        "ec2:DescribeVolumes iam:ListRoleTags iam:ListUserTags tag:GetResources s3:GetBucketTagging glue:GetDatabase";
    assert_eq!(texts(&statements[0]["Action"]), read.split(' ').map(str::to_owned).collect());
    // Buckets that the Tagging API refuses.
    assert_eq!(statements[3]["Action"], "s3:TagResource");
    assert!(statements[4].is_null());
}

#[test]
fn each_remediation_role_has_the_permissions_of_its_rows_and_no_others() {
    use remediation::Family;
    let roles = template("member-roles.yaml")["Resources"].clone();
    for (family, role) in [
        (Family::Ai, "AiRemediationRole"),
        (Family::Data, "DataRemediationRole"),
        (Family::Compute, "ComputeRemediationRole"),
        (Family::Identity, "IdentityRemediationRole"),
    ] {
        let rows = remediation::controls().iter().filter(|row| row.family == family);
        let calls = rows.flat_map(remediation::Control::calls).filter_map(|call| call.split_once(':'));
        let mut wanted: BTreeSet<String> =
            calls.flat_map(|(service, action)| aws::permissions(service, action)).collect();
        wanted.insert("tag:GetResources".to_owned());
        let statements = &roles[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
        assert_eq!(texts(&statements[0]["Action"]), wanted, "{role}");
        assert!(statements[1].is_null());
    }
}

#[test]
fn the_spending_roles_have_the_permissions_of_the_workloads_and_no_others() {
    let roles = template("member-roles.yaml")["Resources"].clone();
    let (mut list, mut change) = (BTreeSet::new(), BTreeSet::new());
    for permissions in workloads::permissions().into_values() {
        list.extend(permissions.list);
        change.extend(permissions.stop.into_iter().chain(permissions.start));
    }
    let statements =
        |role: &str| roles[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_sequence().cloned();
    let observation = statements("SpendObservationRole").unwrap();
    let others =
        ["bedrock:ListInferenceProfiles", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "ec2:DescribeVolumes"];
    let looks: BTreeSet<String> = list.iter().cloned().chain(others.map(str::to_owned)).collect();
    assert_eq!(texts(&observation[0]["Action"]), looks);
    assert_eq!(observation[1]["Action"], "logs:DescribeLogStreams");
    let enforcement = statements("SpendEnforcementRole").unwrap();
    // Roles are passed to two services only.
    assert!(change.remove("iam:PassRole"));
    assert_eq!(texts(&enforcement[0]["Action"]), list.union(&change).cloned().collect::<BTreeSet<_>>());
    assert_eq!(enforcement[1]["Action"], "iam:PassRole");
    assert_eq!((observation.len(), enforcement.len()), (2, 2));
}

#[test]
fn the_states_of_a_remediation_are_those_of_the_contract() {
    for word in words(&schemas()["RemediationState"]) {
        assert_eq!(remediation::State::parse(&word).unwrap().id(), word);
    }
    let listed = remediation::State::parse("?").unwrap_err();
    assert_eq!(listed, format!("must be one of {}", words(&schemas()["RemediationState"]).join(", ")));
}

/// The words of an enum that a wrong word is answered with.
fn words_of<T: serde::de::DeserializeOwned>() -> Vec<String> {
    let Err(why) = serde_json::from_str::<T>("\"?\"") else { panic!("a question mark is a word") };
    why.to_string().split('`').skip(3).step_by(2).map(str::to_owned).collect()
}

#[test]
fn stages_and_outcomes_of_spending_are_those_of_the_code() {
    let schemas = schemas();
    assert_eq!(words(&schemas["SpendStage"]), words_of::<finops::Stage>());
    assert_eq!(words(&schemas["SpendOutcome"]), words_of::<finops::Outcome>());
}

#[test]
fn the_readme_tells_how_well_each_call_is_known() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for (evidence, words) in [
        (Evidence::Observed, "the event was seen"),
        (Evidence::Practised, "other taggers rely on it"),
        (Evidence::Model, "derived from the API model, to be confirmed live"),
    ] {
        let mut calls: BTreeMap<&str, u32> = BTreeMap::new();
        for rule in rules().iter().filter(|rule| rule.evidence == evidence) {
            *calls.entry(&rule.source).or_default() += 1;
        }
        let calls = calls
            .iter()
            .map(|(source, count)| if *count == 1 { (*source).to_owned() } else { format!("{source} {count}") });
        let line = format!("| {words} | {} |", calls.collect::<Vec<_>>().join(", "));
        assert!(readme.contains(&line), "{line}");
    }
}

#[test]
fn what_the_dependency_rules_ban_is_not_in_the_tree() {
    let rules = std::fs::read_to_string(root().join(".deny.toml")).unwrap();
    let banned: Vec<(&str, Option<&str>)> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("{ name = \""))
        .map(|rest| {
            let below = rest.split_once("version = \"<").and_then(|(_, version)| version.split('"').next());
            (rest.split('"').next().unwrap(), below)
        })
        .collect();
    assert!(banned.contains(&("openssl-sys", None)) && banned.contains(&("hyper", Some("1"))), "{banned:?}");
    // The tree, not the lock file: that also names what no feature turns on.
    let tree = std::process::Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--workspace", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    let packages = String::from_utf8(tree.stdout).unwrap();
    assert!(packages.lines().any(|package| package.starts_with("rustls v0.")), "{packages}");
    let number = |version: &str| version.split('.').map(|part| part.parse::<u32>().unwrap_or(0)).collect::<Vec<_>>();
    for package in packages.lines() {
        let mut words = package.split(' ');
        let (name, version) =
            (words.next().unwrap_or_default(), words.next().unwrap_or_default().trim_start_matches('v'));
        for (_, below) in banned.iter().filter(|(banned, _)| *banned == name) {
            assert!(below.is_some_and(|below| number(version) >= number(below)), "{name} {version} is banned");
        }
    }
}

/// What an account can still do under each guardrail, evaluated anew. `REACH=write` writes the list.
#[test]
fn what_a_freeze_denies_and_leaves_allowed_is_listed() {
    let path = root().join("shared/guardrails/reach.txt");
    let listed = tests::reach::listing(&tests::reach::reach().unwrap());
    if std::env::var("REACH").is_ok_and(|word| word == "write") {
        std::fs::write(&path, &listed).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), listed);
    assert!(!listed.contains("(wrong)"));
}

#[test]
fn the_policy_in_the_readme_can_be_used() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let example = readme.split("```").find(|block| block.contains("\"currency\": \"USD\"")).expect("an example");
    finops::Policy::parse(example).unwrap_or_else(|why| panic!("{why}: {example}"));
}

//! Every control that the embedded AWS can represent: a broken resource is described, planned for, mended, verified, and
//! undone until AWS shows it as it was. What is broken, and how, is data (`broken/*.json`).

use aws::SdkConfig;
use jiff::Timestamp;
use landing_zone::AccountId;
use remediation::{
    Assessment, Control, FindingKey, Mode, Plan, Remediation, Reversibility, Scene, Step, Template, assess, control,
    controls, differences, parts,
};
use remediator::{Advance, Described, Progress, advance, describe, verify};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::{Duration, Instant},
};
use tests::{Stack, inside, root, unique};
use tokio::time::sleep;

/// A control, and how to break something that it is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Broken {
    control: String,
    /// Why the embedded AWS cannot show it.
    #[serde(default)]
    not: Option<String>,
    /// Calls that make the broken resource, in order.
    #[serde(default)]
    make: Vec<Make>,
    /// Its id.
    #[serde(default)]
    resource: Option<Template>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Make {
    call: String,
    #[serde(default)]
    with: Option<Template>,
    #[serde(default)]
    creates: Option<String>,
}

fn broken() -> Vec<Broken> {
    let files = [
        include_str!("broken/ai.json"),
        include_str!("broken/data.json"),
        include_str!("broken/compute.json"),
        include_str!("broken/identity.json"),
    ];
    files.into_iter().flat_map(|text| serde_json::from_str::<Vec<Broken>>(text).expect("a list")).collect()
}

#[test]
fn every_control_that_changes_something_is_tested_or_named() {
    let named: Vec<String> = broken().into_iter().map(|one| one.control).collect();
    let wanted: Vec<&str> =
        controls().iter().filter(|row| row.mode != Mode::Ticket).map(|row| row.control.as_str()).collect();
    assert_eq!(named.iter().map(String::as_str).collect::<BTreeSet<_>>(), wanted.iter().copied().collect());
    assert_eq!(named.len(), wanted.len(), "a control is there twice");
}

#[test]
fn the_readme_has_a_line_for_each_control() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let cannot: BTreeSet<String> =
        broken().into_iter().filter(|one| one.not.is_some()).map(|one| one.control).collect();
    for row in controls() {
        let (undo, checked) = match row.reversibility {
            _ if row.mode == Mode::Ticket => ("–", "nothing is called"),
            Reversibility::Full if cannot.contains(&row.control) => ("full", "no"),
            Reversibility::Full => ("full", "yes"),
            _ if cannot.contains(&row.control) => ("partial", "no"),
            _ => ("partial", "yes"),
        };
        let line = format!("| {} | {} | {undo} | {checked} |", row.control, row.mode.id());
        assert!(readme.contains(&line), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_mended_and_undone() {
    let stack = Stack::load();
    let only = std::env::var("CONTROL").ok();
    let account = account(&stack).await;
    let config = inside(&stack, &account).await;
    let (mut table, mut wrong) = (String::new(), 0);
    for broken in broken().iter().filter(|one| only.as_ref().is_none_or(|only| *only == one.control)) {
        let began = Instant::now();
        let row = control(&broken.control).expect("a row");
        let outcome = match &broken.not {
            Some(why) => format!("not on the embedded AWS: {why}"),
            None => match whole_way(&config, &account, row, broken).await {
                Ok(done) => done,
                Err(why) => {
                    wrong += 1;
                    format!("WRONG: {why}")
                }
            },
        };
        let seconds = began.elapsed().as_secs_f64();
        writeln!(table, "{:22} {:9} {seconds:6.1} s  {outcome}", row.control, row.mode.id()).expect("text");
    }
    eprintln!("{table}");
    assert_eq!(wrong, 0, "{table}");
}

/// Broken, mended, verified, undone.
async fn whole_way(
    config: &SdkConfig,
    account: &str,
    row: &'static Control,
    broken: &Broken,
) -> Result<String, String> {
    let mut scene = Scene::default();
    for (name, part) in [("account", account), ("region", "us-east-1"), ("partition", "aws")] {
        scene.parts.insert(name.to_owned(), part.to_owned());
    }
    scene.parts.insert("unique".to_owned(), unique("broken"));
    for make in &broken.make {
        let with = make.with.clone().unwrap_or(Template::Object(Vec::new()));
        let step = Step { call: make.call.clone(), with, until: Vec::new(), creates: None };
        let call = step.call(&scene, &Map::new()).map_err(|why| format!("{}: {why}", make.call))?;
        let answer = aws::send(config, &call).await.map_err(|fault| fault.to_string())?;
        if let Some(name) = &make.creates {
            scene.documents.insert(name.clone(), answer);
        }
    }
    let resource = Step {
        call: String::new(),
        with: Template::Object(vec![("id".to_owned(), broken.resource.clone().expect("a resource"))]),
        until: Vec::new(),
        creates: None,
    };
    let id = resource.call(&scene, &Map::new()).map_err(|why| why.to_string())?.parameters;
    let id = match &id["id"] {
        // A text cannot name what AWS answered: an id with several such parts is a list of pieces.
        Value::Array(pieces) => pieces.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().expect("an id").to_owned(),
    };
    let remediation = Remediation {
        problem: format!("{}#{id}", row.control),
        control: row.control.clone(),
        resource: id.clone(),
        account_id: AccountId::parse(account).expect("an account"),
        region: "us-east-1".to_owned(),
        mode: row.mode,
        finding: FindingKey::Asff { id: "f".to_owned(), product_arn: "p".to_owned() },
        failed_at: Timestamp::now(),
    };
    let parts = parts(row, &remediation, &settings(account), Timestamp::now()).ok_or(format!("{id} does not fit"))?;
    mend_and_undo(config, row, &parts, account).await
}

/// What an installation gives.
fn settings(account: &str) -> BTreeMap<String, String> {
    let key = format!("arn:aws:kms:us-east-1:{account}:key/00000000-0000-0000-0000-000000000000");
    let given = |setting: &String| {
        let value = match setting.as_str() {
            "kmsKeyArn" => key.clone(),
            name if name.contains("ubnet") => "subnet-00000001".to_owned(),
            name if name.contains("ecurityGroup") => "sg-00000001".to_owned(),
            name if name.ends_with("Arn") => format!("arn:aws:iam::{account}:role/given"),
            // The name of a bucket is taken for all accounts.
            name => format!("given-{}-{account}", name.to_ascii_lowercase()),
        };
        (setting.clone(), value)
    };
    controls().iter().flat_map(|row| &row.settings).map(given).collect()
}

async fn mend_and_undo(
    config: &SdkConfig,
    row: &'static Control,
    parts: &BTreeMap<String, String>,
    account: &str,
) -> Result<String, String> {
    let text = |why: remediator::Error| why.to_string();
    let facts =
        json!({"id": account, "environment": "dev", "type": "data-transformation", "owner": "jane@example.com"});
    let before = there(describe(config, row, parts, &facts).await.map_err(text)?)?;
    let plan: Plan = match assess(row, &before).map_err(|why| why.to_string())? {
        Assessment::Fix(plan) => plan,
        other => return Err(format!("nothing is planned: {other:?}; {}", shown(&before))),
    };
    let mut progress = Progress::default();
    carry_out(config, row, &before, &plan.steps, &mut progress).await?;
    if !verify(config, row, &before).await.map_err(text)? {
        let after = describe(config, row, parts, &facts).await.map_err(text)?;
        return Err(format!("not mended: {after:?}"));
    }
    // Whoever is delivered the same again finds nothing to do.
    if let Described::There(after) = describe(config, row, parts, &facts).await.map_err(text)? {
        let again = assess(row, &after).map_err(|why| why.to_string())?;
        if again != Assessment::Fixed {
            return Err(format!("mended, but planned for again: {again:?}"));
        }
    }
    if plan.undo.is_empty() {
        return Ok(format!("mended with {} calls; cannot be undone", plan.steps.len()));
    }
    let mut undone = Progress { made: progress.made, ..Progress::default() };
    carry_out(config, row, &before, &plan.undo, &mut undone).await?;
    let now = match describe(config, row, parts, &facts).await.map_err(text)? {
        Described::There(now) => now,
        // AWS chose the id: what is made anew has another one.
        Described::Gone if row.reversibility == Reversibility::Partial => {
            return Ok(format!("mended with {} calls, made anew with {}", plan.steps.len(), plan.undo.len()));
        }
        Described::Gone => return Err("it is not there".to_owned()),
    };
    let left = differences(row, &before, &now);
    // What is made anew has a new id: then it has to be as broken as before.
    let is_broken = matches!(assess(row, &now), Ok(Assessment::Fix(_)));
    if !is_broken || (row.reversibility == Reversibility::Full && !left.is_empty()) {
        return Err(format!("not as it was: {}", left.join("; ")));
    }
    Ok(format!("mended with {} calls, undone with {}", plan.steps.len(), plan.undo.len()))
}

async fn carry_out(
    config: &SdkConfig,
    row: &Control,
    before: &Scene,
    steps: &[Step],
    progress: &mut Progress,
) -> Result<(), String> {
    let began = Instant::now();
    loop {
        match advance(config, row, before, steps, progress).await {
            Ok(Advance::Done) => return Ok(()),
            Ok(Advance::Moved) => {}
            Ok(Advance::Waits) if began.elapsed() < Duration::from_secs(30) => sleep(Duration::from_millis(200)).await,
            Ok(Advance::Waits) => return Err(format!("step {} waits for ever", progress.done)),
            Err(why) => return Err(format!("step {} {}: {why}", progress.done, steps[progress.done].call)),
        }
    }
}

fn there(described: Described) -> Result<Scene, String> {
    match described {
        Described::There(scene) => Ok(scene),
        Described::Gone => Err("it is not there".to_owned()),
    }
}

fn shown(scene: &Scene) -> String {
    Value::Object(scene.documents.clone()).to_string()
}

/// A member account of the organization; Organizations makes its role.
async fn account(stack: &Stack) -> String {
    let organizations = aws_sdk_organizations::Client::new(&stack.sdk_config());
    let name = unique("remediation");
    let asked = organizations.create_account().account_name(&name).email(format!("{name}@example.com")).send().await;
    let id = asked.expect("CreateAccount").create_account_status.and_then(|status| status.id).expect("an id");
    let began = Instant::now();
    loop {
        let status = organizations.describe_create_account_status().create_account_request_id(&id).send().await;
        let status = status.expect("DescribeCreateAccountStatus").create_account_status.expect("a status");
        if let Some(account) = status.account_id.filter(|_| status.state == Some("SUCCEEDED".into())) {
            // The role of a fresh account cannot be assumed at once.
            sleep(Duration::from_secs(4)).await;
            return account;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "no account");
        sleep(Duration::from_millis(200)).await;
    }
}

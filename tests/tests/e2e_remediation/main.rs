//! From a finding in Security Hub to a resource that is mended, read back, and on request as it was before, as AWS shows it.

mod bad_days;
mod broken;
mod burst;
mod crash;
mod hub;
mod people;

use broken::{Broken, broken};
use hub::{Hub, field, follow, shared_account};
use remediation::{Assessment, Control, Mode, Reversibility, Scene, State, assess, control, controls, differences};
use remediator::{Described, describe};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    time::{Duration, Instant},
};
use tests::{Stack, root};

const LONGEST: Duration = Duration::from_mins(3);

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

/// A case of this test.
struct One {
    row: &'static Control,
    resource: String,
    finding: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_mended_settled_and_taken_back() {
    let stack = Stack::load();
    let only = std::env::var("CONTROL").ok();
    let (account, config) = shared_account(&stack).await;
    let hub = Hub::new(&stack);
    let (mut table, mut wrong) = (String::new(), 0);
    let chosen: Vec<Broken> =
        broken().into_iter().filter(|one| only.as_ref().is_none_or(|only| *only == one.control)).collect();
    let mut cases: Vec<One> = Vec::new();
    for broken in &chosen {
        let row = control(&broken.control).expect("a row");
        if let Some(why) = &broken.not {
            writeln!(table, "{:22} {:9} not on the embedded AWS: {why}", row.control, row.mode.id()).expect("text");
        } else {
            let resource = broken.make(&config, &account).await;
            cases.push(One { row, resource, finding: String::new() });
        }
    }
    let began = Instant::now();
    for some in cases.chunks_mut(50) {
        let findings: Vec<Value> =
            some.iter().map(|one| hub::finding(&account, &one.row.control, &one.resource)).collect();
        some.iter_mut().zip(&findings).for_each(|(one, finding)| one.finding = field(finding, "Id"));
        hub.import(&findings).await;
    }
    for one in &cases {
        let outcome = whole_way(&stack, (&account, &config), one, &hub).await;
        let text = match outcome {
            Ok(done) => done,
            Err(why) => {
                wrong += 1;
                format!("WRONG: {why}")
            }
        };
        let seconds = began.elapsed().as_secs_f64();
        writeln!(table, "{:22} {:9} {seconds:6.1} s  {text}", one.row.control, one.row.mode.id()).expect("text");
    }
    eprintln!("{table}");
    assert_eq!(wrong, 0, "{table}");
}

/// Follows a case to its mending, looks at the finding, has it taken back, and compares with the before-image.
async fn whole_way(
    stack: &Stack,
    (account, config): (&str, &aws::SdkConfig),
    one: &One,
    hub: &Hub,
) -> Result<String, String> {
    let api = stack.api();
    let id = hub::id_in(&one.row.control, &one.resource, account);
    let mut case = follow(&api, &id, &[State::Fixed, State::Waiting], LONGEST).await?;
    let mut asked = "";
    if case["state"] == "WAITING" {
        asked = ", approved";
        let wish = json!({"decision": "approve", "plan": case["plan"]});
        let answer = api.post(&format!("/remediations/{id}/approval"), &wish).await;
        if answer.status != 202 {
            return Err(format!("not approved: {}", answer.body));
        }
        case = follow(&api, &id, &[State::Fixed], LONGEST).await?;
    } else if one.row.mode == Mode::Approval {
        return Err("nobody was asked".to_owned());
    }
    let found = hub.finding(&one.finding).await;
    if found["Workflow"]["Status"] != "RESOLVED" || !found["Note"]["Text"].to_string().contains(&id) {
        return Err(format!("the finding is {} {}", found["Workflow"], found["Note"]));
    }
    let work = &case["work"];
    let before: Scene =
        serde_json::from_value(work["before"].clone()).map_err(|why| format!("no before-image: {why}"))?;
    let steps = work["plan"]["steps"].as_array().map_or(0, Vec::len);
    let facts = before.documents.get("account").cloned().unwrap_or_default();
    let now = describe(config, one.row, &before.parts, &facts).await.map_err(|why| why.to_string())?;
    if let Described::There(now) = now
        && assess(one.row, &now).map_err(|why| why.to_string())? != Assessment::Fixed
    {
        return Err("AWS shows it broken still".to_owned());
    }
    if one.row.undo_is_empty() {
        return Ok(format!("mended with {steps} calls{asked}; cannot be taken back"));
    }
    let answer = api.post(&format!("/remediations/{id}/undo"), &json!({})).await;
    if answer.status != 202 {
        return Err(format!("not taken back: {}", answer.body));
    }
    let case = follow(&api, &id, &[State::Undone], LONGEST).await?;
    let now = match describe(config, one.row, &before.parts, &facts).await.map_err(|why| why.to_string())? {
        Described::There(now) => now,
        // AWS chose the id: what is made anew has another one.
        Described::Gone if one.row.reversibility == Reversibility::Partial => {
            return Ok(format!("mended with {steps} calls{asked}, made anew"));
        }
        Described::Gone => return Err("it is not there".to_owned()),
    };
    let left = differences(one.row, &before, &now);
    let is_broken = matches!(assess(one.row, &now), Ok(Assessment::Fix(_)));
    if !is_broken || (one.row.reversibility == Reversibility::Full && !left.is_empty()) {
        return Err(format!("not as it was: {}; {}", left.join("; "), case["work"]["leftOver"]));
    }
    Ok(format!("mended with {steps} calls{asked}, taken back"))
}

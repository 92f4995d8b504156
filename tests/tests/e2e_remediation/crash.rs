//! Killed after any call, of one control of each kind: once it is delivered again, the case ends mended, or held with its
//! before-image kept.

use crate::{
    LONGEST, broken,
    hub::{Hub, finding, follow, id_in, shared_account},
};
use aws::SdkConfig;
use remediation::{State, control};
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};
use tests::{Call, Fault, Stack};
use tokio::{task::JoinSet, time::sleep};

/// A setting, a full replacement after approval, a chain of steps that makes, repoints and removes, and a ticket.
const CONTROLS: [&str; 4] = ["DynamoDB.6", "Glue.4", "SageMaker.13", "SageMaker.16"];

/// Cells worked on at once.
const AT_ONCE: usize = 12;

/// A call of a clean run, by what tells it from the same call of other cells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Site {
    function: String,
    service: String,
    action: String,
    text: Text,
    /// Calls of the same kind before it.
    skip: u32,
}

/// What stands in the body of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Text {
    Case,
    Resource,
    /// What is asked for a session that only reads names neither.
    Account,
}

struct World {
    stack: Stack,
    account: String,
    config: SdkConfig,
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_any_call_a_case_ends_well() {
    let stack = Stack::load();
    let (account, config) = shared_account(&stack).await;
    let world = std::sync::Arc::new(World { stack, account, config });
    let (mut cells, mut work) = (0, JoinSet::new());
    let mut wrong: Vec<String> = Vec::new();
    let mut ends: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut note = |done: (Site, &'static str, Result<String, String>)| match done.2 {
        Ok(end) => *ends.entry((done.1.to_owned(), end)).or_default() += 1,
        Err(why) => wrong.push(format!("{} × {:?}: {why}", done.1, done.0)),
    };
    for name in CONTROLS {
        // The clean run is read from the record of all calls: nothing else may run beside it.
        while let Some(done) = work.join_next().await {
            note(done.expect("no panic"));
        }
        let sites = clean_run(&world, name).await;
        eprintln!("{name}: {} calls", sites.len());
        // A batch of triage is about other cases too, and a session about its account: their cells come one by one, those of
        // triage for one control.
        let is_alone = |site: &Site| site.function == "triage" || site.text == Text::Account;
        let (alone, others): (Vec<Site>, Vec<Site>) = sites.into_iter().partition(is_alone);
        for site in alone.into_iter().filter(|site| site.function != "triage" || name == CONTROLS[0]) {
            cells += 1;
            let end = cell(&world, name, &site, "kill").await;
            note((site, name, end));
        }
        for site in others {
            for kind in kinds(&site) {
                cells += 1;
                if work.len() >= AT_ONCE {
                    note(work.join_next().await.expect("a cell").expect("no panic"));
                }
                let (world, site) = (std::sync::Arc::clone(&world), site.clone());
                work.spawn(async move { (site.clone(), name, cell(&world, name, &site, kind).await) });
            }
        }
    }
    while let Some(done) = work.join_next().await {
        note(done.expect("no panic"));
    }
    world.stack.gateway().heal().await;
    for ((control, end), count) in &ends {
        eprintln!("{control:<14} {count:>4} {end}");
    }
    assert!(cells > 80, "{cells} cells only");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Calls inside the account are also lost on their way back: that they took effect, nobody hears.
fn kinds(site: &Site) -> Vec<&'static str> {
    let inside = !["dynamodb", "events", "sns", "securityhub", "states", "sts"].contains(&site.service.as_str());
    if inside && site.action.starts_with(['C', 'U', 'D', 'P']) { vec!["kill", "lost"] } else { vec!["kill"] }
}

/// Every call of a run in which nothing goes wrong.
async fn clean_run(world: &World, name: &str) -> Vec<Site> {
    let mark = world.stack.gateway().mark().await;
    let (id, resource, end) = run(world, name, None).await;
    assert!(end.is_ok(), "{name}: {end:?}");
    let calls = world.stack.gateway().calls(mark).await;
    let mut seen: BTreeMap<(String, String, String, Text), u32> = BTreeMap::new();
    let mut sites = Vec::new();
    for call in calls {
        let Some((function, text)) = relevant(&call, &id, &resource) else { continue };
        let before = seen.entry((function.clone(), call.service.clone(), call.action.clone(), text)).or_default();
        sites.push(Site { function, service: call.service, action: call.action, text, skip: *before });
        *before += 1;
    }
    sites
}

/// The calls that a text of this very case stands in. What is asked for all cases together has no place here.
fn relevant(call: &Call, id: &str, resource: &str) -> Option<(String, Text)> {
    let function = call.function.clone()?;
    if !["triage", "ai", "data", "compute", "identity", "settle-finding"].contains(&function.as_str()) {
        return None;
    }
    let about = call.resource.as_deref().unwrap_or_default();
    let text = match call.service.as_str() {
        "dynamodb" if about.contains(&format!("#{id}")) => Text::Case,
        "dynamodb" if about.ends_with(&format!("#{resource}")) => Text::Resource,
        // The tally, and a late call of another cell.
        "dynamodb" if about.contains('#') => return None,
        "organizations" => return None,
        "sts" => Text::Account,
        "events" | "securityhub" | "states" => Text::Case,
        _ => Text::Resource,
    };
    Some((function, text))
}

/// Breaks a resource, tells of it, and follows the case to its end.
async fn run(world: &World, name: &str, site: Option<(&Site, &str)>) -> (String, String, Result<Value, String>) {
    let World { stack, account, config } = world;
    let row = control(name).expect("a row");
    let resource = if row.has_remedy() {
        broken::of(name).make(config, account).await
    } else {
        format!("arn:aws:sagemaker:us-east-1:{account}:model/{}x", tests::unique("model"))
    };
    let id = id_in(name, &resource, account);
    let mut fault_id = None;
    if let Some((site, kind)) = site {
        let own = resource.rsplit(['/', ':']).next().unwrap_or_default().to_owned();
        let fault = Fault {
            service: site.service.clone(),
            action: site.action.clone(),
            function: Some(site.function.clone()),
            containing: vec![match site.text {
                Text::Case => id.clone(),
                Text::Resource => own,
                Text::Account => account.clone(),
            }],
            kind: kind.to_owned(),
            skip: site.skip,
            times: 1,
        };
        fault_id = Some(stack.gateway().inject(&fault).await);
    }
    let (hub, told) = (Hub::new(stack), finding(account, name, &resource));
    hub.import(std::slice::from_ref(&told)).await;
    if site.is_some_and(|(site, _)| site.function == "triage") {
        // The queue delivers again after six minutes; Security Hub tells again before that.
        sleep(Duration::from_secs(2)).await;
        hub.import(&[told]).await;
    }
    let mut end = end(world, &id).await;
    if let Some(fault) = fault_id
        && stack.gateway().hits_of(fault).await == 0
    {
        end = Err("the fault never struck".to_owned());
    }
    (id, resource, end)
}

async fn end(world: &World, id: &str) -> Result<Value, String> {
    let api = world.stack.api();
    let ends = [State::Fixed, State::Waiting, State::Ticket, State::Held, State::Failed];
    let mut case = follow(&api, id, &ends, LONGEST).await?;
    if case["state"] == "WAITING" {
        let wish = json!({"decision": "approve", "plan": case["plan"]});
        let answer = api.post(&format!("/remediations/{id}/approval"), &wish).await;
        if answer.status != 202 {
            return Err(format!("not approved: {}", answer.body));
        }
        case = follow(&api, id, &[State::Fixed, State::Held, State::Failed], LONGEST).await?;
    }
    match case["state"].as_str() {
        Some("FIXED" | "TICKET") => Ok(case),
        Some("HELD" | "FAILED") if case["work"]["before"].is_object() => Ok(case),
        _ => Err(format!("{case}")),
    }
}

async fn cell(world: &World, name: &str, site: &Site, kind: &str) -> Result<String, String> {
    let (_, _, end) = run(world, name, Some((site, kind))).await;
    let case = end?;
    let state = case["state"].as_str().unwrap_or_default();
    let why = case["failure"]["name"].as_str().unwrap_or_default();
    Ok(format!("{kind:<5} {state} {why}"))
}

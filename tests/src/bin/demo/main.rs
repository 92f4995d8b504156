//! The demo: posts every request under `tests/fixtures/requests` as a user would, shows each step as it happens, and
//! then what AWS, not the suite, says of the accounts; then tags, mends and holds spending in one of them.

mod remediation;
mod spending;
mod tagging;

use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tests::{Api, Observed, Stack, root};

/// Nine accounts, five at a time, each within a minute of local time.
pub(crate) const LONGEST: Duration = Duration::from_mins(10);

#[tokio::main]
async fn main() {
    let as_json = std::env::args().any(|argument| argument == "--json");
    let stack = Stack::load();
    let began = Instant::now();
    let requests = requests();
    eprintln!("Requesting {} accounts from {}\n", requests.len(), stack.api_url_local);
    let width = requests.values().map(|request| text(request, "name").len()).max().unwrap_or(0);
    let screen = Arc::new(Mutex::new(BTreeMap::<String, String>::new()));
    let vending = requests.into_iter().map(|(file, request)| {
        let (api, screen) = (stack.api(), Arc::clone(&screen));
        tokio::spawn(async move {
            vend(&api, &file, &request, |line| show(&screen, began, width, text(&request, "name"), line)).await
        })
    });
    let mut records = Vec::new();
    for vended in vending.collect::<Vec<_>>() {
        records.push(vended.await.expect("a request ends"));
    }
    let failed = records.iter().filter(|record| text(record, "state") != "ACTIVE").count();
    let mut rows = Vec::new();
    for record in &records {
        rows.push(row(&stack, record).await);
    }
    let tagged = match records.iter().find(|record| text(record, "state") == "ACTIVE") {
        Some(record) => tagging::tag(&stack, text(record, "accountId")).await,
        None => Vec::new(),
    };
    // Modes differ by environment: the demo's installation lets changes be made in dev.
    let dev = |record: &&Value| text(record, "environment") == "dev" && text(record, "state") == "ACTIVE";
    let (mended, held) = match records.iter().find(dev).map(|record| text(record, "accountId")) {
        Some(account) => (remediation::mend(&stack, account).await, spending::hold(&stack, account).await),
        None => (Vec::new(), Vec::new()),
    };
    if as_json {
        let accounts: Vec<Value> = rows.iter().map(Row::as_json).collect();
        println!(
            "{}",
            serde_json::to_string_pretty(
                &json!({ "accounts": accounts, "tagged": tagged, "mended": mended, "held": held })
            )
            .expect("json")
        );
    } else {
        table(&rows);
        for resource in &tagged {
            println!("\n{} tagged after {} s", text(resource, "arn"), resource["seconds"]);
            for (key, value) in resource["tags"].as_object().into_iter().flatten() {
                println!("  {key:<22}{}", value.as_str().unwrap_or_default());
            }
        }
    }
    if !as_json {
        for step in mended.iter().chain(&held) {
            println!("{}", text(step, "line"));
        }
    }
    eprintln!("\n{} accounts in {:.1} s, {failed} failed.", rows.len() - failed, began.elapsed().as_secs_f64());
    std::process::exit(i32::from(failed > 0));
}

/// The requests by file name.
fn requests() -> BTreeMap<String, Value> {
    std::fs::read_dir(root().join("tests/fixtures/requests"))
        .expect("the requests")
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let request = std::fs::read_to_string(&path).expect("a file");
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, serde_json::from_str(&request).expect("JSON"))
        })
        .collect()
}

/// Posts one request and follows it to its end. The key makes a second run find the accounts of the first.
async fn vend(api: &Api, key: &str, request: &Value, mut line: impl FnMut(&str)) -> Value {
    let answer = api.post_with("/accounts", &[("idempotency-key", &format!("demo-{key}"))], request).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    let id = answer.text("requestId").to_owned();
    api.follow(&id, LONGEST, |record| {
        let step =
            record["timeline"].as_array().and_then(|steps| steps.last()).map_or("accepted", |step| text(step, "step"));
        line(&format!("{:<12}{step}", text(record, "state")));
    })
    .await
}

/// Seconds since then, to a tenth.
pub(crate) fn seconds(began: Instant) -> f64 {
    (began.elapsed().as_secs_f64() * 10.0).round() / 10.0
}

/// Prints a line when it is news.
fn show(screen: &Mutex<BTreeMap<String, String>>, began: Instant, width: usize, name: &str, line: &str) {
    let mut shown = screen.lock().expect("no panic while printing");
    if shown.get(name).is_none_or(|last| last != line) {
        eprintln!("{:6.1} s  {name:<width$}  {line}", began.elapsed().as_secs_f64());
        shown.insert(name.to_owned(), line.to_owned());
    }
}

/// What AWS says of an account.
struct Row {
    name: String,
    account_id: String,
    unit: String,
    state: String,
    tags: usize,
    contacts: usize,
    seconds: f64,
    steps: Vec<(String, f64)>,
}

impl Row {
    fn as_json(&self) -> Value {
        json!({
            "name": self.name,
            "accountId": self.account_id,
            "ou": self.unit,
            "state": self.state,
            "tags": self.tags,
            "contacts": self.contacts,
            "seconds": self.seconds,
        })
    }
}

async fn row(stack: &Stack, record: &Value) -> Row {
    let account_id = text(record, "accountId").to_owned();
    let seen = if account_id.is_empty() { None } else { Some(Observed::of(stack, &account_id).await) };
    let steps = record["timeline"].as_array().cloned().unwrap_or_default();
    let steps =
        steps.iter().map(|step| (text(step, "step").to_owned(), between(step, "startedAt", step, "finishedAt")));
    Row {
        name: text(record, "name").to_owned(),
        account_id,
        unit: seen.as_ref().map(|seen| seen.unit.clone()).unwrap_or_default(),
        state: text(record, "state").to_owned(),
        tags: seen.as_ref().map_or(0, |seen| seen.tags.len()),
        contacts: seen.as_ref().map_or(0, |seen| seen.contacts.len()),
        seconds: between(record, "createdAt", record, "updatedAt"),
        steps: steps.collect(),
    }
}

fn table(rows: &[Row]) {
    println!(
        "\n{:<34}{:<14}{:<10}{:>5}{:>10}{:>9}  state   seconds per step",
        "account", "id", "unit", "tags", "contacts", "seconds"
    );
    for row in rows {
        let unit = row.unit.rsplit('/').next().unwrap_or_default();
        let steps: Vec<String> = row.steps.iter().map(|(step, seconds)| format!("{step} {seconds:.1}")).collect();
        println!(
            "{:<34}{:<14}{:<10}{:>5}{:>10}{:>9.1}  {:<8}{}",
            row.name,
            row.account_id,
            unit,
            row.tags,
            row.contacts,
            row.seconds,
            row.state,
            steps.join(", ")
        );
    }
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// Seconds between two times of the API.
fn between(from: &Value, start: &str, to: &Value, end: &str) -> f64 {
    let time = |value: &Value, field: &str| text(value, field).parse::<jiff::Timestamp>().ok();
    match (time(from, start), time(to, end)) {
        (Some(start), Some(end)) => end.duration_since(start).as_secs_f64(),
        _ => 0.0,
    }
}

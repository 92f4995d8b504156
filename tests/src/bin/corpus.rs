//! Runs every JSON file below a folder through the intake code of the functions and prints one JSON line per record:
//! what each would do with it. Counts go to standard error.

use finops::{Notice, Rejected};
use remediation::{Known, Modes, control, controls, triage};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};
use tagging::{Arn, Found, Verdict, classify, records};

fn main() -> ExitCode {
    let Some(folder) = std::env::args().nth(1).filter(|folder| !folder.is_empty()).map(PathBuf::from) else {
        eprintln!("usage: corpus FOLDER");
        return ExitCode::FAILURE;
    };
    match run(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the lines has seen enough.
        Err(why) if why.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{}: {why}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn run(folder: &Path) -> io::Result<()> {
    let mut output = io::BufWriter::new(io::stdout().lock());
    let mut counts = BTreeMap::new();
    for path in json_files(folder)? {
        let file = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let document = match serde_json::from_slice::<Value>(&std::fs::read(&path)?) {
            Ok(document) => document,
            Err(why) => {
                *counts.entry(("file".to_owned(), "rejected", "no JSON".to_owned())).or_insert(0) += 1;
                let reason = format!("no JSON: {why}");
                writeln!(
                    output,
                    "{}",
                    json!({"file": file, "index": 0, "kind": "file", "verdict": "rejected", "reason": reason})
                )?;
                continue;
            }
        };
        let parts = each_test(&document).into_iter().flat_map(each_record);
        for (index, (mut line, class)) in parts.flat_map(lines).enumerate() {
            line["file"] = file.clone().into();
            line["index"] = index.into();
            *counts.entry(class).or_insert(0) += 1;
            writeln!(output, "{line}")?;
        }
    }
    output.flush()?;
    for ((kind, verdict, reason), count) in &counts {
        eprintln!("{count:6}  {verdict:8}  {kind:28}  {reason}");
    }
    eprintln!("{:6}  records", counts.values().sum::<u64>());
    Ok(())
}

fn json_files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Collections of detection rules keep a record beside what is expected of it, under `event`. That is no wrapping of
/// AWS's, so that it is taken off here and not in the intake.
fn each_test(document: &Value) -> Vec<&Value> {
    let inner =
        |value: &'_ Value| value.get("event").is_some_and(Value::is_object) && value.get("eventSource").is_none();
    match document {
        Value::Array(all) => all.iter().flat_map(each_test).collect(),
        value if inner(value) => value.get("event").into_iter().collect(),
        value => vec![value],
    }
}

/// What AWS writes into messages about cost.
const COST: [&str; 6] = [
    "AWS Budget",
    "Budget Name:",
    "Anomaly Detected",
    "anomalyId",
    "anomalyStartDate",
    // All other functions listen to events that no one has to confirm.
    "scriptionConfirmation",
];

/// The records of an event, each alone, so that it goes to whom it concerns.
fn each_record(event: &Value) -> Vec<&Value> {
    event.get("Records").and_then(Value::as_array).map_or_else(|| vec![event], |records| records.iter().collect())
}

type Class = (String, &'static str, String);

/// Messages about cost come in the envelopes that all others come in: what they say tells them apart.
fn lines(record: &Value) -> Vec<(Value, Class)> {
    let text = record.to_string();
    let is_call = text.contains("eventName");
    if !is_call && COST.iter().any(|words| text.contains(words)) {
        finops::notices(record).into_iter().map(cost).collect()
    } else {
        records(record).iter().map(line).collect()
    }
}

/// What is heard of spending. Whether anything follows is not for a message to say.
fn cost(notice: Result<Notice, Rejected>) -> (Value, Class) {
    let (kind, verdict, reason, mut line) = match notice {
        Ok(Notice::Budget(budget)) => {
            let kind = format!("budget/{:?}", budget.kind).to_lowercase();
            let reason = "a budget passed a threshold".to_owned();
            let line = json!({"source": "aws.budgets", "name": budget.budget, "accounts": [budget.account],
                "amount": budget.amount.amount, "currency": budget.amount.currency, "limit": budget.limit.amount,
                "threshold": budget.threshold.amount, "day": budget.sent_on});
            (kind, "signal", reason, line)
        }
        Ok(Notice::Anomaly(anomaly)) => {
            let causes = if anomaly.causes.is_empty() { "of unknown cause" } else { "with its causes" };
            let accounts: BTreeSet<&str> = anomaly.causes.iter().map(|cause| cause.account.as_str()).collect();
            let line = json!({"source": "aws.ce", "name": anomaly.id, "accounts": accounts, "amount": anomaly.impact,
                "currency": "USD", "percentage": anomaly.percentage, "service": anomaly.service,
                "skipped": anomaly.skipped, "day": anomaly.start});
            ("anomaly".to_owned(), "signal", format!("an anomaly {causes}"), line)
        }
        Ok(Notice::Ignored(why)) => ("cost".to_owned(), "ignored", why, json!({"source": null, "name": null})),
        Err(Rejected(why)) => ("cost".to_owned(), "rejected", why, json!({"source": null, "name": null})),
    };
    line["kind"] = kind.clone().into();
    line["verdict"] = verdict.into();
    line["reason"] = reason.clone().into();
    let summary = reason.split(':').next().unwrap_or_default().to_owned();
    (line, (kind, verdict, summary))
}

fn line(found: &Found<'_>) -> (Value, Class) {
    let text = |name: &str| found.record.get(name).cloned().unwrap_or(Value::Null);
    let mut line = json!({"kind": found.kind, "source": text("eventSource"), "name": text("eventName")});
    let verdict = classify(&found.record);
    let (word, reason) = match &verdict {
        Verdict::Creation(creation) => {
            line["arns"] = creation.resources.iter().map(Arn::as_str).collect();
            line["person"] = json!(creation.principal.person);
            (verdict.word(), format!("a row of the table ({})", creation.rule.event))
        }
        _ if found.kind.ends_with("finding") => finding(&found.record, &mut line),
        Verdict::Ignored(why) => (verdict.word(), why.to_string()),
        Verdict::Rejected(why) => (verdict.word(), why.to_string()),
    };
    line["verdict"] = word.into();
    line["reason"] = reason.clone().into();
    let summary = reason.split(':').next().unwrap_or_default().to_owned();
    (line, (found.kind.clone(), word, summary))
}

/// What remediation would do, in an installation that has given every setting and where nothing is going on.
fn finding(record: &Value, line: &mut Value) -> (&'static str, String) {
    let finding = match remediation::findings(record).pop() {
        Some(Ok(finding)) => finding,
        Some(Err(why)) => return ("rejected", why.to_string()),
        None => return ("ignored", "no finding".to_owned()),
    };
    line["name"] = json!(finding.controls.first());
    line["arns"] = finding.resources.iter().filter_map(|resource| resource.ids.first()).cloned().collect();
    let settings: BTreeMap<&str, &str> =
        controls().iter().flat_map(|row| &row.settings).map(|setting| (setting.as_str(), "given")).collect();
    let modes = json!({"rules": [{"mode": "automatic"}], "settings": settings}).to_string();
    let modes = Modes::parse(&modes).unwrap_or_else(|_| Modes::standard());
    let verdicts = triage(&finding, &Known::default(), &modes, finding.updated_at);
    let planned = verdicts.iter().find(|verdict| verdict.word() == "planned").or(verdicts.first());
    let Some(verdict) = planned else { return ("rejected", "no resource".to_owned()) };
    let reason = match verdict {
        remediation::Verdict::Planned(remediation) => {
            line["control"] = json!(remediation.control);
            line["mode"] = json!(remediation.mode);
            let row = control(&remediation.control);
            line["plan"] = row.map(|row| row.calls().collect::<Value>()).unwrap_or_default();
            format!("a row of the catalog ({})", remediation.control)
        }
        remediation::Verdict::Ignored(why) => why.to_string(),
        remediation::Verdict::Held(why, _) => why.to_string(),
        remediation::Verdict::Rejected(why) => why.to_string(),
    };
    (verdict.word(), reason)
}

//! Runs every JSON file below a folder through the intake code of the functions and prints one JSON line per record:
//! what each would do with it. Counts go to standard error.

use remediation::{Known, Modes, control, controls, triage};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
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
        for (index, found) in each_test(&document).into_iter().flat_map(records).enumerate() {
            let (line, class) = line(&file, index, &found);
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

type Class = (String, &'static str, String);

fn line(file: &str, index: usize, found: &Found<'_>) -> (Value, Class) {
    let text = |name: &str| found.record.get(name).cloned().unwrap_or(Value::Null);
    let mut line = json!({"file": file, "index": index, "kind": found.kind, "source": text("eventSource"),
        "name": text("eventName")});
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

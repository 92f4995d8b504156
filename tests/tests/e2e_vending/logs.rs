//! What the functions write: flat JSON with the keys an operator searches by, metrics in the embedded format, and no
//! e-mail address in full.

use crate::Vended;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use tests::Stack;

/// Every function of the vending.
const FUNCTIONS: [&str; 8] = ["api", "admit", "create", "place", "baseline", "profile", "verify", "settle"];

/// Reads every log group and looks for the vends in them.
pub(crate) async fn tell_everything_and_no_address(stack: &Stack, vended: &[Vended]) {
    let mut accepted: BTreeMap<String, usize> = BTreeMap::new();
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    let mut measured: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for service in FUNCTIONS {
        let mut cold_starts = 0;
        for line in stack.aws().log_lines(&format!("/aws/lambda/ai-landing-zone-{service}")).await {
            assert!(unmasked(&line).is_none(), "{service} logged {:?}: {line}", unmasked(&line));
            assert!(!line.contains("panicked"), "{line}");
            // Lambda's own lines (START, END, REPORT) are no JSON.
            let Ok(Value::Object(line)) = serde_json::from_str(&line) else { continue };
            assert_eq!(line["service"], service, "{line:?}");
            if line.contains_key("_aws") {
                let metrics = metrics(&line);
                cold_starts += usize::from(metrics.contains_key("ColdStart"));
                if let (Some(1.0), Some(seconds)) = (metrics.get("AccountsVended"), metrics.get("TimeToVend")) {
                    measured.entry(text(&line, "account_request_id")).or_default().push(*seconds);
                }
                continue;
            }
            check(&line);
            let of = |map: &mut BTreeMap<_, _>| *map.entry(text(&line, "account_request_id")).or_default() += 1;
            match line["message"].as_str() {
                Some("account vended") => of(&mut told),
                Some("accepted") => of(&mut accepted),
                _ => {}
            }
        }
        assert!(cold_starts > 0, "{service} counted no cold start");
    }
    for one in vended {
        let id = one.text("requestId");
        assert_eq!((accepted.get(id), told.get(id)), (Some(&1), Some(&1)), "{id} in the logs of api and settle");
        let seconds =
            crate::time(&one.record["updatedAt"]).duration_since(crate::time(&one.record["createdAt"])).as_secs_f64();
        let counted = measured.get(id).map(Vec::as_slice).unwrap_or_default();
        let &[counted] = counted else { panic!("{id} is counted in {} metrics", counted.len()) };
        assert!((seconds - counted).abs() < 1.0, "{id} took {seconds} s and was counted with {counted} s");
    }
}

/// A line of the log: flat, with the keys people search by.
fn check(line: &Map<String, Value>) {
    let time = text(line, "timestamp");
    assert!(time.parse::<jiff::Timestamp>().is_ok(), "{line:?}");
    assert!(["TRACE", "DEBUG", "INFO", "WARN", "ERROR"].contains(&&*text(line, "level")), "{line:?}");
    assert!(!text(line, "function_request_id").is_empty(), "{line:?}");
    for (key, value) in line {
        assert!(!value.is_object() && !value.is_array(), "{key} is not flat: {line:?}");
    }
    if let Some(id) = line.get("account_request_id") {
        assert!(id.as_str().is_some_and(|id| id.starts_with("req-")), "{line:?}");
    }
}

/// The metrics of a line in the embedded metric format: each has a value and each dimension is a member.
fn metrics(line: &Map<String, Value>) -> BTreeMap<String, f64> {
    assert!(line["_aws"]["Timestamp"].is_i64(), "{line:?}");
    let [directive] = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().as_slice() else { panic!("{line:?}") };
    assert_eq!(directive["Namespace"], "AiLandingZone");
    for dimension in directive["Dimensions"].as_array().unwrap().iter().flat_map(|set| set.as_array().unwrap()) {
        assert!(line[dimension.as_str().unwrap()].is_string(), "{line:?}");
    }
    let names = directive["Metrics"].as_array().unwrap().iter().map(|metric| metric["Name"].as_str().unwrap());
    names.map(|name| (name.to_owned(), line[name].as_f64().unwrap())).collect()
}

fn text(line: &Map<String, Value>, key: &str) -> String {
    line.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("no {key} in {line:?}")).to_owned()
}

/// The first e-mail address in the line that is not masked as `j***@example.com`.
fn unmasked(line: &str) -> Option<&str> {
    let part = |c: char| c.is_ascii_alphanumeric() || "._%+-*".contains(c);
    line.match_indices('@').find_map(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + 1..]);
        let start = before.len() - before.chars().rev().take_while(|c| part(*c)).map(char::len_utf8).sum::<usize>();
        let end = after.find(|c| !part(c)).unwrap_or(after.len());
        let (local, host) = (&before[start..], &after[..end]);
        let masked = local.len() == 4 && local.ends_with("***");
        (!local.is_empty() && host.contains('.') && !masked).then(|| &line[start..=at + end])
    })
}

#[test]
fn addresses_are_found_unless_masked() {
    assert_eq!(unmasked(r#"{"owner":"t***@example.com"}"#), None);
    assert_eq!(unmasked("name @ host, a@b"), None);
    assert_eq!(unmasked(r#"{"reason":"is aws+x@example.com."}"#), Some("aws+x@example.com."));
}

//! How long a vend takes, and how much of that is not waiting for AWS: neither for the answer to a call, nor in a Wait
//! state for something AWS is doing. The rest is the suite's code and, here, the emulator's Lambda and Step Functions.

use aws_sdk_sfn::types::HistoryEventType;
use jiff::Timestamp;
use serde_json::json;
use std::fmt;
use tests::{Call, Stack, root};

/// The times of one vend, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    /// From POST to ACTIVE.
    total: f64,
    /// In Wait states.
    waits: f64,
    /// In AWS calls.
    calls: f64,
    /// In neither.
    outside: f64,
}

impl Measure {
    fn share(&self) -> f64 {
        self.outside / self.total
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, waits, calls, outside } = self;
        let share = 100.0 * self.share();
        write!(
            f,
            "{total:5.2} s: {waits:.2} s in Wait states, {calls:.2} s in AWS calls, {outside:.2} s ({share:.0} %) outside"
        )
    }
}

/// Measures the vend of request `id`, which was the only one between the two times.
pub(crate) async fn of(stack: &Stack, id: &str, posted: Timestamp, active: Timestamp, calls: &[Call]) -> Measure {
    let window = (posted.as_millisecond(), active.as_millisecond());
    let calls = calls.iter().filter(|call| call.function.as_deref().is_some_and(|function| works_for(function, call)));
    let calls: Vec<_> = calls.map(|call| (call.at, call.at + milliseconds(call.ms.unwrap_or(0.0)))).collect();
    let waits = waits(stack, id).await;
    let seconds = |spans: &[(i64, i64)]| seconds(covered(spans, window));
    let (in_waits, in_calls) = (seconds(&waits), seconds(&calls));
    assert!(in_waits > 0.0 && in_calls > 0.0, "a vend waits and calls: {waits:?} {calls:?}");
    let total = seconds(&[window]);
    let both = seconds(&[waits, calls].concat());
    Measure { total, waits: in_waits, calls: in_calls, outside: total - both }
}

/// The API's own reads are those of the test that asks how far the request is; all it writes belongs to the vend.
fn works_for(function: &str, call: &Call) -> bool {
    function != "api" || !matches!(&*call.action, "GetItem" | "Query")
}

/// When the execution was in a Wait state.
async fn waits(stack: &Stack, id: &str) -> Vec<(i64, i64)> {
    let arn = format!("{}:{id}", stack.output("VendingStateMachineArn").replace(":stateMachine:", ":execution:"));
    let client = aws_sdk_sfn::Client::new(&stack.sdk_config());
    let history = client.get_execution_history().execution_arn(arn).max_results(1000).send().await.expect("a history");
    let (mut waits, mut entered) = (Vec::new(), None);
    for event in history.events() {
        let at = event.timestamp().to_millis().expect("a time");
        match event.r#type() {
            HistoryEventType::WaitStateEntered => entered = Some(at),
            HistoryEventType::WaitStateExited => waits.extend(entered.take().map(|from| (from, at))),
            _ => {}
        }
    }
    waits
}

/// How much of the window the spans cover, in milliseconds; what overlaps counts once.
fn covered(spans: &[(i64, i64)], window: (i64, i64)) -> i64 {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let (mut covered, mut until) = (0, window.0);
    for (from, to) in spans {
        let (from, to) = (from.max(until), to.min(window.1));
        covered += (to - from).max(0);
        until = until.max(to);
    }
    covered
}

/// Prints the medians and writes `target/e2e/vending.json`.
pub(crate) fn report(measures: &[Measure]) {
    let median = |value: fn(&Measure) -> f64| {
        let mut values: Vec<f64> = measures.iter().map(value).collect();
        values.sort_by(f64::total_cmp);
        f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
    };
    let all = |value: fn(&Measure) -> f64| measures.iter().map(value).collect::<Vec<_>>();
    let middle = Measure {
        total: median(|one| one.total),
        waits: median(|one| one.waits),
        calls: median(|one| one.calls),
        outside: median(|one| one.outside),
    };
    let share = median(Measure::share);
    eprintln!("POST to ACTIVE, median of {}: {middle}; median share outside {:.1} %", measures.len(), 100.0 * share);
    assert!((0.0..1.0).contains(&share));
    let document = json!({
        "vends": measures.len(),
        "medianSeconds": {"total": middle.total, "waitStates": middle.waits, "awsCalls": middle.calls, "outside": middle.outside},
        "medianShareOutside": share,
        "totalSeconds": all(|one| one.total),
        "shareOutside": all(Measure::share),
    });
    let folder = root().join("target/e2e");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("vending.json"), format!("{document:#}\n")).unwrap();
}

#[allow(clippy::cast_precision_loss, reason = "milliseconds of a few minutes")]
fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1000.0
}

#[allow(clippy::cast_possible_truncation, reason = "milliseconds of a few minutes")]
fn milliseconds(milliseconds: f64) -> i64 {
    milliseconds as i64
}

#[test]
fn overlaps_count_once_and_only_within_the_window() {
    assert_eq!(covered(&[(0, 10), (5, 15), (12, 14), (30, 50)], (2, 40)), 13 + 10);
    assert_eq!(covered(&[(50, 60)], (2, 40)), 0);
}

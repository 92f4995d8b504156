//! Counts by service, and how late the tags came.

use crate::{group::Done, message::Message, outcome::Outcome};
use jiff::Timestamp;
use std::collections::BTreeMap;
use telemetry::{Metric, Unit, emit};

#[derive(Default)]
struct Counts {
    tagged: u32,
    right: u32,
    retried: u32,
    failed: u32,
    /// The longest time from event to tag, in seconds.
    lag: Option<f64>,
}

/// Emits one line per service, and one for what was ignored or rejected.
pub(crate) fn measure(messages: &[Message], results: &[Done<'_>], now: Timestamp) {
    let mut services: BTreeMap<&str, Counts> = BTreeMap::new();
    for done in results {
        let counts = services.entry(done.creation.rule.source.as_str()).or_default();
        for (_, outcome) in &done.resources {
            match outcome {
                Outcome::Tagged => {
                    counts.tagged += 1;
                    let lag = now.duration_since(done.creation.time).as_secs_f64();
                    counts.lag = Some(counts.lag.map_or(lag, |longest| longest.max(lag)));
                }
                Outcome::Right | Outcome::Gone => counts.right += 1,
                Outcome::Later(_) => counts.retried += 1,
                Outcome::Failed(_) => counts.failed += 1,
            }
        }
    }
    for (service, counts) in services {
        let mut metrics = vec![
            Metric::counted("ResourcesTagged", counts.tagged),
            Metric::counted("ResourcesRight", counts.right),
            Metric::counted("ResourcesRetried", counts.retried),
            Metric::counted("ResourcesFailed", counts.failed),
        ];
        metrics.extend(counts.lag.map(|value| Metric { name: "TaggingLag", unit: Unit::Seconds, value }));
        emit("tag-resource", &metrics, &[("source", service)], &[], now);
    }
    let total = |of: fn(&Message) -> usize| messages.iter().map(of).sum::<usize>();
    let metrics = [
        Metric::counted("EventsIgnored", total(|message| message.ignored.len())),
        Metric::counted("EventsRejected", total(|message| usize::from(message.rejected.is_some()))),
    ];
    emit("tag-resource", &metrics, &[], &[], now);
}

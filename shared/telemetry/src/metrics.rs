//! CloudWatch embedded metric format: one JSON line, no call
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>).

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Units the suite measures in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// How many.
    Count,
    /// How long, in seconds.
    Seconds,
    /// Of a hundred.
    Percent,
}

/// One measured value.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// Name, as in `AccountsVended`.
    pub name: &'static str,
    /// Unit of `value`.
    pub unit: Unit,
    /// The value.
    pub value: f64,
}

impl Metric {
    /// One more of something.
    #[must_use]
    pub fn count(name: &'static str) -> Self {
        Self::counted(name, 1_u32)
    }

    /// So many of something.
    #[must_use]
    pub fn counted(name: &'static str, count: impl TryInto<u32>) -> Self {
        Self { name, unit: Unit::Count, value: f64::from(count.try_into().unwrap_or(u32::MAX)) }
    }
}

/// Writes metrics of `service` to standard output. `dimensions` stay few (each combination is a metric of its own);
/// `properties` such as a request id are searchable and cost nothing.
#[allow(clippy::print_stdout, reason = "standard output is where Lambda reads the embedded metric format")]
pub fn emit(
    service: &str,
    metrics: &[Metric],
    dimensions: &[(&str, &str)],
    properties: &[(&str, &str)],
    now: Timestamp,
) {
    if std::env::var("POWERTOOLS_METRICS_DISABLED").is_ok_and(|value| value == "true") {
        return;
    }
    let namespace = std::env::var("POWERTOOLS_METRICS_NAMESPACE").unwrap_or_else(|_| "AiLandingZone".to_owned());
    println!("{}", line(&namespace, service, metrics, dimensions, properties, now));
}

fn line(
    namespace: &str,
    service: &str,
    metrics: &[Metric],
    dimensions: &[(&str, &str)],
    properties: &[(&str, &str)],
    now: Timestamp,
) -> Value {
    let mut keys = vec!["service"];
    keys.extend(dimensions.iter().map(|(key, _)| *key));
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|metric| {
            let unit = match metric.unit {
                Unit::Count => "Count",
                Unit::Seconds => "Seconds",
                Unit::Percent => "Percent",
            };
            json!({ "Name": metric.name, "Unit": unit })
        })
        .collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [{ "Namespace": namespace, "Dimensions": [keys], "Metrics": definitions }]
        }),
    );
    line.insert("service".to_owned(), json!(service));
    for (key, value) in dimensions.iter().chain(properties) {
        line.insert((*key).to_owned(), json!(value));
    }
    for metric in metrics {
        line.insert(metric.name.to_owned(), json!(metric.value));
    }
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_declared_and_properties_are_not() {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        // Sorted, whichever order the JSON library keeps.
        insta::with_settings!({ sort_maps => true }, {
            insta::assert_json_snapshot!(line(
                "AiLandingZone",
                "settle",
                &[Metric::count("AccountsVended"), Metric { name: "TimeToVend", unit: Unit::Seconds, value: 42.5 }],
                &[("environment", "dev")],
                &[("account_request_id", "req-1")],
                now,
            ));
        });
    }
}

//! What `CloudWatch` measured in an account and Region.

use crate::{AwsFault, Call, each, send};
use aws_config::SdkConfig;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Queries of one call of `GetMetricData`
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const QUERIES_OF_A_CALL: usize = 500;

/// One metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Metric {
    /// Such as `AWS/Bedrock`.
    pub namespace: String,
    /// Such as `InputTokenCount`.
    pub name: String,
    /// By name.
    pub dimensions: BTreeMap<String, String>,
}

/// What was measured, by the beginning of each period.
pub type Points = BTreeMap<Timestamp, f64>;

/// The metrics of a name that have exactly these dimensions and got data in the last two weeks, each with their values.
pub async fn metrics(
    config: &SdkConfig,
    namespace: &str,
    name: &str,
    dimensions: &[&str],
) -> Result<Vec<Metric>, AwsFault> {
    let mut found = Vec::new();
    let mut token = Value::Null;
    loop {
        let parameters = json!({"Namespace": namespace, "MetricName": name, "NextToken": token});
        let answer = send(config, &Call::named("cloudwatch:ListMetrics", parameters)).await?;
        for metric in each(answer.pointer("/ListMetricsResult/Metrics/member")) {
            let dimensions_of: BTreeMap<String, String> = each(metric.pointer("/Dimensions/member"))
                .iter()
                .filter_map(|dimension| Some((text(dimension, "Name")?, text(dimension, "Value")?)))
                .collect();
            if dimensions_of.keys().eq(dimensions.iter().copied()) {
                let name = name.to_owned();
                found.push(Metric { namespace: namespace.to_owned(), name, dimensions: dimensions_of });
            }
        }
        token = answer.pointer("/ListMetricsResult/NextToken").cloned().unwrap_or_default();
        if token.as_str().unwrap_or_default().is_empty() {
            return Ok(found);
        }
    }
}

/// What each metric came to in each period of `seconds` between two instants: sums, or `statistic`.
pub async fn sums(
    config: &SdkConfig,
    wanted: &[Metric],
    statistic: &str,
    between: (Timestamp, Timestamp),
    seconds: u32,
) -> Result<Vec<Points>, AwsFault> {
    let mut all = vec![Points::new(); wanted.len()];
    for (part, some) in (0..).zip(wanted.chunks(QUERIES_OF_A_CALL)) {
        let queries: Vec<Value> = (0..).zip(some).map(|(at, metric)| query(at, metric, statistic, seconds)).collect();
        let mut token = Value::Null;
        loop {
            let parameters = json!({
                "MetricDataQueries": {"member": queries},
                "StartTime": between.0.to_string(),
                "EndTime": between.1.to_string(),
                "NextToken": token,
            });
            let answer = send(config, &Call::named("cloudwatch:GetMetricData", parameters)).await?;
            for result in each(answer.pointer("/GetMetricDataResult/MetricDataResults/member")) {
                let at = text(result, "Id").and_then(|id| id.strip_prefix('m')?.parse::<usize>().ok());
                let Some(points) = at.and_then(|at| all.get_mut(part * QUERIES_OF_A_CALL + at)) else { continue };
                let times = each(result.pointer("/Timestamps/member")).iter();
                let values = each(result.pointer("/Values/member")).iter();
                points.extend(times.zip(values).filter_map(|(time, value)| {
                    Some((time.as_str()?.parse().ok()?, value.as_str()?.parse().ok()?))
                }));
            }
            token = answer.pointer("/GetMetricDataResult/NextToken").cloned().unwrap_or_default();
            if token.as_str().unwrap_or_default().is_empty() {
                break;
            }
        }
    }
    Ok(all)
}

fn query(at: usize, metric: &Metric, statistic: &str, seconds: u32) -> Value {
    let dimensions: Vec<Value> =
        metric.dimensions.iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    json!({
        "Id": format!("m{at}"),
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": {"member": dimensions},
            },
            "Period": seconds,
            "Stat": statistic,
        },
    })
}

fn text(of: &Value, name: &str) -> Option<String> {
    of.get(name)?.as_str().map(str::to_owned)
}

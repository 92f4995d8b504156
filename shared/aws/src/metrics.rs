//! What `CloudWatch` measured in an account and Region.

use crate::{AwsFault, Call, each, send};
use aws_config::SdkConfig;
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{body::SdkBody, error::ErrorMetadata};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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

/// What was measured, by the beginning of each period. A period in which nothing was measured is missing.
pub type Points = BTreeMap<Timestamp, f64>;

/// The metrics of a namespace that got data in the last two weeks: `ListMetrics` shows no others, and new ones after up
/// to 15 minutes (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html>).
pub async fn metrics(config: &SdkConfig, namespace: &str) -> Result<Vec<Metric>, AwsFault> {
    let mut found = Vec::new();
    let mut token = Value::Null;
    loop {
        let parameters = json!({"Namespace": namespace, "NextToken": token});
        let answer = send(config, &Call::named("cloudwatch:ListMetrics", parameters)).await?;
        found.extend(each(answer.pointer("/ListMetricsResult/Metrics/member")).iter().filter_map(metric));
        match next(&answer, "/ListMetricsResult/NextToken") {
            Some(next) => token = next,
            None => return Ok(found),
        }
    }
}

/// What each metric came to in each period of `seconds` between two instants, in the order of `wanted`. `CloudWatch`
/// takes money for each metric that is asked for, however many periods there are.
pub async fn sums(
    config: &SdkConfig,
    wanted: &[Metric],
    statistic: &str,
    between: (Timestamp, Timestamp),
    seconds: u32,
) -> Result<Vec<Points>, AwsFault> {
    let mut all = vec![Points::new(); wanted.len()];
    for (some, points) in wanted.chunks(QUERIES_OF_A_CALL).zip(all.chunks_mut(QUERIES_OF_A_CALL)) {
        let queries: Vec<Value> = (0..).zip(some).map(|(at, metric)| query(at, metric, statistic, seconds)).collect();
        let mut open = BTreeSet::new();
        let mut token = Value::Null;
        loop {
            let parameters = json!({
                "MetricDataQueries": {"member": queries},
                "StartTime": whole_second(between.0),
                "EndTime": whole_second(between.1),
                "NextToken": token,
            });
            let answer = send(config, &Call::named("cloudwatch:GetMetricData", parameters)).await?;
            for result in each(answer.pointer("/GetMetricDataResult/MetricDataResults/member")) {
                take(result, points, &mut open)?;
            }
            match next(&answer, "/GetMetricDataResult/NextToken") {
                Some(next) => token = next,
                None => break,
            }
        }
        if let Some(id) = open.first() {
            return Err(unfinished("PartialData", id));
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

/// Takes the part of a metric's values that a page has. `open` are metrics that more is to come of.
fn take(result: &Value, all: &mut [Points], open: &mut BTreeSet<String>) -> Result<(), AwsFault> {
    let id = text(result, "Id").unwrap_or_default();
    match text(result, "StatusCode").as_deref() {
        Some(status @ ("InternalError" | "Forbidden")) => return Err(unfinished(status, &id)),
        Some("PartialData") => open.insert(id.clone()),
        _ => open.remove(&id),
    };
    let at = id.strip_prefix('m').and_then(|at| at.parse::<usize>().ok());
    let Some(points) = at.and_then(|at| all.get_mut(at)) else { return Ok(()) };
    let times = each(result.pointer("/Timestamps/member")).iter();
    for (time, value) in times.zip(each(result.pointer("/Values/member"))) {
        points.extend(point(time, value));
    }
    Ok(())
}

/// A pair of what was answered; nothing for what is not a time and a number.
fn point(time: &Value, value: &Value) -> Option<(Timestamp, f64)> {
    Some((time.as_str()?.parse::<Timestamp>().ok()?, value.as_str()?.parse::<f64>().ok()?))
}

/// `CloudWatch` answered, and not all of it: what is missing is not zero.
fn unfinished(status: &str, id: &str) -> AwsFault {
    let error = ErrorMetadata::builder().code(status).message(format!("{id} is not whole")).build();
    let answer = HttpResponse::new(http::StatusCode::OK.into(), SdkBody::empty());
    AwsFault::new("cloudwatch:GetMetricData", &SdkError::service_error(error, answer))
}

fn metric(listed: &Value) -> Option<Metric> {
    let dimension = |dimension: &Value| Some((text(dimension, "Name")?, text(dimension, "Value")?));
    Some(Metric {
        namespace: text(listed, "Namespace")?,
        name: text(listed, "MetricName")?,
        dimensions: each(listed.pointer("/Dimensions/member")).iter().filter_map(dimension).collect(),
    })
}

/// The token of the next page; a page may be empty and not the last.
fn next(answer: &Value, place: &str) -> Option<Value> {
    answer.pointer(place).filter(|token| token.as_str().is_some_and(|token| !token.is_empty())).cloned()
}

fn whole_second(instant: Timestamp) -> String {
    format!("{instant:.0}")
}

fn text(of: &Value, name: &str) -> Option<String> {
    of.get(name)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests;

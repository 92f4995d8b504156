//! Notebooks that nobody opens. SageMaker measures nothing of them; what there is is the log of Jupyter, which has a line for
//! each request of a browser (<https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html>).

use super::{Place, Verdict, WINDOW, days};
use aws::{AwsFault, Call};
use jiff::Timestamp;
use serde_json::{Value, json};
use workloads::Workload;

const LOG_GROUP: &str = "/aws/sagemaker/NotebookInstances";

pub(super) async fn verdicts(place: &Place<'_>, notebooks: &[Workload]) -> Result<Vec<Verdict>, AwsFault> {
    let mut verdicts = Vec::new();
    for notebook in notebooks {
        verdicts.push(verdict(last_line(place, &notebook.name).await?, place.now));
    }
    Ok(verdicts)
}

/// When Jupyter wrote its last line; nothing where it has no log.
async fn last_line(place: &Place<'_>, notebook: &str) -> Result<Option<Timestamp>, AwsFault> {
    let log = format!("{notebook}/jupyter.log");
    let parameters = json!({"logGroupName": LOG_GROUP, "logStreamNamePrefix": log});
    let answer = match aws::send(place.config, &Call::named("logs:DescribeLogStreams", parameters)).await {
        Ok(answer) => answer,
        Err(fault) if fault.code() == "ResourceNotFoundException" => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let streams = answer.get("logStreams").and_then(Value::as_array);
    let stream = streams.into_iter().flatten().find(|stream| stream.get("logStreamName") == Some(&json!(log)));
    // The time of the last line is told up to an hour late; that of its arrival is not.
    let times = ["lastEventTimestamp", "lastIngestionTime"].into_iter().filter_map(|name| stream?.get(name)?.as_i64());
    Ok(times.max().and_then(|time| Timestamp::from_millisecond(time).ok()))
}

fn verdict(last_line: Option<Timestamp>, now: Timestamp) -> Verdict {
    match last_line {
        None => Verdict::Unknown("it has no log of Jupyter, and SageMaker measures nothing else of it".to_owned()),
        Some(at) if now.duration_since(at) < WINDOW => Verdict::Used,
        Some(at) => Verdict::Idle {
            evidence: format!(
                "no browser for {}: the last line in the log of Jupyter is of {}; a computation that goes on by itself \
                 would not show",
                days(WINDOW),
                finops::day_of(at)
            ),
            since: Some(at),
            stops: true,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::words;

    #[test]
    fn a_notebook_without_a_log_is_not_idle() {
        let of = |at: Option<&str>| {
            words(&verdict(at.map(|at| at.parse().unwrap()), "2026-11-26T12:00:00Z".parse().unwrap()))
        };
        assert!(of(None).starts_with("unknown"));
        assert_eq!(of(Some("2026-11-19T12:00:01Z")), "used");
        assert!(of(Some("2026-11-19T12:00:00Z")).starts_with("idle: no browser for 7 days: the last line in the log"));
    }
}

//! Provisioned throughput of Bedrock that nobody invokes: its metrics have its ARN or id as model
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html>).

use super::{
    Place, Verdict, WINDOW, days,
    usage::{named, usage},
};
use aws::AwsFault;
use workloads::Workload;

const MODEL: &str = "ModelId";

pub(super) async fn verdicts(place: &Place<'_>, throughputs: &[Workload]) -> Result<Vec<Verdict>, AwsFault> {
    let metrics = aws::metrics(place.config, "AWS/Bedrock").await?;
    let metrics = named(&metrics, "Invocations", MODEL);
    let invocations = usage(place.config, &metrics, MODEL, "Sum", WINDOW, place.now).await?;
    let invoked = |one: &Workload| {
        let id = one.arn.rsplit('/').next().unwrap_or(&one.arn);
        invocations.iter().any(|(model, measured)| model.ends_with(id) && measured.sum > 0.0)
    };
    let idle = || Verdict::Idle {
        evidence: format!("no invocation in {}", days(WINDOW)),
        since: Some(place.now - WINDOW),
        stops: false,
    };
    Ok(throughputs.iter().map(|one| if invoked(one) { Verdict::Used } else { idle() }).collect())
}

//! Endpoints that nobody invokes
//! (<https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html>).

use super::{
    Place, Verdict, WINDOW, days,
    usage::{Measured, named, usage},
};
use aws::AwsFault;
use workloads::Workload;

const ENDPOINT: &str = "EndpointName";
const COMPONENT: &str = "InferenceComponentName";

/// What is below is not use.
const BUSY_PERCENT: f64 = 5.0;

pub(super) async fn verdicts(place: &Place<'_>, endpoints: &[Workload]) -> Result<Vec<Verdict>, AwsFault> {
    let calls = aws::metrics(place.config, "AWS/SageMaker").await?;
    let machines = aws::metrics(place.config, "/aws/sagemaker/Endpoints").await?;
    let read = async |metrics: &[aws::Metric], dimension, statistic| {
        usage(place.config, metrics, dimension, statistic, WINDOW, place.now).await
    };
    let invocations = read(&named(&calls, "Invocations", ENDPOINT), ENDPOINT, "Sum").await?;
    let busy = read(&named(&machines, "GPUUtilization", ENDPOINT), ENDPOINT, "Maximum").await?;
    let alive = read(&named(&machines, "CPUUtilization", ENDPOINT), ENDPOINT, "Maximum").await?;
    // Metrics of components need not say which endpoint they run on.
    let mut components = named(&calls, "Invocations", COMPONENT);
    components.retain(|metric| !metric.dimensions.contains_key(ENDPOINT));
    let components = read(&components, COMPONENT, "Sum").await?.values().any(|measured| measured.sum > 0.0);
    Ok(endpoints
        .iter()
        .map(|endpoint| {
            let of = |measured: &std::collections::BTreeMap<String, Measured>| measured.get(&endpoint.name).copied();
            verdict(of(&invocations), of(&alive), of(&busy), components, endpoint.count, place)
        })
        .collect())
}

fn verdict(
    invocations: Option<Measured>,
    alive: Option<Measured>,
    busy: Option<Measured>,
    components: bool,
    machines: u32,
    place: &Place<'_>,
) -> Verdict {
    if machines == 0 {
        // Serverless: what is not invoked costs nothing.
        return Verdict::Used;
    }
    if invocations.is_some_and(|measured| measured.sum > 0.0) || busy.is_some_and(|gpu| gpu.highest >= BUSY_PERCENT) {
        return Verdict::Used;
    }
    // Without invocations there is no metric of them: only one that is always there shows that anything is measured.
    if !alive.is_some_and(|measured| measured.is_whole(WINDOW)) {
        return Verdict::Unknown(format!("CloudWatch does not show its machines in all of {}", days(WINDOW)));
    }
    if invocations.is_none() && components {
        return Verdict::Unknown("inference components are invoked in this Region, maybe on this endpoint".to_owned());
    }
    let gpu = busy.map(|gpu| format!("; its GPUs were at most {:.1} % busy", gpu.highest)).unwrap_or_default();
    Verdict::Idle {
        evidence: format!("no invocation in {}{gpu}", days(WINDOW)),
        since: Some(place.now - WINDOW),
        stops: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{place, words};

    #[test]
    fn an_endpoint_is_idle_only_where_it_is_measured_and_nobody_invokes_it() {
        place(|place| {
            let some = |highest: f64| Some(Measured { highest, sum: highest, hours: 168 });
            let of =
                |invocations, alive, busy, components| words(&verdict(invocations, alive, busy, components, 1, place));
            assert_eq!(of(None, some(3.0), None, false), "idle: no invocation in 7 days (may be stopped)");
            assert_eq!(
                of(some(0.0), some(3.0), some(4.94), true),
                "idle: no invocation in 7 days; its GPUs were at most 4.9 % busy (may be stopped)"
            );
            assert_eq!(of(some(1.0), some(3.0), None, false), "used");
            assert_eq!(of(None, some(3.0), some(5.0), false), "used");
            assert!(of(None, None, None, false).starts_with("unknown: CloudWatch does not show its machines"));
            let short = Some(Measured { hours: 100, ..Measured::default() });
            assert!(of(None, short, None, false).starts_with("unknown: CloudWatch"));
            assert!(of(None, some(3.0), None, true).starts_with("unknown: inference components"));
            assert_eq!(words(&verdict(None, some(3.0), None, false, 0, place)), "used");
        });
    }
}

//! Instances with GPUs that do nothing. EC2 measures no GPU: only the agent in the instance does
//! (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-Agent-NVIDIA-GPU.html>). Without it an instance is
//! reported and never stopped: one busy process is next to nothing among 192 processors.

use super::{
    INSTANCE_WINDOW, Place, Verdict, days,
    usage::{Measured, named, usage},
};
use aws::{AwsFault, Metric};
use std::collections::BTreeMap;
use workloads::Workload;

pub(super) const KIND: &str = "gpu-instance";

const INSTANCE: &str = "InstanceId";

/// What is below is not use.
const BUSY_PERCENT: f64 = 5.0;

pub(super) async fn verdicts(place: &Place<'_>, instances: &[Workload]) -> Result<Vec<Verdict>, AwsFault> {
    let processor = |workload: &Workload| Metric {
        namespace: "AWS/EC2".to_owned(),
        name: "CPUUtilization".to_owned(),
        dimensions: [(INSTANCE.to_owned(), workload.name.clone())].into(),
    };
    let processors: Vec<Metric> = instances.iter().map(processor).collect();
    let mut gpus = named(&aws::metrics(place.config, "CWAgent").await?, "nvidia_smi_utilization_gpu", INSTANCE);
    gpus.retain(|metric| instances.iter().any(|one| metric.dimensions.get(INSTANCE) == Some(&one.name)));
    let read =
        async |metrics: &[Metric]| usage(place.config, metrics, INSTANCE, "Maximum", INSTANCE_WINDOW, place.now).await;
    let (processors, gpus) = (read(&processors).await?, read(&gpus).await?);
    let of = |measured: &BTreeMap<String, Measured>, one: &Workload| measured.get(&one.name).copied();
    Ok(instances.iter().map(|one| verdict(of(&processors, one), of(&gpus, one), place)).collect())
}

fn verdict(processor: Option<Measured>, gpu: Option<Measured>, place: &Place<'_>) -> Verdict {
    let busy = |measured: Option<Measured>| measured.is_some_and(|measured| measured.highest >= BUSY_PERCENT);
    if busy(processor) || busy(gpu) {
        return Verdict::Used;
    }
    let Some(processor) = processor.filter(|measured| measured.is_whole(INSTANCE_WINDOW)) else {
        return Verdict::Unknown(format!(
            "CloudWatch does not show its processors in all of {}",
            days(INSTANCE_WINDOW)
        ));
    };
    let gpu = gpu.filter(|measured| measured.is_whole(INSTANCE_WINDOW));
    let gpus = gpu.map_or_else(
        || "what its GPUs did is not known, for no CloudWatch agent measures them".to_owned(),
        |gpu| format!("its GPUs were at most {:.1} % busy", gpu.highest),
    );
    Verdict::Idle {
        evidence: format!(
            "its processors were at most {:.1} % busy in {}; {gpus}",
            processor.highest,
            days(INSTANCE_WINDOW)
        ),
        since: Some(place.now - INSTANCE_WINDOW),
        stops: gpu.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{place, words};

    #[test]
    fn only_an_instance_whose_gpus_are_measured_may_be_stopped() {
        place(|place| {
            let some = |highest: f64| Some(Measured { highest, sum: highest, hours: 72 });
            let of = |processor, gpu| words(&verdict(processor, gpu, place));
            assert_eq!(
                of(some(4.9), some(0.0)),
                "idle: its processors were at most 4.9 % busy in 3 days; its GPUs were at most 0.0 % busy \
                 (may be stopped)"
            );
            let unmeasured = "idle: its processors were at most 4.9 % busy in 3 days; what its GPUs did is not known, for \
                 no CloudWatch agent measures them";
            assert_eq!(of(some(4.9), None), unmeasured);
            assert_eq!(of(some(4.9), Some(Measured { hours: 10, ..Measured::default() })), unmeasured);
            assert_eq!(of(some(5.0), some(0.0)), "used");
            assert_eq!(of(some(0.0), some(5.0)), "used");
            assert!(of(None, some(0.0)).starts_with("unknown"));
            assert!(of(Some(Measured { hours: 10, ..Measured::default() }), None).starts_with("unknown"));
        });
    }
}

//! What one Region of an account uses: tokens and images of models, and what runs by the hour.

use aws::{AwsFault, Metric, SdkConfig};
use finops::{Api, Counts, Metered, ModelUsage, Running, day_of, start_of};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use landing_zone::AccountId;
use std::collections::BTreeMap;
use workloads::Workload;

/// A day in seconds: the period that usage is summed over.
const DAY: u32 = 86_400;

/// Which metrics tell of a model, and how.
struct Source {
    api: Api,
    namespace: &'static str,
    /// The metric that every model has which was used.
    used: &'static str,
    dimensions: &'static [&'static str],
    /// Where the model's id is.
    model: &'static str,
    counts: &'static [(&'static str, fn(&mut Counts) -> &mut u64)],
}

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring.html> and the metrics of its second endpoint.
const SOURCES: [Source; 2] = [
    Source {
        api: Api::Bedrock,
        namespace: "AWS/Bedrock",
        used: "Invocations",
        dimensions: &["ModelId"],
        model: "ModelId",
        counts: &[
            ("Invocations", |counts| &mut counts.invocations),
            ("InputTokenCount", |counts| &mut counts.input),
            ("OutputTokenCount", |counts| &mut counts.output),
            ("CacheReadInputTokens", |counts| &mut counts.cache_read),
            ("CacheWriteInputTokens", |counts| &mut counts.cache_write),
            ("OutputImageCount", |counts| &mut counts.images),
        ],
    },
    Source {
        api: Api::Mantle,
        namespace: "AWS/BedrockMantle",
        used: "Inferences",
        dimensions: &["Model", "Project"],
        model: "Model",
        counts: &[
            ("Inferences", |counts| &mut counts.invocations),
            ("TotalInputTokens", |counts| &mut counts.input),
            ("TotalOutputTokens", |counts| &mut counts.output),
        ],
    },
];

/// Reads a Region: what was metered, and how many workloads could be stopped. What cannot be read leaves the Region blind.
pub(crate) async fn region(
    config: &SdkConfig,
    region: &str,
    account: &AccountId,
    days: i32,
    now: Timestamp,
) -> (Metered, usize) {
    let blind = |why: String| Metered {
        region: region.to_owned(),
        as_of: now,
        blind: Some(why),
        models: Vec::new(),
        running: Vec::new(),
    };
    let models = match models(config, days, now).await {
        Ok(models) => models,
        Err(fault) => return (blind(fault.to_string()), 0),
    };
    match workloads::running(config, region, account, None).await {
        Ok(found) => {
            let stoppable = found.iter().filter(|workload| stoppable(workload)).count();
            let running = found.into_iter().map(running).collect();
            (Metered { region: region.to_owned(), as_of: now, blind: None, models, running }, stoppable)
        }
        Err(error) => (blind(error.to_string()), 0),
    }
}

fn stoppable(workload: &Workload) -> bool {
    workload.exempt.is_none() && workloads::Kind::parse(&workload.kind).is_ok_and(|kind| kind.stoppable())
}

fn running(workload: Workload) -> Running {
    Running {
        kind: workload.kind,
        arn: workload.arn,
        name: workload.name,
        instance_type: workload.instance_type,
        count: workload.count,
        since: workload.since,
    }
}

async fn models(config: &SdkConfig, days: i32, now: Timestamp) -> Result<Vec<ModelUsage>, AwsFault> {
    let mut usage: BTreeMap<(String, Date), (Api, Counts)> = BTreeMap::new();
    let from = start_of(day_of(now).saturating_sub((days - 1).days()));
    for source in &SOURCES {
        let used = aws::metrics(config, source.namespace, source.used, source.dimensions).await?;
        for (name, field) in source.counts {
            let wanted: Vec<Metric> =
                used.iter().map(|metric| Metric { name: (*name).to_owned(), ..metric.clone() }).collect();
            let sums = aws::sums(config, &wanted, "Sum", (from, now), DAY).await?;
            for (metric, points) in wanted.iter().zip(sums) {
                let Some(model) = metric.dimensions.get(source.model) else { continue };
                for (at, sum) in points {
                    let (_, counts) = usage
                        .entry((model.clone(), day_of(at)))
                        .or_insert_with(|| (source.api, Counts::default()));
                    *field(counts) += whole(sum);
                }
            }
        }
    }
    let usage = usage.into_iter();
    Ok(usage.map(|((model, day), (api, counts))| ModelUsage { model, api, day, counts }).collect())
}

/// A sum of counts as a whole number; `CloudWatch` answers floating-point numbers.
fn whole(sum: f64) -> u64 {
    format!("{:.0}", sum.max(0.0)).parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_whole_and_never_negative() {
        for (sum, count) in [(0.0, 0), (-3.0, 0), (1_234.0, 1_234), (2_000_000_000.4, 2_000_000_000), (f64::NAN, 0)] {
            assert_eq!(whole(sum), count, "{sum}");
        }
        assert_eq!(whole(1e300), u64::MAX);
    }
}

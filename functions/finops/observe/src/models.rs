//! Which models a Region of an account used, and how much: `CloudWatch` knows it within minutes.

use aws::{AwsFault, Metric, Points, SdkConfig};
use finops::{Api, Counts, ModelUsage, day_of, start_of};
use jiff::{Timestamp, civil::Date};
use std::collections::{BTreeMap, BTreeSet};

/// A day in seconds: the period that usage is summed over.
const DAY: u32 = 86_400;

/// A count, and where it goes.
type Field = fn(&mut Counts) -> &mut u64;

/// Which metrics of an API tell of a model.
struct Source {
    api: Api,
    namespace: &'static str,
    /// The dimension that has the model.
    model: &'static str,
    counts: &'static [(&'static str, Field)],
}

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-runtime-metrics.html> and
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-mantle-metrics.html>
const SOURCES: [Source; 2] = [
    Source {
        api: Api::Bedrock,
        namespace: "AWS/Bedrock",
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
        model: "Model",
        counts: &[
            ("Inferences", |counts| &mut counts.invocations),
            ("TotalInputTokens", |counts| &mut counts.input),
            ("TotalOutputTokens", |counts| &mut counts.output),
        ],
    },
];

/// What a Region used.
#[derive(Debug, Default)]
pub(crate) struct Used {
    pub(crate) models: Vec<ModelUsage>,
    /// Metrics that were asked for: AWS takes 0.01 USD for a thousand (<https://aws.amazon.com/cloudwatch/pricing/>).
    pub(crate) requested: usize,
}

/// Reads what was used from the beginning of a day until `now`.
pub(crate) async fn used(config: &SdkConfig, from: Date, now: Timestamp) -> Result<Used, AwsFault> {
    let mut series = Vec::new();
    for source in &SOURCES {
        series.extend(source.series(&aws::metrics(config, source.namespace).await?));
    }
    let metrics: Vec<Metric> = series.iter().map(|series| series.metric.clone()).collect();
    let sums = aws::sums(config, &metrics, "Sum", (start_of(from), now), DAY).await?;
    Ok(Used { models: usage(&series, &sums), requested: metrics.len() })
}

/// A metric, and what it tells.
struct Series {
    metric: Metric,
    api: Api,
    model: String,
    field: Field,
}

impl Source {
    /// Which of the listed metrics are read. A count may be there for the model alone and again for parts of it, by
    /// project or by size of image: it is read from the smallest set of dimensions that there is, and so each use once.
    fn series(&self, listed: &[Metric]) -> Vec<Series> {
        let mut chosen = Vec::new();
        for (name, field) in self.counts {
            let mut by_model: BTreeMap<&str, Vec<&Metric>> = BTreeMap::new();
            for metric in listed.iter().filter(|metric| metric.name == *name) {
                if let Some(model) = metric.dimensions.get(self.model) {
                    by_model.entry(model).or_default().push(metric);
                }
            }
            for (model, metrics) in by_model {
                let dimensions = |metric: &Metric| metric.dimensions.keys().cloned().collect::<BTreeSet<_>>();
                let smallest =
                    metrics.iter().map(|metric| dimensions(metric)).min_by_key(|set| (set.len(), set.clone()));
                let of_set = metrics.into_iter().filter(|metric| Some(dimensions(metric)) == smallest);
                chosen.extend(of_set.map(|metric| Series {
                    metric: metric.clone(),
                    api: self.api,
                    model: model.to_owned(),
                    field: *field,
                }));
            }
        }
        chosen
    }
}

/// Brings the counts of each model's day together.
fn usage(series: &[Series], sums: &[Points]) -> Vec<ModelUsage> {
    let mut counted: BTreeMap<(Api, &str, Date), Counts> = BTreeMap::new();
    for (series, points) in series.iter().zip(sums) {
        for (at, sum) in points {
            let counts = counted.entry((series.api, &series.model, day_of(*at))).or_default();
            let count = (series.field)(counts);
            *count = count.saturating_add(whole(*sum));
        }
    }
    let usage = |((api, model, day), counts): ((Api, &str, Date), Counts)| ModelUsage {
        model: model.to_owned(),
        api,
        day,
        counts,
    };
    counted.into_iter().filter(|(_, counts)| *counts != Counts::default()).map(usage).collect()
}

/// A sum of counts as a whole number; `CloudWatch` answers floating-point numbers.
fn whole(sum: f64) -> u64 {
    format!("{:.0}", sum.max(0.0)).parse().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn metric(name: &str, dimensions: &[(&str, &str)]) -> Metric {
        let dimensions = dimensions.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Metric { namespace: "any".to_owned(), name: name.to_owned(), dimensions }
    }

    /// The days' counts of one listing in which each metric has these points.
    fn counted(source: &Source, listed: &[(Metric, &[(&str, f64)])]) -> Vec<ModelUsage> {
        let metrics: Vec<Metric> = listed.iter().map(|(metric, _)| metric.clone()).collect();
        let series = source.series(&metrics);
        let points = |series: &Series| -> Points {
            let (_, points) = listed.iter().find(|(metric, _)| *metric == series.metric).unwrap();
            points.iter().map(|(at, sum)| (at.parse().unwrap(), *sum)).collect()
        };
        let sums: Vec<Points> = series.iter().map(points).collect();
        usage(&series, &sums)
    }

    const MONDAY: &str = "2026-11-16T00:00:00Z";
    const TUESDAY: &str = "2026-11-17T00:00:00Z";

    #[test]
    fn counts_of_a_model_and_day_come_together() {
        let nova = [("ModelId", "eu.amazon.nova-lite-v1:0")];
        let found = counted(
            &SOURCES[0],
            &[
                (metric("Invocations", &nova), &[(MONDAY, 2.0), (TUESDAY, 1.0)]),
                (metric("InputTokenCount", &nova), &[(MONDAY, 1_000.0), (TUESDAY, 7.0)]),
                (metric("OutputTokenCount", &nova), &[(MONDAY, 200.0)]),
                (metric("CacheReadInputTokens", &nova), &[(MONDAY, 30.0)]),
                (metric("CacheWriteInputTokens", &nova), &[(MONDAY, 4.0)]),
                (metric("InvocationLatency", &nova), &[(MONDAY, 99.0)]),
                (metric("InputTokenCount", &[("ModelId", "unused")]), &[(MONDAY, 0.0)]),
                (metric("InputTokenCount", &[]), &[(MONDAY, 5_000.0)]),
            ],
        );
        let usage = |day, counts| ModelUsage { model: nova[0].1.to_owned(), api: Api::Bedrock, day, counts };
        let monday =
            Counts { invocations: 2, input: 1_000, output: 200, cache_read: 30, cache_write: 4, ..Counts::default() };
        let tuesday = Counts { invocations: 1, input: 7, ..Counts::default() };
        assert_eq!(found, [usage(date(2026, 11, 16), monday), usage(date(2026, 11, 17), tuesday)]);
    }

    #[test]
    fn images_are_counted_once_with_and_without_their_sizes() {
        let model = ("ModelId", "amazon.titan-image-generator-v2:0");
        let of_size = |size: &'static str| [model, ("BucketedStepSize", "30"), ("ImageSize", size)];
        let sizes = [
            (metric("OutputImageCount", &of_size("512")), &[(MONDAY, 3.0)][..]),
            (metric("OutputImageCount", &of_size("1024")), &[(MONDAY, 4.0)][..]),
        ];
        assert_eq!(counted(&SOURCES[0], &sizes)[0].counts.images, 7);
        let whole = (metric("OutputImageCount", &[model]), &[(MONDAY, 7.0)][..]);
        assert_eq!(counted(&SOURCES[0], &[sizes[0].clone(), whole, sizes[1].clone()])[0].counts.images, 7);
    }

    #[test]
    fn the_second_endpoint_is_read_by_model_and_not_again_by_project() {
        let model = ("Model", "openai.gpt-oss-120b");
        let found = counted(
            &SOURCES[1],
            &[
                (metric("Inferences", &[]), &[(MONDAY, 9.0)]),
                (metric("Inferences", &[("Project", "p")]), &[(MONDAY, 9.0)]),
                (metric("Inferences", &[model, ("Project", "p")]), &[(MONDAY, 4.0)]),
                (metric("Inferences", &[model, ("Project", "q")]), &[(MONDAY, 5.0)]),
                (metric("Inferences", &[model]), &[(MONDAY, 9.0)]),
                (metric("TotalInputTokens", &[("Project", "p")]), &[(MONDAY, 800.0)]),
                (metric("TotalInputTokens", &[model]), &[(MONDAY, 800.0)]),
                (metric("TotalOutputTokens", &[model]), &[(MONDAY, 70.0)]),
                // One datum for each request, which the totals have as well.
                (metric("InputTokens", &[model, ("Project", "p")]), &[(MONDAY, 800.0)]),
            ],
        );
        let counts = Counts { invocations: 9, input: 800, output: 70, ..Counts::default() };
        let day = date(2026, 11, 16);
        assert_eq!(found, [ModelUsage { model: model.1.to_owned(), api: Api::Mantle, day, counts }]);
    }

    #[test]
    fn a_model_that_both_endpoints_serve_is_kept_apart() {
        let name = "anthropic.claude-opus-5";
        let mut series = SOURCES[0].series(&[metric("InputTokenCount", &[("ModelId", name)])]);
        series.extend(SOURCES[1].series(&[metric("TotalInputTokens", &[("Model", name)])]));
        let points = |sum: f64| Points::from([(MONDAY.parse().unwrap(), sum)]);
        let found = usage(&series, &[points(10.0), points(20.0)]);
        let inputs: Vec<(Api, u64)> = found.iter().map(|usage| (usage.api, usage.counts.input)).collect();
        assert_eq!(inputs, [(Api::Bedrock, 10), (Api::Mantle, 20)]);
    }

    #[test]
    fn sums_are_whole_and_never_negative() {
        for (sum, count) in [(0.0, 0), (-3.0, 0), (1_234.0, 1_234), (2_000_000_000.4, 2_000_000_000), (f64::NAN, 0)] {
            assert_eq!(whole(sum), count, "{sum}");
        }
        assert_eq!(whole(1e300), u64::MAX);
    }
}

//! What `CloudWatch` measured of resources in a window.

use aws::{AwsFault, Metric, SdkConfig};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// An hour in seconds: the period that is asked for.
const HOUR: u32 = 3600;

/// What was measured of a resource.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub(super) struct Measured {
    pub(super) highest: f64,
    pub(super) sum: f64,
    /// Hours with a value, of the metric that has most of them.
    pub(super) hours: usize,
}

impl Measured {
    /// True where it was measured in most of the window: values are missing for an hour now and then.
    pub(super) fn is_whole(&self, window: SignedDuration) -> bool {
        let hours = usize::try_from(window.as_hours()).unwrap_or(usize::MAX);
        self.hours.saturating_mul(10) >= hours.saturating_mul(9)
    }
}

/// What was measured, by the value that the metrics have for `dimension`. What has no metric is missing.
pub(super) async fn usage(
    config: &SdkConfig,
    metrics: &[Metric],
    dimension: &str,
    statistic: &str,
    window: SignedDuration,
    now: Timestamp,
) -> Result<BTreeMap<String, Measured>, AwsFault> {
    let mut all: BTreeMap<String, Measured> = BTreeMap::new();
    if metrics.is_empty() {
        return Ok(all);
    }
    let points = aws::sums(config, metrics, statistic, (now - window, now), HOUR).await?;
    for (metric, points) in metrics.iter().zip(points) {
        let Some(resource) = metric.dimensions.get(dimension) else { continue };
        let measured = all.entry(resource.clone()).or_default();
        measured.hours = measured.hours.max(points.len());
        for value in points.into_values() {
            measured.highest = measured.highest.max(value);
            measured.sum += value;
        }
    }
    Ok(all)
}

/// The metrics of a name that have a dimension.
pub(super) fn named(all: &[Metric], name: &str, dimension: &str) -> Vec<Metric> {
    all.iter().filter(|metric| metric.name == name && metric.dimensions.contains_key(dimension)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_of_a_window_is_enough() {
        let window = SignedDuration::from_hours(72);
        let whole = |hours| Measured { hours, ..Measured::default() }.is_whole(window);
        assert!(whole(65) && whole(72) && !whole(64) && !whole(0));
    }
}

//! What the meter saw of a Region: tokens and images of models by day, and what runs by the hour.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};

/// A Region of an account, or a part of one that is read by itself, as it was metered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metered {
    /// The Region.
    pub region: String,
    /// When it was read.
    pub as_of: Timestamp,
    /// Why nothing could be read. Then the lists are empty and mean nothing.
    #[serde(default)]
    pub blind: Option<String>,
    /// Which models were used.
    pub models: Vec<ModelUsage>,
    /// What runs.
    pub running: Vec<Running>,
}

/// What a model was used for on a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelUsage {
    /// The model, as `CloudWatch` has it.
    pub model: String,
    /// Through which API.
    pub api: Api,
    /// The day of UTC.
    pub day: Date,
    /// How much.
    pub counts: Counts,
}

/// The two endpoints of Bedrock. They count input in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Api {
    /// `AWS/Bedrock`: its input tokens are those that were neither read from a cache nor written to one.
    Bedrock,
    /// `AWS/BedrockMantle`: its input tokens are all of them.
    Mantle,
}

/// Sums of a day, as the metrics of the API have them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Tokens that were sent.
    pub input: u64,
    /// Tokens that were answered.
    pub output: u64,
    /// Tokens that were read from a cache.
    pub cache_read: u64,
    /// Tokens that were written to a cache.
    pub cache_write: u64,
    /// Images that were made.
    pub images: u64,
    /// Requests.
    pub invocations: u64,
}

/// Something that runs and costs by the hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Its kind, such as `notebook` (`shared/workloads`).
    pub kind: String,
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// What it runs on, such as `ml.g5.xlarge`; empty for what has no machines.
    pub instance_type: String,
    /// How many of them; 0 for what has none.
    pub count: u32,
    /// Since when.
    pub since: Timestamp,
}

/// What is counted, and priced by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measure {
    Input,
    Output,
    CacheRead,
    CacheWrite,
    Image,
    Request,
}

impl Measure {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Input => "input tokens",
            Self::Output => "output tokens",
            Self::CacheRead => "tokens read from a cache",
            Self::CacheWrite => "tokens written to a cache",
            Self::Image => "images",
            Self::Request => "requests",
        }
    }
}

impl ModelUsage {
    /// What was counted, each token once; nothing that was not used.
    pub(crate) fn measures(&self) -> impl Iterator<Item = (Measure, u64)> {
        let Counts { input, output, cache_read, cache_write, images, invocations } = self.counts;
        let uncached = match self.api {
            Api::Bedrock => input,
            Api::Mantle => input.saturating_sub(cache_read).saturating_sub(cache_write),
        };
        let all = [
            (Measure::Input, uncached),
            (Measure::Output, output),
            (Measure::CacheRead, cache_read),
            (Measure::CacheWrite, cache_write),
            (Measure::Image, images),
            (Measure::Request, invocations),
        ];
        all.into_iter().filter(|(_, count)| *count > 0)
    }

    /// How many tokens a request had on average, cached ones among them; 0 where no request was counted.
    pub(crate) fn mean_prompt(&self) -> u64 {
        let cached = self.counts.cache_read.saturating_add(self.counts.cache_write);
        let prompts = match self.api {
            Api::Bedrock => self.counts.input.saturating_add(cached),
            Api::Mantle => self.counts.input.max(cached),
        };
        prompts.checked_div(self.counts.invocations).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn usage(api: Api, counts: Counts) -> ModelUsage {
        ModelUsage { model: "m".to_owned(), api, day: date(2026, 11, 1), counts }
    }

    #[test]
    fn cached_tokens_are_counted_once_whichever_way_they_are_metered() {
        let counts = Counts { input: 3_671, cache_read: 3_626, output: 100, invocations: 1, ..Counts::default() };
        let count = |api, wanted| usage(api, counts).measures().find(|(measure, _)| *measure == wanted).unwrap().1;
        assert_eq!(count(Api::Mantle, Measure::Input), 45);
        assert_eq!(count(Api::Bedrock, Measure::Input), 3_671);
        assert_eq!(count(Api::Mantle, Measure::CacheRead), 3_626);
        assert_eq!(usage(Api::Mantle, counts).mean_prompt(), 3_671);
        assert_eq!(usage(Api::Bedrock, counts).mean_prompt(), 7_297);
    }

    #[test]
    fn counts_that_contradict_themselves_do_no_harm() {
        let counts = Counts { input: 10, cache_read: u64::MAX, cache_write: u64::MAX, ..Counts::default() };
        assert!(usage(Api::Mantle, counts).measures().all(|(measure, _)| measure != Measure::Input));
        assert_eq!(usage(Api::Bedrock, counts).mean_prompt(), 0);
    }

    #[test]
    fn what_is_stored_is_read_again_also_without_counts_of_other_releases() {
        let stored = r#"{"region": "eu-west-1", "asOf": "2026-11-26T12:00:00Z", "models": [
            {"model": "openai.gpt-oss-120b", "api": "mantle", "day": "2026-11-26", "counts": {"input": 3, "video": 9}}],
            "running": [{"kind": "notebook", "arn": "a", "name": "n", "instanceType": "ml.t3.medium", "count": 1,
            "since": "2026-11-26T11:00:00Z"}]}"#;
        let metered: Metered = serde_json::from_str(stored).unwrap();
        assert_eq!(metered.models[0].counts, Counts { input: 3, ..Counts::default() });
        let again = serde_json::to_string(&metered).unwrap();
        assert_eq!(serde_json::from_str::<Metered>(&again).unwrap(), metered);
    }
}

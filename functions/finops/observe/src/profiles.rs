//! Application inference profiles: metrics name them, and not the models that they stand for.

use aws::{AwsFault, Call, SdkConfig, each, send};
use finops::{ModelRef, ModelUsage};
use serde_json::{Value, json};

/// The models that profiles among what was used stand for, by the id of the profile. It is asked only where there are any.
/// Whoever may not ask has models without a price, and those are shown.
pub(crate) async fn of(config: &SdkConfig, used: &[ModelUsage]) -> Vec<(String, String)> {
    let is_profile = |usage: &ModelUsage| matches!(ModelRef::parse(&usage.model), ModelRef::Profile(_));
    if !used.iter().any(is_profile) {
        return Vec::new();
    }
    listed(config).await.unwrap_or_else(|fault| {
        telemetry::warn!(reason = %fault, "which models inference profiles stand for is not known");
        Vec::new()
    })
}

/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListInferenceProfiles.html>
async fn listed(config: &SdkConfig) -> Result<Vec<(String, String)>, AwsFault> {
    let mut found = Vec::new();
    let mut token = Value::Null;
    loop {
        let parameters = json!({"typeEquals": "APPLICATION", "maxResults": 1000, "nextToken": token});
        let mut answer = send(config, &Call::named("bedrock:ListInferenceProfiles", parameters)).await?;
        found.extend(each(answer.get("inferenceProfileSummaries")).iter().filter_map(profile));
        match answer.get_mut("nextToken").map(Value::take) {
            Some(Value::String(next)) => token = Value::String(next),
            _ => return Ok(found),
        }
    }
}

/// A profile has one model, however many Regions it sends requests to.
fn profile(profile: &Value) -> Option<(String, String)> {
    let text = |pointer: &str| profile.pointer(pointer)?.as_str().map(str::to_owned);
    Some((text("/inferenceProfileId")?, text("/models/0/modelArn")?))
}

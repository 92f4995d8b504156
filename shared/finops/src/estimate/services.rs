//! Which services of a bill are AI. Cost Explorer cannot filter by part of a name, so that it is told here.

use serde::Deserialize;
use std::sync::LazyLock;

/// Parts and beginnings of names, in any case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rules {
    contains: Vec<String>,
    starts_with: Vec<String>,
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../../data/ai-services.json")).expect("data/ai-services.json")
});

/// True for a service of Cost Explorer that is AI: Bedrock under each of its names, that of each model among them, and
/// `SageMaker`.
#[must_use]
pub fn is_ai_service(service: &str) -> bool {
    let service = service.to_lowercase();
    RULES.contains.iter().any(|part| service.contains(&part.to_lowercase()))
        || RULES.starts_with.iter().any(|start| service.starts_with(&start.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bedrock_and_sagemaker_are_ai_under_each_of_their_names() {
        for service in [
            "Amazon Bedrock",
            "Amazon Bedrock Service",
            "AmazonBedrockAgentCore",
            "AmazonBedrockFoundationModels",
            "Claude Sonnet 4.5 (Amazon Bedrock Edition)",
            "Amazon SageMaker",
            "AmazonSageMaker",
            "Amazon Sagemaker AI",
        ] {
            assert!(is_ai_service(service), "{service}");
        }
    }

    #[test]
    fn other_services_are_not() {
        for service in
            ["", "AWS Lambda", "Amazon Elastic Compute Cloud - Compute", "EC2 - Other", "Tax", "all services"]
        {
            assert!(!is_ai_service(service), "{service}");
        }
    }
}

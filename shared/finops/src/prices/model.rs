//! What `CloudWatch` calls a model: a name of the catalog, or something that stands for one.

/// A model as metrics name it, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelRef {
    /// A model of the catalog by its name, with the prefix of an inference profile that AWS made, and with its version:
    /// `eu.anthropic.claude-sonnet-4-5-20250929-v1:0`.
    Named(String),
    /// An inference profile of one's own: nothing in it says which model it stands for.
    Profile(String),
    /// Throughput that is paid by the hour.
    Provisioned,
    /// A model that somebody tuned or brought along.
    Own,
    /// Something else, by the type of its resource.
    Other(String),
}

impl ModelRef {
    /// Reads a name, an id or an ARN.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let Some((service, resource)) = arn(text) else {
            return if text.contains('.') { Self::Named(text.to_owned()) } else { Self::Profile(text.to_owned()) };
        };
        let (kind, id) = resource.split_once('/').unwrap_or((resource, ""));
        match (service, kind) {
            ("bedrock", "foundation-model" | "inference-profile") => Self::Named(id.to_owned()),
            ("bedrock", "application-inference-profile") => Self::Profile(id.to_owned()),
            ("bedrock", "provisioned-model") => Self::Provisioned,
            ("bedrock", "custom-model" | "custom-model-deployment" | "imported-model") => Self::Own,
            _ => Self::Other(kind.to_owned()),
        }
    }

    /// Why it has no price by the token.
    pub(super) fn why(&self) -> &'static str {
        match self {
            Self::Named(_) => "it is not in the price list",
            Self::Profile(_) => "it is an inference profile, and which model it stands for is not known",
            Self::Provisioned => "it is throughput that is paid by the hour, not by the token",
            Self::Own => "it is a model of one's own, which the price list does not know",
            Self::Other(_) => "it is no model of the catalog",
        }
    }
}

/// The service and the resource of an ARN.
fn arn(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
    let service = parts.nth(1)?;
    Some((service, parts.nth(2)?))
}

/// True for nothing, and for what follows the name of a model: a date, a version, and what Bedrock adds after colons
/// (`-20250929-v1:0`, `-v1:0:300k`).
pub(super) fn is_version(text: &str) -> bool {
    let (dated, added) = text.split_once(':').unwrap_or((text, "0"));
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = |part: &str| part.len() == 8 && is_digits(part);
    let is_release = |part: &str| part.strip_prefix('v').is_some_and(is_digits);
    let fits = match dated.split('-').collect::<Vec<_>>().as_slice() {
        [""] => true,
        ["", one] => is_date(one) || is_release(one),
        ["", date, release] => is_date(date) && is_release(release),
        _ => false,
    };
    fits && added.split(':').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// The area that a Region lies in, as inference profiles name it
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>).
pub(super) fn area(region: &str) -> &str {
    match region.split_once('-') {
        Some(("us", rest)) if rest.starts_with("gov-") => "us-gov",
        Some(("ap", _)) => "apac",
        Some((area, _)) => area,
        None => region,
    }
}

/// The wider area of one.
pub(super) fn wider(area: &str) -> &str {
    if matches!(area, "jp" | "au") { "apac" } else { area }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_name_a_model_is_told_apart() {
        let arn = |rest: &str| ModelRef::parse(&format!("arn:aws:bedrock:eu-west-1:111122223333:{rest}"));
        let named = |name: &str| ModelRef::Named(name.to_owned());
        let claude = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert_eq!(ModelRef::parse("openai.gpt-5.4"), named("openai.gpt-5.4"));
        assert_eq!(arn(&format!("inference-profile/{claude}")), named(claude));
        assert_eq!(
            ModelRef::parse("arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/amazon.nova-pro-v1:0:300k"),
            named("amazon.nova-pro-v1:0:300k")
        );
        assert_eq!(arn("application-inference-profile/a1b2c3d4e5f6"), ModelRef::Profile("a1b2c3d4e5f6".to_owned()));
        assert_eq!(ModelRef::parse("a1b2c3d4e5f6"), ModelRef::Profile("a1b2c3d4e5f6".to_owned()));
        assert_eq!(arn("provisioned-model/a1b2c3d4e5f6"), ModelRef::Provisioned);
        for own in ["custom-model/amazon.nova-lite-v1:0:256k/a1", "imported-model/a1", "custom-model-deployment/a1"] {
            assert_eq!(arn(own), ModelRef::Own, "{own}");
        }
        assert_eq!(arn("default-prompt-router/meta.llama:1"), ModelRef::Other("default-prompt-router".to_owned()));
        let endpoint = ModelRef::parse("arn:aws:sagemaker:eu-west-1:111122223333:endpoint/qwen");
        assert_eq!(endpoint, ModelRef::Other("endpoint".to_owned()));
        assert_eq!(ModelRef::parse("arn:aws:bedrock"), ModelRef::Profile("arn:aws:bedrock".to_owned()));
        assert_eq!(ModelRef::parse(""), ModelRef::Profile(String::new()));
    }

    #[test]
    fn only_versions_are_versions() {
        for version in ["", "-v1", "-20250929", "-20250929-v1:0", ":0", "-v1:0:300k", ":1:18k"] {
            assert!(is_version(version), "{version}");
        }
        for other in
            ["-5", "-5:0", "-pro", ".1", "-v1-20250929", "-2025092-v1", "-v1:", "-v1::0", "-v", "x", "-20250929-v1-x"]
        {
            assert!(!is_version(other), "{other}");
        }
    }

    #[test]
    fn areas_are_those_of_inference_profiles() {
        for (region, wanted) in [
            ("eu-west-2", "eu"),
            ("ap-southeast-2", "apac"),
            ("us-east-1", "us"),
            ("us-gov-west-1", "us-gov"),
            ("sa-east-1", "sa"),
            ("", ""),
        ] {
            assert_eq!(area(region), wanted);
        }
        assert_eq!([wider("jp"), wider("au"), wider("eu")], ["apac", "apac", "eu"]);
    }
}

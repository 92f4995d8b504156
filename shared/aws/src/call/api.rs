//! How each service is spoken to: `data/apis.json`.

use super::Call;
use aws_config::SdkConfig;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::LazyLock};

/// The protocols of <https://smithy.io/2.0/aws/protocols/index.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(super) enum Protocol {
    #[serde(rename = "json-1.0")]
    Json10,
    #[serde(rename = "json-1.1")]
    Json11,
    #[serde(rename = "rest-json")]
    RestJson,
    #[serde(rename = "rest-xml")]
    RestXml,
    /// Forms in, XML out: `query` and `ec2`.
    #[serde(rename = "query")]
    Query,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Service {
    pub(super) protocol: Protocol,
    /// First label of the host, where it is not the service's name.
    host: Option<String>,
    /// Name that requests are signed for, where it is not the service's name.
    signing: Option<String>,
    /// Prefix of its IAM actions, where it is not the service's name.
    permissions: Option<String>,
    /// One endpoint for all Regions.
    #[serde(default)]
    global: bool,
    /// API version of a query service, target prefix of a JSON service, namespace of an XML service.
    pub(super) version: Option<String>,
    /// What cannot be told from the operation's name: all operations of a REST service.
    #[serde(default)]
    pub(super) operations: BTreeMap<String, Operation>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Operation {
    /// Method and path with `{parameters}`; `{one+}` may have slashes. In the query, what is not given is left out.
    pub(super) http: Option<String>,
    /// The parameter that is the body; the root element in XML.
    pub(super) body: Option<String>,
    /// Parameters that are headers.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    /// The IAM actions it takes, where they are not named after it.
    permissions: Option<Vec<String>>,
}

impl Service {
    pub(super) fn is_s3(&self) -> bool {
        self.protocol == Protocol::RestXml
    }

    pub(super) fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }
}

static SERVICES: LazyLock<BTreeMap<String, Service>> = LazyLock::new(|| {
    #[allow(clippy::expect_used, reason = "compiled in and read by the tests: it cannot fail where they passed")]
    serde_json::from_str(include_str!("../../data/apis.json")).expect("data/apis.json")
});

pub(super) fn service(name: &str) -> Option<&'static Service> {
    SERVICES.get(name)
}

/// The IAM actions that a call takes, such as `s3:PutBucketPublicAccessBlock`; none for a service that is not known.
#[must_use]
pub fn permissions(name: &str, action: &str) -> Vec<String> {
    let Some(known) = service(name) else { return Vec::new() };
    match known.operation(action).and_then(|operation| operation.permissions.clone()) {
        Some(named) => named,
        None => vec![format!("{}:{action}", known.permissions.as_deref().unwrap_or(name))],
    }
}

/// Where a call goes and for whom it is signed.
#[derive(Debug)]
pub(super) struct Endpoint {
    pub(super) url: String,
    pub(super) signing_name: String,
    pub(super) signing_region: String,
}

impl Endpoint {
    pub(super) fn of(config: &SdkConfig, name: &str, service: &Service, call: &Call) -> Result<Self, String> {
        let region = config.region().map(ToString::to_string).ok_or("no Region")?;
        // The Region of global services, and what their hosts say of it
        // (https://docs.aws.amazon.com/general/latest/gr/iam-service.html).
        let (suffix, home, global_place) = match region.split('-').next() {
            Some("cn") => ("amazonaws.com.cn", "cn-north-1", ".cn-north-1"),
            _ if region.starts_with("us-gov-") => ("amazonaws.com", "us-gov-west-1", ".us-gov"),
            _ => ("amazonaws.com", "us-east-1", ""),
        };
        let signing_region = if service.global { home.to_owned() } else { region.clone() };
        let url = config.endpoint_url().map_or_else(
            || {
                let host = service.host.as_deref().unwrap_or(name);
                // `kms-fips`, and `api-fips.sagemaker` (https://aws.amazon.com/compliance/fips/).
                let host = match (config.use_fips(), host.split_once('.')) {
                    (Some(true), None) => format!("{host}-fips"),
                    (Some(true), Some((first, rest))) => format!("{first}-fips.{rest}"),
                    _ => host.to_owned(),
                };
                // S3 Control has a host for each account
                // (https://docs.aws.amazon.com/AmazonS3/latest/API/API_control_TagResource.html).
                let account = match call.parameters.get("AccountId") {
                    Some(Value::String(account)) if name == "s3control" => format!("{account}."),
                    _ => String::new(),
                };
                let place = if service.global { global_place.to_owned() } else { format!(".{region}") };
                format!("https://{account}{host}{place}.{suffix}")
            },
            str::to_owned,
        );
        Ok(Self { url, signing_name: service.signing.clone().unwrap_or_else(|| name.to_owned()), signing_region })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_config::Region;
    use serde_json::json;

    fn url(service_name: &str, region: &str, parameters: Value) -> String {
        let config = SdkConfig::builder().region(Region::new(region.to_owned())).build();
        let call = Call::new(service_name, "Any", parameters);
        Endpoint::of(&config, service_name, service(service_name).unwrap(), &call).unwrap().url
    }

    #[test]
    fn every_service_has_its_endpoint() {
        assert_eq!(url("ec2", "cn-north-1", json!({})), "https://ec2.cn-north-1.amazonaws.com.cn");
        assert_eq!(url("iam", "eu-west-1", json!({})), "https://iam.amazonaws.com");
        assert_eq!(url("iam", "us-gov-east-1", json!({})), "https://iam.us-gov.amazonaws.com");
        let account = json!({"AccountId": "111122223333"});
        assert_eq!(url("s3control", "eu-west-1", account), "https://111122223333.s3-control.eu-west-1.amazonaws.com");
    }

    #[test]
    fn rest_operations_say_where_they_go() {
        for (name, service) in &*SERVICES {
            for (action, operation) in &service.operations {
                let rest = matches!(service.protocol, Protocol::RestJson | Protocol::RestXml);
                assert_eq!(operation.http.is_some(), rest, "{name} {action}");
            }
        }
    }
}

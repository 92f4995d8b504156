//! Calls of AWS APIs as documents: what is sent and what comes back is JSON.
//!
//! A document can be stored, shown to who approves it, and sent as it was approved. And it keeps what it does not know:
//! where an API replaces the whole of something, a client with types drops every field that is younger than the client.
//! Signing, retries and time-outs are the SDK's own ([`aws_smithy_runtime`]); which protocol a service speaks is data
//! (`data/apis.json`).

mod answer;
mod api;
mod request;
mod xml;

use crate::AwsFault;
use answer::Refused;
use api::{Endpoint, Service};
use aws_config::SdkConfig;
use aws_runtime::{
    auth::{SigV4OperationSigningConfig, SigningOptions, sigv4},
    invocation_id::InvocationIdInterceptor,
    request_info::RequestInfoInterceptor,
    retries::classifiers::AwsErrorCodeClassifier,
    user_agent::{ApiMetadata, UserAgentInterceptor},
};
use aws_smithy_runtime::client::{
    orchestrator::operation::Operation,
    retries::classifiers::{HttpStatusCodeClassifier, TransientErrorClassifier},
};
use aws_smithy_runtime_api::client::{
    auth::{
        AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
        static_resolver::StaticAuthSchemeOptionResolver,
    },
    runtime_components::RuntimeComponentsBuilder,
    runtime_plugin::StaticRuntimePlugin,
};
use aws_smithy_types::config_bag::Layer;
use aws_types::{
    SigningName,
    region::{Region, SigningRegion},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use api::permissions;
pub use xml::each;

/// One call. Parameters have the names that the API gives them on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The service, as `data/apis.json` names it, such as `sagemaker`.
    pub service: String,
    /// The operation, such as `StopNotebookInstance`.
    pub action: String,
    /// What is sent.
    #[serde(default)]
    pub parameters: Map<String, Value>,
}

impl Call {
    /// A call with these parameters, which are an object.
    #[must_use]
    pub fn new(service: &str, action: &str, parameters: Value) -> Self {
        let parameters = match parameters {
            Value::Object(parameters) => parameters,
            _ => Map::new(),
        };
        Self { service: service.to_owned(), action: action.to_owned(), parameters }
    }

    /// A call by its whole name, such as `sagemaker:StopNotebookInstance`.
    #[must_use]
    pub fn named(name: &str, parameters: Value) -> Self {
        let (service, action) = name.split_once(':').unwrap_or((name, ""));
        Self::new(service, action, parameters)
    }

    fn name(&self) -> String {
        format!("{}:{}", self.service, self.action)
    }
}

/// Sends a call and returns what came back: an object, empty where the API answers nothing.
///
/// # Errors
/// A call that `data/apis.json` does not know is refused without being sent; else what AWS answered.
pub async fn send(config: &SdkConfig, call: &Call) -> Result<Value, AwsFault> {
    let unbuilt = |why: String| AwsFault::unsent(call.name(), why);
    let service = api::service(&call.service).ok_or_else(|| unbuilt("is not in apis.json".to_owned()))?;
    let endpoint = Endpoint::of(config, &call.service, service, call).map_err(unbuilt)?;
    let request = request::build(service, call).map_err(unbuilt)?;
    let mut operation = Operation::builder()
        .service_name(call.service.clone())
        .operation_name(call.action.clone())
        .endpoint_url(&endpoint.url)
        .retry_classifier(TransientErrorClassifier::<Refused>::new())
        .retry_classifier(AwsErrorCodeClassifier::<Refused>::new())
        .retry_classifier(HttpStatusCodeClassifier::default())
        .with_connection_poisoning()
        .interceptor(RequestInfoInterceptor::new())
        .interceptor(InvocationIdInterceptor::new())
        .interceptor(UserAgentInterceptor::new())
        .runtime_plugin(signing(config, service, &endpoint));
    if let Some(behavior) = config.behavior_version() {
        operation = operation.behavior_version(behavior);
    }
    if let Some(client) = config.http_client() {
        operation = operation.http_client(client);
    }
    if let Some(sleep) = config.sleep_impl() {
        operation = operation.sleep_impl(sleep);
    }
    if let Some(clock) = config.time_source() {
        operation = operation.time_source(clock);
    }
    if let Some(retries) = config.retry_config() {
        operation = operation.standard_retry(retries);
    }
    if let Some(timeouts) = config.timeout_config() {
        operation = operation.timeout_config(timeouts.clone());
    }
    let protocol = service.protocol;
    let operation = operation
        .serializer(move |request: request::Request| request.into_http())
        .deserializer(move |response| answer::read(protocol, response))
        .build();
    operation.invoke(request).await.map_err(|error| AwsFault::new(call.name(), &error))
}

/// Signs with the session's keys, for the service and Region of the endpoint.
fn signing(config: &SdkConfig, service: &Service, endpoint: &Endpoint) -> StaticRuntimePlugin {
    let mut layer = Layer::new("call");
    let mut options = SigningOptions::default();
    if service.is_s3() {
        // S3 signs the path as it is sent, and wants the digest of the body in a header
        // (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html).
        options.double_uri_encode = false;
        options.normalize_uri_path = false;
        options.content_sha256_header = true;
    }
    layer.store_put(SigV4OperationSigningConfig { signing_options: options, ..SigV4OperationSigningConfig::default() });
    layer.store_put(SigningName::from(endpoint.signing_name.clone()));
    layer.store_put(SigningRegion::from(Region::new(endpoint.signing_region.clone())));
    layer.store_put(AuthSchemeOptionResolverParams::new(()));
    layer.store_put(ApiMetadata::new("documents", env!("CARGO_PKG_VERSION")));
    if let Some(name) = config.app_name() {
        layer.store_put(name.clone());
    }
    let mut components = RuntimeComponentsBuilder::new("call");
    let schemes = StaticAuthSchemeOptionResolver::new(vec![sigv4::SCHEME_ID]);
    components.set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)));
    components.push_auth_scheme(SharedAuthScheme::new(sigv4::SigV4AuthScheme::new()));
    if let Some(credentials) = config.credentials_provider() {
        components.set_identity_resolver(sigv4::SCHEME_ID, credentials);
    }
    StaticRuntimePlugin::new().with_config(layer.freeze()).with_runtime_components(components)
}

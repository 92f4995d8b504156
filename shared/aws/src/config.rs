//! The SDK configuration of every function, and reading its environment.

use aws_config::{
    AppName, BehaviorVersion, Region, SdkConfig, environment::EnvironmentVariableCredentialsProvider,
    retry::RetryConfig, timeout::TimeoutConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::{
    rt::sleep::{SharedAsyncSleep, TokioSleep},
    time::{SharedTimeSource, SystemTimeSource},
};
use aws_smithy_http_client::{Builder, Connector, tls};
use aws_smithy_runtime_api::client::http::{HttpClient as _, SharedHttpClient, http_client_fn};
use std::{thread, time::Duration};

/// Configures the SDK for a function from the variables that Lambda sets.
///
/// Lambda hands credentials and Region over in the environment, so the SDK's search for them (profile files, SSO,
/// containers, instance metadata) stays out of the binary: 0.9 MB less. `AWS_ENDPOINT_URL` and
/// `AWS_USE_FIPS_ENDPOINT` are read as the SDK reads them.
///
/// Every call is bounded: 3 s to connect, 8 s an attempt, 25 s with the SDK's own retries, so that a function always
/// answers before its 30 s are over. The application name travels in the user agent, which is how `CloudTrail` shows
/// what a call was made for.
#[must_use]
pub fn sdk_config(function: &'static str) -> SdkConfig {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(variable("AWS_REGION").map(Region::new))
        .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
        .use_fips(variable("AWS_USE_FIPS_ENDPOINT").is_some_and(|value| value.eq_ignore_ascii_case("true")))
        .http_client(http_client())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .time_source(SharedTimeSource::new(SystemTimeSource::new()))
        .retry_config(RetryConfig::standard().with_max_attempts(3))
        .timeout_config(
            TimeoutConfig::builder()
                .connect_timeout(Duration::from_secs(3))
                .operation_attempt_timeout(Duration::from_secs(8))
                .operation_timeout(Duration::from_secs(25))
                .build(),
        );
    config.set_app_name(AppName::new(function).ok());
    config.set_endpoint_url(variable("AWS_ENDPOINT_URL"));
    config.build()
}

/// One HTTP client, and so one TLS configuration and one pool of connections, for every AWS client.
///
/// By itself the SDK reads the trust store before the first poll (144 certificates, 0.7 ms of a full processor) and
/// makes a TLS configuration for each client only to drop it. Here a thread reads the trust store while the function
/// starts: put off to the first request, it would cost ten times as much on the share of a processor that is left then.
fn http_client() -> SharedHttpClient {
    let rustls = || tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
    // The crate keeps the certificates once read. Where no thread can be had, the first request reads them.
    let _reader = thread::Builder::new().spawn(move || drop(Connector::builder().tls_provider(rustls()).build()));
    let https = Builder::new().tls_provider(rustls()).build_https();
    http_client_fn(move |settings, components| https.http_connector(settings, components))
}

/// A variable of the function's environment that is missing or cannot be read. A deployment mistake, seen at start.
#[derive(Debug, thiserror::Error)]
#[error("environment variable {variable}: {why}")]
pub struct ConfigError {
    variable: &'static str,
    why: String,
}

/// Reads a variable that has to be there.
pub fn required<T>(variable: &'static str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<T, ConfigError> {
    match optional(variable, parse)? {
        Some(value) => Ok(value),
        None => Err(ConfigError { variable, why: "is not set".to_owned() }),
    }
}

/// The Regions that the suite governs: its own, and those in `GOVERNED_REGIONS`, with commas.
pub fn governed_regions(config: &SdkConfig) -> Result<Vec<String>, ConfigError> {
    let names = optional("GOVERNED_REGIONS", region_names)?.unwrap_or_default();
    let mut regions: Vec<String> = config.region().map(ToString::to_string).into_iter().collect();
    for name in names {
        if !regions.contains(&name) {
            regions.push(name);
        }
    }
    Ok(regions)
}

fn region_names(text: &str) -> Result<Vec<String>, String> {
    let is_region = |name: &str| {
        name.split('-').count() > 2 && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    let name = |name: &str| {
        let name = name.trim();
        if is_region(name) { Ok(name.to_owned()) } else { Err(format!("{name:?} is not a Region")) }
    };
    text.split(',').map(name).collect()
}

/// Reads a variable that may be left out or empty.
pub fn optional<T>(
    variable: &'static str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, ConfigError> {
    match std::env::var(variable) {
        Ok(text) if !text.is_empty() => match parse(&text) {
            Ok(value) => Ok(Some(value)),
            Err(why) => Err(ConfigError { variable, why }),
        },
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read_one_by_one() {
        assert_eq!(region_names("us-east-1, eu-west-1").unwrap(), ["us-east-1", "eu-west-1"]);
        for wrong in ["", "us-east-1,", "Frankfurt", "eu_west_1", "*"] {
            assert!(region_names(wrong).is_err(), "{wrong}");
        }
    }
}

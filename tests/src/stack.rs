//! The stack that `make up` deployed, as `.local/outputs.json` describes it.

use crate::{Api, Aws, Gateway};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use serde::Deserialize;
use std::{collections::BTreeMap, path::PathBuf};

/// The running stack.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stack {
    /// Where every AWS call goes.
    pub endpoint: String,
    /// Region of the deployment.
    pub region: String,
    /// Base URL of the API, on an address that resolves everywhere.
    pub api_url_local: String,
    /// Who deployed it.
    pub credentials: Keys,
    /// Every output of the stack by name.
    #[serde(flatten)]
    pub outputs: BTreeMap<String, serde_json::Value>,
}

/// An access key.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keys {
    /// Public half.
    pub access_key_id: String,
    /// Secret half.
    pub secret_access_key: String,
}

impl Stack {
    /// Reads `.local/outputs.json` of this clone.
    #[must_use]
    pub fn load() -> Self {
        let path = root().join(".local/outputs.json");
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}; run `make up`", path.display()));
        serde_json::from_str(&text).expect("outputs.json")
    }

    /// An output of the stack.
    #[must_use]
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).and_then(serde_json::Value::as_str).unwrap_or_else(|| panic!("no output {name}"))
    }

    /// The API, called with the deployer's key.
    #[must_use]
    pub fn api(&self) -> Api {
        Api::new(self.api_url_local.clone(), self.region.clone(), self.credentials())
    }

    /// The gateway's record and faults.
    #[must_use]
    pub fn gateway(&self) -> Gateway {
        Gateway::new(self.endpoint.clone())
    }

    /// Single calls of services in the management account.
    #[must_use]
    pub fn aws(&self) -> Aws {
        Aws::new(self, self.credentials())
    }

    /// The deployer's key.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        let Keys { access_key_id, secret_access_key } = &self.credentials;
        Credentials::new(access_key_id, secret_access_key, None, None, "outputs.json")
    }

    /// Configures SDK clients of the management account.
    #[must_use]
    pub fn sdk_config(&self) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&self.endpoint)
            .region(Region::new(self.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials()))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build()
    }
}

/// The root of the repository. Cargo says where that is when it runs a binary: one that another clone built, with the
/// same build folder, counts as fresh.
#[must_use]
pub fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    PathBuf::from(package).join("..")
}

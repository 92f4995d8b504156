//! What differs from one AWS service to the next: the emulator that plays it, its wire protocol, and the error codes
//! it documents. The facts are data, in `services.json`.

use std::collections::HashMap;

use serde::Deserialize;

/// The emulator that answers a call.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Backend {
    /// The serverless platform of the management account.
    Ministack,
    /// The governance services, and everything inside member accounts.
    Moto,
}

/// How a service writes its errors.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
pub(crate) enum Protocol {
    #[serde(rename = "json-1.0")]
    Json10,
    #[serde(rename = "json-1.1")]
    Json11,
    #[serde(rename = "query")]
    Query,
    #[serde(rename = "rest-json")]
    RestJson,
    #[serde(rename = "rest-xml")]
    RestXml,
}

/// One service's facts, with the defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    pub(crate) backend: Backend,
    pub(crate) protocol: Protocol,
    /// The documented throttling error and its HTTP status.
    pub(crate) throttle: (String, u16),
    /// The documented error of a failure on AWS's side, always HTTP 500.
    pub(crate) failure: String,
}

#[derive(Deserialize)]
struct Entry {
    backend: Option<Backend>,
    protocol: Option<Protocol>,
    throttle: Option<(String, u16)>,
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Default {
    backend: Backend,
    protocol: Protocol,
    throttle: (String, u16),
    failure: String,
}

#[derive(Deserialize)]
struct Document {
    default: Default,
    services: HashMap<String, Entry>,
    control: HashMap<String, Backend>,
}

/// The table of `services.json`.
pub(crate) struct Services {
    document: Document,
}

impl Services {
    /// Reads the table that is compiled in.
    pub(crate) fn load() -> serde_json::Result<Self> {
        serde_json::from_str(include_str!("services.json")).map(|document| Self { document })
    }

    /// The facts of a service, by its name in the `SigV4` credential scope.
    pub(crate) fn get(&self, name: &str) -> Service {
        let base = &self.document.default;
        let entry = self.document.services.get(name);
        Service {
            backend: entry.and_then(|e| e.backend).unwrap_or(base.backend),
            protocol: entry.and_then(|e| e.protocol).unwrap_or(base.protocol),
            throttle: entry.and_then(|e| e.throttle.clone()).unwrap_or_else(|| base.throttle.clone()),
            failure: entry.and_then(|e| e.failure.clone()).unwrap_or_else(|| base.failure.clone()),
        }
    }

    /// The emulator whose wrapper answers the control path `/_local/<name>`.
    pub(crate) fn control(&self, name: &str) -> Backend {
        self.document.control.get(name).copied().unwrap_or(Backend::Ministack)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_overrides_the_default_field_by_field() {
        let services = Services::load().unwrap();
        let organizations = services.get("organizations");
        assert_eq!(organizations.backend, Backend::Moto);
        assert_eq!(organizations.throttle, ("TooManyRequestsException".to_owned(), 400));
        let sts = services.get("sts");
        assert_eq!((sts.backend, sts.protocol), (Backend::Ministack, Protocol::Query));
        assert_eq!(services.get("never-heard-of").failure, "InternalFailure");
    }

    #[test]
    fn control_paths_go_to_the_wrapper_that_owns_them() {
        let services = Services::load().unwrap();
        assert_eq!(services.control("organizations"), Backend::Moto);
        assert_eq!(services.control("events"), Backend::Ministack);
    }
}

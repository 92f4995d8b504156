//! The kill switch: a parameter that people set to `off` to stop everything that acts on accounts.

use crate::{AwsFault, Call, ConfigError, required, send};
use aws_config::SdkConfig;
use serde_json::{Value, json};

/// The parameter in the Systems Manager that is the switch.
#[derive(Debug, Clone)]
pub struct KillSwitch {
    config: SdkConfig,
    parameter: String,
}

impl KillSwitch {
    /// The switch of a name.
    #[must_use]
    pub fn new(config: &SdkConfig, parameter: impl Into<String>) -> Self {
        Self { config: config.clone(), parameter: parameter.into() }
    }

    /// The switch that the function's environment names.
    pub fn from_environment(config: &SdkConfig, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(config, required(variable, |text| Ok(text.to_owned()))?))
    }

    /// True where it says `on` now; any other word is off. Whoever cannot read it does nothing either.
    pub async fn is_on(&self) -> Result<bool, AwsFault> {
        let answer = send(&self.config, &Call::named("ssm:GetParameter", json!({"Name": self.parameter}))).await?;
        Ok(answer.pointer("/Parameter/Value").and_then(Value::as_str) == Some("on"))
    }
}

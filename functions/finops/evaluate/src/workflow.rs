//! Starting executions, each once under its name.

use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_sfn::{Client, operation::start_execution::StartExecutionError};
use serde_json::Value;

/// A state machine.
pub(crate) struct Workflow {
    client: Client,
    arn: String,
}

impl Workflow {
    pub(crate) fn from_environment(config: &SdkConfig, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(config, aws::required(variable, |text| Ok(text.to_owned()))?))
    }

    pub(crate) fn new(config: &SdkConfig, arn: String) -> Self {
        Self { client: Client::new(config), arn }
    }

    /// Starts an execution; false where there is one of that name, which runs or has ended
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
    pub(crate) async fn start(&self, name: &str, input: &Value) -> Result<bool, AwsFault> {
        let start = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input.to_string());
        match start.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => {
                Ok(false)
            }
            Err(error) => Err(AwsFault::new("states:StartExecution", &error)),
        }
    }
}

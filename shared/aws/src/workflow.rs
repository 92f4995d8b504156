//! State machines, whose executions are started once under their name.

use crate::{AwsFault, ConfigError, required};
use aws_config::SdkConfig;
use aws_sdk_sfn::{Client, operation::start_execution::StartExecutionError};

/// A state machine.
#[derive(Debug, Clone)]
pub struct Workflow {
    client: Client,
    arn: String,
}

impl Workflow {
    /// The state machine of an ARN.
    #[must_use]
    pub fn new(client: Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }

    /// The state machine that the function's environment names.
    pub fn from_environment(config: &SdkConfig, variable: &'static str) -> Result<Self, ConfigError> {
        Ok(Self::new(Client::new(config), required(variable, |text| Ok(text.to_owned()))?))
    }

    /// Starts an execution; `input` is JSON. False where there is one of that name, which runs with other input or has
    /// ended: the same name and input start nothing a second time while the first one runs
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
    pub async fn start(&self, name: impl Into<String>, input: impl Into<String>) -> Result<bool, AwsFault> {
        let start = self.client.start_execution().state_machine_arn(&self.arn).name(name).input(input);
        match start.send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(StartExecutionError::is_execution_already_exists) => {
                Ok(false)
            }
            Err(error) => Err(AwsFault::new("states:StartExecution", &error)),
        }
    }
}

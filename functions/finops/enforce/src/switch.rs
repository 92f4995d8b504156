//! The kill switch as a step reads it.

use crate::{App, Error};
use landing_zone::Class;

/// True where the suite may act. A switch that cannot be read is off. Passing trouble is an error, so that it is read
/// again before the step is given up; nothing is done until then.
pub(crate) async fn is_on(app: &App) -> Result<bool, Error> {
    match app.switch.is_on().await {
        Ok(is_on) => Ok(is_on),
        Err(fault) if matches!(fault.class(), Class::Retryable | Class::Throttled) => Err(fault.into()),
        Err(fault) => {
            telemetry::error!(reason = %fault, "the kill switch cannot be read, so that it is off");
            Ok(false)
        }
    }
}

//! Starts the function; see the shared crate `remediator` for what it does.

use remediator::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let app = App::from_environment(&aws::sdk_config("identity"), "identity")?;
    telemetry::run("identity", app, handle).await
}

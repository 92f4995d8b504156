//! Starts the function; see the library for what it does.

use settle_finding::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let app = App::from_environment(&aws::sdk_config("settle-finding"))?;
    telemetry::run("settle-finding", app, handle).await
}

//! Starts the function; see the library for what it does.

use report::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let app = App::from_environment(&aws::sdk_config("report"))?;
    telemetry::run("report", app, handle).await
}

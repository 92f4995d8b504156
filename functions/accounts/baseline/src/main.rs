//! Starts the function; see the library for what it does.

use baseline::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let app = App::from_environment(&aws::sdk_config("baseline"))?;
    telemetry::run("baseline", app, handle).await
}

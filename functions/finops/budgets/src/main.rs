//! Starts the function; see the library for what it does.

use budgets::{App, handle};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let app = App::from_environment(&aws::sdk_config("budgets"))?;
    telemetry::run("budgets", app, handle).await
}

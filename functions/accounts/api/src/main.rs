//! The REST API of account requests, tag coverage, remediations and spending (contract: `sam/openapi.yaml`), behind IAM authorisation.

mod app;
mod body;
mod caller;
mod coverage;
mod form;
mod json;
mod list;
mod page_token;
mod problem;
mod read;
mod remediations;
mod response;
mod routes;
mod spend;
mod start;
mod submit;
#[cfg(test)]
mod testing;
mod view;

use app::App;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let app = App::from_environment(&aws::sdk_config(app::SERVICE))?;
    telemetry::run(app::SERVICE, app, routes::handle).await
}

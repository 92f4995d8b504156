//! The life of a function: read the event, run the handler in its span, report the error by class.

use crate::{Metric, emit, log};
use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use landing_zone::{Class, Diagnosis, Failure, Fault};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::{Instrument as _, error, info, info_span};

/// An event the function cannot read: whoever sent it has to change.
#[derive(Debug, thiserror::Error)]
#[error("the event cannot be read at {path}: {why}")]
struct BadEvent {
    path: String,
    why: String,
}

impl Fault for BadEvent {
    fn diagnosis(&self) -> Diagnosis {
        Diagnosis::named(Class::Invalid, "BadEvent", "Send the event in the form the function documents.")
    }
}

/// Starts the function `service` and serves events until Lambda stops it.
pub async fn run<App, Event, Answer, Error>(
    service: &'static str,
    app: App,
    handler: impl AsyncFn(&App, Event) -> Result<Answer, Error>,
) -> Result<(), lambda_runtime::Error>
where
    Event: DeserializeOwned,
    Answer: Serialize,
    Error: Fault,
{
    log::init(service);
    // The runtime as it is, without its own span: ours has the same ids under the names people search for.
    let cold = AtomicBool::new(true);
    Runtime::new(service_fn(|event: LambdaEvent<Value>| {
        let cold_start = cold.swap(false, Ordering::Relaxed);
        let span = info_span!(
            "invocation",
            function_request_id = %event.context.request_id,
            account_request_id = account_request_id(&event.payload),
            xray_trace_id = event.context.xray_trace_id.as_deref(),
            cold_start,
        );
        let (app, handler) = (&app, &handler);
        // Boxed: the types of nested SDK futures outgrow what the compiler follows by default.
        Box::pin(
            async move {
                if cold_start {
                    let name = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_else(|_| service.to_owned());
                    emit(service, &[Metric::count("ColdStart")], &[("function_name", &name)], &[], Timestamp::now());
                }
                let event = serde_path_to_error::deserialize(event.payload).map_err(|error| {
                    report(&BadEvent { path: error.path().to_string(), why: error.inner().to_string() })
                })?;
                handler(app, event).await.map_err(|error| report(&error))
            }
            .instrument(span),
        )
    }))
    .run()
    .await
}

/// Logs the error once and turns it into what Lambda reports.
fn report(fault: &impl Fault) -> Diagnostic {
    let failure: Failure = fault.failure();
    match failure.class {
        Class::Throttled | Class::NotReady | Class::Retryable => {
            info!(error_type = failure.name, reason = failure.reason, "not done yet");
        }
        Class::Invalid | Class::Conflict | Class::Denied => {
            error!(error_type = failure.name, reason = failure.reason, "failed");
        }
    }
    Diagnostic { error_type: failure.name.clone(), error_message: failure.message() }
}

/// Every workflow step carries the request it works for.
fn account_request_id(event: &Value) -> Option<&str> {
    event.get("requestId")?.as_str()
}

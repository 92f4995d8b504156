//! From the answer of a protocol to a document, or to the error that it names.

use super::{api::Protocol, xml};
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, OrchestratorError};
use aws_smithy_types::error::{ErrorMetadata, metadata::ProvideErrorMetadata};
use serde_json::{Map, Value};

/// AWS refused a call.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(ErrorMetadata);

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

pub(super) fn read(protocol: Protocol, response: &HttpResponse) -> Result<Value, OrchestratorError<Refused>> {
    let bytes = response.body().bytes().unwrap_or_default();
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let document = document(protocol, text);
    if response.status().is_success() {
        return document.map_err(OrchestratorError::other);
    }
    let header = response.headers().get("x-amzn-errortype");
    Err(OrchestratorError::operation(Refused(refusal(&document.unwrap_or_default(), header))))
}

fn document(protocol: Protocol, text: &str) -> Result<Value, String> {
    let json = || serde_json::from_str(text).map_err(|why| why.to_string());
    match (text.is_empty(), protocol) {
        (true, _) => Ok(Value::Object(Map::new())),
        (_, Protocol::Json10 | Protocol::Json11 | Protocol::RestJson) => json(),
        // S3 answers a bucket's policy as the JSON it is.
        (_, Protocol::RestXml) if text.starts_with('{') => json(),
        (_, Protocol::Query | Protocol::RestXml) => xml::read(text),
    }
}

/// Reads code and message of an error in any protocol.
fn refusal(document: &Value, header: Option<&str>) -> ErrorMetadata {
    let errors = ["/Error", "/Errors/Error", ""].into_iter().filter_map(|place| document.pointer(place));
    let find = |names: [&str; 4]| {
        errors.clone().find_map(|error| names.into_iter().find_map(|name| error.get(name).and_then(Value::as_str)))
    };
    let code = header.or_else(|| find(["__type", "code", "Code", "Error"])).unwrap_or("Unknown");
    // `com.amazonaws.kms#NotFoundException`, and `NotFoundException:http://…` in the header.
    let code = code.split(':').next().unwrap_or(code);
    let code = code.rsplit('#').next().unwrap_or(code);
    let message = find(["message", "Message", "errorMessage", "reason"]).unwrap_or_default();
    ErrorMetadata::builder().code(code).message(message).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_every_protocol_have_code_and_message() {
        for (protocol, header, text) in [
            (Protocol::Json11, None, r#"{"__type":"com.amazonaws.kms#Gone","message":"it is gone"}"#),
            (Protocol::RestJson, Some("Gone:http://x"), r#"{"Message":"it is gone"}"#),
            (Protocol::RestXml, None, "<Error><Code>Gone</Code><Message>it is gone</Message></Error>"),
            (
                Protocol::RestXml,
                None,
                "<ErrorResponse><Error><Code>Gone</Code><Message>it is gone</Message></Error></ErrorResponse>",
            ),
            (
                Protocol::Query,
                None,
                "<Response><Errors><Error><Code>Gone</Code><Message>it is gone</Message></Error></Errors></Response>",
            ),
        ] {
            let error = refusal(&document(protocol, text).unwrap(), header);
            assert_eq!((error.code(), error.message()), (Some("Gone"), Some("it is gone")), "{text}");
        }
    }

    #[test]
    fn documents_are_read() {
        assert_eq!(document(Protocol::Query, "<R><a>1</a></R>").unwrap()["a"], "1");
        assert_eq!(document(Protocol::RestXml, r#"{"Version":"2012"}"#).unwrap()["Version"], "2012");
        assert!(document(Protocol::Json11, "<html>").is_err());
    }
}

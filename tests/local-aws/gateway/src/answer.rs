//! Answers in the shape AWS gives them, and the error code inside an answer.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};

use crate::services::Protocol;
use crate::text::between;

/// An answer whose body is in memory.
pub(crate) type Answer = Response<Full<Bytes>>;

/// A JSON document.
pub(crate) fn document(status: StatusCode, body: &Value) -> Answer {
    with_type(status, "application/json", body.to_string())
}

/// An AWS error in the protocol of the service.
pub(crate) fn error(protocol: Protocol, status: u16, code: &str, message: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    match protocol {
        Protocol::Json10 | Protocol::Json11 => {
            let version = if protocol == Protocol::Json10 { "1.0" } else { "1.1" };
            let body = json!({"__type": code, "message": message, "Message": message}).to_string();
            with_type(status, &format!("application/x-amz-json-{version}"), body)
        }
        Protocol::RestJson => {
            let mut answer = document(status, &json!({"message": message}));
            if let Ok(value) = HeaderValue::from_str(code) {
                answer.headers_mut().insert("x-amzn-errortype", value);
            }
            answer
        }
        Protocol::Query => with_type(
            status,
            "text/xml",
            format!(
                "<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>\
                 <RequestId>local-fault</RequestId></ErrorResponse>"
            ),
        ),
        Protocol::RestXml => with_type(
            status,
            "application/xml",
            format!("<Error><Code>{code}</Code><Message>{message}</Message><RequestId>local-fault</RequestId></Error>"),
        ),
    }
}

fn with_type(status: StatusCode, content_type: &str, body: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(body)));
    *answer.status_mut() = status;
    if let Ok(value) = HeaderValue::from_str(content_type) {
        answer.headers_mut().insert(CONTENT_TYPE, value);
    }
    answer
}

/// The error code of an unsuccessful answer, from the header, the JSON or the XML.
pub(crate) fn error_code(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<String> {
    if status.as_u16() < 400 {
        return None;
    }
    let header = headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    let text = std::str::from_utf8(body).unwrap_or_default();
    let json = || serde_json::from_str::<Value>(text).ok()?.get("__type")?.as_str().map(str::to_owned);
    let code =
        header.map(str::to_owned).or_else(json).or_else(|| between(text, "<Code>", &['<']).map(str::to_owned))?;
    // `com.amazonaws.sfn#StateMachineDoesNotExist` and `TooManyRequestsException:http://…` carry the code inside.
    let code = code.split(':').next().unwrap_or_default();
    Some(code.rsplit('#').next().unwrap_or(code).to_owned())
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    fn code_of(answer: Answer) -> Option<String> {
        let (parts, body) = answer.into_parts();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let body = runtime.block_on(body.collect()).unwrap().to_bytes();
        error_code(parts.status, &parts.headers, &body)
    }

    #[test]
    fn an_error_reads_back_as_its_code_in_every_protocol() {
        for protocol in [Protocol::Json10, Protocol::Json11, Protocol::Query, Protocol::RestJson, Protocol::RestXml] {
            assert_eq!(
                code_of(error(protocol, 429, "SlowDown", "please")).as_deref(),
                Some("SlowDown"),
                "{protocol:?}"
            );
        }
    }

    #[test]
    fn a_code_is_stripped_of_namespace_and_address() {
        let body = br#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException"}"#;
        let code = error_code(StatusCode::BAD_REQUEST, &HeaderMap::new(), body);
        assert_eq!(code.as_deref(), Some("TransactionCanceledException"));
        assert_eq!(error_code(StatusCode::OK, &HeaderMap::new(), body), None);
    }
}

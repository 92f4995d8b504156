//! Answers of the API.

use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayProxyResponse};
use http::{
    HeaderName, HeaderValue, StatusCode,
    header::{CACHE_CONTROL, CONTENT_TYPE},
};
use landing_zone::RequestId;
use serde::Serialize;

/// An answer on its way to the gateway.
pub(crate) type Response = ApiGatewayProxyResponse;

/// An answer of the API.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    of_type(status, "application/json", body)
}

/// An answer with a JSON body of another media type.
pub(crate) fn of_type(status: StatusCode, media_type: &'static str, body: &impl Serialize) -> Response {
    let mut response = Response::default();
    response.status_code = status.as_u16().into();
    response.headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Writing structs with text keys to memory cannot fail.
    response.body = Some(serde_json::to_string(body).unwrap_or_default().into());
    response
}

/// Adds a header, if its value can stand in one.
pub(crate) fn with_header(mut response: Response, name: HeaderName, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers.insert(name, value);
    }
    response
}

/// Where a request is found, as a path from the host of the API.
pub(crate) fn self_link(request: &ApiGatewayProxyRequest, id: &RequestId) -> String {
    let stage = request.request_context.stage.as_deref().unwrap_or("v1");
    format!("/{stage}/accounts/{id}")
}

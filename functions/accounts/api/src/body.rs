//! The body of a request as a JSON object.

use crate::{
    json,
    problem::{MALFORMED_BODY, Problem, TOO_LARGE},
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use std::borrow::Cow;

/// The largest body: the largest valid request has about 20 KB (43 tags of 384 characters).
const MAX_BYTES: usize = 64 * 1024;

/// The largest finding, with room for the event around it: Security Hub's findings have at most 240 KB.
pub(crate) const MAX_FINDING: usize = 256 * 1024;

/// Reads the body.
pub(crate) fn object(request: &ApiGatewayProxyRequest) -> Result<Map<String, Value>, Problem> {
    object_of(request, MAX_BYTES)
}

/// Reads a body of at most `limit` bytes.
pub(crate) fn object_of(request: &ApiGatewayProxyRequest, limit: usize) -> Result<Map<String, Value>, Problem> {
    if !is_json(request) {
        return Err(Problem::media_type());
    }
    match json::parse(&bytes(request, limit)?) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err(Problem::new(&MALFORMED_BODY, "The body must be a JSON object.")),
        Err(why) => Err(Problem::new(&MALFORMED_BODY, format!("The body is not the JSON expected: {why}."))),
    }
}

/// A missing type counts as JSON, as it does for API Gateway; parameters such as `charset` do not matter.
fn is_json(request: &ApiGatewayProxyRequest) -> bool {
    let sent = request.headers.get(CONTENT_TYPE).or_else(|| request.multi_value_headers.get(CONTENT_TYPE));
    sent.is_none_or(|value| {
        let media_type = value.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
        media_type.trim_ascii().eq_ignore_ascii_case(b"application/json")
    })
}

fn bytes(request: &ApiGatewayProxyRequest, limit: usize) -> Result<Cow<'_, [u8]>, Problem> {
    let too_large =
        || Problem::new(&TOO_LARGE, format!("The body may have {limit} bytes, which every valid request fits in."));
    let text = request.body.as_deref().unwrap_or_default();
    if !request.is_base64_encoded {
        return if text.len() > limit { Err(too_large()) } else { Ok(text.as_bytes().into()) };
    }
    // Base64 makes four characters of three bytes: what is longer than that needs no decoding to be refused.
    if text.len() > limit.div_ceil(3) * 4 {
        return Err(too_large());
    }
    match STANDARD.decode(text) {
        Ok(decoded) if decoded.len() > limit => Err(too_large()),
        Ok(decoded) => Ok(decoded.into()),
        Err(_) => Err(Problem::new(&MALFORMED_BODY, "The body is marked as base64 and is not.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::event;
    use serde_json::json;

    fn read(event_json: &Value) -> Result<Map<String, Value>, &'static str> {
        object(&event(event_json)).map_err(|problem| problem.name())
    }

    #[test]
    fn only_json_is_read_whatever_its_parameters() {
        for accepted in ["application/json", "Application/JSON; charset=utf-8", "application/json;v=1"] {
            assert!(read(&json!({ "headers": { "CONTENT-TYPE": accepted }, "body": "{}" })).is_ok(), "{accepted}");
        }
        assert!(read(&json!({ "headers": null, "body": "{}" })).is_ok());
        for refused in ["", "text/plain", "application/jsonp", "application/xml; a=application/json", "ä"] {
            let answer = read(&json!({ "headers": { "content-type": refused }, "body": "{}" }));
            assert_eq!(answer, Err("unsupported-media-type"), "{refused}");
        }
    }

    #[test]
    fn base64_bodies_are_decoded() {
        let body = STANDARD.encode(r#"{"name":"ä"}"#);
        assert_eq!(read(&json!({ "isBase64Encoded": true, "body": body })).unwrap().get("name"), Some(&json!("ä")));
        assert_eq!(read(&json!({ "isBase64Encoded": true, "body": "%%%" })), Err("malformed-body"));
        assert_eq!(
            read(&json!({ "isBase64Encoded": true, "body": STANDARD.encode(b"\"\xff\"") })),
            Err("malformed-body")
        );
    }

    #[test]
    fn bodies_beyond_the_limit_are_refused_and_at_the_limit_are_read() {
        let sized = |size: usize| format!("{{{}}}", " ".repeat(size - 2));
        assert!(read(&json!({ "body": sized(MAX_BYTES) })).is_ok());
        assert_eq!(read(&json!({ "body": sized(MAX_BYTES + 1) })), Err("body-too-large"));
        assert!(read(&json!({ "isBase64Encoded": true, "body": STANDARD.encode(sized(MAX_BYTES)) })).is_ok());
        for more in [1, 2, 3, 1_000_000] {
            let body = STANDARD.encode(sized(MAX_BYTES + more));
            assert_eq!(read(&json!({ "isBase64Encoded": true, "body": body })), Err("body-too-large"), "{more}");
        }
    }

    #[test]
    fn malformed_bodies_say_where() {
        let problem = object(&event(&json!({ "body": "{\n  \"name\": }" }))).unwrap_err();
        let text = format!("{problem:?}");
        assert!(text.contains("line 2 column 11"), "{text}");
        for wrong in [json!(null), json!(""), json!("[]"), json!("\"x\""), json!("null"), json!("{} {}")] {
            assert_eq!(read(&json!({ "body": wrong })), Err("malformed-body"), "{wrong}");
        }
        assert_eq!(read(&json!({ "body": r#"{"a":"#.repeat(9_000) })), Err("malformed-body"));
    }
}

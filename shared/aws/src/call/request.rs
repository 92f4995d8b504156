//! From a call to the request of its protocol.

use super::{
    Call,
    api::{Protocol, Service},
    xml,
};
use aws_smithy_runtime_api::{box_error::BoxError, client::orchestrator::HttpRequest};
use aws_smithy_types::{base64, body::SdkBody};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// What stays as it is in paths, queries and forms
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>).
const ENCODED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
const ENCODED_BUT_SLASHES: AsciiSet = ENCODED.remove(b'/');

/// What is sent, without its signature.
#[derive(Debug)]
pub(super) struct Request {
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Request {
    pub(super) fn into_http(self) -> Result<HttpRequest, BoxError> {
        let mut request = http::Request::builder().method(self.method.as_str()).uri(self.uri);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        Ok(HttpRequest::try_from(request.body(SdkBody::from(self.body))?)?)
    }
}

pub(super) fn build(service: &Service, call: &Call) -> Result<Request, String> {
    let version = service.version.as_deref().unwrap_or_default();
    let post = |content: &str, more: Vec<(String, String)>, body: String| Request {
        method: "POST".to_owned(),
        uri: "/".to_owned(),
        headers: [vec![("content-type".to_owned(), content.to_owned())], more].concat(),
        body,
    };
    let target = || vec![("x-amz-target".to_owned(), format!("{version}.{}", call.action))];
    let document = || Value::Object(call.parameters.clone()).to_string();
    match service.protocol {
        Protocol::Json10 => Ok(post("application/x-amz-json-1.0", target(), document())),
        Protocol::Json11 => Ok(post("application/x-amz-json-1.1", target(), document())),
        Protocol::Query => Ok(post("application/x-www-form-urlencoded", Vec::new(), form(version, call))),
        Protocol::RestJson | Protocol::RestXml => rest(service, version, call),
    }
}

/// A form: a list `a` is `a.1`, `a.2`, an object's members are `a.name`.
fn form(version: &str, call: &Call) -> String {
    fn flatten(name: String, value: &Value, fields: &mut Vec<(String, String)>) {
        match value {
            Value::Null => {}
            Value::Object(members) => {
                members.iter().for_each(|(key, value)| flatten(format!("{name}.{key}"), value, fields));
            }
            Value::Array(several) => {
                (1..).zip(several).for_each(|(at, value)| flatten(format!("{name}.{at}"), value, fields));
            }
            Value::String(text) => fields.push((name, text.clone())),
            other => fields.push((name, other.to_string())),
        }
    }
    let mut fields = vec![("Action".to_owned(), call.action.clone()), ("Version".to_owned(), version.to_owned())];
    call.parameters.iter().for_each(|(name, value)| flatten(name.clone(), value, &mut fields));
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, &ENCODED))).collect();
    fields.join("&")
}

fn rest(service: &Service, version: &str, call: &Call) -> Result<Request, String> {
    let operation = service.operation(&call.action).ok_or("is not in apis.json")?;
    let (method, place) = operation.http.as_deref().and_then(|http| http.split_once(' ')).ok_or("has no path")?;
    let mut left = call.parameters.clone();
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let path = filled(path, &mut left)?;
    let pairs: Vec<String> = query.split('&').filter_map(|pair| filled(pair, &mut left).ok()).collect();
    let query = pairs.join("&");
    let uri = if query.is_empty() { path } else { format!("{path}?{query}") };
    let mut headers = Vec::new();
    for (parameter, header) in &operation.headers {
        if let Some(value) = left.remove(parameter) {
            headers.push((header.clone(), text(&value).ok_or_else(|| format!("{parameter} is no text"))?));
        }
    }
    let body = match (&operation.body, service.protocol) {
        (None, Protocol::RestJson) if method != "GET" && method != "DELETE" => Value::Object(left).to_string(),
        (None, _) => String::new(),
        (Some(root), protocol) => match (left.remove(root), protocol) {
            (None, _) => String::new(),
            (Some(Value::String(text)), Protocol::RestXml) => text,
            (Some(value), Protocol::RestXml) => {
                xml::write(root, Some(version).filter(|version| !version.is_empty()), &value)
            }
            (Some(value), _) => value.to_string(),
        },
    };
    if !body.is_empty() {
        let content = if service.protocol == Protocol::RestXml { "application/xml" } else { "application/json" };
        headers.push(("content-type".to_owned(), content.to_owned()));
        if service.protocol == Protocol::RestXml {
            // S3 refuses many changes without a digest
            // (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html).
            headers.push(("x-amz-checksum-sha256".to_owned(), base64::encode(Sha256::digest(&body))));
        }
    }
    Ok(Request { method: method.to_owned(), uri, headers, body })
}

/// Puts parameters into a template, and takes them out of what is left.
fn filled(template: &str, left: &mut Map<String, Value>) -> Result<String, String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').ok_or("apis.json: a brace is open")?;
        let (name, set) = name.strip_suffix('+').map_or((name, &ENCODED), |name| (name, &ENCODED_BUT_SLASHES));
        let value = left.get(name).and_then(text).ok_or_else(|| format!("{name} is missing"))?;
        left.remove(name);
        out.push_str(before);
        out.extend(utf8_percent_encode(&value, set));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::api;
    use serde_json::json;

    fn built(service: &str, action: &str, parameters: Value) -> Request {
        build(api::service(service).unwrap(), &Call::new(service, action, parameters)).unwrap()
    }

    #[test]
    fn a_bucket_is_tagged_at_the_control_plane_of_its_account() {
        let tags = json!({"Tags": {"Tag": [{"Key": "owner", "Value": "jane & co"}]}});
        let request = built(
            "s3control",
            "TagResource",
            json!({"AccountId": "111122223333",
            "ResourceArn": "arn:aws:s3:::data", "TagResourceRequest": tags}),
        );
        assert_eq!((&*request.method, &*request.uri), ("POST", "/v20180820/tags/arn%3Aaws%3As3%3A%3A%3Adata"));
        assert!(request.headers.contains(&("x-amz-account-id".to_owned(), "111122223333".to_owned())));
        let body = r#"<TagResourceRequest xmlns="http://awss3control.amazonaws.com/doc/2018-08-20/"><Tags><Tag><Key>owner</Key><Value>jane &amp; co</Value></Tag></Tags></TagResourceRequest>"#;
        assert_eq!(request.body, body);
    }

    #[test]
    fn lists_and_objects_become_numbered_and_dotted_fields() {
        let call = Call::new("ec2", "Any", json!({"Filter": [{"Name": "n"}], "Ids": ["a b", "c"], "On": false}));
        assert_eq!(form("v", &call), "Action=Any&Version=v&Filter.1.Name=n&Ids.1=a%20b&Ids.2=c&On=false");
    }
}

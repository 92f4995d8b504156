//! Names a call the way IAM does, service, action and resource, from what is on the wire.

use hyper::{HeaderMap, Method, Uri};
use serde_json::Value;

use crate::text::{decode, field};

/// An AWS call as a policy, a log or a fault rule would name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) service: String,
    pub(crate) action: String,
    pub(crate) resource: Option<String>,
}

/// Fields that name the resource of a call, the most specific first.
const RESOURCE_FIELDS: &[&str] = &[
    "ResourceARN",
    "ResourceArn",
    "resourceArn",
    "RoleArn",
    "PolicyArn",
    "TopicArn",
    "TargetArn",
    "SecretId",
    "executionArn",
    "stateMachineArn",
    "FunctionName",
    "AccountId",
    "CreateAccountRequestId",
    "ChildId",
    "ResourceId",
    "ParentId",
    "PolicyId",
    "TargetId",
    "AccountName",
    "TableName",
    "QueueUrl",
    "StackName",
    "RoleName",
    "UserName",
    "PolicyName",
    "EventBusName",
    "Name",
    "KeyId",
    "logGroupName",
    "logGroupIdentifier",
];

/// Names a request signed for `service`.
pub(crate) fn name(service: &str, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Call {
    let text = std::str::from_utf8(body).unwrap_or_default();
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    let form = [uri.query().unwrap_or_default(), text].into_iter().find(|form| field(form, "Action").is_some());
    let (action, resource) = if let Some(target) = target {
        let action = target.rsplit(['.', '#']).next().unwrap_or(target);
        (action.to_owned(), serde_json::from_str(text).ok().and_then(|json| json_resource(service, &json)))
    } else if let Some(form) = form {
        (field(form, "Action").unwrap_or_default(), RESOURCE_FIELDS.iter().find_map(|name| field(form, name)))
    } else {
        rest(service, method, uri, text)
    };
    Call { service: service.to_owned(), action, resource }
}

/// The resource in a JSON body: `table/key` for `DynamoDB`, the bus for `EventBridge`, else the first telling field.
fn json_resource(service: &str, body: &Value) -> Option<String> {
    match service {
        "dynamodb" => dynamodb_resource(body),
        "events" => events_resource(body).or_else(|| first_field(body)),
        _ => first_field(body),
    }
}

fn first_field(body: &Value) -> Option<String> {
    RESOURCE_FIELDS.iter().find_map(|name| body.get(name)?.as_str().map(str::to_owned))
}

fn events_resource(body: &Value) -> Option<String> {
    let entry = body.get("Entries")?.as_array()?.first()?;
    Some(entry.get("EventBusName").and_then(Value::as_str).unwrap_or("default").to_owned())
}

fn dynamodb_resource(body: &Value) -> Option<String> {
    if let Some(items) = body.get("TransactItems").and_then(Value::as_array) {
        let names: Vec<_> = items.iter().filter_map(Value::as_object).flat_map(|item| item.values()).collect();
        return Some(names.into_iter().filter_map(dynamodb_resource).collect::<Vec<_>>().join(","));
    }
    let table = body.get("TableName")?.as_str()?;
    let index = body.get("IndexName").and_then(Value::as_str);
    let index = index.map(|index| format!("index/{index}/{}", queried(body).unwrap_or_default()));
    let key = || {
        let id = body.get("Key").or_else(|| body.get("Item"))?.get("id")?.get("S")?.as_str()?;
        Some(id.to_owned())
    };
    Some(index.or_else(key).map_or_else(|| table.to_owned(), |part| format!("{table}/{part}")))
}

/// The partition key of a query: what stands behind the first `=` of its condition.
fn queried(body: &Value) -> Option<&str> {
    let condition = body.get("KeyConditionExpression")?.as_str()?;
    let name = condition.split_once('=')?.1.split_whitespace().next()?;
    body.get("ExpressionAttributeValues")?.get(name)?.get("S")?.as_str()
}

/// REST services name the action by method and path.
fn rest(service: &str, method: &Method, uri: &Uri, body: &str) -> (String, Option<String>) {
    let path = uri.path();
    let segments: Vec<_> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    match service {
        "account" => {
            let action = segments.first().map(|name| pascal(name)).unwrap_or_default();
            (action, serde_json::from_str(body).ok().and_then(|json| first_field(&json)))
        }
        "s3" if segments.first() == Some(&"v20180820") => s3_control(method, &segments),
        "s3" => (s3_action(method, segments.len(), uri.query()), Some(decode(path.trim_start_matches('/')))),
        "lambda" => {
            let place = segments.iter().position(|segment| *segment == "functions");
            let function = place.and_then(|place| segments.get(place + 1)).map(|name| decode(name));
            let action = if segments.last() == Some(&"invocations") {
                "Invoke".to_owned()
            } else {
                format!("{method} {}", segments.get(1..).unwrap_or_default().join("/"))
            };
            (action, function)
        }
        "securityhub" => {
            let hub = if path.starts_with("/findingsv2/") { "hubv2/default" } else { "hub/default" };
            (security_hub_action(method, path), Some(hub.to_owned()))
        }
        "bedrock" => bedrock(method, &segments, body),
        "execute-api" => ("Invoke".to_owned(), Some(format!("{method} {path}"))),
        _ => (format!("{method} {path}"), None),
    }
}

/// Both formats are updated by the same action of IAM.
fn security_hub_action(method: &Method, path: &str) -> String {
    match (method.as_str(), path) {
        ("POST", "/findings") => "GetFindings".to_owned(),
        ("POST", "/findings/import") => "BatchImportFindings".to_owned(),
        ("PATCH", "/findings/batchupdate" | "/findingsv2/batchupdatev2") => "BatchUpdateFindings".to_owned(),
        _ => format!("{method} {path}"),
    }
}

/// `GET /model-invocation-jobs` lists them, `GET /model-invocation-job/<ARN>` gets one, and `POST …/stop` stops it.
fn bedrock(method: &Method, segments: &[&str], body: &str) -> (String, Option<String>) {
    let words = |name: &str| name.split('-').map(pascal).collect::<String>();
    match (method.as_str(), segments) {
        ("GET", [several]) => (format!("List{}", words(several)), None),
        ("GET", [of, one]) => (format!("Get{}", words(of.trim_end_matches('s'))), Some(decode(one))),
        ("POST", [of, one, "stop"]) => (format!("Stop{}", words(of.trim_end_matches('s'))), Some(decode(one))),
        ("POST", [name]) if !name.contains('-') => {
            let resource = serde_json::from_str::<Value>(body).ok();
            let resource = resource.and_then(|json| Some(json.get("resourceARN")?.as_str()?.to_owned()));
            (pascal(name), resource)
        }
        ("POST", [several]) => (format!("Create{}", words(several.trim_end_matches('s'))), None),
        _ => (format!("{method} /{}", segments.join("/")), None),
    }
}

/// `putAlternateContact` → `PutAlternateContact`.
fn pascal(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// `GetObject`, `PutBucketPolicy`, `ListBuckets` …: the depth of the path says which, a bare query key the part.
fn s3_action(method: &Method, depth: usize, query: Option<&str>) -> String {
    let verb = match method.as_str() {
        "PUT" => "Put",
        "POST" => "Post",
        "DELETE" => "Delete",
        "HEAD" => "Head",
        _ => "Get",
    };
    let part = query
        .and_then(|query| query.split('&').find(|key| !key.contains('=') || key.ends_with('=')))
        .map(|key| pascal(key.trim_end_matches('=')))
        .unwrap_or_default();
    match (verb, depth, part.as_str()) {
        ("Get", 0, _) => "ListBuckets".to_owned(),
        ("Get", 1, "") => "ListObjects".to_owned(),
        ("Put", 1, "") => "CreateBucket".to_owned(),
        (_, 0 | 1, _) => format!("{verb}Bucket{part}"),
        _ => format!("{verb}Object{part}"),
    }
}

/// S3 Control signs as S3: `POST /v20180820/tags/<ARN>` is `TagResource`, `PUT /v20180820/configuration/publicAccessBlock`
/// is `PutPublicAccessBlock`.
fn s3_control(method: &Method, segments: &[&str]) -> (String, Option<String>) {
    let kind = segments.get(1).copied().unwrap_or_default();
    let rest = segments.get(2..).unwrap_or_default().join("/");
    match (method.as_str(), kind) {
        ("POST", "tags") => ("TagResource".to_owned(), Some(decode(&rest))),
        (method, "configuration") => (format!("{}{}", pascal(&method.to_lowercase()), pascal(&rest)), None),
        (method, _) => (format!("{method} {kind}"), Some(decode(&rest))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(service: &str, method: &str, uri: &str, target: Option<&str>, body: &str) -> (String, Option<String>) {
        let mut headers = HeaderMap::new();
        if let Some(target) = target {
            headers.insert("x-amz-target", target.parse().unwrap());
        }
        let call = name(service, &method.parse().unwrap(), &uri.parse().unwrap(), &headers, body.as_bytes());
        (call.action, call.resource)
    }

    fn pair(action: &str, resource: &str) -> (String, Option<String>) {
        (action.to_owned(), Some(resource.to_owned()))
    }

    #[test]
    fn json_protocols_name_the_action_in_the_target_header() {
        let target = Some("AWSOrganizationsV20161128.MoveAccount");
        let body = r#"{"AccountId":"111122223333","SourceParentId":"r-1"}"#;
        assert_eq!(named("organizations", "POST", "/", target, body), pair("MoveAccount", "111122223333"));
        let body = r#"{"Entries":[{"EventBusName":"suite"}]}"#;
        assert_eq!(named("events", "POST", "/", Some("AWSEvents.PutEvents"), body), pair("PutEvents", "suite"));
    }

    #[test]
    fn dynamodb_resources_carry_the_key() {
        let get = r#"{"TableName":"ledger","Key":{"id":{"S":"request#1"}}}"#;
        assert_eq!(named("dynamodb", "POST", "/", Some("D.GetItem"), get), pair("GetItem", "ledger/request#1"));
        let write = r#"{"TransactItems":[{"Put":{"TableName":"t","Item":{"id":{"S":"a"}}}},
                        {"Update":{"TableName":"t","Key":{"id":{"S":"b"}}}}]}"#;
        let expected = pair("TransactWriteItems", "t/a,t/b");
        assert_eq!(named("dynamodb", "POST", "/", Some("D.TransactWriteItems"), write), expected);
        let query = r#"{"TableName":"t","IndexName":"by-time","KeyConditionExpression":"kind = :kind AND at > :at",
                        "ExpressionAttributeValues":{":kind":{"S":"request"},":at":{"S":"2026"}}}"#;
        assert_eq!(named("dynamodb", "POST", "/", Some("D.Query"), query), pair("Query", "t/index/by-time/request"));
    }

    #[test]
    fn query_protocol_names_the_action_in_the_form() {
        let body = "Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FR";
        assert_eq!(named("sts", "POST", "/", None, body), pair("AssumeRole", "arn:aws:iam::1:role/R"));
        assert_eq!(named("iam", "GET", "/?Action=GetRole&RoleName=R", None, ""), pair("GetRole", "R"));
    }

    #[test]
    fn bedrock_names_the_action_by_the_word_in_the_path() {
        let arn = "arn:aws:bedrock:eu-west-1:111122223333:model-invocation-job/abcdefghijkl";
        let path = "/model-invocation-job/arn%3Aaws%3Abedrock%3Aeu-west-1%3A111122223333%3Amodel-invocation-job%2Fabcdefghijkl";
        let (stop, body) = (format!("{path}/stop"), format!(r#"{{"resourceARN":"{arn}"}}"#));
        let named = |method, uri, body| super::tests::named("bedrock", method, uri, None, body);
        assert_eq!(named("GET", "/model-invocation-jobs?maxResults=9", "").0, "ListModelInvocationJobs");
        assert_eq!(named("GET", path, ""), pair("GetModelInvocationJob", arn));
        assert_eq!(named("POST", &stop, "{}"), pair("StopModelInvocationJob", arn));
        let job = "/model-customization-jobs/tuned";
        assert_eq!(named("GET", job, ""), pair("GetModelCustomizationJob", "tuned"));
        assert_eq!(named("POST", "/model-customization-jobs", "{}").0, "CreateModelCustomizationJob");
        assert_eq!(named("GET", "/provisioned-model-throughputs", "").0, "ListProvisionedModelThroughputs");
        assert_eq!(named("POST", "/tagResource", &body), pair("TagResource", arn));
    }

    #[test]
    fn rest_services_name_the_action_by_method_and_path() {
        let body = r#"{"AccountId":"111122223333"}"#;
        let expected = pair("PutAlternateContact", "111122223333");
        assert_eq!(named("account", "POST", "/putAlternateContact", None, body), expected);
        assert_eq!(named("s3", "GET", "/bucket/a/key?x-id=GetObject", None, ""), pair("GetObject", "bucket/a/key"));
        assert_eq!(named("s3", "PUT", "/bucket?policy", None, "{}"), pair("PutBucketPolicy", "bucket"));
        let arn = "arn:aws:s3:::data";
        assert_eq!(named("s3", "POST", &format!("/v20180820/tags/{arn}"), None, ""), pair("TagResource", arn));
        let invoke = named("lambda", "POST", "/2015-03-31/functions/create/invocations", None, "{}");
        assert_eq!(invoke, pair("Invoke", "create"));
    }
}

//! What a record may be wrapped in: an event of `EventBridge`, a log file of `CloudTrail`, messages of SQS and SNS.
//! Records are calls (`CloudTrail`), findings (Security Hub) and resources that the sweep found.

use crate::found;
use serde_json::Value;
use std::borrow::Cow;

/// Deep enough for a log file in SNS in SQS; more is not made by AWS.
const DEEPEST: usize = 8;

/// A record that was found.
#[derive(Debug, Clone)]
pub struct Found<'v> {
    /// `cloudtrail`, `eventbridge`, `sqs` and `sns`, outermost first, joined by `/`.
    pub kind: String,
    /// The record itself.
    pub record: Cow<'v, Value>,
}

/// Every record in a document, in its order. What is no wrapping stands for itself.
#[must_use]
pub fn records(document: &Value) -> Vec<Found<'_>> {
    let mut found = Vec::new();
    unwrap(Cow::Borrowed(document), "", 0, &mut found);
    found
}

fn unwrap<'v>(value: Cow<'v, Value>, path: &str, depth: usize, into: &mut Vec<Found<'v>>) {
    let within = |kind: &str| if path.is_empty() { kind.to_owned() } else { format!("{path}/{kind}") };
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    if depth == DEEPEST {
        into.push(Found { kind: within("too deep"), record: value });
        return;
    }
    if matches!(&*value, Value::Array(_)) {
        for one in each(value) {
            unwrap(one, path, depth + 1, into);
        }
        return;
    }
    if value.get("Records").is_some_and(Value::is_array) {
        for one in each(field(value, "Records")) {
            unwrap(one, path, depth + 1, into);
        }
        return;
    }
    let message = if text(&value, "eventSource").as_deref() == Some("aws:sqs") {
        Some(("sqs", text(&value, "body")))
    } else if value.get("Sns").is_some() {
        Some(("sns", value.get("Sns").and_then(|sns| text(sns, "Message"))))
    } else if text(&value, "Type").as_deref() == Some("Notification") {
        Some(("sns", text(&value, "Message")))
    } else {
        None
    };
    if let Some((kind, body)) = message {
        let kind = within(kind);
        match body.as_deref().map(serde_json::from_str::<Value>) {
            Some(Ok(inner)) => unwrap(Cow::Owned(inner), &kind, depth + 1, into),
            _ => into.push(Found { kind, record: value }),
        }
        return;
    }
    if value.get("detail-type").is_some()
        && value.get("detail").is_some_and(|detail| detail.get("eventSource").is_some())
    {
        let kind = within("eventbridge");
        unwrap(field(value, "detail"), &kind, depth + 1, into);
        return;
    }
    if value.get("detail-type").is_some()
        && value.get("detail").and_then(|detail| detail.get("findings")).is_some_and(Value::is_array)
    {
        let kind = within("eventbridge");
        for one in each(field(field(value, "detail"), "findings")) {
            unwrap(one, &kind, depth + 1, into);
        }
        return;
    }
    if found::is_message(&value) {
        into.push(Found { kind: within("sweep"), record: field(value, "detail") });
        return;
    }
    if found::is_finding(&value) {
        into.push(Found { kind: within("finding"), record: value });
        return;
    }
    let kind =
        if value.get("eventSource").is_some() && value.get("eventName").is_some() { "cloudtrail" } else { "other" };
    into.push(Found { kind: within(kind), record: value });
}

fn field<'v>(value: Cow<'v, Value>, name: &str) -> Cow<'v, Value> {
    match value {
        Cow::Borrowed(value) => value.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed),
        Cow::Owned(mut value) => Cow::Owned(value.get_mut(name).map_or(Value::Null, Value::take)),
    }
}

fn each(value: Cow<'_, Value>) -> Vec<Cow<'_, Value>> {
    match value {
        Cow::Borrowed(Value::Array(all)) => all.iter().map(Cow::Borrowed).collect(),
        Cow::Owned(Value::Array(all)) => all.into_iter().map(Cow::Owned).collect(),
        other => vec![other],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_wrapping_is_taken_off() {
        let record = json!({"eventSource": "s3.amazonaws.com", "eventName": "CreateBucket"});
        let event = json!({"detail-type": "AWS API Call via CloudTrail", "detail": record});
        let sns = json!({"Type": "Notification", "Message": event.to_string()});
        let sqs = json!({"Records": [{"eventSource": "aws:sqs", "body": sns.to_string()}]});
        for (document, kind) in [
            (record.clone(), "cloudtrail"),
            (json!([record.clone()]), "cloudtrail"),
            (json!({"Records": [record.clone()]}), "cloudtrail"),
            (event.clone(), "eventbridge/cloudtrail"),
            (sqs, "sqs/sns/eventbridge/cloudtrail"),
            (
                json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": record.to_string()}}]}),
                "sns/cloudtrail",
            ),
        ] {
            let found = records(&document);
            assert_eq!(found.len(), 1, "{document}");
            assert_eq!((found[0].kind.as_str(), &*found[0].record), (kind, &record));
        }
    }

    #[test]
    fn what_cannot_be_read_stands_for_itself() {
        let broken = json!({"Records": [{"eventSource": "aws:sqs", "body": "{"}]});
        assert_eq!(records(&broken)[0].kind, "sqs");
        assert_eq!(records(&json!(7))[0].kind, "other");
        let mut deep = json!(1);
        for _ in 0..20 {
            deep = json!([deep]);
        }
        assert_eq!(records(&deep)[0].kind, "too deep");
    }
}

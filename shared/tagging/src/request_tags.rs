//! The tags that a call asked for itself. Services write them in many ways: lists of `key` and `value` in any case,
//! maps, and EC2's `tagSpecificationSet`.

use crate::{TagMap, template::child};
use serde_json::Value;

const FIELDS: [&str; 5] = ["tags", "tagList", "tagSet", "tagSpecificationSet", "resourceTags"];

/// Reads the tags in `requestParameters`.
pub(crate) fn request_tags(record: &Value) -> TagMap {
    let mut tags = TagMap::new();
    if let Some(parameters) = child(record, "requestParameters") {
        for found in FIELDS.iter().filter_map(|field| child(parameters, field)) {
            collect(found, &mut tags);
        }
    }
    tags
}

fn collect(value: &Value, tags: &mut TagMap) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| collect(one, tags)),
        Value::Object(fields) => {
            let named = |names: [&str; 2]| names.iter().find_map(|name| child(value, name)).and_then(Value::as_str);
            if let Some(key) = named(["key", "tagKey"]) {
                tags.insert(key.to_owned(), named(["value", "tagValue"]).unwrap_or_default().to_owned());
                return;
            }
            // `{"items": [{"resourceType": "instance", "tags": [...]}]}`, or a map of key to value.
            for (key, inner) in fields {
                match inner {
                    Value::String(text) if !key.eq_ignore_ascii_case("resourceType") => {
                        tags.insert(key.clone(), text.clone());
                    }
                    Value::Array(_) | Value::Object(_) => collect(inner, tags),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_way_of_writing_tags_is_read() {
        for parameters in [
            json!({"tags": [{"key": "team", "value": "ml"}]}),
            json!({"Tags": [{"Key": "team", "Value": "ml"}]}),
            json!({"tags": [{"tagKey": "team", "tagValue": "ml"}]}),
            json!({"tags": {"team": "ml"}}),
            json!({"tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [{"key": "team", "value": "ml"}]}]}}),
        ] {
            let tags = request_tags(&json!({ "requestParameters": parameters }));
            assert_eq!(tags, TagMap::from([("team".to_owned(), "ml".to_owned())]), "{parameters}");
        }
        assert!(request_tags(&json!({"requestParameters": null})).is_empty());
        assert!(request_tags(&json!({"requestParameters": {"tags": "***"}})).is_empty());
    }
}

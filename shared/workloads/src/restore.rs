//! Endpoints that are made again: what `CreateEndpoint` does not bring back.
//!
//! The weights and instance counts of variants start as the configuration has them, and deleting an endpoint takes its
//! scalable targets, policies and scheduled actions along
//! (<https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-delete-with-scaling.html>).

use crate::reading::entries;
use serde_json::{Map, Value, json};

/// Documents of the whole Region, of which those of one endpoint are kept; what tells entries apart; and the name under
/// which the next one to restore is given.
const SCALING: [(&str, &[&str], &str); 3] = [
    ("targets", &["ResourceId", "ScalableDimension"], "target"),
    ("policies", &["ResourceId", "ScalableDimension", "PolicyName"], "policy"),
    ("actions", &["ResourceId", "ScalableDimension", "ScheduledActionName"], "action"),
];

/// Keeps what is about the endpoint, and from `before` works out the document `restore`: `capacities` that variants are
/// to have, and the next `target`, `policy` and `action` that is missing.
pub(crate) fn work_out(documents: &mut Map<String, Value>, name: &str) {
    if !documents.contains_key("targets") {
        return;
    }
    let variants = format!("endpoint/{name}/variant/");
    for (list, ..) in SCALING {
        let mut kept = entries(documents, &format!("/{list}"));
        kept.retain(|one| one.get("ResourceId").and_then(Value::as_str).is_some_and(|id| id.starts_with(&variants)));
        documents.insert(list.to_owned(), Value::Array(kept));
    }
    let mut restore = Map::new();
    for (list, keys, one) in SCALING {
        let there = entries(documents, &format!("/{list}"));
        let is_there =
            |wanted: &Value| there.iter().any(|found| keys.iter().all(|key| found.get(key) == wanted.get(key)));
        let missing = entries(documents, &format!("/before/{list}")).into_iter().find(|wanted| !is_there(wanted));
        restore.extend(missing.map(|missing| (one.to_owned(), missing)));
    }
    restore.insert("capacities".to_owned(), capacities(documents));
    documents.insert("restore".to_owned(), Value::Object(restore));
}

/// Weights and counts that differ from what they were. Where Auto Scaling has the endpoint in hand, it decides.
fn capacities(documents: &Map<String, Value>) -> Value {
    if !entries(documents, "/targets").is_empty() {
        return json!([]);
    }
    let now = entries(documents, "/endpoint/ProductionVariants");
    let name = |variant: &Value| variant.get("VariantName").cloned();
    let mut wanted = Vec::new();
    for before in entries(documents, "/before/endpoint/ProductionVariants") {
        let Some(now) = now.iter().find(|now| name(now) == name(&before)) else { continue };
        let mut change = Map::new();
        for member in ["DesiredWeight", "DesiredInstanceCount"] {
            if let Some(value) = before.get(member).filter(|value| now.get(member) != Some(value)) {
                change.insert(member.to_owned(), value.clone());
            }
        }
        if let (false, Some(name)) = (change.is_empty(), name(&before)) {
            change.insert("VariantName".to_owned(), name);
            wanted.push(Value::Object(change));
        }
    }
    Value::Array(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(documents: Value) -> Map<String, Value> {
        let Value::Object(mut documents) = documents else { panic!() };
        work_out(&mut documents, "chat");
        documents
    }

    fn target(endpoint: &str, variant: &str) -> Value {
        json!({"ResourceId": format!("endpoint/{endpoint}/variant/{variant}"), "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "MinCapacity": 1, "MaxCapacity": 4})
    }

    #[test]
    fn what_is_missing_comes_back_one_after_the_other() {
        let policy = json!({"ResourceId": "endpoint/chat/variant/a", "ScalableDimension": "d", "PolicyName": "p"});
        let before =
            json!({"targets": [target("chat", "a"), target("chat", "b")], "policies": [policy], "actions": []});
        let found = of(
            json!({"before": before, "targets": [target("other", "a"), target("chat", "a")], "policies": [policy], "actions": []}),
        );
        assert_eq!(found["targets"], json!([target("chat", "a")]));
        assert_eq!(found["restore"], json!({"target": target("chat", "b"), "capacities": []}));
    }

    #[test]
    fn variants_get_back_their_weights_and_counts() {
        let variant = |name: &str, weight: f64, count: u32| json!({"VariantName": name, "DesiredWeight": weight, "DesiredInstanceCount": count});
        let endpoint = |a: Value, b: Value| json!({"ProductionVariants": [a, b]});
        let before = json!({"endpoint": endpoint(variant("a", 0.9, 4), variant("b", 0.1, 1))});
        let now = endpoint(variant("a", 1.0, 1), variant("b", 0.1, 1));
        let found = of(json!({"before": before, "endpoint": now, "targets": []}));
        assert_eq!(found["restore"]["capacities"], json!([variant("a", 0.9, 4)]));
        let scaled = of(json!({"before": before, "endpoint": now, "targets": [target("chat", "a")]}));
        assert_eq!(scaled["restore"]["capacities"], json!([]));
    }
}

//! What a workload runs on: instance types, and how many of each.

use crate::reading::{entries, find};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Machines of one type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// Such as `ml.g5.xlarge`.
    pub instance_type: String,
    /// How many.
    pub count: u32,
}

/// Where a row finds them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Machines {
    /// Lists, or single entries. Entries of the first are completed by those of the others with the same `by`.
    of: Vec<String>,
    #[serde(default)]
    by: Option<String>,
    /// A list within an entry that stands for it where there is one.
    #[serde(default)]
    inner: Option<String>,
    /// Where an entry has its type: the first that is there.
    r#type: Vec<String>,
    /// Where it has its count; one where there is none.
    count: Vec<String>,
}

impl Machines {
    pub(crate) fn of(&self, documents: &Map<String, Value>) -> Vec<Capacity> {
        let merged = self.merged(documents);
        let parts = merged.iter().flat_map(|entry| {
            let inner = self.inner.as_deref().map_or(&[][..], |place| aws::each(entry.pointer(place)));
            if inner.is_empty() { std::slice::from_ref(entry) } else { inner }
        });
        parts.filter_map(|entry| self.capacity(entry)).collect()
    }

    fn merged(&self, documents: &Map<String, Value>) -> Vec<Value> {
        let mut lists = self.of.iter().map(|place| entries(documents, place));
        let mut all = lists.next().unwrap_or_default();
        let Some(by) = &self.by else { return all };
        for more in lists.flatten() {
            let same = all.iter_mut().find(|one| one.get(by).is_some() && one.get(by) == more.get(by));
            if let (Some(Value::Object(one)), Value::Object(more)) = (same, more) {
                one.extend(more);
            }
        }
        all
    }

    fn capacity(&self, entry: &Value) -> Option<Capacity> {
        let first = |places: &[String]| places.iter().find_map(|place| entry.pointer(place)).cloned();
        let instance_type = first(&self.r#type)?.as_str()?.to_owned();
        let count = match first(&self.count) {
            None => 1,
            Some(Value::String(text)) => text.parse().ok()?,
            Some(count) => u32::try_from(count.as_u64()?).ok()?,
        };
        Some(Capacity { instance_type, count }).filter(|found| found.count > 0)
    }
}

/// True where a document has anything at a place.
pub(crate) fn is_there(documents: &Map<String, Value>, place: &str) -> bool {
    match find(documents, place) {
        None | Some(Value::Null) => false,
        Some(Value::Object(members)) => !members.is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;
    use serde_json::json;

    fn of(kind: &str, documents: &Value) -> Vec<(String, u32)> {
        let documents = documents.as_object().unwrap();
        let machines = &Kind::parse(kind).unwrap().0.machines;
        machines.iter().flat_map(|one| one.of(documents)).map(|one| (one.instance_type, one.count)).collect()
    }

    #[test]
    fn an_endpoint_runs_what_its_variants_have_now() {
        let documents = json!({
            "config": {"ProductionVariants": [
                {"VariantName": "a", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1},
                {"VariantName": "b", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2},
                {"VariantName": "c", "ServerlessConfig": {"MemorySizeInMB": 2048}},
                {"VariantName": "d", "InstancePools": [{"InstanceType": "ml.p4d.24xlarge", "Priority": 1}]}],
                "ShadowProductionVariants": [{"VariantName": "s", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1}]},
            "endpoint": {"ProductionVariants": [{"VariantName": "a", "CurrentInstanceCount": 4},
                {"VariantName": "d", "InstancePools": [{"InstanceType": "ml.p4d.24xlarge", "CurrentInstanceCount": 3}]}]}});
        let wanted = [("ml.g5.xlarge", 4), ("ml.m5.large", 2), ("ml.p4d.24xlarge", 3), ("ml.g5.xlarge", 1)]
            .map(|(name, count)| (name.to_owned(), count));
        assert_eq!(of("endpoint", &documents), wanted);
    }

    #[test]
    fn a_training_job_runs_groups_or_what_was_selected() {
        let job = |resources: Value| of("training-job", &json!({"job": {"ResourceConfig": resources}}));
        let plain = job(json!({"InstanceType": "ml.p5.48xlarge", "InstanceCount": 2, "VolumeSizeInGB": 30}));
        assert_eq!(plain, [("ml.p5.48xlarge".to_owned(), 2)]);
        let groups = json!({"InstanceGroups": [{"InstanceType": "ml.g5.xlarge", "InstanceCount": 1, "InstanceGroupName": "a"},
            {"InstanceType": "ml.m5.large", "InstanceCount": 3, "InstanceGroupName": "b"}]});
        assert_eq!(job(groups), [("ml.g5.xlarge".to_owned(), 1), ("ml.m5.large".to_owned(), 3)]);
        let selected = json!({"SelectedInstanceType": "ml.g6.xlarge", "SelectedInstanceCount": 1,
            "InstancePreferences": [{"InstanceType": "ml.g5.xlarge"}, {"InstanceType": "ml.g6.xlarge"}]});
        assert_eq!(job(selected), [("ml.g6.xlarge".to_owned(), 1)]);
        assert!(job(json!({})).is_empty());
    }

    #[test]
    fn texts_of_xml_and_single_machines_count() {
        assert_eq!(
            of("gpu-instance", &json!({"instance": {"instanceType": "g5.xlarge"}})),
            [("g5.xlarge".to_owned(), 1)]
        );
        let cluster = json!({"cluster": {"InstanceGroups": [{"InstanceType": "ml.p5.48xlarge", "CurrentCount": 2, "TargetCount": 4},
            {"InstanceType": "ml.m5.large", "CurrentCount": 0}]}});
        assert_eq!(of("cluster", &cluster), [("ml.p5.48xlarge".to_owned(), 2)]);
        assert!(is_there(cluster.as_object().unwrap(), "/cluster"));
        assert!(!is_there(json!({"cluster": {}}).as_object().unwrap(), "/cluster"));
    }
}

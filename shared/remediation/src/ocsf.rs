//! Findings in OCSF, as Security Hub V2 sends them: class 2003, compliance finding
//! (<https://schema.ocsf.io/1.6.0/classes/compliance_finding>).

use crate::finding::{Compliance, Finding, FindingKey, Resource, Unreadable, Workflow, account, region};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// Any class: one that is not ours is read, and told apart later.
pub(crate) fn is_finding(value: &Value) -> bool {
    value.get("class_uid").is_some() && value.get("finding_info").is_some()
}

/// Another class than a compliance finding is of another product for us.
const COMPLIANCE_FINDING: u64 = 2003;

pub(crate) fn read(record: &Value) -> Result<Finding, Unreadable> {
    let at = |path: &str| record.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let need = |path: &'static str| at(path).map(str::to_owned).ok_or(Unreadable(path));
    let key = FindingKey::Ocsf {
        cloud_account_uid: need("/cloud/account/uid")?,
        finding_info_uid: need("/finding_info/uid")?,
        metadata_product_uid: need("/metadata/product/uid")?,
    };
    let resources: Vec<Resource> = match (record.get("resources"), record.get("resource")) {
        (Some(Value::Array(several)), _) => several.iter().map(resource).collect(),
        (_, Some(one)) => vec![resource(one)],
        _ => Vec::new(),
    };
    if resources.iter().all(|resource| resource.ids.is_empty()) {
        return Err(Unreadable("/resources"));
    }
    let of_resource = at("/resources/0/region").or_else(|| at("/resource/region"));
    let status = record.get("status_id").and_then(Value::as_u64);
    Ok(Finding {
        controls: ["/compliance/control", "/metadata/event_code", "/finding_info/types/0"]
            .into_iter()
            .filter_map(at)
            .map(str::to_owned)
            .collect(),
        account: account(at("/cloud/account/uid"))?,
        region: region(of_resource).or_else(|_| region(at("/cloud/region")))?,
        resources,
        compliance: match at("/compliance/status").map(str::to_ascii_lowercase).as_deref() {
            Some("pass" | "passed") => Compliance::Passed,
            Some("fail" | "failed") => Compliance::Failed,
            _ => Compliance::Unknown,
        },
        active: status != Some(5),
        workflow: match status {
            None | Some(1) => Workflow::New,
            Some(2) => Workflow::Notified,
            Some(3) => Workflow::Suppressed,
            Some(4) => Workflow::Resolved,
            Some(_) => Workflow::Other,
        },
        updated_at: updated_at(record).ok_or(Unreadable("/finding_info/modified_time"))?,
        sample: false,
        own: record.get("class_uid").and_then(Value::as_u64) == Some(COMPLIANCE_FINDING)
            && at("/metadata/product/uid").is_some_and(|uid| uid.ends_with("productv2/aws/securityhub")),
        key,
    })
}

/// `uid` is often no ARN; then another field has it.
fn resource(entry: &Value) -> Resource {
    let ids = ["uid", "uid_alt", "name"].into_iter().filter_map(|name| entry.get(name).and_then(Value::as_str));
    let mut ids: Vec<String> = ids.filter(|id| !id.is_empty()).map(str::to_owned).collect();
    ids.sort_by_key(|id| !id.starts_with("arn:"));
    let tags = entry.get("tags").and_then(Value::as_array).into_iter().flatten().filter_map(|tag| {
        let text = |name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("name")?, text("value")?))
    });
    Resource { ids, tags: tags.collect::<BTreeMap<_, _>>() }
}

/// As a text or in milliseconds since 1970.
fn updated_at(record: &Value) -> Option<Timestamp> {
    let texts = ["/finding_info/modified_time_dt", "/finding_info/created_time_dt", "/time_dt"];
    let text = texts.into_iter().find_map(|path| record.pointer(path)?.as_str()?.parse().ok());
    let numbers = ["/finding_info/modified_time", "/finding_info/created_time", "/time"];
    text.or_else(|| {
        numbers.into_iter().find_map(|path| Timestamp::from_millisecond(record.pointer(path)?.as_i64()?).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings;
    use serde_json::json;

    fn document() -> Value {
        json!({"class_uid": 2003, "status_id": 1, "compliance": {"control": "S3.8", "status": "Fail"},
            "cloud": {"account": {"uid": "111122223333"}, "region": "eu-west-1"},
            "finding_info": {"uid": "f-1", "modified_time": 1_764_144_000_000_i64},
            "metadata": {"product": {"uid": "arn:aws:securityhub:eu-west-1::productv2/aws/securityhub"}},
            "resources": [{"uid": "data", "uid_alt": "arn:aws:s3:::data", "tags": [{"name": "owner", "value": "jane"}]}]})
    }

    #[test]
    fn the_second_format_says_the_same() {
        let event = json!({"detail-type": "Findings Imported V2", "detail": {"findings": [document()]}});
        let finding = findings(&event).remove(0).unwrap();
        assert_eq!(finding.resources[0].ids, ["arn:aws:s3:::data", "data"]);
        assert_eq!((finding.compliance, finding.workflow, finding.own), (Compliance::Failed, Workflow::New, true));
        assert_eq!(finding.updated_at.to_string(), "2025-11-26T08:00:00Z");
        let mut other = document();
        other["class_uid"] = json!(2004);
        assert!(!read(&other).unwrap().own);
        other["resources"] = json!([]);
        assert_eq!(read(&other), Err(Unreadable("/resources")));
    }
}

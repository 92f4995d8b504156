//! Findings of Security Hub in their two formats, as one type: ASFF here, OCSF in [`crate::ocsf`].

use crate::ocsf;
use jiff::Timestamp;
use landing_zone::AccountId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What Security Hub knows a finding by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "format", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum FindingKey {
    /// For `BatchUpdateFindings`.
    Asff {
        /// The finding's id.
        id: String,
        /// The product's ARN.
        product_arn: String,
    },
    /// For `BatchUpdateFindingsV2`.
    Ocsf {
        /// The account's id.
        cloud_account_uid: String,
        /// The finding's id.
        finding_info_uid: String,
        /// The product's ARN.
        metadata_product_uid: String,
    },
}

/// The outcome of a check. Others exist (`WARNING`, `NOT_AVAILABLE`) and may come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compliance {
    /// The resource is as it should be.
    Passed,
    /// It is not.
    Failed,
    /// Nobody knows.
    Unknown,
}

/// What people and machines have said about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workflow {
    /// Nothing.
    New,
    /// Its owner has been told.
    Notified,
    /// It is to be left alone.
    Suppressed,
    /// It is done with.
    Resolved,
    /// Something that came after this was written.
    Other,
}

/// One resource of a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its id, then what else the finding calls it: in samples of AWS an account where the resource is meant.
    pub ids: Vec<String>,
    /// Its tags, as far as the finding shows them.
    pub tags: BTreeMap<String, String>,
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What Security Hub knows it by.
    pub key: FindingKey,
    /// Names of the control, the best first.
    pub controls: Vec<String>,
    /// The account it is about, which is rarely the one that sent it.
    pub account: AccountId,
    /// The Region of the resource.
    pub region: String,
    /// The resources.
    pub resources: Vec<Resource>,
    /// Outcome of the check.
    pub compliance: Compliance,
    /// False once it is archived.
    pub active: bool,
    /// What was said about it.
    pub workflow: Workflow,
    /// When the check last said so. What `BatchUpdateFindings` changes does not move it.
    pub updated_at: Timestamp,
    /// A sample that people made to try things out.
    pub sample: bool,
    /// Made by Security Hub itself, not by another product.
    pub own: bool,
}

/// A finding that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing or cannot be read")]
pub struct Unreadable(pub &'static str);

/// Every finding in an event of Security Hub, in a list, or standing alone; nothing where there is none.
#[must_use]
pub fn findings(document: &Value) -> Vec<Result<Finding, Unreadable>> {
    if let Some(inner) = document.pointer("/detail/findings").or_else(|| document.get("findings")) {
        return findings(inner);
    }
    match document {
        Value::Array(several) => several.iter().flat_map(findings).collect(),
        one if is_asff(one) => vec![asff(one)],
        one if ocsf::is_finding(one) => vec![ocsf::read(one)],
        _ => Vec::new(),
    }
}

fn is_asff(value: &Value) -> bool {
    ["ProductArn", "AwsAccountId", "Resources"].iter().all(|field| value.get(field).is_some())
}

pub(crate) fn account(text: Option<&str>) -> Result<AccountId, Unreadable> {
    text.and_then(|id| AccountId::parse(id).ok()).ok_or(Unreadable("the account"))
}

/// Such as `eu-west-1`.
pub(crate) fn region(text: Option<&str>) -> Result<String, Unreadable> {
    let is_region = |text: &&str| {
        text.split('-').count() >= 3 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.filter(is_region).map(str::to_owned).ok_or(Unreadable("the Region"))
}

fn asff(record: &Value) -> Result<Finding, Unreadable> {
    let at = |path: &str| record.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let need = |path: &'static str| at(path).map(str::to_owned).ok_or(Unreadable(path));
    let key = FindingKey::Asff { id: need("/Id")?, product_arn: need("/ProductArn")? };
    let entries = record.get("Resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let resources: Vec<Resource> = (0..).zip(entries).map(|(place, entry)| resource(record, place, entry)).collect();
    if resources.iter().all(|resource| resource.ids.is_empty()) {
        return Err(Unreadable("/Resources"));
    }
    let of_resource = entries.first().and_then(|entry| entry.get("Region")).and_then(Value::as_str);
    Ok(Finding {
        controls: control_names(record),
        account: account(at("/AwsAccountId"))?,
        region: region(of_resource).or_else(|_| region(at("/Region"))).or_else(|_| region(product_region(&key)))?,
        resources,
        compliance: match at("/Compliance/Status") {
            Some("PASSED") => Compliance::Passed,
            Some("FAILED") => Compliance::Failed,
            _ => Compliance::Unknown,
        },
        active: at("/RecordState") != Some("ARCHIVED"),
        workflow: match at("/Workflow/Status").or_else(|| at("/WorkflowState")) {
            None | Some("NEW") => Workflow::New,
            Some("NOTIFIED") => Workflow::Notified,
            Some("SUPPRESSED") => Workflow::Suppressed,
            Some("RESOLVED") => Workflow::Resolved,
            Some(_) => Workflow::Other,
        },
        updated_at: at("/UpdatedAt").and_then(|text| text.parse().ok()).ok_or(Unreadable("/UpdatedAt"))?,
        sample: record.get("Sample").and_then(Value::as_bool).unwrap_or(false),
        own: at("/ProductArn").is_some_and(|arn| arn.ends_with("product/aws/securityhub")),
        key,
    })
}

/// The Region in the product's ARN, for findings that have none of their own.
fn product_region(key: &FindingKey) -> Option<&str> {
    match key {
        FindingKey::Asff { product_arn, .. } => product_arn.split(':').nth(3),
        FindingKey::Ocsf { .. } => None,
    }
}

fn resource(record: &Value, place: usize, entry: &Value) -> Resource {
    let own = entry.get("Id").and_then(Value::as_str);
    let other = record.get("ProductFields").and_then(|fields| fields.get(format!("Resources:{place}/Id")));
    let ids = own.into_iter().chain(other.and_then(Value::as_str)).filter(|id| !id.is_empty());
    let tags = entry.get("Tags").and_then(Value::as_object).into_iter().flatten();
    Resource {
        ids: ids.map(str::to_owned).collect(),
        tags: tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect(),
    }
}

/// The names of a control: `S3.8`; `PCI.S3.1` of a single standard; `CIS 1.2.0 1.3` where that has numbers only.
fn control_names(record: &Value) -> Vec<String> {
    let at = |path: &str| record.pointer(path).and_then(Value::as_str);
    let consolidated = at("/Compliance/SecurityControlId").or_else(|| at("/ProductFields/ControlId"));
    let number = at("/ProductFields/RuleId").map(|rule| {
        let generator = at("/GeneratorId").or_else(|| at("/ProductFields/StandardsGuideArn")).unwrap_or_default();
        let version = generator.split("/v/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        format!("CIS {version} {rule}")
    });
    // `security-control/S3.8`, and in the findings of single standards `…/v/1.0.0/S3.8`.
    let generator = at("/GeneratorId").and_then(|id| id.rsplit('/').next()).filter(|last| last.contains('.'));
    let mut names: Vec<String> = Vec::new();
    for name in consolidated.map(str::to_owned).into_iter().chain(number).chain(generator.map(str::to_owned)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document() -> Value {
        json!({"Id": "f-1", "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub",
            "AwsAccountId": "111122223333", "Region": "us-east-1", "UpdatedAt": "2026-11-26T08:00:00Z",
            "GeneratorId": "security-control/S3.8", "RecordState": "ACTIVE", "Workflow": {"Status": "NEW"},
            "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.8"},
            "Resources": [{"Id": "arn:aws:s3:::data", "Region": "eu-west-1", "Tags": {"owner": "jane"}}]})
    }

    #[test]
    fn a_finding_is_read_from_its_event_from_a_list_and_alone() {
        let event = json!({"detail-type": "Security Hub Findings - Imported", "detail": {"findings": [document()]}});
        let finding = asff(&document()).unwrap();
        for document in [document(), json!([document()]), event] {
            assert_eq!(findings(&document), [Ok(finding.clone())]);
        }
        assert_eq!((finding.region.as_str(), finding.own, finding.active), ("eu-west-1", true, true));
        assert_eq!((finding.controls, finding.compliance), (vec!["S3.8".to_owned()], Compliance::Failed));
        assert_eq!(finding.resources[0].tags["owner"], "jane");
        assert!(findings(&json!({"detail": {}})).is_empty());
    }

    #[test]
    fn every_standard_names_its_controls() {
        let names = |changes: Value| {
            let mut record = document();
            record["Compliance"] = json!({"Status": "FAILED"});
            record.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
            control_names(&record)
        };
        let pci = json!({"ProductFields": {"ControlId": "PCI.S3.1"}, "GeneratorId": "pci-dss/v/3.2.1/PCI.S3.1"});
        assert_eq!(names(pci), ["PCI.S3.1"]);
        let cis = json!({"ProductFields": {"RuleId": "1.3"},
            "GeneratorId": "arn:aws:securityhub:::ruleset/cis-aws-foundations-benchmark/v/1.2.0/rule/1.3"});
        assert_eq!(names(cis), ["CIS 1.2.0 1.3", "1.3"]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let without = |path: &str, value: Value| {
            let mut record = document();
            *record.pointer_mut(path).unwrap() = value;
            asff(&record)
        };
        for (path, value, what) in [
            ("/Id", json!(""), "/Id"),
            ("/AwsAccountId", json!("1"), "the account"),
            ("/UpdatedAt", json!("yesterday"), "/UpdatedAt"),
            ("/Resources", json!([]), "/Resources"),
        ] {
            assert_eq!(without(path, value), Err(Unreadable(what)));
        }
        let mut account = document();
        account["Resources"][0]["Id"] = json!("AWS::::Account:111122223333");
        account["ProductFields"] = json!({"Resources:0/Id": "arn:aws:s3:::data"});
        assert_eq!(asff(&account).unwrap().resources[0].ids.len(), 2);
    }
}

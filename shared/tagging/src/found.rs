//! Resources without the call that made them: found by the sweep, or named by a finding of Security Hub's AWS Resource
//! Tagging Standard. They get the tags of their account; who made them, and when, stays unknown.

use crate::{
    Arn, Creation, Ignored, Origin, Principal, Rejected, Rule, TagMap, Via,
    creation::{Left, is_region, time},
};
use jiff::Timestamp;
use landing_zone::{AccountId, partition_of};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// The type of the sweep's messages.
const DETAIL_TYPE: &str = "Resource Found";

/// In the id of the standard
/// (<https://docs.aws.amazon.com/securityhub/latest/userguide/standards-tagging.html>).
const STANDARD: &str = "aws-resource-tagging-standard";

/// No rows of the table: no call leads here.
static ROWS: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let row = |via: &str| {
        json!({"source": "sweep", "event": "ResourceFound", "arn": ["{resource}"], "via": via,
            "action": "tag:TagResources", "evidence": "observed", "tier": 1})
    };
    #[allow(clippy::expect_used, reason = "read by the tests: it cannot fail where they passed")]
    serde_json::from_value(json!([row("tagging-api"), row("iam-role"), row("iam-user")])).expect("rows")
});

fn row(arn: &Arn) -> Option<&'static Rule> {
    let via = match (arn.service(), arn.resource().split('/').next()) {
        ("iam", Some("role")) => Via::IamRole,
        ("iam", Some("user")) => Via::IamUser,
        _ => Via::TaggingApi,
    };
    ROWS.iter().find(|row| row.via == via)
}

/// What the sweep sends about a resource that nobody else tags.
#[must_use]
pub fn message(arn: &Arn, account: &AccountId, region: &str, now: Timestamp) -> Value {
    json!({"source": "ai-landing-zone.tagging", "detail-type": DETAIL_TYPE,
        "detail": {"resource": arn.as_str(), "accountId": account, "region": region, "foundAt": now.to_string()}})
}

/// True for what [`message`] wrote.
pub(crate) fn is_message(value: &Value) -> bool {
    value.get("detail-type").and_then(Value::as_str) == Some(DETAIL_TYPE) && value.get("detail").is_some()
}

/// True for a finding as Security Hub writes it: ASFF, or OCSF, which is nothing to tagging.
pub(crate) fn is_finding(value: &Value) -> bool {
    let has = |fields: &[&str]| fields.iter().all(|field| value.get(field).is_some());
    has(&["ProductArn", "AwsAccountId", "Resources"]) || has(&["class_uid", "finding_info"])
}

/// Reads what is no call.
pub(crate) fn read(record: &Value) -> Result<Creation, Left> {
    if is_finding(record) {
        return finding(record);
    }
    let text = |name: &str| record.get(name).and_then(Value::as_str);
    let (Some(resource), Some(found_at)) = (text("resource"), text("foundAt")) else {
        return Err(Ignored::NotOurs.into());
    };
    let at = time(found_at).ok_or(Rejected::Field("foundAt"))?;
    creation(vec![resource], text("accountId"), text("region"), at, "")
}

fn finding(record: &Value) -> Result<Creation, Left> {
    let at = |path: &str| record.pointer(path).and_then(Value::as_str);
    let standards = record.pointer("/Compliance/AssociatedStandards").and_then(Value::as_array);
    let is_about_tags = standards.into_iter().flatten().any(|standard| {
        standard.get("StandardsId").and_then(Value::as_str).is_some_and(|standard| standard.contains(STANDARD))
    });
    if !is_about_tags {
        return Err(Ignored::OtherFinding.into());
    }
    let asks = at("/Compliance/Status") == Some("FAILED")
        && at("/RecordState") == Some("ACTIVE")
        && matches!(at("/Workflow/Status"), Some("NEW" | "NOTIFIED"));
    if !asks {
        return Err(Ignored::SettledFinding.into());
    }
    let seen = at("/UpdatedAt").and_then(time).ok_or(Rejected::Field("UpdatedAt"))?;
    let resources = record.get("Resources").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let region = resources.first().and_then(|first| first.get("Region")).and_then(Value::as_str).or(at("/Region"));
    let ids = resources.iter().filter_map(|resource| resource.get("Id").and_then(Value::as_str));
    creation(ids.collect(), at("/AwsAccountId"), region, seen, at("/Id").unwrap_or_default())
}

fn creation(
    resources: Vec<&str>,
    account: Option<&str>,
    region: Option<&str>,
    time: Timestamp,
    id: &str,
) -> Result<Creation, Left> {
    let account = account.and_then(|id| AccountId::parse(id).ok()).ok_or(Rejected::Field("the account"))?;
    let region = region.filter(|region| is_region(region)).ok_or(Rejected::Field("the Region"))?.to_owned();
    let arns = resources.into_iter().map(Arn::parse).collect::<Result<Vec<_>, _>>().map_err(Rejected::NotAnArn)?;
    let rule = arns.first().and_then(row).ok_or(Rejected::NoResource)?;
    Ok(Creation {
        rule,
        origin: Origin::Found,
        event_id: id.to_owned(),
        time,
        account,
        partition: partition_of(&region),
        region,
        resources: arns,
        data: Vec::new(),
        principal: Principal::default(),
        request_tags: TagMap::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Facts, Policy, Verdict, classify, plan, records};

    fn creation(document: &Value) -> Creation {
        match classify(&records(document)[0].record) {
            Verdict::Creation(creation) => *creation,
            other => panic!("{other:?}"),
        }
    }

    fn found(standard: &str, status: &str, workflow: &str) -> Value {
        json!({"Id": "finding-1", "ProductArn": "p", "AwsAccountId": "111122223333", "Region": "eu-west-1",
            "UpdatedAt": "2026-11-26T08:00:00Z", "RecordState": "ACTIVE", "Workflow": {"Status": workflow},
            "Compliance": {"Status": status, "AssociatedStandards": [{"StandardsId": standard}]},
            "Resources": [{"Id": "arn:aws:iam::111122223333:role/service/Train", "Region": "eu-west-1"}]})
    }

    const TAGGING: &str = "standards/aws-resource-tagging-standard/v/1.0.0";

    #[test]
    fn what_the_sweep_sends_gets_the_tags_of_its_account_and_no_day_of_creation() {
        let arn = Arn::parse("arn:aws:sqs:eu-west-1:111122223333:jobs").unwrap();
        let account = AccountId::parse("111122223333").unwrap();
        let found = creation(&message(&arn, &account, "eu-west-1", "2026-11-26T08:00:00Z".parse().unwrap()));
        assert_eq!((&found.resources, found.tagging_region()), (&vec![arn], "eu-west-1"));
        let tags = TagMap::from([("owner".to_owned(), "team@example.com".to_owned())]);
        let facts = Facts { account: tags.clone(), ..Facts::default() };
        let plan = plan(&Policy::standard(), &found, &facts, &TagMap::new());
        assert_eq!((plan.set, plan.person_known), (tags, false));
    }

    #[test]
    fn a_finding_of_the_tagging_standard_names_a_resource_and_any_other_does_not() {
        let event = json!({"detail-type": "Security Hub Findings - Imported",
            "detail": {"findings": [found(TAGGING, "FAILED", "NEW")]}});
        let role = creation(&event);
        assert_eq!((role.rule.via, role.tagging_region()), (Via::IamRole, "us-east-1"));
        assert_eq!(records(&event)[0].kind, "eventbridge/finding");
        let ignored = |finding: &Value| match classify(finding) {
            Verdict::Ignored(why) => why,
            other => panic!("{other:?}"),
        };
        assert_eq!(ignored(&found("standards/other/v/1", "FAILED", "NEW")), Ignored::OtherFinding);
        assert_eq!(ignored(&found(TAGGING, "PASSED", "NEW")), Ignored::SettledFinding);
        assert_eq!(ignored(&found(TAGGING, "FAILED", "SUPPRESSED")), Ignored::SettledFinding);
    }
}

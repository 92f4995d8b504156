//! For each role something that its neighbours may do and it may not.

use crate::needs::{Need, Place};
use std::collections::BTreeMap;

/// By role, without prefix.
pub(crate) fn needs(place: &Place) -> BTreeMap<&'static str, Vec<Need>> {
    let all = accounts(place).into_iter().chain(tagging(place)).chain(remediation(place)).chain(spending(place));
    all.collect()
}

fn everything(place: &Place, action: &str) -> Need {
    Need::new(action, place.organizations("any"))
}

fn other_organization(place: &Place, role: &str) -> Need {
    let mut need = place.assume(&format!("arn:aws:iam::111122223333:role/{role}"));
    need.context.insert("aws:ResourceOrgID", "o-another000".to_owned());
    need
}

fn accounts(place: &Place) -> Vec<(&'static str, Vec<Need>)> {
    let item = |action: &str, id: &str| place.item(action, id);
    let everything = |action: &str| everything(place, action);
    vec![
        (
            "api",
            vec![
                item("PutItem", "pace#create-account"),
                item("DeleteItem", "name#x"),
                everything("organizations:CreateAccount"),
            ],
        ),
        (
            "admit",
            vec![
                item("PutItem", "organization"),
                item("PutItem", "account#1"),
                everything("organizations:CreateAccount"),
            ],
        ),
        (
            "create",
            vec![item("UpdateItem", "name#x"), item("PutItem", "request#x"), everything("organizations:CloseAccount")],
        ),
        ("place", vec![item("UpdateItem", "name#x"), everything("organizations:CreateAccount")]),
        (
            "baseline",
            vec![
                item("GetItem", "organization"),
                other_organization(place, "OrganizationAccountAccessRole"),
                place.assume("arn:aws:iam::111122223333:role/Another"),
            ],
        ),
        (
            "profile",
            vec![
                item("GetItem", "organization"),
                everything("organizations:UntagResource"),
                everything("organizations:MoveAccount"),
            ],
        ),
        (
            "verify",
            vec![
                item("DeleteItem", "request#x"),
                place.assume("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"),
                everything("organizations:TagResource"),
            ],
        ),
        (
            "settle",
            vec![
                item("UpdateItem", "account#1"),
                Need::new("events:PutEvents", "arn:aws:events:us-east-1:123456789012:event-bus/default".to_owned()),
            ],
        ),
        (
            "reconcile",
            vec![
                item("PutItem", "request#x"),
                everything("organizations:MoveAccount"),
                everything("organizations:CreateAccount"),
                Need::new("organizations:AttachPolicy", place.organizations("p-any")),
                Need::new("organizations:DeletePolicy", place.organizations("p-any")),
                // A policy of another type.
                Need::new(
                    "organizations:UpdatePolicy",
                    place.organizations("p-any").replace("/service_control_policy/", "/tag_policy/"),
                ),
            ],
        ),
        ("account-vending", vec![Need::new("lambda:InvokeFunction", place.function("api"))]),
        (
            "verification",
            vec![Need::new("iam:CreateRole", "arn:aws:iam::123456789012:role/AiLandingZone-x".to_owned())],
        ),
    ]
}

fn tagging(place: &Place) -> Vec<(&'static str, Vec<Need>)> {
    let item = |action: &str, id: &str| place.item(action, id);
    vec![
        (
            "tag-resource",
            vec![
                item("GetItem", "request#x"),
                everything(place, "organizations:TagResource"),
                place.assume("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"),
                other_organization(place, "AiLandingZone-tagging"),
            ],
        ),
        (
            "tagging",
            vec![
                Need::new("ec2:DeleteVolume", "arn:aws:ec2:us-east-1:123456789012:volume/v".to_owned()),
                Need::new("iam:UntagRole", "arn:aws:iam::123456789012:role/x".to_owned()),
            ],
        ),
        (
            "sweep",
            vec![
                item("PutItem", "request#x"),
                place.assume("arn:aws:iam::111122223333:role/AiLandingZone-tagging"),
                other_organization(place, "AiLandingZone-tag-audit"),
            ],
        ),
        ("tag-audit", vec![Need::new("tag:TagResources", "arn:aws:tag:us-east-1:123456789012:any".to_owned())]),
        (
            "coverage",
            vec![
                item("GetItem", "request#x"),
                Need::new("sns:Publish", "arn:aws:sns:us-east-1:123456789012:another".to_owned()),
            ],
        ),
        ("tag-sweep", vec![Need::new("lambda:InvokeFunction", place.function("settle"))]),
    ]
}

fn remediation(place: &Place) -> Vec<(&'static str, Vec<Need>)> {
    let item = |action: &str, id: &str| place.item(action, id);
    let family = |own: &str, other: &str| {
        vec![
            item("GetItem", "request#x"),
            item("DeleteItem", "remediation#x"),
            place.assume(&format!("arn:aws:iam::111122223333:role/AiLandingZone-remediation-{other}")),
            other_organization(place, &format!("AiLandingZone-remediation-{own}")),
        ]
    };
    let member = |action: &str| vec![Need::new(action, "arn:aws:any:us-east-1:123456789012:any".to_owned())];
    vec![
        (
            "triage",
            vec![
                item("PutItem", "work#x"),
                item("GetItem", "request#x"),
                place.assume("arn:aws:iam::111122223333:role/AiLandingZone-remediation-data"),
                Need::new(
                    "securityhub:BatchUpdateFindings",
                    "arn:aws:securityhub:us-east-1:123456789012:hub/default".to_owned(),
                ),
            ],
        ),
        ("ai", family("ai", "data")),
        ("data", family("data", "identity")),
        ("compute", family("compute", "ai")),
        ("identity", family("identity", "compute")),
        (
            "settle-finding",
            vec![
                item("PutItem", "work#x"),
                Need::new(
                    "securityhub:BatchImportFindings",
                    "arn:aws:securityhub:us-east-1:123456789012:hub/default".to_owned(),
                ),
                Need::new("sns:Publish", "arn:aws:sns:us-east-1:123456789012:another".to_owned()),
            ],
        ),
        ("remediation", vec![Need::new("lambda:InvokeFunction", place.function("triage"))]),
        ("remediation-ai", member("s3:PutBucketPolicy")),
        ("remediation-data", member("iam:DeleteAccessKey")),
        ("remediation-compute", member("sagemaker:UpdateNotebookInstance")),
        ("remediation-identity", member("ec2:ModifyImageAttribute")),
    ]
}

fn spending(place: &Place) -> Vec<(&'static str, Vec<Need>)> {
    let item = |action: &str, id: &str| place.item(action, id);
    let member = |action: &str| vec![Need::new(action, "arn:aws:any:us-east-1:123456789012:any".to_owned())];
    let another_policy = |action: &str| Need::new(action, place.organizations("p-any"));
    vec![
        (
            "observe",
            vec![
                item("PutItem", "spend#x"),
                another_policy("organizations:AttachPolicy"),
                place.assume("arn:aws:iam::111122223333:role/AiLandingZone-spend-enforcement"),
                other_organization(place, "AiLandingZone-spend-observation"),
            ],
        ),
        (
            "evaluate",
            vec![
                item("PutItem", "spend#x"),
                item("PutItem", "request#x"),
                another_policy("organizations:AttachPolicy"),
                place.assume("arn:aws:iam::111122223333:role/AiLandingZone-spend-enforcement"),
            ],
        ),
        (
            "enforce",
            vec![
                item("PutItem", "decision#x"),
                another_policy("organizations:AttachPolicy"),
                another_policy("organizations:DetachPolicy"),
                another_policy("organizations:UpdatePolicy"),
                other_organization(place, "AiLandingZone-spend-enforcement"),
                place.assume("arn:aws:iam::111122223333:role/OrganizationAccountAccessRole"),
            ],
        ),
        ("budgets", vec![item("PutItem", "spend#x"), everything(place, "organizations:ListAccounts")]),
        (
            "idle",
            vec![
                item("PutItem", "spend#x"),
                place.assume("arn:aws:iam::111122223333:role/AiLandingZone-remediation-ai"),
                other_organization(place, "AiLandingZone-spend-enforcement"),
            ],
        ),
        (
            "report",
            vec![
                item("PutItem", "spend#x"),
                Need::new("s3:GetObject", "arn:aws:s3:::any/spend/x".to_owned()),
                Need::new("ce:GetCostForecast", format!("arn:aws:ce:us-east-1:{}:any", "123456789012")),
            ],
        ),
        ("spend-evaluation", vec![Need::new("lambda:InvokeFunction", place.function("enforce"))]),
        ("spend-enforcement", vec![Need::new("lambda:InvokeFunction", place.function("evaluate"))]),
        ("idle-sweep", vec![Need::new("lambda:InvokeFunction", place.function("enforce"))]),
        ("member-spend-observation", member("sagemaker:StopNotebookInstance")),
        ("member-spend-enforcement", member("ec2:TerminateInstances")),
    ]
}

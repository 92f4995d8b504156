//! The tags of a resource, as AWS shows them.

use crate::Aws;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tags by key.
pub type TagMap = BTreeMap<String, String>;

/// The tags of a resource.
pub async fn tags_of(aws: &Aws, arn: &str) -> TagMap {
    let identity = |kind: &str| arn.contains(&format!(":{kind}/")) && arn.contains(":iam:");
    for (kind, action) in [("role", "ListRoleTags"), ("user", "ListUserTags")] {
        if identity(kind) {
            let field = if kind == "role" { "RoleName" } else { "UserName" };
            let name = arn.rsplit('/').next().expect("a name");
            return listed(&aws.query("iam", &[("Action", action), ("Version", "2010-05-08"), (field, name)]).await);
        }
    }
    let asked = json!({"ResourceARNList": [arn]});
    let answer = aws.json("tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", &asked).await;
    pairs(&answer["ResourceTagMappingList"][0]["Tags"])
}

/// The pairs in a list as the Tagging API writes it.
#[must_use]
pub fn pairs(tags: &Value) -> TagMap {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    tags.as_array().into_iter().flatten().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect()
}

fn listed(xml: &str) -> TagMap {
    let field = |member: &str, name: &str| {
        let rest = member.split_once(&format!("<{name}>")).map_or("", |(_, rest)| rest);
        rest.split_once("</").map_or("", |(text, _)| text).to_owned()
    };
    xml.split("<member>").skip(1).map(|member| (field(member, "Key"), field(member, "Value"))).collect()
}

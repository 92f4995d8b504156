//! The calls that read and write tags in an account.

use crate::buckets;
use aws::{AwsFault, Call, SdkConfig};
use aws_sdk_resourcegroupstagging::Client as TaggingApi;
use landing_zone::{AccountId, Class};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use tagging::{Arn, TagMap, Via};

/// Resources that one call tags
/// (<https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_TagResources.html>).
pub(crate) const MOST_ARNS: usize = 20;

/// Why a service refused one resource.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    pub code: String,
    pub message: String,
}

/// A refused call about one resource concerns that resource only; anything else stays a fault of the call.
fn refused(arn: &Arn, fault: AwsFault) -> Result<Vec<(Arn, Refusal)>, AwsFault> {
    if fault.class() != Class::Invalid {
        return Err(fault);
    }
    Ok(vec![(arn.clone(), Refusal { code: fault.code().to_owned(), message: fault.to_string() })])
}

/// The tags that resources carry. One that has never had any does not appear.
pub(crate) async fn tags(config: &SdkConfig, arns: &[Arn]) -> Result<BTreeMap<Arn, TagMap>, AwsFault> {
    let asked: Vec<String> = arns.iter().map(Arn::to_string).collect();
    let found = aws::resource_tags(&TaggingApi::new(config), &asked).await?;
    Ok(found.into_iter().filter_map(|(arn, tags)| Some((Arn::parse(&arn).ok()?, tags))).collect())
}

/// The tags of an IAM role or user; none for one that does not exist, which [`write`] will find out.
pub(crate) async fn identity_tags(config: &SdkConfig, via: Via, arn: &Arn) -> Result<TagMap, AwsFault> {
    match listed_tags(config, via, arn).await {
        Err(fault) if fault.class() == Class::Invalid => Ok(TagMap::new()),
        other => other,
    }
}

/// A role has at most 50 tags, which is one page
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoleTags.html>).
async fn listed_tags(config: &SdkConfig, via: Via, arn: &Arn) -> Result<TagMap, AwsFault> {
    let kind = kind(via);
    let parameters = json!({(format!("{kind}Name")): identity_name(arn)});
    let answer = aws::send(config, &Call::new("iam", &format!("List{kind}Tags"), parameters)).await?;
    let list = aws::each(answer.pointer(&format!("/List{kind}TagsResult/Tags/member")));
    let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).map(str::to_owned);
    Ok(list.iter().filter_map(|tag| Some((text(tag, "Key")?, text(tag, "Value")?))).collect())
}

/// As IAM's operations and parameters name it.
fn kind(via: Via) -> &'static str {
    if via == Via::IamRole { "Role" } else { "User" }
}

/// Writes tags on resources and returns what was refused.
pub(crate) async fn write(
    config: &SdkConfig,
    account: &AccountId,
    (via, tags): (Via, &TagMap),
    arns: &[&Arn],
) -> Result<Vec<(Arn, Refusal)>, AwsFault> {
    match via {
        Via::TaggingApi => {
            let refused = tag_resources(&TaggingApi::new(config), tags, arns).await?;
            Ok(buckets::try_refused(config, account, tags, refused).await)
        }
        Via::IamRole | Via::IamUser => {
            let mut all = Vec::new();
            for arn in arns {
                let alone = on_identity(config, via, tags, arn).await.map(|()| Vec::new());
                all.extend(alone.or_else(|fault| refused(arn, fault))?);
            }
            Ok(all)
        }
        Via::OwnerOnly => Ok(Vec::new()),
    }
}

/// Where the Tagging API refuses a whole call for one of its resources, each is tried by itself.
async fn tag_resources(client: &TaggingApi, tags: &TagMap, arns: &[&Arn]) -> Result<Vec<(Arn, Refusal)>, AwsFault> {
    match tag_together(client, tags, arns).await {
        Err(fault) if fault.class() == Class::Invalid => {
            let mut all = Vec::new();
            for arn in arns {
                let alone = tag_together(client, tags, &[arn]).await;
                all.extend(alone.or_else(|fault| refused(arn, fault))?);
            }
            Ok(all)
        }
        other => other,
    }
}

async fn tag_together(client: &TaggingApi, tags: &TagMap, arns: &[&Arn]) -> Result<Vec<(Arn, Refusal)>, AwsFault> {
    let answer = client
        .tag_resources()
        .set_resource_arn_list(Some(arns.iter().map(ToString::to_string).collect()))
        .set_tags(Some(tags.clone().into_iter().collect()))
        .send()
        .await
        .map_err(|error| AwsFault::new("tag:TagResources", &error))?;
    let failed = answer.failed_resources_map.unwrap_or_default();
    Ok(failed
        .into_iter()
        .filter_map(|(arn, failure)| {
            let code = failure.error_code.map(|code| code.as_str().to_owned()).unwrap_or_default();
            let refusal = Refusal { code, message: failure.error_message.unwrap_or_default() };
            Some((Arn::parse(&arn).ok()?, refusal))
        })
        .collect())
}

async fn on_identity(config: &SdkConfig, via: Via, tags: &TagMap, arn: &Arn) -> Result<(), AwsFault> {
    let kind = kind(via);
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let parameters = json!({(format!("{kind}Name")): identity_name(arn), "Tags": {"member": tags}});
    aws::send(config, &Call::new("iam", &format!("Tag{kind}"), parameters)).await.map(drop)
}

/// The name behind type and path: `role/service/Name`.
fn identity_name(arn: &Arn) -> &str {
    arn.resource().rsplit('/').next().unwrap_or_default()
}

/// The volumes attached to instances, which no event of the launch names.
pub(crate) async fn attached_volumes(
    config: &SdkConfig,
    instances: &[&Arn],
) -> Result<BTreeMap<Arn, Vec<Arn>>, AwsFault> {
    let mut attached: BTreeMap<Arn, Vec<Arn>> = BTreeMap::new();
    let ids: BTreeMap<String, &Arn> =
        instances.iter().filter_map(|arn| Some((arn.resource().strip_prefix("instance/")?.to_owned(), *arn))).collect();
    if ids.is_empty() {
        return Ok(attached);
    }
    let filter = json!({"Name": "attachment.instance-id", "Value": ids.keys().collect::<Vec<_>>()});
    let mut token = Value::Null;
    loop {
        let parameters = json!({"Filter": [filter], "NextToken": token});
        let page = aws::send(config, &Call::new("ec2", "DescribeVolumes", parameters)).await?;
        for attachment in aws::each(page.pointer("/volumeSet/item"))
            .iter()
            .flat_map(|volume| aws::each(volume.pointer("/attachmentSet/item")))
        {
            let text = |name: &str| attachment.get(name).and_then(Value::as_str);
            let host = text("instanceId").and_then(|id| ids.get(id));
            let (Some(host), Some(id)) = (host, text("volumeId")) else { continue };
            let text = host.as_str().replace(&format!(":{}", host.resource()), &format!(":volume/{id}"));
            if let Ok(arn) = Arn::parse(&text) {
                attached.entry((*host).clone()).or_default().push(arn);
            }
        }
        match page.get("nextToken").and_then(Value::as_str).filter(|token| !token.is_empty()) {
            Some(next) => token = next.into(),
            None => return Ok(attached),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_resourcegroupstagging::{
        operation::tag_resources::{TagResourcesError, TagResourcesOutput},
        types::{ErrorCode, FailureInfo, error::InvalidParameterException},
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    fn arn(name: &str) -> Arn {
        Arn::parse(&format!("arn:aws:sns:eu-west-1:111122223333:{name}")).unwrap()
    }

    fn tags() -> TagMap {
        TagMap::from([("owner".to_owned(), "jane".to_owned())])
    }

    #[tokio::test]
    async fn one_wrong_resource_does_not_spoil_the_call_for_the_others() {
        let wrong = mock!(TaggingApi::tag_resources)
            .match_requests(|request| request.resource_arn_list().iter().any(|arn| arn.ends_with(":wrong")))
            .then_error(|| {
                let refused = InvalidParameterException::builder().message("not supported").build();
                TagResourcesError::InvalidParameterException(refused)
            });
        let right = mock!(TaggingApi::tag_resources)
            .match_requests(|request| request.resource_arn_list() == [arn("right").to_string()])
            .then_output(|| TagResourcesOutput::builder().build());
        let client = mock_client!(aws_sdk_resourcegroupstagging, RuleMode::MatchAny, [&wrong, &right]);
        let refused = tag_resources(&client, &tags(), &[&arn("right"), &arn("wrong")]).await.unwrap();
        assert_eq!(refused.iter().map(|(arn, _)| arn.clone()).collect::<Vec<_>>(), [arn("wrong")]);
        assert_eq!((wrong.num_calls(), right.num_calls()), (2, 1));
    }

    #[tokio::test]
    async fn a_resource_that_its_service_refuses_is_named() {
        let busy = mock!(TaggingApi::tag_resources).then_output(|| {
            let failure = FailureInfo::builder().error_code(ErrorCode::from("ResourceInUseException")).build();
            TagResourcesOutput::builder().failed_resources_map(arn("busy").as_str(), failure).build()
        });
        let client = mock_client!(aws_sdk_resourcegroupstagging, [&busy]);
        let refused = tag_resources(&client, &tags(), &[&arn("busy"), &arn("free")]).await.unwrap();
        assert_eq!(refused.len(), 1);
        assert_eq!((&refused[0].0, &*refused[0].1.code), (&arn("busy"), "ResourceInUseException"));
    }
}

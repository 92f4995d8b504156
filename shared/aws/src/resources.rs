//! The tags of resources, through the Resource Groups Tagging API.

use crate::AwsFault;
use aws_sdk_resourcegroupstagging::Client;
use std::collections::BTreeMap;

/// Resources that one call reads (`ResourceARNList` of
/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>).
const MOST_READ: usize = 100;

/// The tags that resources carry, by ARN. One that has never had any does not appear.
pub async fn resource_tags(
    client: &Client,
    arns: &[String],
) -> Result<BTreeMap<String, BTreeMap<String, String>>, AwsFault> {
    let mut tags = BTreeMap::new();
    for some in arns.chunks(MOST_READ) {
        let answer = client
            .get_resources()
            .set_resource_arn_list(Some(some.to_vec()))
            .send()
            .await
            .map_err(|error| AwsFault::new("tag:GetResources", &error))?;
        for mapping in answer.resource_tag_mapping_list.unwrap_or_default() {
            let Some(arn) = mapping.resource_arn else { continue };
            tags.insert(arn, mapping.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect());
        }
    }
    Ok(tags)
}

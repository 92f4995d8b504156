//! The tags that a resource carries now: a finding shows those of the check, if any.

use aws::{AwsFault, SdkConfig};
use landing_zone::Class;
use std::collections::BTreeMap;

/// The tags of a resource, those of AWS itself (`aws:…`) included; none for what the Tagging API does not know.
pub(crate) async fn of(config: &SdkConfig, resource: &str) -> Result<BTreeMap<String, String>, AwsFault> {
    if !resource.starts_with("arn:") {
        return Ok(BTreeMap::new());
    }
    let client = aws_sdk_resourcegroupstagging::Client::new(config);
    match aws::resource_tags(&client, &[resource.to_owned()]).await {
        Ok(found) => Ok(found.into_values().next().unwrap_or_default()),
        Err(fault) if fault.class() == Class::Invalid => Ok(BTreeMap::new()),
        Err(fault) => Err(fault),
    }
}

//! Waiting for tags.

use serde_json::json;
use std::{collections::BTreeMap, time::Duration};
use tests::{Aws, TagMap, pairs, tags_of};
use tokio::time::{Instant, sleep};

/// The tags of all topics of the account by ARN.
pub(crate) async fn topics(aws: &Aws) -> BTreeMap<String, TagMap> {
    let (mut all, mut token) = (BTreeMap::new(), String::new());
    loop {
        let asked = json!({"ResourceTypeFilters": ["sns:topic"], "ResourcesPerPage": 100, "PaginationToken": token});
        let page = aws.json("tagging", "ResourceGroupsTaggingAPI_20170126.GetResources", &asked).await;
        for mapping in page["ResourceTagMappingList"].as_array().into_iter().flatten() {
            all.insert(mapping["ResourceARN"].as_str().expect("an ARN").to_owned(), pairs(&mapping["Tags"]));
        }
        page["PaginationToken"].as_str().unwrap_or_default().clone_into(&mut token);
        if token.is_empty() {
            return all;
        }
    }
}

/// Waits until a resource has all these tags, and returns all it has.
pub(crate) async fn wait(aws: &Aws, arn: &str, wanted: &TagMap, longest: Duration) -> TagMap {
    let began = Instant::now();
    loop {
        let found = tags_of(aws, arn).await;
        if wanted.iter().all(|(key, value)| found.get(key) == Some(value)) {
            return found;
        }
        assert!(began.elapsed() < longest, "{arn} has {found:?} instead of {wanted:?}");
        sleep(Duration::from_millis(100)).await;
    }
}

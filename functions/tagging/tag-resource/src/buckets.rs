//! Buckets that the Tagging API cannot tag. A bucket with attribute-based access control refuses `PutBucketTagging`, and
//! takes tags from S3 Control only, which adds them to what is there
//! (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/buckets-tagging-enable-abac.html>).

use crate::tagger::Refusal;
use aws::{AwsFault, Call, SdkConfig};
use landing_zone::AccountId;
use serde_json::{Value, json};
use tagging::{Arn, TagMap};

/// Tries the buckets among what was refused at S3 Control; returns what stays refused. The refusal of the Tagging API
/// does not tell one reason from another, so every bucket is tried.
pub(crate) async fn try_refused(
    config: &SdkConfig,
    account: &AccountId,
    tags: &TagMap,
    refused: Vec<(Arn, Refusal)>,
) -> Vec<(Arn, Refusal)> {
    let mut left = Vec::new();
    for (arn, refusal) in refused {
        if arn.service() == "s3" {
            let sent = aws::send(config, &call(account, &arn, tags)).await;
            left.extend(sent.err().map(|fault| (arn, of_fault(&fault))));
        } else {
            left.push((arn, refusal));
        }
    }
    left
}

fn call(account: &AccountId, bucket: &Arn, tags: &TagMap) -> Call {
    let tags: Vec<Value> = tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    let parameters = json!({"AccountId": account, "ResourceArn": bucket.as_str(),
        "TagResourceRequest": {"Tags": {"Tag": tags}}});
    Call::new("s3control", "TagResource", parameters)
}

fn of_fault(fault: &AwsFault) -> Refusal {
    Refusal { code: fault.code().to_owned(), message: fault.to_string() }
}

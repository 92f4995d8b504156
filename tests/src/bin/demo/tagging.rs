//! What somebody creates carries its tags.

use crate::{LONGEST, seconds, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Aws, Creation, Stack, tags_of, tell, unique};

/// Makes a bucket and a secret in an account, as Jane would, plays `CloudTrail`, and waits for the suite's tags.
pub(crate) async fn tag(stack: &Stack, account: &str) -> Vec<Value> {
    let aws = Aws::inside(stack, account).await;
    let name = unique("demo");
    aws.rest("s3", "PUT", &format!("/{name}"), String::new()).await;
    let secret = json!({"Name": name, "SecretString": "s", "ClientRequestToken": "0123456789abcdef0123456789abcdef"});
    let secret = aws.json("secretsmanager", "secretsmanager.CreateSecret", &secret).await;
    let made = [
        (
            format!("arn:aws:s3:::{name}"),
            Creation::by_jane("s3", "CreateBucket", json!({ "bucketName": name }), Value::Null),
        ),
        (
            text(&secret, "ARN").to_owned(),
            Creation::by_jane("secretsmanager", "CreateSecret", json!({}), json!({ "arn": secret["ARN"] })),
        ),
    ];
    let records: Vec<Value> = made.iter().map(|(_, creation)| creation.record(account, &stack.region)).collect();
    let began = Instant::now();
    tell(stack, &records).await;
    let mut tagged = Vec::new();
    for (arn, _) in made {
        let mut tags = tags_of(&aws, &arn).await;
        while !tags.contains_key("owner") {
            assert!(began.elapsed() < LONGEST, "{arn} is not tagged");
            tokio::time::sleep(Duration::from_millis(50)).await;
            tags = tags_of(&aws, &arn).await;
        }
        tagged.push(json!({ "arn": arn, "seconds": seconds(began), "tags": tags }));
    }
    tagged
}

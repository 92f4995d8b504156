//! From a resource that somebody creates in a member account to its tags, as AWS shows them.

mod burst;
mod made;
mod overdue;
mod regions;
mod seen;
mod sweep;
mod trouble;

use made::Made;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Aws, Creation, Listener, Stack, TagMap, request, session, tell, unique};

const LONGEST: Duration = Duration::from_mins(1);

pub(crate) fn tags<const N: usize>(pairs: [(&str, &str); N]) -> TagMap {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// What a resource in an account of [`account`] gets.
pub(crate) fn of_account() -> TagMap {
    tags([
        ("cost-center", "CC-4711"),
        ("environment", "dev"),
        ("account-type", "data-transformation"),
        ("data-classification", "internal"),
    ])
}

/// A new account, vended by the suite, so that its roles and rule are there.
pub(crate) async fn account(stack: &Stack) -> (String, Aws) {
    let api = stack.api();
    let answer = api.post("/accounts", &request(&unique("tagged"), "data-transformation", Some("dev"))).await;
    let record = api.follow(answer.text("requestId"), Duration::from_mins(2), |_| ()).await;
    assert_eq!(record["state"], "ACTIVE", "{record}");
    let account = record["accountId"].as_str().expect("an account").to_owned();
    let aws = Aws::inside(stack, &account).await;
    (account, aws)
}

pub(crate) fn records(made: &[Made], account: &str) -> Vec<Value> {
    made.iter().map(|one| one.creation.record(account, "us-east-1")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_create_carries_its_tags() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let heard = Listener::start(&stack, &unique("tagging"), &json!({"source": ["ai-landing-zone.tagging"]})).await;
    let made = made::everything(&aws, &account).await;
    let today = made[0].creation.time.to_string()[..10].to_owned();
    let mut wanted = of_account();
    wanted.extend(tags([
        ("owner", "jane@example.com"),
        ("created-by", "AWSReservedSSO_DataScience_0a1b/jane@example.com"),
        ("created-on", &today),
    ]));
    let began = Instant::now();
    // Twice, as CloudTrail may deliver it.
    tell(&stack, &records(&made, &account)).await;
    tell(&stack, &records(&made, &account)).await;
    for arn in made.iter().flat_map(|one| &one.arns) {
        let found = seen::wait(&aws, arn, &wanted, LONGEST).await;
        assert_eq!(found, wanted, "{arn}");
        eprintln!("{:5.2} s  {arn}", began.elapsed().as_secs_f64());
    }
    let mut told: Vec<String> = Vec::new();
    while !made.iter().flat_map(|one| &one.arns).all(|arn| told.contains(arn)) {
        let events = heard.receive().await;
        assert!(began.elapsed() < LONGEST, "heard of {told:?} only");
        for event in events {
            assert_eq!(event["detail-type"], "Resource Tagged", "{event}");
            assert_eq!(event["detail"]["accountId"], *account, "{event}");
            let resources = event["detail"]["resources"].as_array().expect("resources");
            told.extend(resources.iter().map(|arn| arn.as_str().expect("text").to_owned()));
        }
    }
    heard.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_wrote_stays_and_data_takes_its_class_along() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let bucket = made::bucket(&aws).await;
    let own = json!({"ResourceARNList": bucket.arns, "Tags": {"owner": "bob", "cost-center": "CC-1", "team": "ml",
        "data-classification": "restricted"}});
    aws.json("tagging", "ResourceGroupsTaggingAPI_20170126.TagResources", &own).await;
    let name = unique("training");
    let uri = format!("s3://{}/train", bucket.arns[0].trim_start_matches("arn:aws:s3:::"));
    let source = json!({"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}});
    let job = json!({"TrainingJobName": name, "RoleArn": "arn:aws:iam::111122223333:role/Train",
        "AlgorithmSpecification": {"TrainingInputMode": "File"}, "OutputDataConfig": {"S3OutputPath": "s3://out"},
        "InputDataConfig": [{"ChannelName": "train", "DataSource": source}],
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 60}});
    let answer = aws.json("sagemaker", "SageMaker.CreateTrainingJob", &job).await;
    let arn = answer["TrainingJobArn"].as_str().expect("an ARN").to_owned();
    let asked = json!({"trainingJobName": name, "inputDataConfig": [{"dataSource": {"s3DataSource": {"s3Uri": uri}}}]});
    let training = Creation::by_jane("sagemaker", "CreateTrainingJob", asked, json!({"trainingJobArn": arn}));
    tell(&stack, &[bucket.creation.record(&account, "us-east-1"), training.record(&account, "us-east-1")]).await;
    let kept =
        tags([("owner", "bob"), ("team", "ml"), ("cost-center", "CC-4711"), ("data-classification", "restricted")]);
    seen::wait(&aws, &bucket.arns[0], &kept, LONGEST).await;
    let travelled = tags([("owner", "jane@example.com"), ("data-classification", "restricted")]);
    seen::wait(&aws, &arn, &travelled, LONGEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_with_attribute_based_access_control_keeps_its_tags_and_gets_its_own() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let bucket = made::bucket(&aws).await;
    let own = json!({"ResourceARNList": bucket.arns, "Tags": {"team": "ml"}});
    aws.json("tagging", "ResourceGroupsTaggingAPI_20170126.TagResources", &own).await;
    let name = bucket.arns[0].trim_start_matches("arn:aws:s3:::");
    let abac = "<AbacStatus><Status>Enabled</Status></AbacStatus>".to_owned();
    aws.rest("s3", "PUT", &format!("/{name}?abac="), abac).await;
    tell(&stack, &[bucket.creation.record(&account, "us-east-1")]).await;
    let mut wanted = of_account();
    wanted.extend(tags([("owner", "jane@example.com"), ("team", "ml")]));
    seen::wait(&aws, &bucket.arns[0], &wanted, LONGEST).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stack_hands_its_owner_on_and_nobody_stays_unknown() {
    let stack = Stack::load();
    let (account, aws) = account(&stack).await;
    let unknown = json!({"source": ["ai-landing-zone.tagging"], "detail-type": ["Owner Unknown"]});
    let heard = Listener::start(&stack, &unique("unknown"), &unknown).await;
    let id = format!("arn:aws:cloudformation:us-east-1:{account}:stack/{}/0a", unique("stack"));
    let made_stack = Creation::by_jane("cloudformation", "CreateStack", json!({}), json!({"stackId": id}));
    let mut by_stack = made::topic(&aws, &account, &unique("by-stack")).await;
    by_stack.creation.identity = session("Deploy", "AWSCloudFormation");
    by_stack.creation.request["tags"] = json!([{"key": "aws:cloudformation:stack-id", "value": id}]);
    let mut by_machine = made::topic(&aws, &account, &unique("by-machine")).await;
    by_machine.creation.identity = session("Pipeline", "build-77");
    let mark = stack.gateway().mark().await;
    tell(&stack, &[made_stack.record(&account, "us-east-1")]).await;
    let item = format!("{}/stack#{id}", stack.output("LedgerTableName"));
    let began = Instant::now();
    while !stack.gateway().calls(mark).await.iter().any(|call| call.resource.as_ref() == Some(&item)) {
        assert!(began.elapsed() < LONGEST, "nobody remembers {id}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let made = [by_stack, by_machine];
    tell(&stack, &records(&made, &account)).await;
    seen::wait(&aws, &made[0].arns[0], &tags([("owner", "jane@example.com")]), LONGEST).await;
    seen::wait(
        &aws,
        &made[1].arns[0],
        &tags([("owner", "team-web@example.com"), ("created-by", "Pipeline/build-77")]),
        LONGEST,
    )
    .await;
    let mut events = Vec::new();
    while events.is_empty() {
        assert!(began.elapsed() < LONGEST, "nobody says that the owner is unknown");
        events = heard.receive().await;
    }
    assert_eq!((events.len(), &events[0]["detail"]["resources"]), (1, &json!(made[1].arns)));
    heard.stop().await;
}

use super::*;
use proptest::prelude::*;
use serde_json::json;

fn record() -> Value {
    json!({
        "eventVersion": "1.11", "eventSource": "sagemaker.amazonaws.com", "eventName": "CreateEndpoint",
        "eventTime": "2026-11-26T08:00:00Z", "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "eventID": "e-1", "errorCode": null,
        "userIdentity": {"type": "AssumedRole",
            "arn": "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Data_1/jane@example.com"},
        "requestParameters": {"endpointName": "Fraud-V2", "tags": [{"key": "team", "value": "ml"}]},
        "responseElements": {"endpointArn": "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/fraud-v2"}
    })
}

fn with(change: impl FnOnce(&mut Value)) -> Value {
    let mut record = record();
    change(&mut record);
    record
}

fn creation(record: &Value) -> Creation {
    match classify(record) {
        Verdict::Creation(creation) => *creation,
        other => panic!("{other:?}"),
    }
}

fn arns(record: &Value) -> Vec<String> {
    creation(record).resources.iter().map(Arn::to_string).collect()
}

#[test]
fn a_creation_has_its_resource_its_person_and_its_tags() {
    let creation = creation(&record());
    assert_eq!(creation.resources[0].as_str(), "arn:aws:sagemaker:eu-west-1:111122223333:endpoint/fraud-v2");
    assert_eq!(creation.principal.person.as_deref(), Some("jane@example.com"));
    assert_eq!(creation.request_tags.get("team").map(String::as_str), Some("ml"));
}

#[test]
fn a_time_without_zone_is_utc() {
    for text in ["2026-11-26T08:00:00Z", "2026-11-26 08:00:00", "2026-11-26 08:00:00.000000000"] {
        let found = creation(&with(|record| record["eventTime"] = json!(text))).time;
        assert_eq!(found.to_string(), "2026-11-26T08:00:00Z", "{text}");
    }
}

#[test]
fn without_an_answer_the_request_names_the_resource() {
    let found = arns(&with(|record| record["responseElements"] = Value::Null));
    assert_eq!(found, ["arn:aws:sagemaker:eu-west-1:111122223333:endpoint/fraud-v2"]);
}

#[test]
fn an_instance_comes_with_its_interfaces() {
    let found = arns(&with(|record| {
        record["eventSource"] = json!("ec2.amazonaws.com");
        record["eventName"] = json!("RunInstances");
        record["responseElements"] = json!({"instancesSet": {"items": [
            {"instanceId": "i-1", "networkInterfaceSet": {"items": [{"networkInterfaceId": "eni-1"}]}},
            {"instanceId": "i-2"}]}});
    }));
    assert_eq!(
        found,
        [
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-1",
            "arn:aws:ec2:eu-west-1:111122223333:instance/i-2",
            "arn:aws:ec2:eu-west-1:111122223333:network-interface/eni-1"
        ]
    );
}

#[test]
fn the_data_that_flows_in_is_named() {
    let creation = creation(&with(|record| {
        record["eventName"] = json!("CreateTrainingJob");
        record["requestParameters"] = json!({"trainingJobName": "t", "inputDataConfig": [
            {"dataSource": {"s3DataSource": {"s3Uri": "s3://raw/train"}}}, {"dataSource": {}}]});
        record["responseElements"] = json!({});
    }));
    assert_eq!(creation.data, [Arn::parse("arn:aws:s3:::raw").unwrap()]);
}

#[test]
fn what_is_not_ours_is_ignored_and_says_why() {
    let why = |record: &Value| match classify(record) {
        Verdict::Ignored(why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&json!({"detail-type": "x"})), Ignored::NotOurs);
    assert_eq!(why(&json!("text")), Ignored::NotOurs);
    assert_eq!(why(&with(|record| record["eventName"] = json!("DeleteEndpoint"))), Ignored::NoRule);
    assert_eq!(
        why(&with(|record| record["errorCode"] = json!("AccessDenied"))),
        Ignored::Failed("AccessDenied".to_owned())
    );
    assert_eq!(why(&with(|record| record["errorCode"] = json!("Client.DryRunOperation"))), Ignored::DryRun);
    let suite = "arn:aws:sts::111122223333:assumed-role/OrganizationAccountAccessRole/ai-landing-zone-baseline";
    assert_eq!(why(&with(|record| record["userIdentity"]["arn"] = json!(suite))), Ignored::Suite);
    let elsewhere = "arn:aws:sagemaker:eu-west-1:444455556666:endpoint/x";
    assert_eq!(
        why(&with(|record| record["responseElements"]["endpointArn"] = json!(elsewhere))),
        Ignored::OtherAccount("444455556666".to_owned())
    );
    let interface = with(|record| {
        record["eventSource"] = json!("ec2.amazonaws.com");
        record["eventName"] = json!("CreateNetworkInterface");
        record["responseElements"] =
            json!({"networkInterface": {"networkInterfaceId": "eni-1", "requesterManaged": true}});
    });
    assert_eq!(why(&interface), Ignored::ServiceOwned);
}

#[test]
fn what_matters_and_cannot_be_used_is_rejected_and_says_why() {
    let why = |record: &Value| match classify(record) {
        Verdict::Rejected(why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(why(&with(|record| record["awsRegion"] = json!("Nowhere!"))), Rejected::Field("awsRegion"));
    assert_eq!(why(&with(|record| record["eventTime"] = json!("yesterday"))), Rejected::Field("eventTime"));
    assert_eq!(why(&with(|record| record["recipientAccountId"] = json!("12"))), Rejected::Field("recipientAccountId"));
    let nameless = with(|record| {
        record["responseElements"] = Value::Null;
        record["requestParameters"] = Value::Null;
    });
    assert_eq!(why(&nameless), Rejected::NoResource);
    let odd = with(|record| record["responseElements"]["endpointArn"] = json!("endpoint"));
    assert!(matches!(why(&odd), Rejected::NotAnArn(_)));
}

/// JSON of any shape, with the names that matter often among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let names =
        "eventSource|eventName|userIdentity|responseElements|requestParameters|tags|items|instancesSet|[a-z]{1,4}";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "ec2.amazonaws.com|RunInstances|CreateBucket|s3.amazonaws.com|.{0,8}".prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map(names, inner, 0..5).prop_map(|map| map.into_iter().collect::<Value>()),
        ]
    })
}

proptest! {
    #[test]
    fn any_document_has_a_verdict(document in any_json()) {
        for record in crate::records(&document) {
            let _ = classify(record.record.as_ref());
        }
        let mut record = record();
        record["responseElements"] = document.clone();
        let _ = classify(&record);
        record["userIdentity"] = document;
        let _ = classify(&record);
    }
}

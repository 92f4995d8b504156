//! The controls that the embedded AWS cannot show, against answers in the shape of the services' API references.

use super::*;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use aws_types::region::Region;
use remediation::{Assessment, Plan, assess, control};
use serde_json::json;
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

/// Answers in order, each to a request whose body contains a text.
#[derive(Debug, Clone)]
struct Recorded(Arc<Mutex<VecDeque<(String, String)>>>);

impl Recorded {
    fn new(answers: &[(&str, &str)]) -> Self {
        let answers = answers.iter().map(|(asked, answer)| ((*asked).to_owned(), (*answer).to_owned()));
        Self(Arc::new(Mutex::new(answers.collect())))
    }

    fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    fn is_over(&self) -> bool {
        self.0.lock().unwrap().is_empty()
    }
}

impl HttpConnector for Recorded {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let (asked, answer) = self.0.lock().unwrap().pop_front().expect("another answer");
        assert!(body.contains(&asked), "{body} instead of {asked}");
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer))))
    }
}

fn parts(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let always =
        [("account", "111122223333"), ("region", "eu-west-1"), ("partition", "aws"), ("now", "2026-11-26T12:00:00Z")];
    pairs.iter().chain(&always).map(|(name, part)| ((*name).to_owned(), (*part).to_owned())).collect()
}

async fn scene(row: &Control, aws: &Recorded, parts: &BTreeMap<String, String>) -> Scene {
    match describe(&aws.config(), row, parts, &json!({})).await.unwrap() {
        Described::There(scene) => scene,
        Described::Gone => panic!("it is gone"),
    }
}

/// Described, planned for, mended, read back, and taken back.
async fn whole_way(name: &str, parts: &BTreeMap<String, String>, answers: &[(&str, &str)]) {
    let (row, aws) = (control(name).unwrap(), Recorded::new(answers));
    let before = scene(row, &aws, parts).await;
    let plan: Plan = match assess(row, &before).unwrap() {
        Assessment::Fix(plan) => plan,
        other => panic!("{other:?}"),
    };
    let mut progress = Progress::default();
    while advance(&aws.config(), row, &before, &plan.steps, &mut progress).await.unwrap() != Advance::Done {}
    assert!(verify(&aws.config(), row, &before).await.unwrap());
    let mut progress = Progress::default();
    while advance(&aws.config(), row, &before, &plan.undo, &mut progress).await.unwrap() != Advance::Done {}
    assert!(aws.is_over(), "{aws:?}");
}

fn keys(old: &str) -> String {
    let key = |id: &str, status: &str, made: &str| {
        format!(
            "<member><UserName>jane</UserName><AccessKeyId>{id}</AccessKeyId><Status>{status}</Status><CreateDate>{made}</CreateDate></member>"
        )
    };
    let list = key("AKIAOLD", old, "2025-12-01T08:00:00Z") + &key("AKIANEW", "Active", "2026-11-01T08:00:00Z");
    format!(
        "<ListAccessKeysResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ListAccessKeysResult><UserName>jane</UserName>\
         <AccessKeyMetadata>{list}</AccessKeyMetadata><IsTruncated>false</IsTruncated></ListAccessKeysResult>\
         <ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></ListAccessKeysResponse>"
    )
}

const UPDATED: &str = "<UpdateAccessKeyResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><ResponseMetadata>\
     <RequestId>r</RequestId></ResponseMetadata></UpdateAccessKeyResponse>";

#[tokio::test]
async fn an_old_key_is_made_inactive_and_active_again() {
    let (active, inactive) = (keys("Active"), keys("Inactive"));
    whole_way(
        "IAM.3",
        &parts(&[("name", "jane")]),
        &[
            ("Action=ListAccessKeys", &active),
            ("AccessKeyId=AKIAOLD&Status=Inactive", UPDATED),
            ("Action=ListAccessKeys", &inactive),
            ("AccessKeyId=AKIAOLD&Status=Active", UPDATED),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_key_that_nobody_uses_is_made_inactive_and_active_again() {
    let (active, inactive) = (keys("Active"), keys("Inactive"));
    let used = "<GetAccessKeyLastUsedResponse xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><GetAccessKeyLastUsedResult>\
         <UserName>jane</UserName><AccessKeyLastUsed><LastUsedDate>2026-01-15T08:00:00Z</LastUsedDate><ServiceName>s3</ServiceName>\
         <Region>eu-west-1</Region></AccessKeyLastUsed></GetAccessKeyLastUsedResult></GetAccessKeyLastUsedResponse>";
    whole_way(
        "IAM.8",
        &parts(&[("name", "jane")]),
        &[
            ("Action=ListAccessKeys", &active),
            ("Action=GetAccessKeyLastUsed&Version=2010-05-08&AccessKeyId=AKIAOLD", used),
            ("AccessKeyId=AKIAOLD&Status=Inactive", UPDATED),
            ("Action=ListAccessKeys", &inactive),
            ("AccessKeyId=AKIAOLD&Status=Active", UPDATED),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_workgroup_is_closed_to_the_internet_and_opened_again() {
    let found =
        r#"{"Results": ["{\"resourceId\":\"analytics\"}"], "QueryInfo": {"SelectFields": [{"Name": "resourceId"}]}}"#;
    let workgroup = |public: bool, status: &str| {
        json!({"workgroup": {"workgroupName": "analytics", "publiclyAccessible": public, "status": status,
            "workgroupArn": "arn:aws:redshift-serverless:eu-west-1:111122223333:workgroup/0f1e", "baseCapacity": 8}})
        .to_string()
    };
    let (open, closing, closed) =
        (workgroup(true, "AVAILABLE"), workgroup(false, "MODIFYING"), workgroup(false, "AVAILABLE"));
    whole_way(
        "RedshiftServerless.3",
        &parts(&[("id", "0f1e")]),
        &[
            ("SELECT resourceId", found),
            ("analytics", &open),
            (r#""publiclyAccessible":false"#, &closing),
            ("SELECT resourceId", found),
            ("analytics", &closing),
            ("SELECT resourceId", found),
            ("analytics", &closed),
            ("SELECT resourceId", found),
            ("analytics", &closed),
            (r#""publiclyAccessible":true"#, &open),
            ("SELECT resourceId", found),
            ("analytics", &open),
        ],
    )
    .await;
}

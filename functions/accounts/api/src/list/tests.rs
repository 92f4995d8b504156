use crate::testing::{Cloud, body_with, event, json_of, post, request_id, whole};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use ledger::State;
use serde_json::{Value, json};

fn query(parameters: &[(&str, &[&str])]) -> ApiGatewayProxyRequest {
    let multi: serde_json::Map<String, Value> =
        parameters.iter().map(|(name, values)| ((*name).to_owned(), json!(values))).collect();
    event(&json!({ "httpMethod": "GET", "multiValueQueryStringParameters": multi }))
}

/// Five requests, a second apart; every other one is for test. Newest last.
async fn five(cloud: &Cloud) -> Vec<String> {
    let mut ids = Vec::new();
    for n in 0..5 {
        let mut body = body_with("name", json!(format!("Account {n}")));
        body["environment"] = json!(if n % 2 == 0 { "dev" } else { "test" });
        let id = request_id(&cloud.send(post(&body)).await);
        cloud.change(&id, |record| {
            record.created_at = format!("2026-11-23T10:00:0{n}Z").parse::<jiff::Timestamp>().unwrap().into();
            if n == 4 {
                record.state = State::Active;
            }
        });
        ids.push(id);
    }
    ids
}

async fn page(cloud: &Cloud, parameters: &[(&str, &[&str])]) -> (Vec<String>, Option<String>) {
    let answer = cloud.send(query(parameters)).await;
    assert_eq!(answer.status_code, 200, "{answer:?}");
    let body = json_of(&answer);
    let ids = body["accounts"].as_array().unwrap().iter().map(|one| one["requestId"].as_str().unwrap().to_owned());
    (ids.collect(), body.get("nextPageToken").map(|token| token.as_str().unwrap().to_owned()))
}

#[tokio::test]
async fn pages_follow_one_another_newest_first_without_gap_or_repeat() {
    let cloud = Cloud::default();
    let mut newest_first = five(&cloud).await;
    newest_first.reverse();
    let mut seen = Vec::new();
    let mut token: Option<String> = None;
    for expected in [2, 2, 1] {
        let mut parameters: Vec<(&str, &[&str])> = vec![("pageSize", &["2"])];
        let given = token.clone().unwrap_or_default();
        let given = [given.as_str()];
        if token.is_some() {
            parameters.push(("pageToken", &given));
        }
        let (ids, next) = page(&cloud, &parameters).await;
        assert_eq!(ids.len(), expected);
        seen.extend(ids);
        token = next;
    }
    assert_eq!((seen, token), (newest_first, None));
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let cloud = Cloud::default();
    let ids = five(&cloud).await;
    assert_eq!(page(&cloud, &[("environment", &["test"])]).await.0, [ids[3].clone(), ids[1].clone()]);
    assert_eq!(page(&cloud, &[("state", &["ACTIVE"])]).await.0, [ids[4].clone()]);
    assert_eq!(page(&cloud, &[("state", &["ACTIVE"]), ("environment", &["test"])]).await.0, Vec::<String>::new());
    assert_eq!(page(&cloud, &[("accountType", &["frontend"])]).await.0.len(), 5);
    assert_eq!(page(&cloud, &[("accountType", &["audit"])]).await.0, Vec::<String>::new());
    // Gateways that send only single values are understood as well.
    let single = event(&json!({ "httpMethod": "GET", "queryStringParameters": { "environment": "test" } }));
    assert_eq!(json_of(&cloud.send(single).await)["accounts"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_list_says_all_but_the_timeline() {
    let cloud = Cloud::default();
    let id = request_id(&cloud.send(post(&crate::testing::valid_body())).await);
    insta::assert_json_snapshot!(whole(&cloud.send(query(&[])).await, &id));
}

#[tokio::test]
async fn every_wrong_parameter_has_its_entry() {
    let cloud = Cloud::default();
    let answer = cloud
        .send(query(&[
            ("pageSize", &["0"]),
            ("pageToken", &["eyJ"]),
            ("state", &["active"]),
            ("environment", &["dev", "test"]),
            ("accountType", &[""]),
            ("sort", &["name"]),
            ("limit", &["5"]),
        ]))
        .await;
    insta::assert_json_snapshot!(whole(&answer, ""));
    assert_eq!(cloud.calls("Query"), 0);
}

#[tokio::test]
async fn page_sizes_are_whole_numbers_from_1_to_100() {
    let cloud = Cloud::default();
    for (size, status) in [
        ("1", 200),
        ("100", 200),
        ("0", 400),
        ("101", 400),
        ("+5", 400),
        ("5.0", 400),
        ("", 400),
        ("-1", 400),
        ("99999999999999999999999", 400),
        ("five", 400),
    ] {
        assert_eq!(cloud.send(query(&[("pageSize", &[size])])).await.status_code, status, "{size}");
    }
}

#[tokio::test]
async fn a_token_of_another_list_is_refused_on_its_own_field() {
    let cloud = Cloud::default();
    five(&cloud).await;
    let token = page(&cloud, &[("pageSize", &["1"]), ("environment", &["dev"])]).await.1.unwrap();
    let fields = |answer: &crate::response::Response| {
        let errors = json_of(answer)["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for other in
        [vec![], vec![("environment", &["test"][..])], vec![("environment", &["dev"][..]), ("state", &["ACTIVE"])]]
    {
        let mut parameters = other;
        let given = [token.as_str()];
        parameters.push(("pageToken", &given));
        let answer = cloud.send(query(&parameters)).await;
        assert_eq!((answer.status_code, fields(&answer)), (400, vec!["pageToken".to_owned()]));
    }
    let unread = cloud.send(query(&[("environment", &["nowhere"]), ("pageToken", &[&token])])).await;
    assert_eq!(fields(&unread), ["environment"]);
}

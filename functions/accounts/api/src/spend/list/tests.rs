use super::*;
use crate::{
    spend::testing::{Spender, get},
    testing::{Cloud, json_of},
};
use finops::Mode;

/// Five accounts: over the limit twice by the same share, metered or not, in TEST, and one that spends nothing.
async fn five(cloud: &Cloud) {
    Spender { owner: "joe@example.com".to_owned(), ..Spender::new("222222222222", 40) }.store(cloud).await;
    Spender { metered: false, ..Spender::new("111111111111", 40) }.store(cloud).await;
    Spender { environment: Environment::Test, ..Spender::new("333333333333", 30) }.store(cloud).await;
    Spender { mode: Mode::Report, ..Spender::new("444444444444", 30) }.store(cloud).await;
    Spender::new("555555555555", 0).store(cloud).await;
}

async fn page(cloud: &Cloud, query: &[(&str, &str)]) -> (Vec<String>, Option<String>) {
    let answer = get(cloud, "", query).await;
    assert_eq!(answer.status_code, 200, "{answer:?}");
    let body = json_of(&answer);
    let first = |line: &Value| line["accountId"].as_str().unwrap()[..1].to_owned();
    let ids = body["accounts"].as_array().unwrap().iter().map(first).collect();
    (ids, body.get("nextPageToken").map(|token| token.as_str().unwrap().to_owned()))
}

#[tokio::test]
async fn who_spent_most_of_the_limit_comes_first_page_by_page() {
    let cloud = Cloud::default();
    five(&cloud).await;
    let (all, _) = page(&cloud, &[]).await;
    let percents: Vec<f64> = json_of(&get(&cloud, "", &[]).await)["accounts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["percent"].as_str().unwrap().parse().unwrap())
        .collect();
    assert!(percents.is_sorted_by(|one, other| one >= other), "{percents:?}");
    assert_eq!((all.len(), all[4].as_str()), (5, "5"));
    let (mut seen, mut token) = (Vec::new(), None::<String>);
    for size in [2, 2, 1] {
        let mut query = vec![("pageSize", "2")];
        query.extend(token.as_deref().map(|token| ("pageToken", token)));
        let (ids, next) = page(&cloud, &query).await;
        assert_eq!(ids.len(), size);
        seen.extend(ids);
        token = next;
    }
    assert_eq!((seen, token), (all, None));
}

#[tokio::test]
async fn ties_go_by_account_and_who_is_not_known_to_have_spent_comes_last() {
    let (one, other) = (Spender::new("111111111111", 40).decide(), Spender::new("222222222222", 40).decide());
    let mut unknown = Spender::new("000000000000", 40).decide();
    for signal in [&mut unknown.signals.reported, &mut unknown.signals.estimated] {
        *signal = finops::Signal::Unavailable { why: "the bill was not read yet".to_owned() };
    }
    let lines = [&unknown, &other, &one].map(|decision| Line::of(decision, None, finops::Currency::USD));
    let list =
        serde_json::to_value(parse(&ApiGatewayProxyRequest::default()).unwrap().page(lines.into_iter())).unwrap();
    let ids: Vec<&Value> = list["accounts"].as_array().unwrap().iter().map(|line| &line["accountId"]).collect();
    assert_eq!(ids, ["111111111111", "222222222222", "000000000000"]);
    let unknown = &list["accounts"][2];
    assert_eq!(unknown["reported"], serde_json::json!({"unavailable": "the bill was not read yet"}));
    assert_eq!(unknown.get("percent"), None);
}

#[tokio::test]
async fn filters_narrow_the_list() {
    let cloud = Cloud::default();
    five(&cloud).await;
    for (name, value, expected) in [
        ("environment", "test", vec!["3"]),
        ("accountType", "frontend", vec![]),
        ("stage", "freeze", vec![]),
        ("outcome", "would", vec!["4"]),
        ("outcome", "held", vec!["1"]),
        ("owner", "joe@example.com", vec!["2"]),
    ] {
        assert_eq!(page(&cloud, &[(name, value)]).await.0, expected, "{name} {value}");
    }
    assert_eq!(page(&cloud, &[("stage", "none"), ("accountType", "llms-foundation-models")]).await.0.len(), 5);
}

#[tokio::test]
async fn a_line_says_what_is_known_and_what_is_not() {
    let cloud = Cloud::default();
    Spender { metered: false, ..Spender::new("111111111111", 40) }.store(&cloud).await;
    insta::assert_json_snapshot!(json_of(&get(&cloud, "", &[]).await));
}

#[tokio::test]
async fn every_wrong_parameter_has_its_entry() {
    let cloud = Cloud::default();
    let wrong = [
        ("stage", "gone"),
        ("outcome", "WOULD"),
        ("environment", "qa"),
        ("pageSize", "0"),
        ("pageToken", "?"),
        ("x", "y"),
    ];
    let answer = get(&cloud, "", &wrong).await;
    assert_eq!(answer.status_code, 400);
    let errors = json_of(&answer)["errors"].as_array().unwrap().clone();
    let fields: Vec<&Value> = errors.iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["environment", "stage", "outcome", "pageSize", "pageToken", "x"]);
    assert!(errors[1]["detail"].as_str().unwrap().contains("`freeze`"), "{errors:?}");
    assert_eq!(cloud.calls("Query"), 0);
}

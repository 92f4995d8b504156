//! Lists: every request once, page by page, and only those that the filter names.

use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use tests::{Api, Stack, request, unique};

const LONGEST: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn paging_shows_each_request_once_and_filters_hold() {
    let stack = Stack::load();
    let api = stack.api();
    let mut made = BTreeSet::new();
    for (kind, environment) in [
        ("application", Some("dev")),
        ("network", Some("test")),
        ("network", Some("prod")),
        ("audit", None),
        ("finops", None),
    ] {
        let answer = api.post("/accounts", &request(&unique("page"), kind, environment)).await;
        assert_eq!(answer.status, 202, "{}", answer.body);
        made.insert(answer.text("requestId").to_owned());
    }
    for id in &made {
        assert_eq!(api.follow(id, LONGEST, |_| ()).await["state"], "ACTIVE");
    }

    let (in_twos, pages) = all(&api, "pageSize=2").await;
    let (in_hundreds, _) = all(&api, "pageSize=100").await;
    let ids = |list: &[Value]| list.iter().map(|one| one["requestId"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(ids(&in_twos), ids(&in_hundreds));
    assert_eq!(pages, in_twos.len().div_ceil(2));
    let distinct: BTreeSet<String> = ids(&in_twos).into_iter().collect();
    assert_eq!(distinct.len(), in_twos.len(), "a request on two pages");
    assert!(made.is_subset(&distinct));
    let times: Vec<&str> = in_twos.iter().map(|one| one["createdAt"].as_str().unwrap()).collect();
    assert!(times.is_sorted_by(|newer, older| newer >= older), "{times:?}");
    assert!(in_twos.iter().all(|one| one.get("timeline").is_none()));

    for (field, value) in
        [("state", "ACTIVE"), ("state", "FAILED"), ("environment", "test"), ("accountType", "network")]
    {
        let (found, _) = all(&api, &format!("pageSize=2&{field}={value}")).await;
        let expected: Vec<&Value> = in_hundreds.iter().filter(|one| one[field] == value).collect();
        assert_eq!(ids(&found), ids(&expected.into_iter().cloned().collect::<Vec<_>>()), "{field}={value}");
    }
    let (both, _) = all(&api, "pageSize=3&accountType=network&environment=prod").await;
    assert!(!both.is_empty() && both.iter().all(|one| one["accountType"] == "network" && one["environment"] == "prod"));

    // A token leads on in its own list only.
    let first = api.get("/accounts?pageSize=2").await;
    let token = first.text("nextPageToken");
    let elsewhere = api.get(&format!("/accounts?pageSize=2&state=ACTIVE&pageToken={token}")).await;
    assert_eq!((elsewhere.status, &*elsewhere.content_type), (400, "application/problem+json"), "{}", elsewhere.body);
    assert_eq!(elsewhere.body["errors"][0]["field"], "pageToken");
}

/// The whole list, and on how many pages it came.
async fn all(api: &Api, query: &str) -> (Vec<Value>, usize) {
    let (mut list, mut pages, mut token) = (Vec::new(), 0, String::new());
    loop {
        let answer = api.get(&format!("/accounts?{query}{token}")).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        list.extend(answer.body["accounts"].as_array().unwrap().iter().cloned());
        pages += 1;
        match answer.text("nextPageToken") {
            "" => return (list, pages),
            next => token = format!("&pageToken={next}"),
        }
    }
}

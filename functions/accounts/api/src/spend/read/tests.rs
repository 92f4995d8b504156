use super::*;
use crate::{
    spend::testing::{ACCOUNT, Spender, get},
    testing::{Cloud, json_of},
};
use finops::Stage;

#[tokio::test]
async fn an_account_tells_what_was_decided_and_what_it_rests_on() {
    let cloud = Cloud::default();
    Spender::waiting().store(&cloud).await;
    let body = json_of(&get(&cloud, &format!("/{ACCOUNT}"), &[]).await);
    assert_eq!(body["step"], serde_json::json!({"id": "up-stop-2026-11-01", "to": "stop"}));
    assert_eq!((&body["outcome"], &body["stage"]), (&"approval".into(), &"restrict".into()));
    assert!(body["decision"]["rules"].as_array().unwrap().len() >= 9, "{body}");
    assert!(body["decision"]["rails"].as_array().unwrap().iter().any(|rail| rail["name"] == "approval"));
    assert_eq!(body["observed"]["account"]["unit"], "AI/AI DEV");
    assert_eq!(body["observed"]["blind"][0], "eu-west-1: access denied");
    let days = body["costs"]["days"].as_object().unwrap();
    let ends = (days.keys().min().unwrap().as_str(), days.keys().max().unwrap().as_str());
    assert_eq!((days.len(), ends), (14, ("2026-11-09", "2026-11-22")));
    assert_eq!(days["2026-11-22"]["services"]["Amazon Bedrock"], "40");
    // Nothing was done to it yet as far as the record goes.
    assert_eq!(body["record"]["stage"], "none");
}

#[tokio::test]
async fn the_last_decisions_come_newest_first() {
    let cloud = Cloud::default();
    let spender = Spender::waiting();
    spender.store(&cloud).await;
    let ledger = cloud.app().ledger;
    let mut decision = spender.decide();
    for hour in 1..=25 {
        decision.at = spender.decide().at + jiff::SignedDuration::from_hours(hour);
        ledger.store_decision(&decision, true).await.unwrap();
    }
    let body = json_of(&get(&cloud, &format!("/{ACCOUNT}"), &[]).await);
    let times: Vec<&str> =
        body["history"].as_array().unwrap().iter().map(|decision| decision["at"].as_str().unwrap()).collect();
    assert_eq!((times.len(), times[0], times[19]), (20, "2026-11-24T11:00:00Z", "2026-11-23T16:00:00Z"));
}

#[tokio::test]
async fn days_beyond_the_bill_are_not_shown_and_days_without_costs_are() {
    let account = landing_zone::AccountId::parse(ACCOUNT).unwrap();
    let mut costs = Costs::new(account, crate::spend::testing::now());
    assert!(Bill::from(&costs).days.is_empty());
    costs.through = Some(jiff::civil::date(2026, 11, 22));
    let bill = Bill::from(&costs);
    assert_eq!(bill.days.len(), 14);
    assert!(bill.days.values().all(|day| day.services.is_empty()));
}

#[tokio::test]
async fn accounts_that_are_not_known_are_not_found() {
    let cloud = Cloud::default();
    Spender { stage: Stage::None, ..Spender::waiting() }.store(&cloud).await;
    for (id, says) in [("999999999999", "GET /v1/spend"), ("11112222333", "12 digits"), ("%00", "12 digits")] {
        let answer = get(&cloud, &format!("/{id}"), &[]).await;
        let body = json_of(&answer);
        assert_eq!((answer.status_code, &body["type"]), (404, &"/problems/unknown-spend".into()), "{id}");
        assert!(body["detail"].as_str().unwrap().contains(says), "{body}");
    }
}

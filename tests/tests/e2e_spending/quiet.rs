//! Accounts within their limits.

use crate::{
    bill,
    world::{World, text},
};
use finops::Stage;
use landing_zone::AccountId;
use serde_json::{Value, json};
use tests::Aws;

#[tokio::test(flavor = "multi_thread")]
async fn an_account_within_its_limit_is_settled_and_shown() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 20).await;
    let seen = world.step(&account).await;
    assert_eq!((text(&seen, "/outcome"), text(&seen, "/stage")), ("settled", "none"), "{seen}");
    assert_eq!(text(&seen, "/limit"), "500");
    let month = bill::today().first_of_month();
    let days = bill::history(&account).iter().filter(|cost| text(cost, "/date") >= month.to_string().as_str()).count();
    assert_eq!(text(&seen, "/reported/amount"), (20 + days).to_string(), "{seen}");
    for figure in ["reported", "estimated", "forecast"] {
        assert!(seen[figure]["asOf"].is_string() && seen[figure]["through"].is_string(), "{figure}: {seen}");
    }
    assert_eq!(text(&seen, "/reported/through"), bill::today().to_string());
    // Every rule is on record, whether it holds or not.
    let rules = seen["decision"]["rules"].as_array().expect("rules");
    assert!(rules.len() >= 10 && rules.iter().all(|rule| rule["holds"] == false), "{rules:?}");
    assert_eq!(seen["record"]["timeline"], json!([]));
    assert_eq!(world.steps_of(&account).await, []);

    let listed = world.api.get("/spend?environment=dev&pageSize=100").await;
    let lines = listed.body["accounts"].as_array().expect("accounts");
    assert!(lines.iter().any(|line| line["accountId"] == *account), "{}", listed.body);
    let unknown = world.api.get("/spend/999988887777").await;
    assert_eq!((unknown.status, unknown.text("type")), (404, "/problems/unknown-spend"), "{}", unknown.body);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inference_profile_costs_what_its_model_costs() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.costs(&bill::history(&account)).await;
    let model = format!("arn:aws:bedrock:{}::foundation-model/{}", world.stack.region, bill::MODEL);
    let wanted = json!({"inferenceProfileName": "team", "modelSource": {"copyFrom": model}});
    let inside = Aws::inside(&world.stack, &account).await;
    let made = inside.rest("bedrock", "POST", "/inference-profiles", wanted.to_string()).await;
    let made: Value = serde_json::from_str(&made).expect("JSON");
    world.metered_as(&account, text(&made, "/inferenceProfileArn"), 30).await;
    let seen = world.step(&account).await;
    let observed = world.ledger.observed(&AccountId::parse(&account).expect("an account")).await;
    let observed = observed.expect("the ledger").expect("what was observed");
    assert_eq!((observed.by_day.get(&bill::today()), observed.unpriced), (Some(&30.into()), Vec::new()), "{seen}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn production_is_only_spoken_of() {
    let world = World::new().await;
    let account = world.account("prod").await;
    let mut ears = crate::ears::Ears::open(&world).await;
    // The limit is 5,000: beyond it on each of the last days, as it has been for weeks, so that nothing is implausible.
    let costs: Vec<_> = (0..=40_i32)
        .map(|back| bill::cost(&account, bill::today().saturating_sub(jiff::ToSpan::days(back)), "7000"))
        .collect();
    world.costs(&costs).await;
    world.metered(&account, 7000).await;
    let seen = world.step(&account).await;
    assert_eq!((text(&seen, "/outcome"), text(&seen, "/desired")), ("settled", Stage::Notify.id()), "{seen}");
    assert!(seen["decision"]["called"] == "freeze", "{seen}");
    assert_eq!(world.steps_of(&account).await, []);
    assert!(world.attached(&account).await.is_empty());
    let letter = ears.letter(&account, "5,000.00").await;
    assert!(letter["Subject"].as_str().is_some_and(|subject| subject.is_ascii() && subject.len() < 100), "{letter}");
    // Evaluated again, nobody is told again.
    world.step(&account).await;
    ears.listen().await;
    // The report of the breach is another matter.
    let mut letters = ears.letters(&account);
    letters.retain(|letter| letter["MessageAttributes"]["kind"]["Value"] != "breach");
    assert_eq!(letters.len(), 1, "{letters:?}");
    ears.close().await;
    world.end().await;
}

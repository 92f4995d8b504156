//! Cost Explorer on bad days: what cannot be read stays as it was, and is never zero.

use crate::{
    bill,
    world::{World, text},
};
use jiff::Timestamp;
use serde_json::{Value, json};

impl World {
    async fn fault(&self, fault: &str, times: u32) {
        self.gateway.post("/_local/costs/faults", &json!({"fault": fault, "times": times})).await;
    }

    /// Requests of Cost Explorer since they were last forgotten.
    async fn requests(&self) -> u64 {
        let told = self.gateway.get("/_local/costs/requests").await;
        told["requests"]["GetCostAndUsage"].as_u64().unwrap_or(0)
    }

    /// Requests that the ledger counts for today.
    async fn paid(&self) -> u64 {
        let key = json!({"id": {"S": format!("paid#{}", bill::today())}});
        let asked = json!({"TableName": self.stack.output("LedgerTableName"), "Key": key, "ConsistentRead": true});
        let item = self.aws.json("dynamodb", "DynamoDB_20120810.GetItem", &asked).await;
        item["Item"]["requests"]["N"].as_str().and_then(|number| number.parse().ok()).unwrap_or(0)
    }
}

fn as_of(seen: &Value) -> Timestamp {
    text(seen, "/reported/asOf").parse().unwrap_or_else(|why| panic!("{why}: {seen}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_that_cannot_be_read_stays_as_it_was() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 300).await;
    let before = world.step(&account).await;
    let amount = text(&before, "/reported/amount").to_owned();
    // Much more was spent since, and nobody can read it.
    world.costs(&[bill::cost(&account, bill::today(), "450")]).await;
    for (fault, times, why) in [
        ("DataUnavailableException", 1, "DataUnavailable"),
        ("LimitExceededException", 9, "LimitExceeded"),
        ("empty", 9, "no costs at all"),
    ] {
        world.gateway.delete("/_local/costs/faults").await;
        world.fault(fault, times).await;
        let told = world.read_bill().await;
        assert!(told.as_str().is_some_and(|told| told.contains(why)), "{fault}: {told}");
        let seen = world.step(&account).await;
        assert_eq!(text(&seen, "/reported/amount"), amount, "{fault}: {seen}");
        assert_eq!(as_of(&seen), as_of(&before), "{fault}: {seen}");
    }
    // One refusal for now is tried again.
    world.gateway.delete("/_local/costs/faults").await;
    world.fault("LimitExceededException", 1).await;
    assert_eq!(world.read_bill().await, Value::Null);
    let seen = world.step(&account).await;
    assert_eq!(
        text(&seen, "/reported/amount").parse::<i64>().ok(),
        amount.parse::<i64>().ok().map(|amount| amount + 150)
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_read_and_each_is_paid() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 300).await;
    let whole = world.step(&account).await;
    world.gateway.post("/_local/costs", &json!({"pageSize": 3, "emptyPage": true})).await;
    world.gateway.delete("/_local/costs/requests").await;
    let paid = world.paid().await;
    assert_eq!(world.read_bill().await, Value::Null);
    let (requests, counted) = (world.requests().await, world.paid().await - paid);
    assert_eq!(requests, counted);
    assert!(requests >= 2, "an empty page with a token is not the end: {requests} requests");
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/reported/amount"), text(&whole, "/reported/amount"), "{seen}");
    assert!(as_of(&seen) > as_of(&whole));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bill_in_another_currency_holds_everything() {
    let world = World::new().await;
    let account = world.account("dev").await;
    world.spent(&account, 650).await;
    let mut strange = bill::cost(&account, bill::today(), "10");
    strange["currency"] = json!("EUR");
    strange["service"] = json!("AWS Lambda");
    world.costs(&[strange]).await;
    let seen = world.step(&account).await;
    assert_eq!(text(&seen, "/outcome"), "held", "{seen}");
    assert!(seen["heldBy"].to_string().contains("the bill has EUR"), "{seen}");
    assert_eq!(world.steps_of(&account).await, []);
    world.end().await;
}

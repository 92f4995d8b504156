//! What these tests say was spent: the bill of Cost Explorer, and what CloudWatch counted.

use crate::world::World;
use finops::{day_of, start_of};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use serde_json::{Value, json};

/// The model that is used, and how many input tokens of it cost 1 USD (`shared/finops/data/prices.json`).
pub(crate) const MODEL: &str = "amazon.nova-pro-v1:0";
const TOKENS: u64 = 1_250_000;

pub(crate) const BEDROCK: &str = "Amazon Bedrock";

/// The day of UTC.
pub(crate) fn today() -> Date {
    day_of(Timestamp::now())
}

/// What an account spent on Bedrock on a day, in USD.
pub(crate) fn cost(account: &str, day: Date, amount: &str) -> Value {
    json!({"account": account, "service": BEDROCK, "date": day.to_string(), "amount": amount})
}

/// Twenty days before this one, on each of which an account spent 1 USD: whatever day of the month it is, that is little.
pub(crate) fn history(account: &str) -> Vec<Value> {
    (1..=20).map(|back| cost(account, today().saturating_sub(back.days()), "1")).collect()
}

impl World {
    /// Says what was spent.
    pub(crate) async fn costs(&self, costs: &[Value]) {
        self.gateway.post("/_local/costs", &json!({"costs": costs})).await;
    }

    /// Says that an account spent so much today, as the bill shows it and CloudWatch counted it.
    pub(crate) async fn spent(&self, account: &str, usd: u32) {
        let mut costs = history(account);
        costs.push(cost(account, today(), &usd.to_string()));
        self.costs(&costs).await;
        self.metered(account, usd).await;
    }

    /// Says that models of so much USD were used today.
    pub(crate) async fn metered(&self, account: &str, usd: u32) {
        self.metered_as(account, MODEL, usd).await;
    }

    /// The same, by the name of an inference profile.
    pub(crate) async fn metered_as(&self, account: &str, model: &str, usd: u32) {
        let now = Timestamp::now();
        let at = (now - SignedDuration::from_mins(2)).max(start_of(day_of(now)));
        let count = |name: &str, value: u64| {
            json!({"MetricName": name, "Dimensions": [{"Name": "ModelId", "Value": model}],
                "Timestamp": at.to_string(), "Value": value})
        };
        let data = [count("InputTokenCount", u64::from(usd) * TOKENS), count("Invocations", u64::from(usd))];
        let told = json!({"account": account, "region": self.stack.region, "namespace": "AWS/Bedrock", "data": data});
        self.gateway.post("/_local/metrics", &told).await;
    }
}

//! Plays what an account spent: the bill of Cost Explorer, and what `CloudWatch` counted.

use crate::Stack;
use finops::{day_of, start_of};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use serde_json::{Value, json};

/// The model that is used, and how many input tokens of it cost 1 USD (`shared/finops/data/prices.json`).
pub const MODEL: &str = "amazon.nova-pro-v1:0";
const TOKENS: u64 = 1_250_000;

/// The day of UTC.
#[must_use]
pub fn today() -> Date {
    day_of(Timestamp::now())
}

/// What an account spent on Bedrock on a day, in USD.
#[must_use]
pub fn cost(account: &str, day: Date, amount: &str) -> Value {
    json!({"account": account, "service": "Amazon Bedrock", "date": day.to_string(), "amount": amount})
}

/// Twenty days before this one, on each of which an account spent 1 USD: whatever day of the month it is, that is little.
#[must_use]
pub fn history(account: &str) -> Vec<Value> {
    (1..=20).map(|back| cost(account, today().saturating_sub(back.days()), "1")).collect()
}

/// Says that an account spent so much today, as the bill shows it and `CloudWatch` counted it.
pub async fn spent(stack: &Stack, account: &str, usd: u32) {
    let mut costs = history(account);
    costs.push(cost(account, today(), &usd.to_string()));
    stack.gateway().post("/_local/costs", &json!({ "costs": costs })).await;
    metered(stack, account, MODEL, usd).await;
}

/// Says that a model, or what stands for it, of so much USD was used today. The meter reads whole seconds that are over, and
/// so it was used a while ago.
pub async fn metered(stack: &Stack, account: &str, model: &str, usd: u32) {
    let now = Timestamp::now();
    let at = (now - SignedDuration::from_mins(2)).max(start_of(day_of(now)));
    let count = |name: &str, value: u64| {
        json!({"MetricName": name, "Dimensions": [{"Name": "ModelId", "Value": model}],
            "Timestamp": at.to_string(), "Value": value})
    };
    let data = [count("InputTokenCount", u64::from(usd) * TOKENS), count("Invocations", u64::from(usd))];
    let told = json!({"account": account, "region": stack.region, "namespace": "AWS/Bedrock", "data": data});
    stack.gateway().post("/_local/metrics", &told).await;
}

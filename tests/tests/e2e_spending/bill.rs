//! What these tests say was spent: the bill of Cost Explorer, and what CloudWatch counted.

use crate::world::World;
use serde_json::{Value, json};
pub(crate) use tests::spent::{MODEL, cost, history, today};
use tests::spent::{metered, spent};

impl World {
    /// Says what was spent.
    pub(crate) async fn costs(&self, costs: &[Value]) {
        self.gateway.post("/_local/costs", &json!({"costs": costs})).await;
    }

    /// Says that an account spent so much today, as the bill shows it and CloudWatch counted it.
    pub(crate) async fn spent(&self, account: &str, usd: u32) {
        spent(&self.stack, account, usd).await;
    }

    /// Says that models of so much USD were used today.
    pub(crate) async fn metered(&self, account: &str, usd: u32) {
        self.metered_as(account, MODEL, usd).await;
    }

    /// The same, by the name of an inference profile.
    pub(crate) async fn metered_as(&self, account: &str, model: &str, usd: u32) {
        metered(&self.stack, account, model, usd).await;
    }
}

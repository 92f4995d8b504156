//! What each model cost as the bill has it. Cost Explorer tells models of Bedrock apart since September 2026
//! (<https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_ProductAttributeValues.html>); it counts what the
//! meter cannot price, and tells it a day later.

use crate::{
    amount::{Amount, percent},
    explorer::Explorer,
};
use aws::{AwsFault, COST_METRIC, credits};
use aws_sdk_costexplorer::{
    operation::get_cost_and_usage::GetCostAndUsageOutput,
    types::{DateInterval, Expression, Granularity, Group, GroupDefinition, GroupDefinitionType, ResultByTime},
};
use finops::{Currency, Window, amount};
use jiff::Timestamp;
use ledger::Ledger;
use rust_decimal::Decimal;
use serde::Serialize;
use std::{cmp::Reverse, collections::BTreeMap};

/// The models of a month's bill, before credits and refunds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Billed {
    pub(crate) month: Window,
    #[serde(flatten)]
    pub(crate) models: Models,
}

/// Where they are known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub(crate) enum Models {
    /// The most expensive first.
    Known {
        /// Nothing where Bedrock cost nothing.
        models: Vec<Model>,
    },
    /// They are not known.
    Unavailable {
        /// Why.
        why: String,
    },
}

/// What a model cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Model {
    /// As bills name it; none for what Bedrock cost beside models.
    pub(crate) name: Option<String>,
    pub(crate) amount: Amount,
    pub(crate) percent: Option<Decimal>,
}

impl Billed {
    /// Nobody asked, or nobody answered.
    pub(crate) fn unknown(month: Window, why: impl Into<String>) -> Self {
        Self { month, models: Models::Unavailable { why: why.into() } }
    }

    /// Asks Cost Explorer, every page. What cannot be answered is not known; the report is made all the same.
    pub(crate) async fn read(
        explorer: &Explorer,
        ledger: &Ledger,
        month: Window,
        currency: Currency,
        now: Timestamp,
    ) -> Result<Self, ledger::Error> {
        let mut sums = BTreeMap::new();
        let mut token = None;
        loop {
            if let Err(why) = explorer.pay(ledger, now).await? {
                return Ok(Self::unknown(month, why));
            }
            let page = match ask(explorer, month, token).await {
                Ok(page) => page,
                Err(fault) => {
                    telemetry::warn!(reason = %fault, "what models were billed is not known");
                    return Ok(Self::unknown(month, fault.to_string()));
                }
            };
            for group in page.results_by_time().iter().flat_map(ResultByTime::groups) {
                if let Err(why) = add(&mut sums, group, currency) {
                    return Ok(Self::unknown(
                        month,
                        format!("Cost Explorer tells something that cannot be read: {why}"),
                    ));
                }
            }
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(Self { month, models: Models::Known { models: models(sums) } });
            }
        }
    }
}

async fn ask(explorer: &Explorer, month: Window, token: Option<String>) -> Result<GetCostAndUsageOutput, AwsFault> {
    let days = DateInterval::builder().start(month.start.to_string()).end(month.end.to_string()).build().ok();
    // The SDK has no name for it yet.
    let attribute = GroupDefinitionType::from("PRODUCT_ATTRIBUTE");
    let asked = explorer.client.get_cost_and_usage().set_time_period(days).granularity(Granularity::Monthly);
    let asked = asked.metrics(COST_METRIC).filter(Expression::builder().not(credits()).build());
    let asked = asked.group_by(GroupDefinition::builder().r#type(attribute).key("model").build());
    let answer = asked.set_next_page_token(token).send().await;
    answer.map_err(|error| AwsFault::new("ce:GetCostAndUsage", &error))
}

/// Adds a group, such as `model$Claude Sonnet 5`; without a name after the `$`, it is of no model.
fn add(sums: &mut BTreeMap<Option<String>, Decimal>, group: &Group, currency: Currency) -> Result<(), String> {
    let key = group.keys().first().ok_or("a group has no key")?;
    let name = key.split_once('$').map_or(key.as_str(), |(_, name)| name);
    let metric =
        group.metrics().and_then(|metrics| metrics.get(COST_METRIC)).ok_or_else(|| format!("{key} has no amount"))?;
    let part = amount(metric.amount().unwrap_or_default())?;
    if part.is_zero() {
        return Ok(());
    }
    let unit = Currency::parse(metric.unit().unwrap_or_default())?;
    if unit != currency {
        return Err(format!("{key} is in {unit}, and limits are in {currency}"));
    }
    let sum = sums.entry(Some(name.to_owned()).filter(|name| !name.is_empty())).or_default();
    *sum = sum.checked_add(part).ok_or("more than can be added up")?;
    Ok(())
}

fn models(sums: BTreeMap<Option<String>, Decimal>) -> Vec<Model> {
    let total: Decimal = sums.values().sum();
    let model = |(name, sum)| Model { name, amount: Amount(sum), percent: percent(sum, total) };
    let mut models: Vec<Model> = sums.into_iter().map(model).collect();
    models.sort_by_key(|model| Reverse(model.amount));
    models
}

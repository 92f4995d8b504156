//! Cost Explorer, as everything here asks it that pays for each request.

use aws_config::SdkConfig;
use aws_sdk_costexplorer::{
    Client,
    config::{Builder, Region, retry::RetryConfig},
    types::{Dimension, DimensionValues, Expression},
};

/// What was charged on the day of its use.
pub const COST_METRIC: &str = "UnblendedCost";

/// What credits and refunds are called
/// (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-filtering.html>). Taxes, fees and discounts of the
/// contract are part of what is spent.
const CREDITS: [&str; 2] = ["Credit", "Refund"];

/// Cost Explorer answers in one Region. The SDK attempts nothing by itself: nobody would have paid.
#[must_use]
pub fn cost_explorer(config: &SdkConfig) -> Client {
    let config = Builder::from(config).region(Region::new("us-east-1")).retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

/// One of these values.
#[must_use]
pub fn one_of<'a>(dimension: Dimension, values: impl IntoIterator<Item = &'a str>) -> Expression {
    let values = values.into_iter().map(str::to_owned).collect();
    let dimension = DimensionValues::builder().key(dimension).set_values(Some(values)).build();
    Expression::builder().dimensions(dimension).build()
}

/// Credits and refunds.
#[must_use]
pub fn credits() -> Expression {
    one_of(Dimension::RecordType, CREDITS)
}

//! What resources cost, where Cost Explorer knows it.

use aws::{AwsFault, SdkConfig};
use aws_sdk_costexplorer::{
    Client,
    config::Region,
    operation::get_cost_and_usage_with_resources::GetCostAndUsageWithResourcesError,
    types::{
        DateInterval, Dimension, DimensionValues, Expression, Granularity, Group, GroupDefinition, GroupDefinitionType,
        ResultByTime,
    },
};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Costs of single resources are there for 14 days, where the organization has opted in
/// (<https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsageWithResources.html>).
const DAYS: i64 = 14;

/// Cost Explorer answers in one Region.
pub(crate) fn client(config: &SdkConfig) -> Client {
    Client::new(&config.to_builder().region(Region::new("us-east-1")).build())
}

/// USD a month by what Cost Explorer calls a resource: its ARN, its name or its id.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Costs(BTreeMap<String, Decimal>);

impl Costs {
    /// USD a month of a resource.
    pub(crate) fn of(&self, arn: &str) -> Option<Decimal> {
        let name = arn.rsplit([':', '/']).next().unwrap_or_default();
        self.0.get(arn).or_else(|| self.0.get(name)).copied()
    }
}

/// What the resources of accounts cost a month; `None` where that cannot be known. Each page costs 0.01 USD, so that
/// only accounts with resources to name are asked about.
pub(crate) async fn monthly(
    client: &Client,
    accounts: BTreeSet<&AccountId>,
    now: Timestamp,
) -> Result<Option<Costs>, AwsFault> {
    if accounts.is_empty() {
        return Ok(None);
    }
    let day = |time: Timestamp| time.strftime("%Y-%m-%d").to_string();
    let begin = now.saturating_sub(SignedDuration::from_hours(24 * DAYS)).unwrap_or(now);
    let days = DateInterval::builder().start(day(begin)).end(day(now)).build().ok();
    let in_accounts = DimensionValues::builder()
        .key(Dimension::LinkedAccount)
        .set_values(Some(accounts.iter().map(ToString::to_string).collect()))
        .build();
    let (mut sums, mut token) = (BTreeMap::new(), None);
    loop {
        let sent = client
            .get_cost_and_usage_with_resources()
            .set_time_period(days.clone())
            .granularity(Granularity::Daily)
            .metrics("UnblendedCost")
            .filter(Expression::builder().dimensions(in_accounts.clone()).build())
            .group_by(GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key("RESOURCE_ID").build())
            .set_next_page_token(token)
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(is_unknown) => {
                telemetry::info!("Cost Explorer does not know what single resources cost");
                return Ok(None);
            }
            Err(error) => return Err(AwsFault::new("ce:GetCostAndUsageWithResources", &error)),
        };
        for group in answer.results_by_time.iter().flatten().flat_map(ResultByTime::groups) {
            add(&mut sums, group);
        }
        token = answer.next_page_token;
        if token.is_none() {
            let monthly = |sum: Decimal| (sum * Decimal::from(30) / Decimal::from(DAYS)).round_dp(2);
            return Ok(Some(Costs(sums.into_iter().map(|(resource, sum)| (resource, monthly(sum))).collect())));
        }
    }
}

fn is_unknown(error: &GetCostAndUsageWithResourcesError) -> bool {
    error.is_data_unavailable_exception()
}

fn add(sums: &mut BTreeMap<String, Decimal>, group: &Group) {
    let amount = group.metrics().and_then(|metrics| metrics.get("UnblendedCost")?.amount()?.parse::<Decimal>().ok());
    if let (Some(resource), Some(amount)) = (group.keys().first(), amount) {
        *sums.entry(resource.clone()).or_default() += amount;
    }
}

#[cfg(test)]
pub(crate) fn known<const N: usize>(costs: [(&str, &str); N]) -> Costs {
    Costs(costs.into_iter().map(|(resource, usd)| (resource.to_owned(), usd.parse().unwrap())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_costexplorer::{
        operation::get_cost_and_usage_with_resources::GetCostAndUsageWithResourcesOutput as Output,
        types::{MetricValue, error::DataUnavailableException},
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};

    fn page(resource: &str, amount: &str, next: Option<&str>) -> Output {
        let cost = MetricValue::builder().amount(amount).unit("USD").build();
        let group = Group::builder().keys(resource).metrics("UnblendedCost", cost).build();
        let day = ResultByTime::builder().groups(group).build();
        Output::builder().results_by_time(day).set_next_page_token(next.map(str::to_owned)).build()
    }

    #[tokio::test]
    async fn two_weeks_become_a_month_over_all_pages() {
        let first = mock!(Client::get_cost_and_usage_with_resources).then_output(|| page("i-1", "0.7", Some("2")));
        let second = mock!(Client::get_cost_and_usage_with_resources)
            .match_requests(|request| request.next_page_token() == Some("2"))
            .then_output(|| page("i-1", "0.7", None));
        let client = mock_client!(aws_sdk_costexplorer, RuleMode::Sequential, [&first, &second]);
        let account = AccountId::parse("111122223333").unwrap();
        let now = "2026-11-26T08:00:00Z".parse().unwrap();
        let costs = monthly(&client, [&account].into(), now).await.unwrap().unwrap();
        let instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-1";
        assert_eq!(costs.of(instance), Some(Decimal::from(3)));
        assert_eq!(costs.of("arn:aws:s3:::raw"), None);
    }

    #[tokio::test]
    async fn an_organization_that_has_not_opted_in_has_no_costs_and_no_error() {
        let refused = mock!(Client::get_cost_and_usage_with_resources).then_error(|| {
            let why = DataUnavailableException::builder().message("not enabled").build();
            GetCostAndUsageWithResourcesError::DataUnavailableException(why)
        });
        let client = mock_client!(aws_sdk_costexplorer, [&refused]);
        let account = AccountId::parse("111122223333").unwrap();
        assert_eq!(monthly(&client, [&account].into(), Timestamp::UNIX_EPOCH).await.unwrap(), None);
        assert_eq!(monthly(&client, BTreeSet::new(), Timestamp::UNIX_EPOCH).await.unwrap(), None);
        assert_eq!(refused.num_calls(), 1);
    }
}

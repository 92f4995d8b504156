//! Cost Explorer. Each request costs 0.01 USD, each page and each further attempt is one: all are taken from what the day
//! has, before they are made.

use super::bill::{Bill, METRIC, Part};
use aws::{AwsFault, SdkConfig};
use aws_sdk_costexplorer::{
    Client,
    config::{Builder, Region, retry::RetryConfig},
    operation::get_cost_and_usage::GetCostAndUsageOutput,
    types::{DateInterval, Dimension, DimensionValues, Expression, Granularity, GroupDefinition, GroupDefinitionType},
};
use finops::{Window, day_of};
use jiff::Timestamp;
use landing_zone::{AccountId, Class};
use ledger::Ledger;
use std::time::Duration;

/// Attempts of a request that goes wrong for now.
const ATTEMPTS: u32 = 3;

/// What credits and refunds are called
/// (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-filtering.html>). Taxes, fees and discounts of the
/// contract are part of what is spent.
const CREDITS: [&str; 2] = ["Credit", "Refund"];

/// Cost Explorer answers in one Region. The SDK attempts nothing by itself: nobody would have paid.
pub(crate) fn client(config: &SdkConfig) -> Client {
    let config = Builder::from(config).region(Region::new("us-east-1")).retry_config(RetryConfig::disabled());
    Client::from_conf(config.build())
}

/// Why there is no bill.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    #[error("{most} paid requests of the day are not enough")]
    Spent { most: u32 },
    #[error(transparent)]
    Aws(#[from] AwsFault),
    #[error("Cost Explorer tells something that cannot be read: {0}")]
    Unreadable(String),
    #[error("Cost Explorer shows no costs at all")]
    Empty,
}

/// What Cost Explorer is asked.
struct Query<'a> {
    window: Window,
    part: Part,
    /// Whose costs; all where none are named.
    accounts: Option<&'a [AccountId]>,
}

fn one_of<'a>(dimension: Dimension, values: impl Iterator<Item = &'a str>) -> Expression {
    let values = values.map(str::to_owned).collect();
    let dimension = DimensionValues::builder().key(dimension).set_values(Some(values)).build();
    Expression::builder().dimensions(dimension).build()
}

/// Reads bills and counts what was paid.
pub(super) struct Reader<'a> {
    pub(super) client: &'a Client,
    pub(super) ledger: &'a Ledger,
    pub(super) now: Timestamp,
    pub(super) paid: u32,
}

impl Reader<'_> {
    /// Reads all pages for the days of `window`, of some accounts or of all, with at most so many paid requests on this
    /// day.
    pub(super) async fn read(
        &mut self,
        window: Window,
        accounts: Option<&[AccountId]>,
        credits: bool,
        most: u32,
    ) -> Result<Bill, Unread> {
        let mut bill = Bill::new(window);
        let parts = [Some(Part::Gross), credits.then_some(Part::Credits)];
        for part in parts.into_iter().flatten() {
            let mut token = None;
            loop {
                let page = self.page(&Query { window, part, accounts }, token, most).await?;
                bill.add(part, page.results_by_time()).map_err(Unread::Unreadable)?;
                // An empty page with a token is not the end.
                token = page.next_page_token;
                if token.as_ref().is_none_or(String::is_empty) {
                    break;
                }
            }
        }
        // Some accounts may have spent nothing; all have not.
        if bill.through.is_none() && accounts.is_none() {
            return Err(Unread::Empty);
        }
        Ok(bill)
    }

    async fn page(
        &mut self,
        query: &Query<'_>,
        token: Option<String>,
        most: u32,
    ) -> Result<GetCostAndUsageOutput, Unread> {
        let mut attempt = 1;
        loop {
            if !self.ledger.pay(day_of(self.now), most, self.now).await? {
                return Err(Unread::Spent { most });
            }
            self.paid = self.paid.saturating_add(1);
            let sent = self.send(query, token.clone()).await;
            match sent {
                Ok(page) => return Ok(page),
                Err(fault) if attempt < ATTEMPTS && matches!(fault.class(), Class::Throttled | Class::Retryable) => {
                    tokio::time::sleep(Duration::from_secs(2 * u64::from(attempt))).await;
                    attempt += 1;
                }
                Err(fault) => return Err(fault.into()),
            }
        }
    }

    async fn send(&self, query: &Query<'_>, token: Option<String>) -> Result<GetCostAndUsageOutput, AwsFault> {
        let Query { window, part, accounts } = query;
        let credits = one_of(Dimension::RecordType, CREDITS.iter().copied());
        let (kind, keys): (Expression, &[&str]) = match part {
            Part::Gross => (Expression::builder().not(credits).build(), &["LINKED_ACCOUNT", "SERVICE"]),
            Part::Credits => (credits, &["LINKED_ACCOUNT"]),
        };
        let filter = match accounts {
            Some(accounts) => {
                let accounts = one_of(Dimension::LinkedAccount, accounts.iter().map(AccountId::as_str));
                Expression::builder().and(kind).and(accounts).build()
            }
            None => kind,
        };
        let group = |key: &&str| GroupDefinition::builder().r#type(GroupDefinitionType::Dimension).key(*key).build();
        // `end` is the day after the last.
        let days = DateInterval::builder().start(window.start.to_string()).end(window.end.to_string()).build().ok();
        self.client
            .get_cost_and_usage()
            .set_time_period(days)
            .granularity(Granularity::Daily)
            .metrics(METRIC)
            .filter(filter)
            .set_group_by(Some(keys.iter().map(group).collect()))
            .set_next_page_token(token)
            .send()
            .await
            .map_err(|error| AwsFault::new("ce:GetCostAndUsage", &error))
    }
}

//! Cost Explorer. Each request costs 0.01 USD, each page and each further attempt is one: all are taken from what the day
//! has, before they are made.

use super::bill::{Bill, Part};
use aws::{AwsFault, COST_METRIC, credits, one_of};
use aws_sdk_costexplorer::{
    Client,
    operation::get_cost_and_usage::GetCostAndUsageOutput,
    types::{DateInterval, Dimension, Expression, Granularity, GroupDefinition, GroupDefinitionType},
};
use finops::{Window, day_of};
use jiff::Timestamp;
use landing_zone::{AccountId, Class};
use ledger::Ledger;
use std::time::Duration;

/// Attempts of a request that goes wrong for now.
const ATTEMPTS: u32 = 3;

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
        let credits = credits();
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
            .metrics(COST_METRIC)
            .filter(filter)
            .set_group_by(Some(keys.iter().map(group).collect()))
            .set_next_page_token(token)
            .send()
            .await
            .map_err(|error| AwsFault::new("ce:GetCostAndUsage", &error))
    }
}

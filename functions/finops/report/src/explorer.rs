//! Cost Explorer, and what may be paid for it.

use aws::SdkConfig;
use aws_sdk_costexplorer::Client;
use finops::day_of;
use jiff::Timestamp;
use ledger::Ledger;

/// The client, and how many requests of a day all functions may pay for.
pub(crate) struct Explorer {
    pub(crate) client: Client,
    paid_requests: u32,
}

impl Explorer {
    pub(crate) fn new(config: &SdkConfig, paid_requests: u32) -> Self {
        Self { client: aws::cost_explorer(config), paid_requests }
    }

    /// Pays for a request; why not, where nothing is left.
    /// Each costs 0.01 USD (<https://aws.amazon.com/aws-cost-management/aws-cost-explorer/pricing/>).
    pub(crate) async fn pay(&self, ledger: &Ledger, now: Timestamp) -> Result<Result<(), String>, ledger::Error> {
        let is_paid = ledger.pay(day_of(now), self.paid_requests, now).await?;
        Ok(is_paid
            .then_some(())
            .ok_or_else(|| format!("all {} paid requests of the day are used up", self.paid_requests)))
    }
}

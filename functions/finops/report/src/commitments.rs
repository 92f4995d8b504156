//! How much of last month's use Savings Plans and reservations covered, where Cost Explorer knows it.

use crate::{amount::percent, explorer::Explorer};
use aws::AwsFault;
use aws_sdk_costexplorer::{
    error::SdkError,
    types::{CoverageHours, DateInterval, Granularity, SavingsPlansCoverage},
};
use finops::{Window, amount};
use jiff::Timestamp;
use ledger::Ledger;
use rust_decimal::Decimal;
use serde::Serialize;

/// What is committed to, and how much of the use that covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Commitments {
    /// The month that it is about.
    pub(crate) month: Window,
    /// By cost.
    pub(crate) savings_plans: Covered,
    /// By hours of EC2.
    pub(crate) reservations: Covered,
}

/// How much is covered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub(crate) enum Covered {
    /// So much.
    Known {
        /// What is covered.
        covered: Decimal,
        /// Of what could be.
        of: Decimal,
        /// In percent; none where nothing could be.
        percent: Option<Decimal>,
    },
    /// There is nothing to cover, or nothing that covers.
    None,
    /// It is not known.
    Unavailable {
        /// Why.
        why: String,
    },
}

impl Covered {
    fn of(covered: Decimal, of: Decimal) -> Self {
        Self::Known { covered, of, percent: percent(covered, of) }
    }
}

impl Commitments {
    /// Nobody asked.
    pub(crate) fn unasked(month: Window, why: &str) -> Self {
        let unavailable = || Covered::Unavailable { why: why.to_owned() };
        Self { month, savings_plans: unavailable(), reservations: unavailable() }
    }

    /// Reads both. A question that cannot be answered leaves its place empty; the report is made all the same.
    pub(crate) async fn read(
        explorer: &Explorer,
        ledger: &Ledger,
        month: Window,
        now: Timestamp,
    ) -> Result<Self, ledger::Error> {
        let days = DateInterval::builder().start(month.start.to_string()).end(month.end.to_string()).build().ok();
        let savings_plans = savings_plans(explorer, ledger, days.as_ref(), now).await?;
        let reservations = reservations(explorer, ledger, days.as_ref(), now).await?;
        Ok(Self { month, savings_plans, reservations })
    }
}

async fn savings_plans(
    explorer: &Explorer,
    ledger: &Ledger,
    days: Option<&DateInterval>,
    now: Timestamp,
) -> Result<Covered, ledger::Error> {
    let mut pages: Vec<SavingsPlansCoverage> = Vec::new();
    let mut token = None;
    loop {
        if let Err(why) = explorer.pay(ledger, now).await? {
            return Ok(Covered::Unavailable { why });
        }
        let sent = explorer
            .client
            .get_savings_plans_coverage()
            .set_time_period(days.cloned())
            .granularity(Granularity::Monthly)
            .set_next_token(token)
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            Err(SdkError::ServiceError(error)) if error.err().is_data_unavailable_exception() => {
                return Ok(Covered::None);
            }
            Err(error) => return Ok(unavailable(&AwsFault::new("ce:GetSavingsPlansCoverage", &error))),
        };
        pages.extend(answer.savings_plans_coverages);
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(by_cost(&pages));
        }
    }
}

async fn reservations(
    explorer: &Explorer,
    ledger: &Ledger,
    days: Option<&DateInterval>,
    now: Timestamp,
) -> Result<Covered, ledger::Error> {
    if let Err(why) = explorer.pay(ledger, now).await? {
        return Ok(Covered::Unavailable { why });
    }
    let asked = explorer.client.get_reservation_coverage().set_time_period(days.cloned());
    Ok(match asked.granularity(Granularity::Monthly).send().await {
        // The total is on every page.
        Ok(answer) => answer.total().and_then(|total| total.coverage_hours()).map_or(Covered::None, by_hours),
        Err(SdkError::ServiceError(error)) if error.err().is_data_unavailable_exception() => Covered::None,
        Err(error) => unavailable(&AwsFault::new("ce:GetReservationCoverage", &error)),
    })
}

fn unavailable(fault: &AwsFault) -> Covered {
    telemetry::warn!(reason = %fault, "the coverage by commitments is not known");
    Covered::Unavailable { why: fault.to_string() }
}

fn by_cost(pages: &[SavingsPlansCoverage]) -> Covered {
    let figures = pages.iter().filter_map(|page| page.coverage());
    let read = |text: Option<&str>| amount(text.unwrap_or_default());
    let (mut covered, mut of) = (Decimal::ZERO, Decimal::ZERO);
    for figure in figures {
        match (read(figure.spend_covered_by_savings_plans()), read(figure.total_cost())) {
            (Ok(part), Ok(whole)) => (covered, of) = (covered + part, of + whole),
            (Err(why), _) | (_, Err(why)) => return Covered::Unavailable { why },
        }
    }
    if of.is_zero() { Covered::None } else { Covered::of(covered, of) }
}

fn by_hours(hours: &CoverageHours) -> Covered {
    let read = |text: Option<&str>| amount(text.unwrap_or_default());
    match (read(hours.reserved_hours()), read(hours.total_running_hours())) {
        (Ok(_), Ok(of)) if of.is_zero() => Covered::None,
        (Ok(covered), Ok(of)) => Covered::of(covered, of),
        (Err(why), _) | (_, Err(why)) => Covered::Unavailable { why },
    }
}

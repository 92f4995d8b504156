//! The suite's own events about accounts. A rule of the bus hands them on to people through SNS.

use crate::Error;
use aws::AwsFault;
use aws_sdk_eventbridge::{Client, types::PutEventsRequestEntry};
use landing_zone::{AccountId, AccountName, AccountType, Environment, Failure, RequestId, UnitPath, quarantine};
use ledger::Record;
use serde::Serialize;

/// Source of every event about accounts.
const SOURCE: &str = "ai-landing-zone.accounts";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    request_id: &'a RequestId,
    attempt: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_id: Option<&'a AccountId>,
    name: &'a AccountName,
    account_type: AccountType,
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<Environment>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organizational_unit: Option<&'a UnitPath>,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'a Failure>,
}

/// Tells that an account is in use.
pub(crate) async fn vended(client: &Client, bus: &str, record: &Record) -> Result<(), Error> {
    let unit = record.organizational_unit.as_ref();
    publish(client, bus, "Account Vended", &detail(record, "ACTIVE", unit, None)).await
}

/// Tells that a request failed.
pub(crate) async fn failed(client: &Client, bus: &str, record: &Record, failure: &Failure) -> Result<(), Error> {
    let unit = record.account_id.as_ref().map(|_| record.organizational_unit.as_ref().unwrap_or(quarantine()));
    publish(client, bus, "Account Vending Failed", &detail(record, "FAILED", unit, Some(failure))).await
}

fn detail<'a>(
    record: &'a Record,
    state: &'static str,
    unit: Option<&'a UnitPath>,
    failure: Option<&'a Failure>,
) -> Detail<'a> {
    Detail {
        request_id: &record.request_id,
        attempt: record.attempt,
        account_id: record.account_id.as_ref(),
        name: &record.request.name,
        account_type: record.request.account_type,
        environment: record.request.environment,
        organizational_unit: unit,
        state,
        failure,
    }
}

async fn publish(client: &Client, bus: &str, detail_type: &str, detail: &Detail<'_>) -> Result<(), Error> {
    let detail = serde_json::to_string(detail).map_err(|why| Error::NotPublished(why.to_string()))?;
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(bus)
        .source(SOURCE)
        .detail_type(detail_type)
        .detail(detail)
        .build();
    let answer =
        client.put_events().entries(entry).send().await.map_err(|error| AwsFault::new("events:PutEvents", &error))?;
    // PutEvents answers 200 also when it refuses entries.
    match answer.entries().iter().find_map(|entry| entry.error_code()) {
        Some(code) if answer.failed_entry_count > 0 => Err(Error::NotPublished(code.to_owned())),
        _ => Ok(()),
    }
}

//! What is told: an event to the bus, a letter to people.

use crate::{App, Error, Event, Reason, letter::letter, model::Report};
use aws::{AwsFault, Letter};
use finops::{EVENT_SOURCE, day_of};
use landing_zone::AccountId;
use serde_json::json;

/// Accounts that the event names: an entry holds 256 KB.
const MOST_NAMED: usize = 100;

/// Tells of the report. Of a breach people hear once a day for each account, and of several at once in a letter each; false
/// where they have heard of it, or its figures cannot be believed: of all of those one page tells.
pub(crate) async fn tell(app: &App, report: &Report, event: &Event, place: &str) -> Result<bool, Error> {
    let (reason, account) = (event.reason(), event.account_id.as_ref());
    app.bus.publish(EVENT_SOURCE, "Spend Reported", detail(report, reason, account, place)).await?;
    if reason == Reason::Weekly {
        // A delivery that comes again writes again, which is better than not at all.
        send(app, report, reason, account, place).await?;
        return Ok(true);
    }
    if event.doubted.is_some() {
        return Ok(false);
    }
    let whose = account.map_or("all", AccountId::as_str);
    let key = format!("breach-report#{whose}#{}", day_of(report.at));
    if !app.ledger.tell_once(&key, report.at).await? {
        return Ok(false);
    }
    if let Err(fault) = send(app, report, reason, account, place).await {
        app.ledger.untell(&key).await?;
        return Err(fault.into());
    }
    Ok(true)
}

fn detail(report: &Report, reason: Reason, account: Option<&AccountId>, place: &str) -> String {
    let total = &report.total;
    let over: Vec<&AccountId> = report.over().take(MOST_NAMED).map(|row| &row.account).collect();
    json!({"reason": reason, "accountId": account, "report": place, "at": report.at, "currency": report.currency,
        "through": report.through, "thisMonth": total.this_month, "lastMonth": total.last_month,
        "forecast": total.forecast, "accountsWithoutForecast": total.without_forecast, "accounts": report.accounts.len(),
        "overLimit": total.over, "expectedOverLimit": total.expected_over, "unknown": total.unknown, "over": over,
        "idleMonthlySaving": report.idle.saving, "untaggedPercent": report.tags.untagged_percent,
        "gaps": report.gaps.len()})
    .to_string()
}

async fn send(
    app: &App,
    report: &Report,
    reason: Reason,
    account: Option<&AccountId>,
    place: &str,
) -> Result<(), AwsFault> {
    let letter = letter(report, reason, account, place);
    let kind = if reason == Reason::Breach { "breach" } else { "report" };
    let account = account.map(AccountId::as_str);
    app.people.publish(&Letter { kind, account, owner: None, subject: &letter.subject, text: &letter.text }).await
}

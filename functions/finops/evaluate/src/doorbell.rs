//! Messages of AWS Budgets and Cost Anomaly Detection. They ring a bell: what follows is computed from what is on record. Only
//! anomalies are kept, because nothing else tells of them.

use crate::{App, measure};
use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use finops::{Anomaly, AnomalyNotice, Cause, Notice};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use rust_decimal::Decimal;
use serde_json::json;
use std::collections::BTreeMap;

/// Serves a batch. What cannot be kept or rung for comes back; what cannot be read never does.
pub(crate) async fn answer(app: &App, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    let mut counts = Counts::default();
    let mut ringing = Vec::new();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        let notice = app.door.notice_in(message.body.as_deref().unwrap_or_default());
        match notice {
            Ok(Notice::Budget(notice)) => {
                counts.budgets += 1;
                let (amount, limit) = (notice.amount, notice.limit);
                telemetry::info!(budget = notice.budget, kind = ?notice.kind, %amount, %limit, "a budget rang");
                ringing.push(id);
            }
            Ok(Notice::Anomaly(notice)) => {
                counts.anomalies += 1;
                match keep(app, notice, sent_at(&message, (app.clock)())).await {
                    Ok(()) => ringing.push(id),
                    Err(error) => {
                        telemetry::warn!(reason = %error, "an anomaly comes back");
                        response.add_failure(id);
                    }
                }
            }
            Ok(Notice::Ignored(why)) => {
                counts.ignored += 1;
                telemetry::info!(message_id = id, reason = why, "ignored");
            }
            Err(rejected) => {
                counts.rejected += 1;
                telemetry::error!(message_id = id, reason = %rejected, "a message about cost cannot be used");
            }
        }
    }
    if !ringing.is_empty() && !ring(app).await {
        for id in ringing {
            response.add_failure(id);
        }
    }
    counts.measure((app.clock)());
    response
}

#[derive(Default)]
struct Counts {
    budgets: usize,
    anomalies: usize,
    ignored: usize,
    rejected: usize,
}

impl Counts {
    fn measure(&self, now: Timestamp) {
        let counts = [
            ("NoticesOfBudgets", self.budgets),
            ("NoticesOfAnomalies", self.anomalies),
            ("NoticesIgnored", self.ignored),
            ("NoticesRejected", self.rejected),
        ];
        measure::notices(&counts, now);
    }
}

/// When the queue got it: messages that come back keep their time, so that an older one changes nothing.
fn sent_at(message: &SqsMessage, now: Timestamp) -> Timestamp {
    let sent = message.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
    sent.and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()).unwrap_or(now).min(now)
}

async fn keep(app: &App, notice: AnomalyNotice, told_at: Timestamp) -> Result<(), ledger::Error> {
    let id = notice.id.clone();
    let skipped = notice.skipped.join("; ");
    let found = anomalies(notice, told_at);
    telemetry::info!(anomaly = id, accounts = found.len(), skipped, "an anomaly rang");
    for (account, anomaly) in found {
        app.ledger.store_anomaly(&account, &anomaly).await?;
    }
    Ok(())
}

/// The anomaly as each account caused it. Where the message does not say which part an account has, it has all of it if
/// there is no other, and else none that anybody knows.
fn anomalies(notice: AnomalyNotice, told_at: Timestamp) -> Vec<(AccountId, Anomaly)> {
    let mut by_account: BTreeMap<AccountId, Vec<Cause>> = BTreeMap::new();
    for cause in notice.causes {
        by_account.entry(cause.account.clone()).or_default().push(cause);
    }
    // A cause that was skipped may be another account.
    let alone = by_account.len() == 1 && notice.skipped.is_empty();
    let part = |(account, causes): (AccountId, Vec<Cause>)| {
        let parts: Option<Vec<Decimal>> = causes.iter().map(|cause| cause.contribution).collect();
        let impact = match parts {
            Some(parts) => parts.into_iter().try_fold(Decimal::ZERO, Decimal::checked_add)?,
            None if alone => notice.impact,
            None => return None,
        };
        let service = causes.into_iter().find_map(|cause| cause.service).or_else(|| notice.service.clone());
        Some((account, Anomaly { id: notice.id.clone(), told_at, start: notice.start, service, impact }))
    };
    by_account.into_iter().filter_map(part).collect()
}

/// Starts one evaluation for all messages of some minutes. It begins when they are over.
async fn ring(app: &App) -> bool {
    let (begins, ends) = bucket((app.clock)(), app.bucket);
    let name = format!("bell-{}", begins.strftime("%Y%m%dT%H%M%SZ"));
    match app.evaluation.start(name, json!({"notBefore": ends}).to_string()).await {
        Ok(_) => true,
        Err(fault) => {
            telemetry::warn!(reason = %fault, "no evaluation was started; the messages come back");
            false
        }
    }
}

fn bucket(now: Timestamp, length: SignedDuration) -> (Timestamp, Timestamp) {
    let over = now.as_second().rem_euclid(length.as_secs().max(1));
    let begins = Timestamp::from_second(now.as_second().saturating_sub(over)).unwrap_or(now);
    (begins, begins + length)
}

#[cfg(test)]
mod tests;

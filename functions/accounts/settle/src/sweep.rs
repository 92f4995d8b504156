//! Requests that were recorded and never reached a workflow: the API function was killed in between, or the workflow
//! service was away and nobody sent the request again.

use crate::{App, Error, fail};
use jiff::{SignedDuration, Timestamp};
use landing_zone::{Class, Failure};
use ledger::{Filter, Record, State};

/// Starting takes milliseconds; by then the caller has an error in hand.
const PATIENCE: SignedDuration = SignedDuration::from_mins(15);

/// Requests read at a time.
const PAGE: usize = 100;

/// Fails every request that never began; returns how many.
pub(crate) async fn sweep(app: &App) -> Result<usize, Error> {
    let filter = Filter { state: Some(State::Received), ..Filter::default() };
    let (mut failed, mut after) = (0, None);
    loop {
        let page = app.ledger.list(&filter, PAGE, after.as_ref()).await?;
        for listed in &page.records {
            // The list may be seconds old; only the record itself counts.
            let record = app.ledger.record(&listed.request_id).await?;
            if never_began(&record, (app.clock)()) {
                let attempt = record.attempt;
                fail(app, record, Some(attempt), &failure()).await?;
                failed += 1;
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(failed),
        }
    }
}

fn never_began(record: &Record, now: Timestamp) -> bool {
    record.state == State::Received
        && record.steps.is_empty()
        && now.duration_since(record.updated_at.time()) > PATIENCE
}

fn failure() -> Failure {
    Failure {
        class: Class::Retryable,
        name: "Retryable.NeverStarted".to_owned(),
        reason: "The request was recorded, but its workflow was never started.".to_owned(),
        advice: "Send the same request again.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn record(state: &str, steps: &Value) -> Record {
        serde_json::from_value(json!({
            "requestId": "req-0190f3a2-0000-7000-8000-000000000000", "state": state, "attempt": 1,
            "createdAt": "2026-11-23T10:00:00.000Z", "updatedAt": "2026-11-23T10:00:00.000Z",
            "request": {
                "name": "Audit", "accountType": "audit", "ownerEmail": "o@example.com", "costCenter": "1",
                "dataClassification": "internal", "purpose": "Audit"
            },
            "rootEmail": "aws+audit@example.com", "requester": "arn:aws:iam::111111111111:user/jane",
            "fingerprint": "", "steps": steps
        }))
        .unwrap()
    }

    #[test]
    fn only_what_never_began_is_swept_and_only_after_a_while() {
        let at = |time: &str| format!("2026-11-23T{time}Z").parse::<Timestamp>().unwrap();
        let begun = json!({ "reserve": { "startedAt": "2026-11-23T10:00:01.000Z" } });
        assert!(never_began(&record("RECEIVED", &json!({})), at("10:15:01")));
        assert!(!never_began(&record("RECEIVED", &json!({})), at("10:14:59")));
        assert!(!never_began(&record("RECEIVED", &begun), at("12:00:00")));
        assert!(!never_began(&record("CREATING", &json!({})), at("12:00:00")));
    }
}

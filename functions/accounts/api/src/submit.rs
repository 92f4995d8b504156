//! `POST /accounts`: checked, reserved, started. Each part may be repeated and none is lost.

use crate::{
    app::App,
    body,
    caller::{Caller, idempotency_key},
    problem::{INVALID_REQUEST, KEY_REUSED, Kind, NAME_TAKEN, Problem, ROOT_EMAIL_TAKEN},
    response::{self, Response, self_link},
    start::start,
};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use http::{StatusCode, header::LOCATION};
use landing_zone::{AccountRequest, Email, FieldProblem, RequestId};
use ledger::{IdempotencyKey, Record, State, Submission};
use serde::Serialize;
use std::time::Duration;
use telemetry::{info, warn};

/// How long an idempotency key is remembered at least, in seconds: 7 days.
const KEY_LIFE: i64 = 7 * 24 * 60 * 60;

/// Waits before the transaction is tried again when another one touches the same items at that moment. Together
/// well below the patience of a client.
const CONTENTION_WAITS: [Duration; 4] =
    [Duration::from_millis(25), Duration::from_millis(50), Duration::from_millis(100), Duration::from_millis(200)];

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Accepted<'a> {
    request_id: &'a RequestId,
    state: State,
    links: Links<'a>,
}

#[derive(Serialize)]
struct Links<'a> {
    #[serde(rename = "self")]
    this: &'a str,
}

/// Takes a request for an account.
pub(crate) async fn submit(app: &App, request: &ApiGatewayProxyRequest) -> Result<Response, Problem> {
    let caller = Caller::of(request)?;
    let key = idempotency_key(request)?;
    let (wanted, root_email) = parse(app, request)?;
    let record = new_record(app, &caller, wanted, root_email);
    let key = key.map(|key| IdempotencyKey {
        digest: caller.key_digest(&key),
        request_id: record.request_id.clone(),
        fingerprint: record.fingerprint.clone(),
        expires_at: record.created_at.time().as_second() + KEY_LIFE,
    });
    let served = match reserve(app, &record, key.as_ref()).await? {
        Submission::Accepted => carry_on(app, record).await?,
        Submission::Repeated(used) => repeated(app, &record, &used).await?,
        Submission::NameHeld(holder) => held(app, &record, holder, &NAME_TAKEN).await?,
        Submission::EmailHeld(holder) => held(app, &record, holder, &ROOT_EMAIL_TAKEN).await?,
    };
    info!(
        account_request_id = %served.request_id,
        attempt = served.attempt,
        state = served.state.id(),
        requester = %caller.arn,
        root_email = %served.root_email.masked(),
        "accepted"
    );
    let link = self_link(request, &served.request_id);
    let answer = Accepted { request_id: &served.request_id, state: served.state, links: Links { this: &link } };
    Ok(response::with_header(response::json(StatusCode::ACCEPTED, &answer), LOCATION, &link))
}

/// The request and the root e-mail its account gets.
fn parse(app: &App, request: &ApiGatewayProxyRequest) -> Result<(AccountRequest, Email), Problem> {
    let wrong = |errors| Problem::fields(&INVALID_REQUEST, errors);
    let wanted = AccountRequest::parse(&body::object(request)?).map_err(wrong)?;
    let email = app
        .root_email
        .address(&wanted.name, wanted.account_type, wanted.environment)
        .map_err(|detail| wrong(vec![FieldProblem { field: "name".to_owned(), detail }]))?;
    Ok((wanted, email))
}

fn new_record(app: &App, caller: &Caller, request: AccountRequest, root_email: Email) -> Record {
    let now = (app.clock)().into();
    Record {
        request_id: RequestId::generate(),
        state: State::Received,
        created_at: now,
        updated_at: now,
        attempt: 1,
        fingerprint: caller.fingerprint(&request),
        request,
        root_email,
        requester: caller.arn.clone(),
        creation: None,
        account_id: None,
        organizational_unit: None,
        attestation: Vec::new(),
        steps: [].into(),
        failure: None,
    }
}

/// Submits the record. A transaction that meets another one over the same items says nothing about who will hold
/// them; a moment later it is known.
async fn reserve(app: &App, record: &Record, key: Option<&IdempotencyKey>) -> Result<Submission, ledger::Error> {
    for wait in CONTENTION_WAITS {
        match app.ledger.submit(record, key).await {
            Err(ledger::Error::Contended(item)) => {
                warn!(account_request_id = %record.request_id, item, "another request for the same item");
                tokio::time::sleep(wait).await;
            }
            outcome => return outcome,
        }
    }
    app.ledger.submit(record, key).await
}

/// Serves a request that is in the ledger: a failed one begins its next attempt, a received one is started (once,
/// however often it is asked for), any other is under way.
async fn carry_on(app: &App, record: Record) -> Result<Record, Problem> {
    let record = match record.state {
        State::Failed => app.ledger.resume(&record, (app.clock)()).await?,
        _ => record,
    };
    if record.state == State::Received {
        start(app, &record).await?;
    }
    Ok(record)
}

/// The idempotency key was used before: for the same request, or by mistake for another one.
async fn repeated(app: &App, record: &Record, used: &IdempotencyKey) -> Result<Record, Problem> {
    if used.fingerprint != record.fingerprint {
        return Err(Problem::new(
            &KEY_REUSED,
            format!("This key was used for request {}, which asks for something else. Use a new key.", used.request_id),
        ));
    }
    carry_on(app, app.ledger.record(&used.request_id).await?).await
}

/// Somebody holds the name or root e-mail. Where that is this very request, failed, it resumes; where it was
/// received and never started, the start is made up for; in any case but the first the client learns the holder.
async fn held(app: &App, record: &Record, holder: String, kind: &'static Kind) -> Result<Record, Problem> {
    let twin = match RequestId::parse(&holder) {
        Ok(id) => app.ledger.find_record(&id).await?.filter(|twin| twin.fingerprint == record.fingerprint),
        Err(_) => None,
    };
    if let Some(twin) = twin {
        let had_failed = twin.state == State::Failed;
        let twin = carry_on(app, twin).await?;
        if had_failed {
            return Ok(twin);
        }
    }
    Err(if kind == &NAME_TAKEN {
        Problem::held(kind, "name", &format!("The name {:?}", record.request.name.as_str()), holder)
    } else {
        Problem::held(kind, "rootEmail", &format!("The root e-mail {}", record.root_email), holder)
    })
}

#[cfg(test)]
mod tests;

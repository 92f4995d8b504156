//! Has AWS make the account of a request, exactly once.
//!
//! `CreateAccount` knows no idempotency token and may take effect without answering. So the right to call it is
//! claimed in the ledger first, the id of the creation is stored before anything is asked about it, and a claim
//! without an id is looked for at AWS, never called again within the same attempt.

mod accounts;
mod failure;
mod next;

use accounts::{Answer, Status};
use aws::{AwsFault, ConfigError};
use jiff::{SignedDuration, Timestamp};
use landing_zone::{AccountId, Class, Diagnosis, Fault, Progress, RequestId};
use ledger::{Ledger, Record, Step};
use next::{Next, NothingFound, Search, next};
use serde::Deserialize;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    member_access_role: String,
    settle_time: SignedDuration,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            member_access_role: aws::required("MEMBER_ACCESS_ROLE", text)?,
            settle_time: aws::required("CREATION_SETTLE_SECONDS", |text| {
                text.parse().map(SignedDuration::from_secs).map_err(|why| format!("{why}"))
            })?,
            clock: Timestamp::now,
        })
    }
}

/// What the state machine asks for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    request_id: RequestId,
    /// How often it has asked, from 0.
    #[serde(default)]
    check: u32,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// AWS ended the creation without an account.
    #[error("{reason}")]
    CreationFailed {
        /// AWS's word for it.
        code: String,
        /// What can be done about it.
        class: Class,
        /// What happened.
        reason: String,
        /// What to do now.
        advice: String,
    },
    /// The answer of `CreateAccount` was lost, and nothing came of the call.
    #[error(
        "AWS did not confirm the creation, and neither a creation by that name nor an account with that e-mail appeared"
    )]
    CreationUnconfirmed,
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::CreationFailed { code, class, advice, .. } => Diagnosis::named(*class, code.clone(), advice.clone()),
            Self::CreationUnconfirmed => Diagnosis::named(
                Class::Retryable,
                "CreationUnconfirmed",
                "Send the same request again; it looks once more and creates only if there is still nothing.",
            ),
        }
    }
}

/// `DescribeCreateAccountStatus` takes 2 calls a second in the whole organization: polled at 15 s and more.
const FIRST_POLL_SECONDS: u32 = 15;
const LONGEST_POLL_SECONDS: u32 = 60;

/// Brings the creation one step further.
pub async fn handle(app: &App, event: Event) -> Result<Progress, Error> {
    let record = app.ledger.begin(&event.request_id, Step::Create, (app.clock)()).await?;
    let poll_later = Progress::back_off(event.check, FIRST_POLL_SECONDS, LONGEST_POLL_SECONDS);
    match next(&record, (app.clock)(), app.settle_time) {
        Next::Done(account) => done(app, &record, &account).await,
        Next::Call => call(app, &record).await,
        Next::Poll(status_id) => match accounts::status(&app.organizations, &status_id).await? {
            Status::InProgress => Ok(poll_later),
            Status::Succeeded(account) => done(app, &record, &account).await,
            Status::Failed(reason) => failed(app, &record, reason).await,
        },
        Next::Search(search) => match find(app, &record, search.since).await? {
            Some(progress) => Ok(progress),
            None => nothing_found(app, &record, search, poll_later).await,
        },
        Next::Failed(reason) => Err(creation_failed(reason)),
    }
}

/// Claims the call and makes it.
async fn call(app: &App, record: &Record) -> Result<Progress, Error> {
    let token = accounts::token();
    if !app.ledger.claim_creation(record, &token, (app.clock)()).await? {
        // Another delivery of this event has claimed it: what comes of that is seen at the next check.
        return Ok(Progress::Waiting { seconds: 1 });
    }
    match accounts::create(&app.organizations, record, &app.member_access_role).await {
        Ok(Answer::Begun(status_id)) => {
            app.ledger.store_status_id(&record.request_id, &status_id, (app.clock)()).await?;
            Ok(Progress::Waiting { seconds: FIRST_POLL_SECONDS })
        }
        Ok(Answer::Forbidden(reason)) => {
            app.ledger.drop_claim(&record.request_id, &token).await?;
            Err(creation_failed(reason))
        }
        Err(fault) if fault.had_no_effect() => {
            app.ledger.drop_claim(&record.request_id, &token).await?;
            Err(fault.into())
        }
        Err(fault) => {
            telemetry::warn!(reason = %fault, "the answer of CreateAccount is lost; looking for what came of it");
            Ok(Progress::Waiting { seconds: FIRST_POLL_SECONDS })
        }
    }
}

/// Looks for what came of the call: a creation in progress, or an account.
async fn find(app: &App, record: &Record, since: Timestamp) -> Result<Option<Progress>, Error> {
    if let Some(status_id) = accounts::find_in_progress(&app.organizations, record, since).await? {
        app.ledger.store_status_id(&record.request_id, &status_id, (app.clock)()).await?;
        return Ok(Some(Progress::Waiting { seconds: FIRST_POLL_SECONDS }));
    }
    match accounts::find_account(&app.organizations, &record.root_email, since).await? {
        Some(account) => done(app, record, &account).await.map(Some),
        None => Ok(None),
    }
}

async fn nothing_found(app: &App, record: &Record, search: Search, later: Progress) -> Result<Progress, Error> {
    match search.nothing_found {
        NothingFound::AskAgain => Ok(later),
        NothingFound::CallAgain => call(app, record).await,
        NothingFound::GiveUp => {
            app.ledger.release_slot(&record.request_id).await?;
            Err(Error::CreationUnconfirmed)
        }
    }
}

/// AWS ended the creation without an account. When it says that the account is already there, it may be ours: a call
/// that reached AWS twice makes one account and one failure.
async fn failed(app: &App, record: &Record, reason: String) -> Result<Progress, Error> {
    let may_be_ours = ["EMAIL_ALREADY_EXISTS", "CONCURRENT_ACCOUNT_MODIFICATION"].contains(&reason.as_str());
    if may_be_ours
        && let Some(creation) = &record.creation
        && let Some(progress) = find(app, record, next::since(creation)).await?
    {
        return Ok(progress);
    }
    app.ledger.store_creation_failure(&record.request_id, &reason, (app.clock)()).await?;
    app.ledger.release_slot(&record.request_id).await?;
    Err(creation_failed(reason))
}

fn creation_failed(code: String) -> Error {
    let meaning = failure::meaning(&code);
    Error::CreationFailed { code, class: meaning.class, reason: meaning.reason, advice: meaning.advice }
}

async fn done(app: &App, record: &Record, account: &AccountId) -> Result<Progress, Error> {
    app.ledger.store_account(record, account, (app.clock)()).await?;
    app.ledger.release_slot(&record.request_id).await?;
    app.ledger.finish(&record.request_id, Step::Create, (app.clock)()).await?;
    Ok(Progress::Done)
}

//! Once a day, account by account and Region by Region: calls that nobody told of are looked up in `CloudTrail` and sent
//! to the queue of events; everything that is there is counted; what has lacked tags since the sweep before is sent as
//! well, to get the tags of its account. The function that tags is the same for all.

mod count;
mod place;
mod queue;
mod search;

use aws::{AwsFault, ConfigError};
use jiff::Timestamp;
use landing_zone::{AccountId, Class, Diagnosis, Fault, Progress};
use ledger::Ledger;
use place::Place;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tagging::{Compliance, Marks, Requirement, Swept, SweptState};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    doors: place::Doors,
    queue: queue::Queue,
    compliance: Compliance,
    regions: Vec<String>,
    management: AccountId,
    search: search::Pace,
    /// How long a resource without tags may still be on its way through the queue.
    settle: Duration,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let number = |text: &str| text.parse::<u32>().map_err(|why| why.to_string());
        let compliance =
            aws::optional("TAG_COMPLIANCE", |text| Compliance::parse(text).map_err(|why| why.to_string()))?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            doors: place::Doors::from_environment(config)?,
            queue: queue::Queue::from_environment(config)?,
            compliance: compliance.unwrap_or_else(Compliance::standard),
            regions: aws::governed_regions(config)?,
            management: aws::required("MANAGEMENT_ACCOUNT", AccountId::parse)?,
            search: search::Pace {
                look_back_days: aws::required("LOOK_BACK_DAYS", number)?,
                pause: Duration::from_millis(aws::required("LOOKUP_PAUSE_MILLISECONDS", number)?.into()),
            },
            settle: Duration::from_secs(aws::required("SETTLE_SECONDS", number)?.into()),
            clock: Timestamp::now,
        })
    }
}

/// What the state machine asks for.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// List what there is to sweep.
    Plan,
    /// Sweep one Region of one account.
    Sweep {
        /// The account.
        account_id: AccountId,
        /// The Region.
        region: String,
    },
}

/// One Region of one account.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    account_id: AccountId,
    region: String,
}

/// What came of the event.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// What there is to sweep.
    Plan {
        /// Every Region of every account.
        targets: Vec<Target>,
    },
    /// Whether the sweep is done.
    Swept(Progress),
}

/// Why a Region was not swept.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
        }
    }
}

/// No search goes on after so long; the state machine asks again. The function has 15 minutes.
const BUDGET: Duration = Duration::from_mins(8);

/// `CloudTrail` shows a call after at most 15 minutes
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/view-cloudtrail-events.html>).
const SHOWN_AFTER: Duration = Duration::from_mins(15);

/// Serves one step of the workflow.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    match event {
        Event::Plan => {
            let accounts = aws::active_accounts(&app.organizations).await?;
            let members = accounts.into_iter().filter(|account| *account != app.management);
            let targets = members.flat_map(|account_id| {
                let regions = app.regions.iter().cloned();
                regions.map(move |region| Target { account_id: account_id.clone(), region })
            });
            Ok(Answer::Plan { targets: targets.collect() })
        }
        Event::Sweep { account_id, region } => sweep(app, account_id, region).await.map(Answer::Swept),
    }
}

async fn sweep(app: &App, account: AccountId, region: String) -> Result<Progress, Error> {
    let began = (app.clock)();
    let tags = aws::account_tags(&app.organizations, &account).await?;
    let kind = place::Kind::of(&tags);
    let requirement = app.compliance.of(kind.environment, kind.account_type);
    let before: Option<Swept> = app.ledger.coverage(&account, &region).await?;
    let mut swept = place::record(&account, &region, kind, &requirement, before.as_ref(), began);
    let place = match app.doors.enter(&account, &region).await {
        Ok(config) => Place { account: &account, region: &region, config },
        Err(fault) if fault.class() == Class::Denied => {
            telemetry::warn!(account = account.as_str(), reason = %fault, "the suite has no role in the account");
            swept.state = SweptState::Unreachable;
            swept.swept_at = began;
            app.ledger.store_coverage(&account, &region, &swept, began).await?;
            return Ok(Progress::Done);
        }
        Err(fault) => return Err(fault.into()),
    };
    let until = began - SHOWN_AFTER;
    let found = search::search(app, &place, &requirement, swept.searched_to..until, began + BUDGET).await?;
    swept.searched_to = found.to;
    swept.replayed = swept.replayed.saturating_add(found.replayed);
    if found.to < until {
        app.ledger.store_coverage(&account, &region, &swept, began).await?;
        return Ok(Progress::Waiting { seconds: 1 });
    }
    count(app, &place, &requirement, &mut swept).await?;
    Ok(Progress::Done)
}

async fn count(app: &App, place: &Place<'_>, requirement: &Requirement, swept: &mut Swept) -> Result<(), Error> {
    let now = (app.clock)();
    let (coverage, lacking) = count::count(place, requirement).await?;
    let marks: Marks = app.ledger.untagged(place.account, place.region).await?.unwrap_or_default();
    let marks = marks.after(lacking, now);
    let overlooked = count::overlooked(&marks, now, app.settle);
    for arn in &overlooked {
        app.queue.send(&tagging::found_message(arn, place.account, place.region, now).to_string()).await?;
    }
    swept.coverage = coverage;
    swept.state = SweptState::Swept;
    swept.swept_at = now;
    // Marks first: whoever reads new counts finds the resources behind them.
    app.ledger.store_untagged(place.account, place.region, &marks, now).await?;
    app.ledger.store_coverage(place.account, place.region, &*swept, now).await?;
    place::measure(place, swept, overlooked.len(), now);
    Ok(())
}

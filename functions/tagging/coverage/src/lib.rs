//! What the sweeps come to. After each sweep it measures the whole and tells of resources whose time of grace is over;
//! once a week it writes to the owners of accounts.

mod announce;
mod costs;
mod letter;
mod overdue;

use aws::{AwsFault, ConfigError};
use jiff::Timestamp;
use landing_zone::{AccountId, Class, Diagnosis, Fault};
use ledger::Ledger;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use tagging::{Marks, Summary, Swept, SweptState};
use telemetry::{Metric, Unit, emit};

/// What the function works with.
pub struct App {
    ledger: Ledger,
    bus: announce::Bus,
    sns: aws_sdk_sns::Client,
    topic: String,
    /// None where costs are not looked up.
    costs: Option<aws_sdk_costexplorer::Client>,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &aws::SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        let with_costs = aws::required("WITH_COSTS", |text| text.parse::<bool>().map_err(|why| why.to_string()))?;
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            bus: announce::Bus::from_environment(config)?,
            sns: aws_sdk_sns::Client::new(config),
            topic: aws::required("REPORT_TOPIC", text)?,
            costs: with_costs.then(|| costs::client(config)),
            clock: Timestamp::now,
        })
    }
}

/// One Region of one account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    account_id: AccountId,
    region: String,
}

/// What the state machine and the schedule ask for.
#[derive(Debug, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A sweep is over.
    Measure {
        /// What was to be swept.
        targets: Vec<Target>,
        /// When the sweep began.
        started_at: Timestamp,
    },
    /// Write to the owners.
    Write,
}

/// What came of the event.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of a sweep.
    #[serde(rename_all = "camelCase")]
    Measured {
        /// Regions of accounts that were swept.
        swept: usize,
        /// Those that the suite has no role in.
        unreachable: usize,
        /// Those that the sweep did not get to the end of.
        unfinished: usize,
        /// Resources whose time is over.
        overdue: usize,
    },
    /// Of letters.
    Written {
        /// Owners that were written to.
        letters: usize,
    },
}

/// Why a report is not made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// `EventBridge` took the call and not every event.
    #[error("EventBridge did not take {0} events")]
    NotPublished(i32),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::NotPublished(_) => Diagnosis::passing(Class::Retryable, "Nothing; it is tried again."),
        }
    }
}

/// Serves a sweep that is over, or the weekly schedule.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    let sweeps: Vec<Swept> = app.ledger.coverages().await?;
    match event {
        Event::Measure { targets, started_at } => measure(app, &sweeps, &targets, started_at).await,
        Event::Write => write(app, &sweeps).await,
    }
}

async fn measure(app: &App, sweeps: &[Swept], targets: &[Target], started_at: Timestamp) -> Result<Answer, Error> {
    let now = (app.clock)();
    let known: BTreeMap<(&AccountId, &str), &Swept> =
        sweeps.iter().map(|swept| ((&swept.account_id, swept.region.as_str()), swept)).collect();
    let reached = |target: &Target| {
        let swept = known.get(&(&target.account_id, target.region.as_str()))?;
        (swept.swept_at >= started_at && swept.state != SweptState::Sweeping).then_some(*swept)
    };
    let current: Vec<&Swept> = targets.iter().filter_map(reached).collect();
    let mut overdue = 0;
    for swept in current.iter().filter(|swept| swept.state == SweptState::Swept) {
        let marks: Marks = app.ledger.untagged(&swept.account_id, &swept.region).await?.unwrap_or_default();
        let resources = overdue::overdue(swept, &marks, now);
        app.bus.overdue(swept, &resources).await?;
        overdue += resources.len();
    }
    let summary = Summary::of(current.iter().copied());
    app.bus.measured(&summary).await?;
    let unreachable = current.iter().filter(|swept| swept.state == SweptState::Unreachable).count();
    let unfinished = targets.len().saturating_sub(current.len());
    emit_summary(&summary, unfinished, overdue, now);
    Ok(Answer::Measured { swept: current.len().saturating_sub(unreachable), unreachable, unfinished, overdue })
}

fn emit_summary(summary: &Summary, unfinished: usize, overdue: usize, now: Timestamp) {
    let metrics = [
        Metric { name: "TagCoverage", unit: Unit::Percent, value: summary.coverage.total.percent() },
        Metric::counted("AccountsUnreachable", summary.unreachable.len()),
        Metric::counted("SweepsUnfinished", unfinished),
        Metric::counted("ResourcesOverdue", overdue),
    ];
    emit("coverage", &metrics, &[], &[], now);
    for (environment, total) in &summary.environments {
        let metric = Metric { name: "TagCoverage", unit: Unit::Percent, value: total.percent() };
        emit("coverage", &[metric], &[("environment", environment)], &[], now);
    }
}

/// A letter to each owner of accounts; a delivery that comes again writes again, which is better than not at all.
async fn write(app: &App, sweeps: &[Swept]) -> Result<Answer, Error> {
    let now = (app.clock)();
    let mut owners: BTreeMap<&str, Vec<(&Swept, Marks)>> = BTreeMap::new();
    for swept in sweeps.iter().filter(|swept| swept.state != SweptState::Unreachable) {
        let Some(owner) = &swept.owner else { continue };
        let marks = app.ledger.untagged(&swept.account_id, &swept.region).await?.unwrap_or_default();
        owners.entry(owner).or_default().push((swept, marks));
    }
    for (owner, accounts) in &owners {
        let lacking = accounts.iter().filter(|(_, marks)| !marks.0.is_empty()).map(|(swept, _)| &swept.account_id);
        let costs = match &app.costs {
            Some(client) => costs::monthly(client, lacking.collect(), now).await?,
            None => None,
        };
        let letter = letter::letter(accounts, costs.as_ref(), now);
        announce::publish(&app.sns, &app.topic, owner, &letter).await?;
    }
    Ok(Answer::Written { letters: owners.len() })
}

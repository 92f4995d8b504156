//! Who spent what, what is idle, and what comes next: HTML, CSV and JSON in a bucket, a short text to people.
//! Once a week, and when an account comes over its limit.

mod amount;
mod billed;
mod charts;
mod commitments;
mod csv;
mod explorer;
mod gather;
mod html;
mod letter;
mod model;
mod publish;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod wire;

use aws::{AwsFault, Bus, ConfigError, NotPublished, People, SdkConfig};
use explorer::Explorer;
use finops::{Policy, day_of};
use jiff::{Timestamp, civil::Date};
use landing_zone::{AccountId, Class, Diagnosis, Fault};
use ledger::Ledger;
use model::Report;
use serde::{Deserialize, Serialize};
use store::{Files, Store};
use telemetry::Metric;

/// Paid requests of a day that all functions have together, where nothing is configured.
const PAID_REQUESTS: u32 = 100;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    bus: Bus,
    people: People,
    store: Store,
    explorer: Explorer,
    policy: Policy,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let paid = |text: &str| text.parse::<u32>().map_err(|why| why.to_string());
        let policy = aws::optional("SPEND_POLICY", |text| Policy::parse(text).map_err(|why| why.to_string()))?;
        let paid_requests = aws::optional("PAID_REQUESTS_PER_DAY", paid)?.unwrap_or(PAID_REQUESTS);
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            bus: Bus::from_environment(config)?,
            people: People::from_environment(config, "SPEND_TOPIC")?,
            store: Store::from_environment(config)?,
            explorer: Explorer::new(config, paid_requests),
            policy: policy.unwrap_or_else(Policy::standard),
            clock: Timestamp::now,
        })
    }
}

/// What a report is made for: nothing for that of the week, or the event of a decision that calls an account to be acted on.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(default)]
    reason: Option<Reason>,
    /// The account that came over its limit.
    #[serde(default)]
    account_id: Option<AccountId>,
    /// The day of its figures that cannot be believed.
    #[serde(default)]
    doubted: Option<Date>,
}

impl Event {
    fn reason(&self) -> Reason {
        self.reason.unwrap_or(if self.account_id.is_some() { Reason::Breach } else { Reason::Weekly })
    }
}

/// Why a report is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// The week is over.
    Weekly,
    /// An account came over its limit.
    Breach,
}

/// What was reported.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Where the page is.
    place: String,
    accounts: usize,
    over_limit: usize,
    /// How many things are not known.
    gaps: usize,
    /// False where people were told of this breach before, or nobody believes it.
    told: bool,
}

/// Why no report was made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// An event was not taken.
    #[error(transparent)]
    NotPublished(#[from] NotPublished),
    /// What is known could not be written down.
    #[error("the report could not be written: {0}")]
    Unwritten(String),
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::NotPublished(error) => error.diagnosis(),
            Self::Unwritten(_) => Diagnosis::named(
                Class::Invalid,
                "ReportUnwritten",
                "This is a fault of the suite: report it with the message. Everything that is known is in the ledger.",
            ),
        }
    }
}

/// Makes a report of everything that is known now, keeps it, and tells people.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    let now = (app.clock)();
    let reason = event.reason();
    let report = Report::of(&gather::gather(app, reason == Reason::Breach, now).await?);
    let folder = folder(reason, day_of(now));
    app.store.keep(&folder, &written(&report).map_err(Error::Unwritten)?).await?;
    let place = app.store.place(&folder);
    measure(&report);
    let told = publish::tell(app, &report, &event, &place).await?;
    Ok(Answer { place, accounts: report.accounts.len(), over_limit: report.total.over, gaps: report.gaps.len(), told })
}

/// A breach has a folder of its own: its report has no commitments, and those of the week were paid for.
fn folder(reason: Reason, day: Date) -> String {
    match reason {
        Reason::Weekly => day.to_string(),
        Reason::Breach => format!("{day}-breach"),
    }
}

fn written(report: &Report) -> Result<Files, String> {
    Ok(Files {
        html: html::html(report)?,
        csv: csv::csv(report)?,
        json: serde_json::to_string(report).map_err(|error| error.to_string())?,
    })
}

fn measure(report: &Report) {
    let metrics = [
        Metric::counted("AccountsOverLimit", report.total.over),
        Metric::counted("AccountsExpectedOverLimit", report.total.expected_over),
        Metric::counted("AccountsOfUnknownSpend", report.total.unknown),
        Metric::counted("ReportGaps", report.gaps.len()),
    ];
    telemetry::emit("report", &metrics, &[], &[], report.at);
}

#[cfg(test)]
mod tests;

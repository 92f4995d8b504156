//! Looks into one account: where it lies, which guardrails are attached to it, which models it used, what runs in it. What is
//! seen is priced and stored; what cannot be seen is said, and never taken for nothing.

mod meter;
mod organization;

use aws::{AwsFault, ConfigError, MemberRole, SdkConfig};
use finops::{Account, InPlace, Metered, Observed, PriceList, day_of, estimate};
use jiff::{Timestamp, ToSpan as _};
use landing_zone::{AccountId, Class, Diagnosis, Fault};
use ledger::Ledger;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Serialize};
use telemetry::{Metric, Unit};

/// Days that are metered at each look, today among them: the bill of the others is whole.
const METERED_DAYS: i32 = 4;

/// What the function works with.
pub struct App {
    ledger: Ledger,
    organizations: aws_sdk_organizations::Client,
    sts: aws_sdk_sts::Client,
    base: SdkConfig,
    partition: String,
    role: String,
    regions: Vec<String>,
    prices: PriceList,
    clock: fn() -> Timestamp,
}

impl App {
    /// Reads the function's environment.
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let text = |text: &str| Ok(text.to_owned());
        Ok(Self {
            ledger: Ledger::from_environment(config)?,
            organizations: aws_sdk_organizations::Client::new(config),
            sts: aws_sdk_sts::Client::new(config),
            base: config.clone(),
            partition: aws::optional("PARTITION", text)?.unwrap_or_else(|| "aws".to_owned()),
            role: format!("{}-spend-observation", aws::required("MEMBER_ROLE_PREFIX", text)?),
            regions: aws::governed_regions(config)?,
            prices: aws::optional("PRICE_LIST", |text| PriceList::parse(text).map_err(|why| why.to_string()))?
                .unwrap_or_else(PriceList::standard),
            clock: Timestamp::now,
        })
    }
}

/// Which account to look into.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    account_id: AccountId,
}

/// What was seen, in short.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    account_id: AccountId,
    entered: bool,
    running: usize,
    blind: Vec<String>,
}

/// Why an account was not looked into.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger did not do it.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// AWS did not do it.
    #[error(transparent)]
    Aws(#[from] AwsFault),
    /// Nothing is known of the organization.
    #[error("the organization was not read yet")]
    NoOrganization,
}

impl Fault for Error {
    fn diagnosis(&self) -> Diagnosis {
        match self {
            Self::Ledger(error) => error.diagnosis(),
            Self::Aws(fault) => fault.diagnosis(),
            Self::NoOrganization => {
                Diagnosis::named(Class::NotReady, "NoOrganization", "Run the reconcile function, which reads it.")
            }
        }
    }
}

/// Looks into one account.
pub async fn handle(app: &App, event: Event) -> Result<Answer, Error> {
    let now = (app.clock)();
    let known = app.ledger.organization().await?.ok_or(Error::NoOrganization)?;
    let (account, attached) = organization::account(&app.organizations, &known, &event.account_id).await?;
    let seen = look(app, &account, now).await?;
    let estimate = estimate(&seen.metered, &app.prices, day_of(now).saturating_sub((METERED_DAYS - 1).days()), now);
    let observed = Observed {
        in_place: seen.entered.then(|| InPlace { guardrails: attached, running: seen.stoppable }),
        by_day: estimate.by_day,
        blind: seen.blind.into_iter().chain(estimate.blind).collect(),
        running: seen.metered.iter().flat_map(|metered| metered.running.iter().cloned()).collect(),
        unpriced: estimate.unpriced,
        unpriced_share: estimate.unpriced_share,
        account,
        at: now,
    };
    let before = app.ledger.observed(&event.account_id).await?;
    let observed = observed.after(before.as_ref());
    app.ledger.store_observed(&observed).await?;
    measure(&observed, now);
    Ok(Answer {
        account_id: event.account_id,
        entered: observed.in_place.is_some(),
        running: observed.running.len(),
        blind: observed.blind,
    })
}

/// What one look showed.
#[derive(Default)]
struct Seen {
    entered: bool,
    metered: Vec<Metered>,
    /// What runs, could be stopped, and is not exempt.
    stoppable: usize,
    blind: Vec<String>,
}

async fn look(app: &App, account: &Account, now: Timestamp) -> Result<Seen, Error> {
    if account.special == Some(finops::Special::Management) || account.state != "ACTIVE" {
        return Ok(Seen { blind: vec!["the suite does not enter this account".to_owned()], ..Seen::default() });
    }
    let role = MemberRole { partition: &app.partition, name: &app.role, session: "ai-landing-zone-observe", policy: None };
    let session = match aws::session(&app.sts, &app.base, &account.id, role).await {
        Ok(session) => session,
        Err(fault) if fault.class() == Class::Denied => {
            telemetry::warn!(account = account.id.as_str(), reason = %fault, "the suite has no role in the account");
            return Ok(Seen { blind: vec!["the suite has no role in this account".to_owned()], ..Seen::default() });
        }
        Err(fault) => return Err(fault.into()),
    };
    let mut seen = Seen { entered: true, ..Seen::default() };
    for region in &app.regions {
        let (metered, stoppable) =
            meter::region(&aws::in_region(&session, region), region, &account.id, METERED_DAYS, now).await;
        seen.metered.push(metered);
        seen.stoppable += stoppable;
    }
    Ok(seen)
}

fn measure(observed: &Observed, now: Timestamp) {
    let environment = observed.account.environment.map_or("none", landing_zone::Environment::id);
    let percent = (observed.unpriced_share * rust_decimal::Decimal::ONE_HUNDRED).to_f64().unwrap_or_default();
    let blind = if observed.blind.is_empty() { 0.0 } else { 1.0 };
    telemetry::emit(
        "observe",
        &[
            Metric { name: "MeterBlind", unit: Unit::Count, value: blind },
            Metric { name: "UnpricedShare", unit: Unit::Percent, value: percent },
        ],
        &[("environment", environment)],
        &[("account_id", observed.account.id.as_str())],
        now,
    );
}

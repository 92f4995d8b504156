//! Looks into one account: where it lies, which guardrails are attached to it, which models it used, what runs in it. What is
//! seen is priced and stored; what cannot be seen is said, and never taken for nothing.

mod meter;
mod models;
mod profiles;

use aws::{AwsFault, ConfigError, MemberRole, SdkConfig};
use finops::{Account, InPlace, Metered, Observed, PriceList, Special, estimate};
use futures_util::future::join_all;
use jiff::Timestamp;
use landing_zone::{AccountId, Class, Diagnosis, Environment, Fault};
use ledger::Ledger;
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::{Deserialize, Serialize};
use telemetry::{Metric, Unit};

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
            prices: PriceList::standard(),
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
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    account_id: AccountId,
    /// False where the suite does not, or cannot, enter the account.
    entered: bool,
    /// What runs by the hour.
    running: usize,
    /// Where nothing could be seen, and why.
    blind: Vec<String>,
    /// Metrics that `CloudWatch` was asked for, and takes money for.
    metrics_requested: usize,
    /// False where a later look was stored meanwhile: that one counts.
    stored: bool,
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
    let account = placement::account(&app.organizations, &known, &event.account_id).await?;
    let guardrails = placement::attached(&app.organizations, &known, &event.account_id).await?;
    let look = look(app, &account, now).await?;
    let prices = app.prices.clone().with_aliases(look.profiles);
    let estimate = estimate(&look.metered, &prices, Observed::metered_from(now), now);
    let observed = Observed {
        in_place: look.entered.then_some(InPlace { guardrails, running: look.stoppable }),
        by_day: estimate.by_day,
        ai_services: estimate.ai_services,
        models: estimate.models,
        blind: look.blind.into_iter().chain(estimate.blind).collect(),
        running: look.metered.into_iter().flat_map(|metered| metered.running).collect(),
        unpriced: estimate.unpriced,
        unpriced_share: estimate.unpriced_share,
        ..Observed::new(account, now)
    };
    let observed = observed.after(app.ledger.observed(&event.account_id).await?.as_ref());
    let stored = app.ledger.store_observed(&observed).await?;
    measure(&observed, look.requested, now);
    Ok(Answer {
        account_id: event.account_id,
        entered: observed.in_place.is_some(),
        running: observed.running.len(),
        blind: observed.blind,
        metrics_requested: look.requested,
        stored,
    })
}

/// What one look showed.
#[derive(Default)]
struct Look {
    entered: bool,
    metered: Vec<Metered>,
    /// Inference profiles, and the models that they stand for.
    profiles: Vec<(String, String)>,
    /// What runs and the stage *stop* would stop.
    stoppable: usize,
    blind: Vec<String>,
    requested: usize,
}

impl Look {
    fn from_outside(why: &str) -> Self {
        Self { blind: vec![why.to_owned()], ..Self::default() }
    }
}

async fn look(app: &App, account: &Account, now: Timestamp) -> Result<Look, Error> {
    if account.special == Some(Special::Management) {
        return Ok(Look::from_outside("the suite does not enter the management account"));
    }
    if account.state != "ACTIVE" {
        return Ok(Look::from_outside(&format!("the account is {}", account.state)));
    }
    let name = &app.role;
    let role = MemberRole { partition: &app.partition, name, session: "ai-landing-zone-observe", policy: None };
    let session = match aws::session(&app.sts, &app.base, &account.id, role).await {
        Ok(session) => session,
        Err(fault) if fault.class() == Class::Denied => {
            telemetry::warn!(account = account.id.as_str(), reason = %fault, "the suite has no role in the account");
            return Ok(Look::from_outside("the suite has no role in the account"));
        }
        Err(fault) => return Err(fault.into()),
    };
    let regions = app.regions.iter().map(|region| {
        let session = aws::in_region(&session, region);
        async move { meter::region(&session, region, account, now).await }
    });
    let mut look = Look { entered: true, ..Look::default() };
    for seen in join_all(regions).await {
        look.metered.extend(seen.metered);
        look.profiles.extend(seen.profiles);
        look.stoppable = look.stoppable.saturating_add(seen.stoppable);
        look.requested = look.requested.saturating_add(seen.requested);
    }
    Ok(look)
}

fn measure(observed: &Observed, requested: usize, now: Timestamp) {
    let environment = observed.account.environment.map_or("none", Environment::id);
    let blind = u32::from(!observed.blind.is_empty());
    let share = (observed.unpriced_share * Decimal::ONE_HUNDRED).to_f64().unwrap_or_default();
    telemetry::emit(
        "observe",
        &[
            Metric::counted("MeterBlind", blind),
            Metric { name: "UnpricedShare", unit: Unit::Percent, value: share },
            Metric::counted("MetricsRequested", requested),
        ],
        &[("environment", environment)],
        &[("account_id", observed.account.id.as_str())],
        now,
    );
}

#[cfg(test)]
mod tests;

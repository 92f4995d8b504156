//! What nobody uses in a Region of an account, with what shows it. What cannot be told is said, and is not idle.

mod app;
mod endpoint;
mod instance;
mod notebook;
mod throughput;
mod usage;
mod volume;

use aws::SdkConfig;
use finops::{Idle, PriceList};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use workloads::{Kind, Workload};

/// For so long nobody has used what is idle.
const WINDOW: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The same, for instances: they cost most, and are measured all the time.
const INSTANCE_WINDOW: SignedDuration = SignedDuration::from_hours(3 * 24);

/// A month has so many hours, as price pages have it.
const HOURS_OF_A_MONTH: u64 = 730;

/// What AWS says of a resource that is not there; SageMaker has the last one also for what it cannot read.
const GONE: [&str; 3] = ["ResourceNotFound", "ResourceNotFoundException", "ValidationException"];

/// Something that nobody uses.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) kind: String,
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) owner: Option<String>,
    pub(crate) evidence: String,
    pub(crate) since: Option<Timestamp>,
    pub(crate) monthly_saving: Option<Decimal>,
    pub(crate) exempt: Option<String>,
    /// What can be stopped on this evidence; none for what is only ever reported.
    pub(crate) workload: Option<Workload>,
}

/// What could not be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Blind {
    pub(crate) region: String,
    /// Of which kind; none for all.
    kind: Option<&'static str>,
    /// Which resource; none for all of the kind.
    arn: Option<String>,
    why: String,
}

impl Blind {
    /// Nothing can be told of a Region.
    pub(crate) fn region(region: &str, why: impl Into<String>) -> Self {
        Self { region: region.to_owned(), kind: None, arn: None, why: why.into() }
    }

    /// True for what was found before and may still be idle.
    pub(crate) fn covers(&self, idle: &Idle) -> bool {
        self.region == idle.region
            && self.kind.is_none_or(|kind| kind == idle.kind)
            && self.arn.as_ref().is_none_or(|arn| *arn == idle.arn)
    }

    pub(crate) fn text(&self) -> String {
        let what = self.arn.as_deref().or(self.kind).map(|what| format!(", {what}")).unwrap_or_default();
        format!("{}{what}: {}", self.region, self.why)
    }
}

/// What a look showed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) idle: Vec<Finding>,
    pub(crate) blind: Vec<Blind>,
    /// Whatever runs, idle or not.
    pub(crate) running: BTreeSet<String>,
}

impl Seen {
    pub(crate) fn add(&mut self, other: Self) {
        self.idle.extend(other.idle);
        self.blind.extend(other.blind);
        self.running.extend(other.running);
    }
}

/// A Region that is looked into.
pub(crate) struct Place<'a> {
    pub(crate) config: &'a SdkConfig,
    pub(crate) region: &'a str,
    pub(crate) account: &'a AccountId,
    pub(crate) partition: &'a str,
    pub(crate) prices: &'a PriceList,
    pub(crate) now: Timestamp,
}

/// What a resource was used for, as far as it is known.
#[derive(Debug, PartialEq)]
pub(crate) enum Verdict {
    Used,
    Idle {
        evidence: String,
        since: Option<Timestamp>,
        /// Whether it may be stopped on this evidence.
        stops: bool,
    },
    Unknown(String),
}

impl Place<'_> {
    /// Looks into the Region. Each kind is read by itself: one that cannot be read leaves the others in sight.
    pub(crate) async fn look(&self) -> Seen {
        let mut seen = Seen::default();
        for kind in ["endpoint", "notebook", "app", "gpu-instance", "provisioned-throughput"] {
            if let Err(why) = self.kind(kind, &mut seen).await {
                let why = why.to_string();
                seen.blind.push(Blind { region: self.region.to_owned(), kind: Some(kind), arn: None, why });
            }
        }
        match volume::unattached(self).await {
            Ok(found) => seen.add(found),
            Err(fault) => seen.blind.push(self.blind(volume::KIND, None, fault.to_string())),
        }
        seen
    }

    async fn kind(&self, name: &'static str, seen: &mut Seen) -> Result<(), workloads::Error> {
        let Ok(kind) = Kind::parse(name) else { return Ok(()) };
        let running = self.running(kind).await?;
        seen.running.extend(running.iter().map(|workload| workload.arn.clone()));
        let window = if name == instance::KIND { INSTANCE_WINDOW } else { WINDOW };
        let old: Vec<Workload> =
            running.into_iter().filter(|workload| self.now.duration_since(workload.since) >= window).collect();
        if old.is_empty() {
            return Ok(());
        }
        let verdicts = match name {
            "endpoint" => endpoint::verdicts(self, &old).await?,
            "notebook" => notebook::verdicts(self, &old).await?,
            "app" => app::verdicts(self, &old).await?,
            instance::KIND => instance::verdicts(self, &old).await?,
            _ => throughput::verdicts(self, &old).await?,
        };
        for (workload, verdict) in old.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Used => {}
                Verdict::Unknown(why) => seen.blind.push(self.blind(name, Some(workload.arn), why)),
                Verdict::Idle { evidence, since, stops } => {
                    seen.idle.push(self.finding(workload, evidence, since, stops && kind.stoppable()));
                }
            }
        }
        Ok(())
    }

    /// Lists what runs. A call about what vanished since it was listed is refused: the next list has it no more.
    async fn running(&self, kind: Kind) -> Result<Vec<Workload>, workloads::Error> {
        let kinds = [kind];
        let list = || workloads::running(self.config, self.region, self.account, Some(&kinds));
        match list().await {
            Err(workloads::Error::Aws(fault)) if GONE.contains(&fault.code()) => list().await,
            listed => listed,
        }
    }

    fn blind(&self, kind: &'static str, arn: Option<String>, why: String) -> Blind {
        Blind { region: self.region.to_owned(), kind: Some(kind), arn, why }
    }

    fn finding(&self, workload: Workload, evidence: String, since: Option<Timestamp>, stops: bool) -> Finding {
        Finding {
            kind: workload.kind.clone(),
            arn: workload.arn.clone(),
            name: workload.name.clone(),
            region: workload.region.clone(),
            owner: workload.tags.get("owner").cloned(),
            evidence,
            since,
            monthly_saving: self.monthly(&workload),
            exempt: workload.exempt.clone(),
            workload: Some(workload).filter(|_| stops),
        }
    }

    /// What a month of a workload costs; none where one of its machines has no price, or it has none.
    fn monthly(&self, workload: &Workload) -> Option<Decimal> {
        let hourly: Option<Vec<Decimal>> = workload
            .machines()
            .map(|machines| {
                let price = self.prices.price_of_instance(&workload.kind, &machines.instance_type, self.region)?.price;
                Some(price * Decimal::from(machines.count))
            })
            .collect();
        let hourly = hourly.filter(|prices| !prices.is_empty())?;
        Some((hourly.into_iter().sum::<Decimal>() * Decimal::from(HOURS_OF_A_MONTH)).round_dp(2))
    }
}

/// A window as people read it.
fn days(window: SignedDuration) -> String {
    format!("{} days", window.as_hours() / 24)
}

//! One look into an account: what is found is put on record, then told, then stopped, each before the next.

use crate::{
    App, Error, announce,
    detect::{Blind, Place, Seen},
    plan::{Plan, Records, Rules, plan},
    stops::{self, CAPABILITY, LABEL, Outcome, Patience},
};
use finops::{Account, Idle, IdleState};
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use landing_zone::{AccountId, Class};
use rust_decimal::{Decimal, prelude::ToPrimitive as _};
use serde::Serialize;
use std::collections::BTreeMap;
use telemetry::{Metric, Unit};
use workloads::{Phase, Stopped};

/// Pauses of a look, two minutes: what takes longer is gone on with at the next one.
const PAUSES: u32 = 24;

/// Regions that are looked into at once: each takes dozens of calls, and the account's own tools call there too.
const AT_ONCE: usize = 4;

/// What came of a look.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Looked {
    account_id: AccountId,
    /// Resources that are idle, and those that are stopped for it.
    found: usize,
    /// Resources whose owner was told now.
    warned: usize,
    /// Resources that were stopped now.
    stopped: usize,
    blind: Vec<String>,
}

/// Looks into an account and does what follows.
pub(crate) async fn look(app: &App, id: &AccountId, now: Timestamp) -> Result<Looked, Error> {
    let observed = app.ledger.observed(id).await?.ok_or_else(|| Error::NotObserved(id.clone()))?;
    let Some(environment) = observed.account.ai_environment() else {
        let blind = vec!["it is no AI account in use".to_owned()];
        return Ok(Looked { account_id: id.clone(), found: 0, warned: 0, stopped: 0, blind });
    };
    let account = &observed.account;
    let before = app.ledger.idle(id).await?;
    let stopped: Vec<Stopped> = app.ledger.all_stopped(id).await?;
    let records = Records::of(&stopped, LABEL);
    let seen = see(app, id, now).await?;
    let rules = Rules::of(&observed, &app.policy, app.modes.of(environment), app.grace, now);
    let mut plan = plan(account, before.as_ref(), &seen, &records, &rules);

    let new = plan.report.found.iter().filter(|idle| plan.new.contains(&idle.arn));
    announce::found(&app.bus, account, new).await?;
    app.ledger.store_idle(&plan.report).await?;
    let warned = warn(app, account, &mut plan, now).await?;
    let stopped = act(app, account, &mut plan, &records, &seen, now).await?;
    measure(&plan, environment.id(), id, now);
    Ok(Looked { account_id: id.clone(), found: plan.report.found.len(), warned, stopped, blind: plan.report.blind })
}

async fn see(app: &App, id: &AccountId, now: Timestamp) -> Result<Seen, Error> {
    let mut seen = Seen::default();
    let session = match app.enter(id, "spend-observation").await {
        Ok(session) => session,
        Err(fault) if fault.class() == Class::Denied => {
            telemetry::warn!(account = id.as_str(), reason = %fault, "the suite has no role in the account");
            let blind = |region: &String| Blind::region(region, "the suite has no role in this account");
            seen.blind.extend(app.regions.iter().map(blind));
            return Ok(seen);
        }
        Err(fault) => return Err(fault.into()),
    };
    let looks = app.regions.iter().map(|region| {
        let config = aws::in_region(&session, region);
        let (partition, prices) = (app.partition.as_str(), &app.prices);
        async move { Place { config: &config, region, account: id, partition, prices, now }.look().await }
    });
    // In their order, so that a look that shows the same says the same.
    let mut looks = stream::iter(looks).buffered(AT_ONCE);
    while let Some(one) = looks.next().await {
        seen.add(one);
    }
    Ok(seen)
}

/// Tells owners, each in one letter. Whoever is killed before that is on record tells again: what was said is said twice
/// rather than never, for it is what a stop stands on.
async fn warn(app: &App, account: &Account, plan: &mut Plan, now: Timestamp) -> Result<usize, Error> {
    let mut letters: BTreeMap<Option<String>, Vec<Idle>> = BTreeMap::new();
    for idle in plan.report.found.iter().filter(|idle| plan.warn.contains_key(&idle.arn)) {
        letters.entry(idle.owner.clone()).or_default().push(idle.clone());
    }
    let mut warned = 0;
    for (owner, resources) in letters {
        announce::warn(&app.people, account, owner.as_deref(), &resources, &plan.warn).await?;
        for idle in &resources {
            let stops_at = plan.warn.get(&idle.arn).copied().flatten();
            plan.set(&idle.arn, &IdleState::Warned { at: now, stops_at });
        }
        app.ledger.store_idle(&plan.report).await?;
        warned += resources.len();
    }
    Ok(warned)
}

/// Stops whose time is over, goes on with what was begun, and lets go of what runs and is not to be stopped any more.
async fn act(
    app: &App,
    account: &Account,
    plan: &mut Plan,
    records: &Records<'_>,
    seen: &Seen,
    now: Timestamp,
) -> Result<usize, Error> {
    let mut workloads = std::mem::take(&mut plan.stop);
    let (mut let_go, mut stopped) = (Vec::new(), 0);
    for record in &records.ours {
        let arn = &record.workload.arn;
        let is_due = workloads.iter().any(|workload| workload.arn == *arn);
        match record.phase {
            Phase::Starting => let_go.push(arn.clone()),
            _ if is_due => {}
            _ if seen.running.contains(arn) => let_go.push(arn.clone()),
            // It was stopped, and whoever did it was killed before that was told.
            Phase::Stopped if !plan.has_stopped(arn) => {
                stopped += usize::from(note(app, account, plan, arn, Outcome::Stopped, now).await?);
                app.ledger.store_idle(&plan.report).await?;
            }
            Phase::Stopped => {}
            _ => workloads.push(record.workload.clone()),
        }
    }
    if workloads.is_empty() && let_go.is_empty() {
        return Ok(stopped);
    }
    if !app.switch.is_on().await? {
        telemetry::warn!(account = account.id.as_str(), "the kill switch is off: nothing idle is stopped");
        return Ok(stopped);
    }
    let session = app.enter(&account.id, CAPABILITY).await?;
    let mut patience = Patience(PAUSES);
    for arn in let_go {
        if let Some(record) = app.ledger.stopped::<Stopped>(&account.id, &arn).await? {
            stops::start(app, &session, &account.id, record, &mut patience, now).await?;
        }
    }
    let mut failed = None;
    for workload in workloads {
        match stops::stop(app, &session, &account.id, &workload, &mut patience, now).await {
            Ok(outcome) => stopped += usize::from(note(app, account, plan, &workload.arn, outcome, now).await?),
            // One that AWS does not stop does not hold up the others.
            Err(error) => {
                telemetry::warn!(arn = workload.arn.as_str(), reason = %error, "it was not stopped");
                failed = failed.or(Some(error));
            }
        }
    }
    app.ledger.store_idle(&plan.report).await?;
    failed.map_or(Ok(stopped), Err)
}

/// Notes what came of stopping; true where it is stopped.
async fn note(
    app: &App,
    account: &Account,
    plan: &mut Plan,
    arn: &str,
    outcome: Outcome,
    now: Timestamp,
) -> Result<bool, Error> {
    match outcome {
        Outcome::Stopped => {
            plan.set(arn, &IdleState::Stopped { at: now });
            if let Some(idle) = plan.report.found.iter().find(|idle| idle.arn == arn) {
                announce::stopped(&app.bus, account, idle).await?;
            }
            return Ok(true);
        }
        Outcome::Kept(why) => plan.set(arn, &IdleState::Kept { why }),
        Outcome::Gone => plan.forget(arn),
        Outcome::Later => {}
    }
    Ok(false)
}

fn measure(plan: &Plan, environment: &str, account: &AccountId, now: Timestamp) {
    let idle = || plan.report.found.iter().filter(|idle| !matches!(idle.state, IdleState::Stopped { .. }));
    let savings: Vec<Decimal> = idle().filter_map(|idle| idle.monthly_saving).collect();
    let metric = |name, value| Metric { name, unit: Unit::Count, value };
    let count = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    let mut metrics =
        vec![metric("IdleResources", count(idle().count())), metric("IdleBlind", count(plan.report.blind.len()))];
    // Where idle resources have no price, what they cost is not known.
    if !savings.is_empty() || idle().next().is_none() {
        let saving: Decimal = savings.into_iter().sum();
        metrics.extend(saving.to_f64().map(|saving| metric("IdleMonthlySaving", saving)));
    }
    telemetry::emit("idle", &metrics, &[("environment", environment)], &[("account_id", account.as_str())], now);
}

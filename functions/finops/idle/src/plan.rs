//! What follows from a look: the report, and what is to be done about each resource in it. Pure.

use crate::detect::{Finding, Seen};
use finops::{Account, Grace, Idle, IdleMode, IdleReport, IdleState, IdleStep, Observed, Policy, Stage, day_of, next};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use workloads::{Phase, Stopped, Workload};

/// An account is looked into several times a day. One that was not since a day may have become another.
const FRESH: SignedDuration = SignedDuration::from_hours(24);

/// What holds for all resources of an account.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) mode: IdleMode,
    pub(crate) grace: Grace,
    /// Why nothing in the account is touched.
    pub(crate) protected: Option<String>,
    /// Who answers for what has no owner of its own.
    pub(crate) owner: Option<String>,
    pub(crate) now: Timestamp,
}

impl Rules {
    /// An account that may not be stopped is warned at most, whatever is configured.
    pub(crate) fn of(observed: &Observed, policy: &Policy, mode: IdleMode, grace: Grace, now: Timestamp) -> Self {
        let Account { id, owner, .. } = &observed.account;
        let stoppable = observed.account.ceiling().0 >= Stage::Stop && now.duration_since(observed.at) <= FRESH;
        let exemption = policy.exemption(id, day_of(now)).filter(|exemption| exemption.max_stage < Stage::Stop);
        Self {
            mode: if stoppable { mode } else { mode.min(IdleMode::Warn) },
            grace,
            protected: exemption.map(|exemption| {
                let finops::Exemption { until, by, reason, .. } = exemption;
                format!("the account is exempt until {until} by {by}: {reason}")
            }),
            owner: owner.clone(),
            now,
        }
    }
}

/// What is in the ledger about resources of an account that were stopped.
pub(crate) struct Records<'a> {
    /// Those that this function stopped.
    pub(crate) ours: Vec<&'a Stopped>,
    /// Those that others stopped or are about to, with their label.
    pub(crate) others: BTreeMap<&'a str, &'a str>,
}

impl<'a> Records<'a> {
    pub(crate) fn of(all: &'a [Stopped], label: &str) -> Self {
        let (ours, others): (Vec<&Stopped>, Vec<&Stopped>) =
            all.iter().filter(|record| lasts(&record.phase)).partition(|record| record.stopped_by == label);
        let others = others.into_iter().map(|other| (other.workload.arn.as_str(), other.stopped_by.as_str())).collect();
        Self { ours, others }
    }
}

/// True while somebody is at work on a workload, or has it stopped.
pub(crate) fn lasts(phase: &Phase) -> bool {
    !matches!(phase, Phase::NotStoppable(_) | Phase::Started | Phase::Left)
}

/// A report, and what is to be done, by ARN.
pub(crate) struct Plan {
    pub(crate) report: IdleReport,
    /// What was not idle at the last look, or not ever since.
    pub(crate) new: BTreeSet<String>,
    /// Who is to be told, and when it is going to be stopped, if it is.
    pub(crate) warn: BTreeMap<String, Option<Timestamp>>,
    pub(crate) stop: Vec<Workload>,
}

/// Lays what was seen over what was known.
pub(crate) fn plan(
    account: &Account,
    before: Option<&IdleReport>,
    seen: &Seen,
    records: &Records<'_>,
    rules: &Rules,
) -> Plan {
    let known: BTreeMap<&str, &Idle> =
        before.iter().flat_map(|before| &before.found).map(|idle| (idle.arn.as_str(), idle)).collect();
    let mut plan = Plan {
        report: IdleReport {
            account: account.id.clone(),
            at: rules.now,
            found: Vec::new(),
            blind: seen.blind.iter().map(crate::detect::Blind::text).collect(),
        },
        new: BTreeSet::new(),
        warn: BTreeMap::new(),
        stop: Vec::new(),
    };
    let stopped = records.ours.iter().filter(|record| !seen.running.contains(&record.workload.arn));
    let stopped: BTreeMap<&str, &Stopped> = stopped.map(|record| (record.workload.arn.as_str(), *record)).collect();
    for finding in &seen.idle {
        plan.judge(finding, known.get(finding.arn.as_str()).copied(), records, rules);
    }
    for (arn, record) in &stopped {
        plan.report.found.push(kept(record, known.get(arn).copied(), rules));
    }
    // What is out of sight is as it was.
    let listed: BTreeSet<String> = plan.report.found.iter().map(|idle| idle.arn.clone()).collect();
    let hidden = |idle: &&&Idle| !listed.contains(&idle.arn) && seen.blind.iter().any(|blind| blind.covers(idle));
    plan.report.found.extend(known.values().filter(hidden).map(|idle| (*idle).clone()));
    plan.report.found.sort_by(|one, other| one.arn.cmp(&other.arn));
    plan
}

impl Plan {
    fn judge(&mut self, finding: &Finding, before: Option<&Idle>, records: &Records<'_>, rules: &Rules) {
        let now = rules.now;
        let before = before.filter(|before| lasted(before, finding));
        let busy = records.others.get(finding.arn.as_str()).map(|label| format!("it is in the hands of {label}"));
        let protected = finding.exempt.as_ref().map(|why| format!("it is exempt: {why}"));
        let protected = protected.or_else(|| rules.protected.clone()).or(busy);
        let mode = if finding.workload.is_some() { rules.mode } else { rules.mode.min(IdleMode::Warn) };
        let state = before.map(|before| &before.state);
        let step = next(state, mode, protected, rules.grace, now);
        let warned = state.filter(|state| matches!(state, IdleState::Warned { .. }));
        let first_seen = before.and_then(|before| before.since);
        self.report.found.push(Idle {
            kind: finding.kind.clone(),
            arn: finding.arn.clone(),
            name: finding.name.clone(),
            region: finding.region.clone(),
            owner: finding.owner.clone().or_else(|| rules.owner.clone()),
            evidence: finding.evidence.clone(),
            since: first_seen.into_iter().chain(finding.since).min().or(Some(now)),
            seen_at: Some(now),
            monthly_saving: finding.monthly_saving,
            state: match &step {
                IdleStep::Keep(why) => IdleState::Kept { why: why.clone() },
                _ => warned.cloned().unwrap_or(IdleState::Found),
            },
        });
        if before.is_none() {
            self.new.insert(finding.arn.clone());
        }
        match step {
            IdleStep::Warn { stops_at } => {
                self.warn.insert(finding.arn.clone(), stops_at);
            }
            IdleStep::Stop => self.stop.extend(finding.workload.clone()),
            IdleStep::Nothing | IdleStep::Keep(_) => {}
        }
    }

    /// True where a resource is on record as stopped.
    pub(crate) fn has_stopped(&self, arn: &str) -> bool {
        let mut found = self.report.found.iter().filter(|idle| idle.arn == arn);
        found.any(|idle| matches!(idle.state, IdleState::Stopped { .. }))
    }

    /// Notes how far a resource is.
    pub(crate) fn set(&mut self, arn: &str, state: &IdleState) {
        for idle in self.report.found.iter_mut().filter(|idle| idle.arn == arn) {
            idle.state = state.clone();
        }
    }

    /// Takes a resource out: it is not idle any more.
    pub(crate) fn forget(&mut self, arn: &str) {
        self.report.found.retain(|idle| idle.arn != arn);
    }
}

/// True where it was idle ever since it was last seen so: what shows it now reaches back to then. Otherwise somebody may have
/// used it while nobody looked, and what was told of the idleness before does not hold for this one.
fn lasted(before: &Idle, finding: &Finding) -> bool {
    finding.since.is_none_or(|since| before.seen_at.is_some_and(|seen_at| since <= seen_at))
}

/// What was stopped, or is about to be, stays in the report: as it was found, or as much of it as the record says.
fn kept(record: &Stopped, before: Option<&Idle>, rules: &Rules) -> Idle {
    let Workload { kind, arn, name, region, tags, .. } = &record.workload;
    before.cloned().unwrap_or_else(|| Idle {
        kind: kind.clone(),
        arn: arn.clone(),
        name: name.clone(),
        region: region.clone(),
        owner: tags.get("owner").cloned().or_else(|| rules.owner.clone()),
        evidence: "it was stopped because nobody used it".to_owned(),
        since: None,
        seen_at: None,
        monthly_saving: None,
        state: IdleState::Found,
    })
}

#[cfg(test)]
mod tests;

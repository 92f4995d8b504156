//! The creations of one account and Region, worked on together.

use crate::{
    App,
    message::Message,
    outcome::{Outcome, of_failure},
    owners, tagger,
};
use aws::{AwsFault, SdkConfig};
use jiff::Timestamp;
use landing_zone::AccountId;
use std::collections::{BTreeMap, BTreeSet};
use tagging::{Arn, Creation, Facts, TagMap, Via, plan};

/// The creations of one account and Region, each with the place of its message.
#[derive(Debug)]
pub(crate) struct Group<'m> {
    account: &'m AccountId,
    region: &'m str,
    creations: Vec<(usize, &'m Creation)>,
}

/// What became of one creation.
#[derive(Debug)]
pub(crate) struct Done<'m> {
    /// Place of its message in the batch.
    pub message: usize,
    pub creation: &'m Creation,
    /// What became of each resource.
    pub resources: Vec<(Arn, Outcome)>,
    /// Tags that were written on any of them.
    pub tags: TagMap,
    /// A person owns it, not only an account.
    pub person_known: bool,
}

/// One resource on its way.
struct Resource {
    arn: Arn,
    set: TagMap,
    outcome: Outcome,
}

/// Sorts creations by account and Region.
pub(crate) fn groups(messages: &[Message]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<(&AccountId, &str), Vec<(usize, &Creation)>> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        for creation in &message.creations {
            groups.entry((&creation.account, creation.tagging_region())).or_default().push((index, creation));
        }
    }
    groups.into_iter().map(|((account, region), creations)| Group { account, region, creations }).collect()
}

/// Works on a group; begins nothing after `ends`.
pub(crate) async fn work<'m>(app: &App, group: Group<'m>, ends: Timestamp) -> Vec<Done<'m>> {
    let now = (app.clock)();
    let mut done = Vec::with_capacity(group.creations.len());
    let mut ready = Vec::new();
    for (message, creation) in group.creations {
        let age = now.duration_since(creation.time).as_secs();
        let early = age < i64::from(creation.rule.settle_seconds);
        let outcome = if now > ends {
            Some(Outcome::Later("the batch took too long".to_owned()))
        } else if early {
            Some(Outcome::Later("the service refuses tags so early".to_owned()))
        } else if creation.is_owner_only() {
            Some(owners::remember_stack(app, creation).await)
        } else {
            None
        };
        match outcome {
            Some(outcome) => done.push(all(message, creation, &outcome)),
            None => ready.push((message, creation)),
        }
    }
    if !ready.is_empty() {
        match prepare(app, group.account, group.region).await {
            Ok((config, account_tags)) => done.extend(tag(app, group.account, &config, &account_tags, ready).await),
            Err(outcome) => done.extend(ready.iter().map(|(message, creation)| all(*message, creation, &outcome))),
        }
    }
    done
}

/// The same outcome for everything that was made.
fn all<'m>(message: usize, creation: &'m Creation, outcome: &Outcome) -> Done<'m> {
    let resources = creation.resources.iter().map(|arn| (arn.clone(), outcome.clone())).collect();
    Done { message, creation, resources, tags: TagMap::new(), person_known: true }
}

async fn prepare(app: &App, account: &AccountId, region: &str) -> Result<(SdkConfig, TagMap), Outcome> {
    let tags = app.accounts.of(account, (app.clock)()).await.map_err(|fault| Outcome::of_fault(&fault))?;
    // A new account has the role only after its baseline; then the event is tried again.
    let config = app.sessions.enter(account, region, (app.clock)()).await;
    Ok((config.map_err(|fault| Outcome::Later(fault.to_string()))?, tags))
}

async fn tag<'m>(
    app: &App,
    account: &AccountId,
    config: &SdkConfig,
    account_tags: &TagMap,
    creations: Vec<(usize, &'m Creation)>,
) -> Vec<Done<'m>> {
    let found = match look_up(config, &creations).await {
        Ok(found) => found,
        Err(fault) => {
            let outcome = Outcome::of_fault(&fault);
            return creations.iter().map(|(message, creation)| all(*message, creation, &outcome)).collect();
        }
    };
    let mut planned = Vec::with_capacity(creations.len());
    for (message, creation) in creations {
        planned.push((message, creation, plan_one(app, account_tags, creation, &found).await));
    }
    write(app, config, account, &mut planned).await;
    planned
        .into_iter()
        .map(|(message, creation, (resources, person_known))| Done {
            message,
            creation,
            tags: resources
                .iter()
                .filter(|one| one.outcome == Outcome::Tagged)
                .flat_map(|one| one.set.clone())
                .collect(),
            resources: resources.into_iter().map(|one| (one.arn, one.outcome)).collect(),
            person_known,
        })
        .collect()
}

/// What the account shows of the resources: their tags, and what is attached to them.
struct Found {
    tags: BTreeMap<Arn, TagMap>,
    attached: BTreeMap<Arn, Vec<Arn>>,
}

async fn look_up(config: &SdkConfig, creations: &[(usize, &Creation)]) -> Result<Found, AwsFault> {
    let hosts: Vec<&Arn> =
        creations.iter().filter(|(_, one)| one.rule.attachments).flat_map(|(_, one)| &one.resources).collect();
    let attached = tagger::attached_volumes(config, &hosts).await?;
    let (mut arns, mut identities) = (BTreeSet::new(), BTreeSet::new());
    for (_, creation) in creations {
        let own =
            creation.resources.iter().chain(creation.resources.iter().filter_map(|arn| attached.get(arn)).flatten());
        match creation.rule.via {
            Via::TaggingApi => arns.extend(own.chain(&creation.data).cloned()),
            Via::IamRole | Via::IamUser => identities.extend(own.map(|arn| (creation.rule.via, arn.clone()))),
            Via::OwnerOnly => {}
        }
    }
    let mut tags = tagger::tags(config, &arns.into_iter().collect::<Vec<_>>()).await?;
    for (via, arn) in identities {
        let of_identity = tagger::identity_tags(config, via, &arn).await?;
        tags.insert(arn, of_identity);
    }
    Ok(Found { tags, attached })
}

async fn plan_one(app: &App, account_tags: &TagMap, creation: &Creation, found: &Found) -> (Vec<Resource>, bool) {
    let nothing = TagMap::new();
    let classes = creation.data.iter().filter_map(|arn| found.tags.get(arn)?.get("data-classification").cloned());
    let mut facts = Facts { account: account_tags.clone(), data_classifications: classes.collect(), stack_owner: None };
    let mut person_known = false;
    let mut resources = Vec::new();
    let volumes = creation.resources.iter().filter_map(|arn| found.attached.get(arn)).flatten();
    for arn in creation.resources.iter().chain(volumes) {
        let carried = found.tags.get(arn).unwrap_or(&nothing);
        match owners::stack_owner(app, creation, carried).await {
            Ok(owner) => facts.stack_owner = owner,
            Err(error) => {
                let outcome = Outcome::Later(error.to_string());
                resources.push(Resource { arn: arn.clone(), set: TagMap::new(), outcome });
                continue;
            }
        }
        let plan = plan(&app.policy, creation, &facts, carried);
        person_known |= plan.person_known;
        if !plan.no_room.is_empty() {
            telemetry::warn!(resource = arn.as_str(), keys = plan.no_room.join(", "), "no room for tags");
        }
        resources.push(Resource { arn: arn.clone(), set: plan.set, outcome: Outcome::Right });
    }
    (resources, person_known)
}

type Planned<'m> = (usize, &'m Creation, (Vec<Resource>, bool));

/// Writes what is planned: as many resources to a call as have the same tags coming.
async fn write(app: &App, config: &SdkConfig, account: &AccountId, planned: &mut [Planned<'_>]) {
    let mut calls: BTreeMap<(Via, &TagMap), BTreeSet<&Arn>> = BTreeMap::new();
    for (_, creation, (resources, _)) in &*planned {
        for resource in resources.iter().filter(|one| !one.set.is_empty() && one.outcome == Outcome::Right) {
            calls.entry((creation.rule.via, &resource.set)).or_default().insert(&resource.arn);
        }
    }
    let mut failures: BTreeMap<Arn, tagger::Refusal> = BTreeMap::new();
    let mut faults: BTreeMap<Arn, Outcome> = BTreeMap::new();
    for ((via, tags), arns) in calls {
        let arns: Vec<&Arn> = arns.into_iter().collect();
        for some in arns.chunks(if via == Via::TaggingApi { tagger::MOST_ARNS } else { 1 }) {
            match tagger::write(config, account, (via, tags), some).await {
                Ok(refused) => failures.extend(refused),
                Err(fault) => faults.extend(some.iter().map(|arn| ((*arn).clone(), Outcome::of_fault(&fault)))),
            }
        }
    }
    let now = (app.clock)();
    for (_, creation, (resources, _)) in planned {
        for resource in resources.iter_mut().filter(|one| !one.set.is_empty() && one.outcome == Outcome::Right) {
            resource.outcome = match (faults.get(&resource.arn), failures.get(&resource.arn)) {
                (Some(outcome), _) => outcome.clone(),
                (None, Some(refusal)) => of_failure(&refusal.code, &refusal.message, creation.time, now),
                (None, None) => Outcome::Tagged,
            };
        }
    }
}

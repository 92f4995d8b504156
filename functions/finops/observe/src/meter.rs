//! What one Region of an account uses: tokens and images of models, and what runs by the hour.

use crate::{models, profiles};
use aws::SdkConfig;
use finops::{Account, Metered, Observed, Running};
use jiff::Timestamp;
use landing_zone::Environment;
use workloads::{Kind, Workload};

/// What a Region showed.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Models and machines by themselves: where one cannot be read, the other still counts.
    pub(crate) metered: Vec<Metered>,
    /// Inference profiles that were used, and the models that they stand for.
    pub(crate) profiles: Vec<(String, String)>,
    /// What runs and the stage *stop* would stop, as far as it could be listed.
    pub(crate) stoppable: usize,
    /// Metrics that were asked for.
    pub(crate) requested: usize,
}

/// Reads a Region. What cannot be read leaves a part of it blind.
pub(crate) async fn region(config: &SdkConfig, region: &str, account: &Account, now: Timestamp) -> Seen {
    let part =
        || Metered { region: region.to_owned(), as_of: now, blind: None, models: Vec::new(), running: Vec::new() };
    let blind = |why: String| Metered { blind: Some(why), ..part() };
    let mut seen = Seen::default();
    match models::used(config, Observed::metered_from(now), now).await {
        Ok(used) => {
            seen.requested = used.requested;
            seen.profiles = profiles::of(config, &used.models).await;
            seen.metered.push(Metered { models: used.models, ..part() });
        }
        Err(fault) => seen.metered.push(blind(fault.to_string())),
    }
    let mut found = Vec::new();
    let mut unlisted = Vec::new();
    for kind in Kind::all() {
        match workloads::running(config, region, &account.id, Some(&[kind])).await {
            Ok(some) => found.extend(some),
            Err(error) => unlisted.push((kind.id(), error.to_string())),
        }
    }
    seen.stoppable = found.iter().filter(|workload| stops(workload, account.environment)).count();
    // Where no kind could be listed, it is not known that nothing runs.
    if unlisted.len() < Kind::all().count() {
        seen.metered.push(Metered { running: found.iter().flat_map(running).collect(), ..part() });
    }
    seen.metered.extend(why(&unlisted).map(blind));
    seen
}

/// Which kinds could not be listed, and why the first of them.
fn why(unlisted: &[(&str, String)]) -> Option<String> {
    let (_, first) = unlisted.first()?;
    let kinds: Vec<&str> = unlisted.iter().map(|(kind, _)| *kind).collect();
    Some(format!("{}: {first}", kinds.join(", ")))
}

/// True for what the stage *stop* stops: what serves applications goes on in production.
fn stops(workload: &Workload, environment: Option<Environment>) -> bool {
    let stops = |kind: Kind| kind.stoppable() && !(kind.serves() && environment == Some(Environment::Prod));
    workload.exempt.is_none() && Kind::parse(&workload.kind).is_ok_and(stops)
}

/// A workload once for each type that it runs on, and once without any where it runs on none.
fn running(workload: &Workload) -> Vec<Running> {
    let on = |instance_type: String, count: u32| Running {
        kind: workload.kind.clone(),
        arn: workload.arn.clone(),
        name: workload.name.clone(),
        instance_type,
        count,
        since: workload.since,
    };
    let machines: Vec<Running> =
        workload.machines().map(|capacity| on(capacity.instance_type, capacity.count)).collect();
    if machines.is_empty() { vec![on(workload.instance_type.clone(), 0)] } else { machines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use workloads::Capacity;

    fn workload(kind: &str, instance_type: &str, count: u32) -> Workload {
        Workload {
            kind: kind.to_owned(),
            arn: format!("arn:{kind}"),
            name: "one".to_owned(),
            region: "eu-west-1".to_owned(),
            instance_type: instance_type.to_owned(),
            count,
            more: Vec::new(),
            since: Timestamp::UNIX_EPOCH,
            tags: [].into(),
            exempt: None,
            id: serde_json::Value::Null,
        }
    }

    #[test]
    fn every_type_that_a_workload_runs_on_costs() {
        let mut endpoint = workload("endpoint", "ml.g5.xlarge", 2);
        endpoint.more = vec![Capacity { instance_type: "ml.m5.large".to_owned(), count: 3 }];
        let on = |workload: &Workload| -> Vec<(String, u32)> {
            running(workload).into_iter().map(|running| (running.instance_type, running.count)).collect()
        };
        assert_eq!(on(&endpoint), [("ml.g5.xlarge".to_owned(), 2), ("ml.m5.large".to_owned(), 3)]);
        assert_eq!(on(&workload("batch-inference-job", "", 0)), [(String::new(), 0)]);
        // Scaled to none, it is shown and costs nothing.
        assert_eq!(on(&workload("endpoint", "ml.g5.xlarge", 0)), [("ml.g5.xlarge".to_owned(), 0)]);
    }

    #[test]
    fn what_is_exempt_cannot_be_stopped_or_serves_in_production_goes_on() {
        let dev = Some(Environment::Dev);
        assert!(stops(&workload("notebook", "", 0), dev) && stops(&workload("endpoint", "", 0), dev));
        assert!(stops(&workload("notebook", "", 0), Some(Environment::Prod)));
        assert!(!stops(&workload("endpoint", "", 0), Some(Environment::Prod)));
        assert!(!stops(&workload("cluster", "", 0), dev) && !stops(&workload("of another release", "", 0), dev));
        let exempt = Workload { exempt: Some("its tag says so".to_owned()), ..workload("notebook", "", 0) };
        assert!(!stops(&exempt, dev));
    }

    #[test]
    fn what_is_not_listed_is_said() {
        let unlisted = [("app", "access denied".to_owned()), ("notebook", "no answer".to_owned())];
        assert_eq!(why(&unlisted).as_deref(), Some("app, notebook: access denied"));
        assert_eq!(why(&[]), None);
    }
}

//! The engine against moto with the extensions of `tests/local-aws`, in which something runs. Each step is taken twice
//! from the same record, as by a caller that is killed before it stores what came of it.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use aws::SdkConfig;
use aws_config::BehaviorVersion;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_types::region::Region;
use landing_zone::AccountId;
use std::{collections::BTreeMap, time::Duration};
use workloads::{Advance, Error, Kind, Phase, Stopped, Workload, running, save, start, stop};

/// The account that moto takes unknown keys for.
const ACCOUNT: &str = "123456789012";
const REGION: &str = "eu-west-1";

fn config(endpoint: &str) -> SdkConfig {
    let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(keys))
        .endpoint_url(endpoint)
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build()
}

/// What is compared: everything but since when it runs.
fn by_arn(running: Vec<Workload>) -> BTreeMap<String, Workload> {
    let still = |workload: Workload| Workload { since: jiff::Timestamp::UNIX_EPOCH, ..workload };
    running.into_iter().map(|one| (format!("{} {}", one.kind, one.arn), still(one))).collect()
}

/// Takes a step until it is done, each time twice.
async fn drive<F>(stopped: &mut Stopped, step: F)
where
    F: AsyncFn(&mut Stopped) -> Result<Advance, Error>,
{
    for _ in 0..200 {
        let stored = serde_json::to_string(&stopped).expect("a record");
        let killed = &mut serde_json::from_str::<Stopped>(&stored).expect("the record");
        step(killed).await.expect("a step whose outcome is lost");
        match step(stopped).await.expect("a step") {
            Advance::Done => return,
            Advance::Moved => {}
            Advance::Waits => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("{} {} does not end: {:?}", stopped.workload.kind, stopped.workload.name, stopped.phase);
}

#[tokio::test]
#[ignore = "needs moto, whose address is in MOTO"]
async fn what_runs_is_stopped_and_comes_back_as_it_was() {
    let config = config(&std::env::var("MOTO").expect("MOTO"));
    let account = AccountId::parse(ACCOUNT).expect("an account");
    let before = by_arn(running(&config, REGION, &account, None).await.expect("what runs"));
    for one in before.values() {
        eprintln!("runs: {} {} {}x{} {:?}", one.kind, one.name, one.count, one.instance_type, one.exempt);
    }
    let mut records = Vec::new();
    for kind in Kind::all() {
        for workload in running(&config, REGION, &account, Some(&[kind])).await.expect("a kind") {
            let mut record = save(&config, &workload, "spend-enforcement").await.expect("a record");
            drive(&mut record, async |record| stop(&config, record).await).await;
            eprintln!("stop: {} {} {:?} {:?}", kind.id(), workload.name, record.phase, record.left);
            records.push(record);
        }
    }
    let held: Vec<&str> =
        records.iter().filter(|one| one.phase != Phase::Stopped).map(|one| one.workload.arn.as_str()).collect();
    let left = running(&config, REGION, &account, None).await.expect("what runs");
    assert!(left.iter().all(|one| held.contains(&one.arn.as_str())), "{left:?}");
    for mut record in records {
        drive(&mut record, async |record| start(&config, record).await).await;
        eprintln!("start: {} {} {:?} {:?}", record.workload.kind, record.workload.name, record.phase, record.left);
    }
    let after = by_arn(running(&config, REGION, &account, None).await.expect("what runs"));
    let is_back = |one: &&Workload| Kind::parse(&one.kind).is_ok_and(|kind| kind.reversible() || !kind.stoppable());
    assert_eq!(after.values().collect::<Vec<_>>(), before.values().filter(is_back).collect::<Vec<_>>());
}

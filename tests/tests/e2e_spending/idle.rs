//! What nobody uses: told of, stopped after a while, started again when somebody wants it.

use crate::{ears::Ears, plant::Plant, world::World};
use finops::{IdleReport, IdleState};
use jiff::{SignedDuration, Timestamp};
use landing_zone::AccountId;
use serde_json::{Value, json};

impl World {
    async fn idle_function(&self, event: &Value) -> Value {
        let answer = self.aws.invoke(self.stack.output("IdleFunctionName"), event).await;
        assert_eq!(answer.error, None, "{}", answer.payload);
        answer.payload
    }

    /// Looks for what is idle, as the workflow does each day.
    async fn look(&self, account: &str) -> IdleReport {
        self.idle_function(&json!({"action": "look", "accountId": account})).await;
        let account = AccountId::parse(account).expect("an account");
        self.ledger.idle(&account).await.expect("the ledger answers").expect("a report")
    }

    /// The endpoint of a plant is old, and CloudWatch shows its machines in each hour of a week, and no invocation.
    async fn nobody_used(&self, account: &str, endpoint: &str) {
        let region = &self.stack.region;
        let old = json!({"account": account, "region": region, "endpoint": endpoint, "days": 30});
        self.gateway.post("/_local/workloads", &old).await;
        let now = Timestamp::now();
        let data: Vec<Value> = (0..170)
            .map(|hour| {
                json!({"MetricName": "CPUUtilization", "Value": 1.0,
                    "Timestamp": (now - SignedDuration::from_mins(60 * hour + 5)).to_string(),
                    "Dimensions": [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": "all"}]})
            })
            .collect();
        let told = json!({"account": account, "region": region, "namespace": "/aws/sagemaker/Endpoints", "data": data});
        self.gateway.post("/_local/metrics", &told).await;
    }

    /// What owners were told to be the end is that many hours later, or earlier.
    async fn ends_later(&self, mut report: IdleReport, hours: i64) {
        for idle in &mut report.found {
            if let IdleState::Warned { stops_at: Some(stops_at), .. } = &mut idle.state {
                *stops_at += SignedDuration::from_hours(hours);
            }
        }
        self.ledger.store_idle(&report).await.expect("stored");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_nobody_invokes_is_warned_of_stopped_and_started_again() {
    let world = World::new().await;
    let account = world.account("dev").await;
    let plant = Plant::make(&world, &account).await;
    let mut ears = Ears::open(&world).await;
    world.spent(&account, 20).await;
    world.step(&account).await;
    let before = plant.image().await;
    // Younger than a week, nothing is idle.
    assert!(world.look(&account).await.found.is_empty());
    world.nobody_used(&account, plant.name()).await;
    let report = world.look(&account).await;
    let [idle] = &report.found[..] else { panic!("{report:#?}") };
    assert_eq!((idle.kind.as_str(), idle.name.as_str()), ("endpoint", plant.name()));
    assert!(matches!(idle.state, IdleState::Warned { stops_at: Some(_), .. }), "{idle:?}");
    assert!(idle.evidence.contains("no invocation") && idle.monthly_saving.is_some(), "{idle:?}");
    ears.letter(&account, plant.name()).await;
    let found = ears.event("Idle Resources Found", &account).await;
    assert_eq!(found["resources"].as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(plant.differs(&before).await, Vec::<String>::new());

    // Looked at again before its time, nobody is told again and nothing is stopped.
    let arn = idle.arn.clone();
    world.ends_later(report, 1).await;
    let report = world.look(&account).await;
    assert_eq!(plant.differs(&before).await, Vec::<String>::new());
    world.ends_later(report, -100).await;
    let report = world.look(&account).await;
    assert!(matches!(report.found[0].state, IdleState::Stopped { .. }), "{report:#?}");
    assert_eq!(plant.running().await, ["notebook", "instance", "job"]);
    ears.event("Idle Resource Stopped", &account).await;

    world.idle_function(&json!({"action": "start", "arn": arn})).await;
    assert_eq!(plant.differs(&before).await, Vec::<String>::new());
    ears.listen().await;
    assert_eq!(ears.events("Idle Resources Found", &account).len(), 1);
    ears.close().await;
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_production_it_is_only_reported() {
    let world = World::new().await;
    let account = world.account("prod").await;
    let plant = Plant::make(&world, &account).await;
    let mut ears = Ears::open(&world).await;
    world.spent(&account, 20).await;
    world.step(&account).await;
    world.nobody_used(&account, plant.name()).await;
    let report = world.look(&account).await;
    assert_eq!(report.found.iter().map(|idle| &idle.state).collect::<Vec<_>>(), [&IdleState::Found], "{report:#?}");
    world.look(&account).await;
    assert!(plant.running().await.contains(&"endpoint"));
    ears.listen().await;
    assert!(ears.letters(&account).is_empty(), "{:?}", ears.letters(&account));
    ears.close().await;
    world.end().await;
}

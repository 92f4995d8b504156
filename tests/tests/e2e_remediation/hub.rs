//! Security Hub and the suite's API, as these tests use them.

use aws::SdkConfig;
use remediation::{CaseId, State};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::{Api, Aws, Stack, import, inside, request, unique};
use tokio::{sync::OnceCell, time::sleep};

pub(crate) use tests::{finding, finding_at};

/// Security Hub in the account that administers it.
pub(crate) struct Hub {
    aws: Aws,
}

impl Hub {
    pub(crate) fn new(stack: &Stack) -> Self {
        Self { aws: stack.aws() }
    }

    /// Security Hub finds this; it tells of it by events.
    pub(crate) async fn import(&self, findings: &[Value]) {
        import(&self.aws, findings).await;
    }

    /// A finding as Security Hub shows it.
    pub(crate) async fn finding(&self, id: &str) -> Value {
        let filters = json!({"Filters": {"Id": [{"Value": id, "Comparison": "EQUALS"}]}});
        let answer = self.aws.rest("securityhub", "POST", "/findings", filters.to_string()).await;
        let answer: Value = serde_json::from_str(&answer).expect("JSON");
        answer["Findings"][0].clone()
    }
}

pub(crate) fn field(of: &Value, name: &str) -> String {
    of[name].as_str().unwrap_or_default().to_owned()
}

/// The id of a case: the same for the same control, resource, account and Region.
pub(crate) fn id_in(control: &str, resource: &str, account: &str) -> String {
    CaseId::of(&format!("{control}#{resource}#{account}#us-east-1")).to_string()
}

/// Asks for a case until it is in one of these states. What ends in another one ends this.
pub(crate) async fn follow(api: &Api, id: &str, states: &[State], longest: Duration) -> Result<Value, String> {
    let began = Instant::now();
    loop {
        let answer = api.get(&format!("/remediations/{id}")).await;
        let state = answer.text("state").to_owned();
        if let Ok(now) = State::parse(&state) {
            let settled = answer.body["settledAt"].as_str() >= answer.body["updatedAt"].as_str();
            if states.contains(&now) && (now.is_open() || settled) {
                return Ok(answer.body);
            }
            // A case that was on record before shows its last end until the next attempt begins.
            let ended = !now.is_open() && settled && began.elapsed() > Duration::from_secs(20);
            if ended || began.elapsed() > longest {
                let told = ["reason", "failure", "timeline", "work"].map(|name| answer.body[name].to_string());
                return Err(format!("{id} is {state}: {}", told.join(" ")));
            }
        } else if began.elapsed() > longest {
            return Err(format!("no case {id}: {}", answer.body));
        }
        sleep(Duration::from_millis(150)).await;
    }
}

/// The account in dev that tests share, and a way into it: vending one takes ten seconds.
pub(crate) async fn shared_account(stack: &Stack) -> (String, SdkConfig) {
    static SHARED: OnceCell<String> = OnceCell::const_new();
    let account = SHARED.get_or_init(async || account(stack, "dev").await.0).await.clone();
    // A configuration of its own for each test: connections belong to the runtime that made them.
    let config = inside(stack, &account).await;
    (account, config)
}

/// A new account, vended by the suite, and a way into it.
pub(crate) async fn account(stack: &Stack, environment: &str) -> (String, SdkConfig) {
    let api = stack.api();
    let wanted = request(&unique("remediated"), "data-transformation", Some(environment));
    let answer = api.post("/accounts", &wanted).await;
    let record = api.follow(answer.text("requestId"), Duration::from_mins(2), |_| ()).await;
    assert_eq!(record["state"], "ACTIVE", "{record}");
    let account = record["accountId"].as_str().expect("an account").to_owned();
    let config = inside(stack, &account).await;
    (account, config)
}

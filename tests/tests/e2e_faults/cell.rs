//! One cell of the matrix: one request, one fault, and what has to be true in the end.

use crate::{
    sites::{SDK_ATTEMPTS, Site, Tie, Way},
    world::{LONGEST, World},
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tests::Fault;

/// More than any call is tried: seven times by the state machine, each time three times by the SDK.
const FOR_LONG: u32 = 7 * SDK_ATTEMPTS;

/// A fault at a call.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    pub number: usize,
    pub site: Site,
    pub kind: &'static str,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub name: String,
    pub request: String,
    pub account: String,
    pub email: String,
    /// The failures that were recorded before the request was sent again.
    pub failures: Vec<String>,
    /// Tags and contacts that are not there.
    pub missing: Vec<String>,
    pub seconds: f64,
}

/// A request on its way through a cell.
struct Run<'a> {
    world: &'a World,
    cell: &'a Cell,
    name: String,
    fault: Option<u64>,
}

impl Cell {
    /// Runs the cell, once more where another request's fault came in the way of its own.
    pub async fn run(&self, world: &World) -> Result<Outcome, String> {
        let mut result = Err(String::new());
        for turn in ["a", "b", "c"] {
            let name = world.name(&format!("{:03}{turn}", self.number));
            let began = Instant::now();
            let mut run = Run { world, cell: self, name, fault: None };
            result = run.vend().await.map(|outcome| Outcome { seconds: began.elapsed().as_secs_f64(), ..outcome });
            let hit = match run.fault {
                Some(fault) => world.gateway.hits_of(fault).await > 0,
                None => false,
            };
            match (&result, hit) {
                (Ok(_), false) => result = Err(format!("{}: the fault struck nothing", run.name)),
                _ => break,
            }
        }
        result
    }
}

impl Run<'_> {
    async fn vend(&mut self) -> Result<Outcome, String> {
        self.prepare().await;
        let request = self.post().await?;
        let email = format!("aws+{}@example.com", self.name.to_lowercase().replace(' ', "-"));
        self.arm_for(&request, &email).await?;
        let mut record = self.world.follow(&request).await?;
        let mut failures = Vec::new();
        while record["state"] == "FAILED" {
            failures.push(self.failure(&record).await?);
            if failures.len() > 2 {
                return Err(format!("{} fails again and again: {failures:?}", self.name));
            }
            self.resume(&request).await?;
            record = self.world.follow(&request).await?;
        }
        match self.cell.site.way {
            Way::Repeat => self.resume(&request).await?,
            Way::List => {
                let _alone = self.world.posting.lock().await;
                self.arm(None).await;
                self.world.get("/accounts?pageSize=1").await?;
            }
            Way::Sweep => {
                let _alone = self.world.posting.lock().await;
                self.arm(None).await;
                self.sweep().await?;
            }
            _ => {}
        }
        if record["rootEmail"] != email.as_str() {
            return Err(format!("{}: root e-mail {}", self.name, record["rootEmail"]));
        }
        let account = record["accountId"].as_str().ok_or("an active request without an account")?.to_owned();
        if !self.world.gave_slot_back(&request).await {
            return Err(format!("{} still holds its creation slot", self.name));
        }
        let missing = self.world.missing_profile(&account, &self.name, &request).await;
        Ok(Outcome { name: self.name.clone(), request, account, email, failures, missing, seconds: 0.0 })
    }

    /// Sweeps as the schedule does: another time when it did not work.
    async fn sweep(&self) -> Result<(), String> {
        let mut last = Value::Null;
        for _ in 0..5 {
            last = self.world.deliver("Settle", &json!({"sweep": true})).await;
            if last["failed"].is_u64() {
                return Ok(());
            }
        }
        Err(format!("the sweep does not work: {last}"))
    }

    /// Makes the workflow take the way to the call.
    async fn prepare(&self) {
        let creation = |kind: &str| Fault {
            kind: kind.into(),
            ..fault_at("create", "organizations", "CreateAccount", &self.name)
        };
        match self.cell.site.way {
            Way::LostCreation => drop(self.world.gateway.inject(&creation("lost")).await),
            Way::SilentCreation => drop(self.world.gateway.inject(&creation("timeout")).await),
            Way::ThrottledCreation => drop(self.world.gateway.inject(&creation("throttle")).await),
            Way::EmailTaken | Way::Resume => {
                self.world.plan(&json!({"match": self.name, "failure": "EMAIL_ALREADY_EXISTS"})).await;
            }
            _ => {}
        }
    }

    async fn post(&mut self) -> Result<String, String> {
        let _alone = self.world.posting.lock().await;
        if self.cell.site.way == Way::Post {
            let name = self.name.clone();
            self.arm(Some(name.as_str()).filter(|_| self.cell.site.tie() == Tie::Name)).await;
        }
        Ok(self.world.post(&self.name).await?.text("requestId").to_owned())
    }

    /// Sends the request again.
    async fn resume(&mut self, request: &str) -> Result<(), String> {
        let _alone = self.world.posting.lock().await;
        if self.fault.is_none() && matches!(self.cell.site.way, Way::Resume | Way::Repeat) {
            self.arm(Some(request).filter(|_| self.cell.site.tie() == Tie::Request)).await;
        }
        let answer = self.world.post(&self.name).await?;
        let same = answer.text("requestId") == request;
        same.then_some(()).ok_or_else(|| format!("{}: the repeated POST is {}", self.name, answer.body))
    }

    /// Makes the fault as soon as it is known what tells this request's call from others.
    async fn arm_for(&mut self, request: &str, email: &str) -> Result<(), String> {
        let stuck = match self.cell.site.way {
            Way::StuckVerification => Some(("verify", "dynamodb", "UpdateItem")),
            Way::StuckAnnouncement => Some(("settle", "events", "PutEvents")),
            Way::Post | Way::Repeat | Way::Resume | Way::List | Way::Sweep => return Ok(()),
            _ => None,
        };
        if let Some((function, service, action)) = stuck {
            let fault = fault_at(function, service, action, request);
            self.world.gateway.inject(&Fault { kind: "error".into(), times: FOR_LONG, ..fault }).await;
        }
        let began = Instant::now();
        let text = loop {
            let creation = self.world.creation(email);
            let text = match self.cell.site.tie() {
                Tie::None => break None,
                Tie::Name => Some(self.name.clone()),
                Tie::Request => Some(request.to_owned()),
                Tie::Creation => creation.map(|creation| creation.id),
                Tie::Account => creation.and_then(|creation| creation.account),
            };
            if text.is_some() {
                break text;
            }
            if began.elapsed() > LONGEST {
                return Err(format!("{}: no creation was seen", self.name));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        self.arm(text.as_deref()).await;
        Ok(())
    }

    async fn arm(&mut self, about: Option<&str>) {
        let Cell { site, kind, .. } = self.cell;
        let all_attempts = matches!(*kind, "throttle" | "error") && site.action != "CreateAccount";
        let containing = site.containing.iter().copied().chain(about).map(str::to_owned).collect();
        let fault = Fault {
            kind: (*kind).into(),
            containing,
            skip: site.skip,
            times: if all_attempts { SDK_ATTEMPTS } else { 1 },
            ..fault_at(site.function, site.service, site.action, "")
        };
        self.fault = Some(self.world.gateway.inject(&fault).await);
    }

    /// A failure says what to do, and its account is in Quarantine.
    async fn failure(&self, record: &Value) -> Result<String, String> {
        let failure = &record["failure"];
        for field in ["class", "name", "reason", "advice"] {
            if failure[field].as_str().is_none_or(str::is_empty) {
                return Err(format!("{}: a failure without {field}: {failure}", self.name));
            }
        }
        if let Some(account) = record["accountId"].as_str() {
            let unit = self.world.unit(account).await?;
            if unit != "Quarantine" {
                return Err(format!("{} failed with its account in {unit}", self.name));
            }
        }
        Ok(failure["name"].as_str().unwrap_or_default().to_owned())
    }
}

/// A fault that strikes once at a call about `about`.
fn fault_at(function: &str, service: &str, action: &str, about: &str) -> Fault {
    Fault {
        service: service.into(),
        action: action.into(),
        function: Some(function.into()),
        containing: vec![about.to_owned()],
        times: 1,
        ..Fault::default()
    }
}

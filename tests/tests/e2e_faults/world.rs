//! What the cells of the matrix share: the stack, and what AWS shows of it.

use aws_sdk_account::types::AlternateContactType;
use aws_sdk_dynamodb::types::AttributeValue;
use landing_zone::{AccountRequest, RequestId, UnitPath};
use ledger::Ledger;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tests::{Answer, Api, Gateway, Stack};

/// A request never takes longer, whatever strikes it: 20 times less than the hours on AWS.
pub const LONGEST: Duration = Duration::from_mins(2);

/// The running stack and what is known of it.
pub struct World {
    pub stack: Stack,
    pub api: Api,
    pub gateway: Gateway,
    pub organizations: aws_sdk_organizations::Client,
    pub account: aws_sdk_account::Client,
    pub sfn: aws_sdk_sfn::Client,
    pub ledger: Ledger,
    /// Unit paths by id.
    pub units: BTreeMap<String, UnitPath>,
    /// One request is posted at a time, so that a fault of the API strikes the request it is meant for.
    pub posting: tokio::sync::Mutex<()>,
    creations: Mutex<Vec<Creation>>,
    /// Makes names unique across runs on one stack.
    run: String,
}

/// A creation as the emulator shows it.
#[derive(Debug, Clone)]
pub struct Creation {
    pub id: String,
    pub email: String,
    pub state: String,
    pub account: Option<String>,
}

impl World {
    pub async fn new() -> Arc<Self> {
        let stack = Stack::load();
        let config = stack.sdk_config();
        let ledger = Ledger::new(aws_sdk_dynamodb::Client::new(&config), stack.output("LedgerTableName"));
        let organization = ledger.organization().await.unwrap().expect("the organization is read on deploy");
        let run = jiff::Timestamp::now().as_second() % 1_000_000;
        let world = Arc::new(Self {
            api: stack.api(),
            gateway: stack.gateway(),
            organizations: aws_sdk_organizations::Client::new(&config),
            account: aws_sdk_account::Client::new(&config),
            sfn: aws_sdk_sfn::Client::new(&config),
            ledger,
            units: organization.units.into_iter().map(|(path, id)| (id, path)).collect(),
            posting: tokio::sync::Mutex::new(()),
            creations: Mutex::default(),
            run: format!("{run:06}"),
            stack,
        });
        world.gateway.heal().await;
        world.forget_outcomes().await;
        world
    }

    /// A name no request of this or another run has.
    pub fn name(&self, label: &str) -> String {
        format!("Fault {} {label}", self.run)
    }

    /// The request for an account.
    pub fn body(name: &str) -> Value {
        json!({
            "name": name, "accountType": "application", "environment": "dev", "ownerEmail": "faults@example.com",
            "costCenter": "CC-1", "dataClassification": "internal", "purpose": "Fault matrix", "tags": {"team": "faults"},
        })
    }

    /// Posts a request as a user does who is told that it did not work: again, with the same key.
    pub async fn post(&self, name: &str) -> Result<Answer, String> {
        let key = name.replace(' ', "-");
        let mut last = String::new();
        for _ in 0..10 {
            let answer = self.api.post_with("/accounts", &[("idempotency-key", &key)], &Self::body(name)).await;
            match answer.status {
                202 => return Ok(answer),
                429 | 500..=599 => last = format!("{} {}", answer.status, answer.body),
                _ => return Err(format!("POST answered {} {}", answer.status, answer.body)),
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Err(format!("POST is not accepted: {last}"))
    }

    /// Reads `path` as such a user does.
    pub async fn get(&self, path: &str) -> Result<Value, String> {
        let mut last = String::new();
        for _ in 0..10 {
            let answer = self.api.get(path).await;
            match answer.status {
                200 => return Ok(answer.body),
                429 | 500..=599 => last = format!("{} {}", answer.status, answer.body),
                _ => return Err(format!("GET {path} answered {} {}", answer.status, answer.body)),
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Err(format!("GET {path} is not answered: {last}"))
    }

    /// Follows a request to its end.
    pub async fn follow(&self, id: &str) -> Result<Value, String> {
        let began = Instant::now();
        loop {
            let record = self.get(&format!("/accounts/{id}")).await?;
            if matches!(record["state"].as_str(), Some("ACTIVE" | "FAILED")) {
                return Ok(record);
            }
            if began.elapsed() > LONGEST {
                return Err(format!("not ended after {LONGEST:?}: {record}"));
            }
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    }

    /// Plans how creations of this name end (tests/local-aws/README.md).
    pub async fn plan(&self, outcome: &Value) {
        self.gateway.post("/_local/organizations/outcomes", outcome).await;
    }

    async fn forget_outcomes(&self) {
        self.gateway.delete("/_local/organizations/outcomes").await;
    }

    /// Invokes a function of the workflow, as anybody may who is allowed to. Its answer may be a refusal.
    pub async fn deliver(&self, function: &str, event: &Value) -> Value {
        let name = self.stack.output(&format!("{function}FunctionName"));
        self.stack.aws().invoke(name, event).await.payload
    }

    /// Keeps the list of creations fresh: accounts are known here before the suite notices them.
    pub async fn watch_creations(self: Arc<Self>) {
        loop {
            let all = self.read_creations().await;
            *self.creations.lock().unwrap() = all;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// All creations that the emulator was ever asked for.
    pub async fn read_creations(&self) -> Vec<Creation> {
        let overview = self.gateway.get("/_local/organizations").await;
        let text = |item: &Value, field: &str| item[field].as_str().map(str::to_owned);
        let creations = overview["creations"].as_array().expect("creations").iter().map(|item| Creation {
            id: text(item, "Id").expect("an id"),
            email: text(item, "Email").expect("an e-mail"),
            state: text(item, "State").expect("a state"),
            account: text(item, "AccountId"),
        });
        creations.collect()
    }

    /// The creation of an account with this root e-mail, the latest if there are more.
    pub fn creation(&self, email: &str) -> Option<Creation> {
        self.creations.lock().unwrap().iter().rev().find(|creation| creation.email == email).cloned()
    }

    /// The unit that Organizations shows the account in; the id where it is none of the suite's.
    pub async fn unit(&self, account: &str) -> Result<String, String> {
        let answer = self.organizations.list_parents().child_id(account).send().await;
        let answer = answer.map_err(|why| format!("ListParents {account}: {why:?}"))?;
        let id = answer.parents().first().and_then(|parent| parent.id()).unwrap_or_default();
        Ok(self.units.get(id).map_or_else(|| id.to_owned(), ToString::to_string))
    }

    /// Account ids by root e-mail, as Organizations lists them.
    pub async fn accounts(&self) -> BTreeMap<String, Vec<String>> {
        let mut accounts: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut pages = self.organizations.list_accounts().into_paginator().send();
        while let Some(page) = pages.next().await {
            for account in page.expect("ListAccounts").accounts() {
                let (email, id) = (account.email().unwrap_or_default(), account.id().unwrap_or_default());
                accounts.entry(email.to_lowercase()).or_default().push(id.to_owned());
            }
        }
        accounts
    }

    /// What is missing of the tags and contacts an account has to have.
    pub async fn missing_profile(&self, account: &str, name: &str, request: &str) -> Vec<String> {
        let mut missing = Vec::new();
        let wanted = AccountRequest::parse(Self::body(name).as_object().unwrap()).unwrap();
        let wanted = wanted.account_tags(&RequestId::parse(request).unwrap());
        let listed = self.organizations.list_tags_for_resource().resource_id(account).send().await.expect("tags");
        let tags: BTreeSet<(&str, &str)> = listed.tags().iter().map(|tag| (tag.key(), tag.value())).collect();
        for (key, value) in &wanted {
            if !tags.contains(&(key.as_str(), value.as_str())) {
                missing.push(format!("tag {key}={value}"));
            }
        }
        for kind in [AlternateContactType::Security, AlternateContactType::Billing, AlternateContactType::Operations] {
            let sent = self.account.get_alternate_contact().account_id(account).alternate_contact_type(kind.clone());
            if sent.send().await.is_err() {
                missing.push(format!("{kind} contact"));
            }
        }
        missing
    }

    /// True once the request holds no creation slot.
    pub async fn gave_slot_back(&self, request: &str) -> bool {
        let request = RequestId::parse(request).unwrap();
        for _ in 0..50 {
            let pace = self.ledger.pace().await.expect("the ledger answers").expect("a pace");
            if !pace.holders.contains_key(&request) {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        false
    }

    /// True when no request holds the name.
    pub async fn name_is_free(&self, name: &str) -> bool {
        let table = self.stack.output("LedgerTableName");
        let dynamodb = aws_sdk_dynamodb::Client::new(&self.stack.sdk_config());
        let key = AttributeValue::S(format!("name#{}", name.to_lowercase()));
        // The name is let go of just after the failure is recorded.
        for _ in 0..10 {
            let item = dynamodb.get_item().table_name(table).key("id", key.clone()).send().await.expect("GetItem").item;
            if item.is_none() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        false
    }

    /// Waits until the account lies in `unit`.
    pub async fn comes_to_lie_in(&self, account: &str, unit: &str) {
        let mut lies = String::new();
        for _ in 0..50 {
            lies = self.unit(account).await.unwrap();
            if lies == unit {
                return;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{account} lies in {lies}, not in {unit}");
    }
}

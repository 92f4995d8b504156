//! An AWS in memory behind the real clients, which can be killed at any call.

use crate::App;
use aws::{Bus, KillSwitch, People, SdkConfig, Workflow};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use aws_types::region::Region;
use finops::{Account, Costs, Currency, Day, InPlace, Observed, Policy, Window, day_of};
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use landing_zone::{AccountId, AccountType, Environment};
use rust_decimal::Decimal;
use serde_json::{Value, json};
use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

thread_local! {
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
}

/// Noon of a Friday.
pub(crate) const NOON: &str = "2026-11-20T12:00:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.get()
}

pub(crate) fn later(minutes: i64) {
    NOW.set(NOW.get() + SignedDuration::from_mins(minutes));
}

#[derive(Debug)]
pub(crate) struct World {
    /// The ledger's table.
    pub(crate) items: BTreeMap<String, Value>,
    /// Active accounts.
    pub(crate) accounts: Vec<String>,
    /// Pages of Cost Explorer, in order: status and answer.
    pub(crate) pages: Vec<(u16, Value)>,
    /// What Cost Explorer was asked.
    pub(crate) asked: Vec<Value>,
    /// Names, inputs and machines of executions.
    pub(crate) executions: BTreeMap<String, (String, Value)>,
    /// Types and details of events.
    pub(crate) events: Vec<(String, Value)>,
    /// Kinds, subjects and texts of messages to people.
    pub(crate) letters: Vec<(String, String, String)>,
    /// Actions that are refused.
    pub(crate) refused: BTreeSet<&'static str>,
    pub(crate) switch: String,
    /// Calls until the function is killed, and whether the last one has its effect.
    kill: Option<(usize, bool)>,
}

#[derive(Debug, Clone)]
pub(crate) struct Wire(Arc<Mutex<World>>);

impl Wire {
    /// Nothing is there but the switch, which is on.
    pub(crate) fn new() -> Self {
        NOW.set(NOON.parse().unwrap());
        Self(Arc::new(Mutex::new(World {
            items: BTreeMap::new(),
            accounts: Vec::new(),
            pages: Vec::new(),
            asked: Vec::new(),
            executions: BTreeMap::new(),
            events: Vec::new(),
            letters: Vec::new(),
            refused: BTreeSet::new(),
            switch: "on".to_owned(),
            kill: None,
        })))
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Every call after so many fails; the one in between has its effect or not.
    pub(crate) fn kill(&self, after: usize, has_effect: bool) {
        self.world().kill = Some((after, has_effect));
    }

    /// True where the function got to be killed.
    pub(crate) fn revive(&self) -> bool {
        self.world().kill.take().is_some_and(|(left, _)| left == 0)
    }

    pub(crate) fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    pub(crate) fn app(&self) -> App {
        let config = self.config();
        let sfn = aws_sdk_sfn::Client::new(&config);
        let mut policy: Value =
            serde_json::from_str(include_str!("../../../../shared/finops/data/policy.json")).unwrap();
        policy["mode"] = "enforce".into();
        App {
            ledger: ledger::Ledger::new(aws_sdk_dynamodb::Client::new(&config), "ledger"),
            bus: Bus::new(&config, "suite"),
            people: People::new(&config, "arn:aws:sns:eu-west-1:999900001111:spend"),
            organizations: aws_sdk_organizations::Client::new(&config),
            explorer: aws::cost_explorer(&config),
            switch: KillSwitch::new(&config, "/spend/switch"),
            evaluation: Workflow::new(sfn.clone(), "evaluation"),
            enforcement: Workflow::new(sfn, "enforcement"),
            policy: Policy::parse(&policy.to_string()).unwrap(),
            door: finops::Door { topics: vec!["arn:aws:sns:us-east-1:999900001111:bells".to_owned()] },
            most_paid: 8,
            refresh: SignedDuration::from_mins(240),
            bucket: SignedDuration::from_mins(5),
            clock: now,
        }
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit_once('.'));
        let (status, answer) = if let Some((_, action)) = target {
            let (status, answer) = self.world().arrive(action, &serde_json::from_slice(body).unwrap());
            (status, answer.to_string())
        } else {
            let fields = form(std::str::from_utf8(body).unwrap());
            let (status, answer) = self.world().arrive("Publish", &json!(fields));
            let error = format!("<ErrorResponse><Error><Code>{}</Code></Error></ErrorResponse>", answer["__type"]);
            let done = "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>";
            (status, if status == 200 { done.to_owned() } else { error })
        };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer))))
    }
}

fn form(body: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    body.split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn refused(code: &str) -> (u16, Value) {
    (400, json!({"__type": code, "message": "no"}))
}

impl World {
    fn arrive(&mut self, action: &str, request: &Value) -> (u16, Value) {
        if self.refused.contains(action) {
            return refused("AccessDeniedException");
        }
        match &mut self.kill {
            Some((0, _)) => refused("Killed"),
            Some((left, has_effect)) => {
                *left -= 1;
                if *left > 0 || *has_effect {
                    let (left, done) = (*left, self.act(action, request));
                    if left > 0 { done } else { refused("Killed") }
                } else {
                    refused("Killed")
                }
            }
            None => self.act(action, request),
        }
    }

    fn act(&mut self, action: &str, request: &Value) -> (u16, Value) {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let answer = match action {
            "GetItem" => json!({"Item": self.items.get(request["Key"]["id"]["S"].as_str().unwrap())}),
            "PutItem" => return self.put(request),
            "UpdateItem" => return self.update(request),
            "Query" => {
                let kind = &request["ExpressionAttributeValues"][":kind"];
                json!({"Items": self.items.values().filter(|item| item["kind"] == *kind).collect::<Vec<_>>()})
            }
            "ListAccounts" => {
                let all = self.accounts.iter().map(|id| json!({"Id": id, "State": "ACTIVE"}));
                json!({"Accounts": all.collect::<Vec<_>>()})
            }
            "GetCostAndUsage" => {
                self.asked.push(request.clone());
                if self.pages.is_empty() {
                    return refused("DataUnavailableException");
                }
                return self.pages.remove(0);
            }
            "GetParameter" => json!({"Parameter": {"Value": self.switch}}),
            "StartExecution" => {
                let (name, input) = (text("name"), serde_json::from_str(&text("input")).unwrap());
                if self.executions.contains_key(&name) {
                    return refused("ExecutionAlreadyExists");
                }
                self.executions.insert(name, (text("stateMachineArn"), input));
                json!({"executionArn": "e", "startDate": 1.0})
            }
            "PutEvents" => {
                let entry = &request["Entries"][0];
                let detail = serde_json::from_str(entry["Detail"].as_str().unwrap()).unwrap();
                self.events.push((entry["DetailType"].as_str().unwrap().to_owned(), detail));
                json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
            }
            "Publish" => {
                let kind = (1..9).find(|n| text(&format!("MessageAttributes.entry.{n}.Name")) == "kind").unwrap();
                let kind = text(&format!("MessageAttributes.entry.{kind}.Value.StringValue"));
                self.letters.push((kind, text("Subject"), text("Message")));
                json!({})
            }
            other => panic!("{other}"),
        };
        (200, answer)
    }

    fn put(&mut self, request: &Value) -> (u16, Value) {
        let item = &request["Item"];
        let id = item["id"]["S"].as_str().unwrap();
        let before = self.items.get(id);
        let holds = match request["ConditionExpression"].as_str().unwrap() {
            "attribute_not_exists(id) OR attribute_exists(id)" => true,
            "attribute_not_exists(id)" => before.is_none(),
            "version = :before" => {
                before.is_some_and(|before| before["version"] == request["ExpressionAttributeValues"][":before"])
            }
            "attribute_not_exists(id) OR createdAt <= :told" => before.is_none_or(|before| {
                before["createdAt"]["S"].as_str() <= request["ExpressionAttributeValues"][":told"]["S"].as_str()
            }),
            other => panic!("{other}"),
        };
        if !holds {
            return refused("ConditionalCheckFailedException");
        }
        self.items.insert(id.to_owned(), item.clone());
        (200, json!({}))
    }

    fn update(&mut self, request: &Value) -> (u16, Value) {
        let id = request["Key"]["id"]["S"].as_str().unwrap();
        let values = &request["ExpressionAttributeValues"];
        let item = self.items.entry(id.to_owned()).or_insert_with(|| json!({"id": {"S": id}}));
        let number = |value: &Value| value["N"].as_str().map_or(0_i64, |text| text.parse().unwrap());
        let holds = match request["ConditionExpression"].as_str() {
            None => true,
            Some("attribute_not_exists(endsAt) OR endsAt <= :now") => {
                item["endsAt"].is_null() || item["endsAt"]["S"].as_str() <= values[":now"]["S"].as_str()
            }
            Some("attribute_not_exists(requests) OR requests < :most") => {
                number(&item["requests"]) < number(&values[":most"])
            }
            Some(other) => panic!("{other}"),
        };
        if !holds {
            return refused("ConditionalCheckFailedException");
        }
        match request["UpdateExpression"].as_str().unwrap() {
            "SET endsAt = :ends, expiresAt = :expires" => item["endsAt"] = values[":ends"].clone(),
            "ADD requests :one SET expiresAt = :expires" => {
                item["requests"] = json!({"N": (number(&item["requests"]) + 1).to_string()});
            }
            other => panic!("{other}"),
        }
        item["expiresAt"] = values[":expires"].clone();
        (200, json!({}))
    }
}

pub(crate) fn id(digit: u8) -> AccountId {
    AccountId::parse(&digit.to_string().repeat(12)).unwrap()
}

/// An AI account that was looked into now; the meter saw `ai` USD a day.
pub(crate) fn observed(digit: u8, environment: Environment, ai: i64) -> Observed {
    let by_day: BTreeMap<Date, Decimal> = days().map(|day| (day, ai.into())).collect();
    let unit = match environment {
        Environment::Dev => "AI/AI DEV",
        Environment::Test => "AI/AI TEST",
        Environment::Prod => "AI/AI PROD",
    };
    let account = Account {
        id: id(digit),
        name: format!("Models {digit}"),
        account_type: AccountType::parse("llms-foundation-models").ok(),
        environment: Some(environment),
        owner: Some("jane@example.com".to_owned()),
        cost_center: None,
        unit: Some(unit.to_owned()),
        state: "ACTIVE".to_owned(),
        special: None,
    };
    serde_json::from_value(json!({"account": account, "at": now(), "inPlace": InPlace::default(), "byDay": by_day,
        "aiServices": by_day}))
    .unwrap()
}

/// A bill that was read now: `ai` USD a day for AI and 1 for the rest.
pub(crate) fn costs(digit: u8, ai: i64) -> Costs {
    let (today, mut costs) = (day_of(now()), Costs::new(id(digit), now()));
    let of_day = Day {
        services: [("Amazon Bedrock".to_owned(), ai.into()), ("AWS Lambda".to_owned(), 1.into())].into(),
        credits: Decimal::ZERO,
    };
    let through = today.saturating_sub(1.day());
    let window = Window { start: days().next().unwrap(), end: today.saturating_add(1.day()) };
    let days = days().filter(|day| *day <= through).map(|day| (day, of_day.clone())).collect();
    costs.take(window, days, Some(through), now());
    costs.currencies = [Currency::USD].into();
    costs
}

/// This month and the last one.
fn days() -> impl Iterator<Item = Date> {
    let today = day_of(now());
    let first = today.first_of_month().saturating_sub(1.month());
    first.series(1.day()).take_while(move |day| *day <= today)
}

//! A payer with budgets, and what the rest of AWS says, for the tests: it answers as AWS does, and loses answers.

use crate::{
    existing::Told,
    wanted::{Alert, Standing, Wanted},
};
use aws::SdkConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use finops::{Account, InPlace, Observed, Policy, Record};
use landing_zone::{AccountId, AccountType, Environment};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

pub(crate) const TOPIC: &str = "arn:aws:sns:us-east-1:999988887777:budgets";

pub(crate) fn payer() -> AccountId {
    AccountId::parse("999988887777").unwrap()
}

pub(crate) fn ai_account() -> Account {
    Account {
        id: AccountId::parse("111122223333").unwrap(),
        name: "Models".to_owned(),
        account_type: AccountType::parse("llms-foundation-models").ok(),
        environment: Some(Environment::Dev),
        owner: Some("jane@example.com".to_owned()),
        cost_center: None,
        unit: Some("AI/AI DEV".to_owned()),
        state: "ACTIVE".to_owned(),
        special: None,
    }
}

pub(crate) fn observed(account: Account, at: &str) -> Observed {
    Observed { in_place: Some(InPlace::default()), ..Observed::new(account, at.parse().unwrap()) }
}

/// What the standard policy wants for the account.
pub(crate) fn standard() -> Wanted {
    let now = "2026-11-26T12:00:00Z";
    let seen = observed(ai_account(), now);
    match Standing::of(Some(&seen), &Policy::standard(), None, "alz", now.parse().unwrap()) {
        Standing::Wanted(wanted) => *wanted,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn shown(alerts: &BTreeSet<Alert>) -> Vec<String> {
    alerts.iter().map(|alert| format!("{} {}", alert.kind.id(), alert.above)).collect()
}

/// A budget that is kept.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Kept {
    pub(crate) document: Map<String, Value>,
    /// Notifications with their subscribers.
    pub(crate) bells: Vec<(Value, Vec<Value>)>,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) observed: Vec<Observed>,
    pub(crate) records: Vec<Record>,
    pub(crate) closed: BTreeSet<String>,
    pub(crate) budgets: BTreeMap<String, Kept>,
    pub(crate) events: Vec<Value>,
    /// Calls that changed budgets.
    pub(crate) changes: Vec<String>,
    /// Which of the next calls fails, and whether it has its effect.
    pub(crate) lost: Option<(usize, bool)>,
    /// An account whose budget AWS does not take.
    pub(crate) refused: Option<&'static str>,
}

type Answered = Result<Value, &'static str>;

impl World {
    fn answer(&mut self, service: &str, action: &str, input: &Value) -> Answered {
        match (service, action) {
            ("DynamoDB_20120810", "Query") => Ok(self.query(&input["ExpressionAttributeValues"][":kind"]["S"])),
            ("AWSEvents", "PutEvents") => {
                self.events.extend(input["Entries"].as_array().unwrap().iter().cloned());
                Ok(json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}))
            }
            ("AWSOrganizationsV20161128", "DescribeAccount") => match input["AccountId"].as_str().unwrap() {
                closed if self.closed.contains(closed) => Ok(json!({"Account": {"Id": closed, "State": "SUSPENDED"}})),
                "000000000000" => Err("AccountNotFoundException"),
                other => Ok(json!({"Account": {"Id": other, "State": "ACTIVE"}})),
            },
            ("AWSBudgetServiceGateway", _) => {
                assert_eq!(input["AccountId"], payer().as_str());
                self.budget(action, input)
            }
            other => panic!("{other:?}"),
        }
    }

    fn query(&self, kind: &Value) -> Value {
        let contents: Vec<String> = match kind.as_str().unwrap() {
            "spend-observed" => self.observed.iter().map(|seen| serde_json::to_string(seen).unwrap()).collect(),
            "spend-record" => self.records.iter().map(|record| serde_json::to_string(record).unwrap()).collect(),
            other => panic!("{other}"),
        };
        let items: Vec<Value> = contents
            .into_iter()
            .map(|content| json!({"id": {"S": "x"}, "version": {"N": "1"}, "content": {"S": content}}))
            .collect();
        json!({"Items": items})
    }

    fn budget(&mut self, action: &str, input: &Value) -> Answered {
        let name = input["BudgetName"].as_str().unwrap_or_default().to_owned();
        match action {
            "DescribeBudgets" => {
                assert_eq!(input["ShowFilterExpression"], true);
                let shown = |kept: &Kept| {
                    let mut document = kept.document.clone();
                    let amount = format!("{}.0", document["BudgetLimit"]["Amount"].as_str().unwrap());
                    document["BudgetLimit"]["Amount"] = json!(amount);
                    document.insert("CalculatedSpend".to_owned(), json!({}));
                    Value::Object(document)
                };
                return Ok(page(&self.budgets.values().map(shown).collect::<Vec<_>>(), input, "Budgets"));
            }
            "DescribeBudgetNotificationsForAccount" => {
                let shown = |(name, kept): (&String, &Kept)| {
                    let bells: Vec<&Value> = kept.bells.iter().map(|(bell, _)| bell).collect();
                    json!({"BudgetName": name, "Notifications": bells})
                };
                return Ok(page(
                    &self.budgets.iter().map(shown).collect::<Vec<_>>(),
                    input,
                    "BudgetNotificationsForAccount",
                ));
            }
            "DescribeSubscribersForNotification" => {
                let kept = self.budgets.get(&name).ok_or("NotFoundException")?;
                let found = kept.bells.iter().find(|(bell, _)| same(bell, &input["Notification"]));
                return Ok(page(&found.ok_or("NotFoundException")?.1, input, "Subscribers"));
            }
            _ => self.changes.push(action.to_owned()),
        }
        let budget = if action == "UpdateBudget" { &input["NewBudget"] } else { &input["Budget"] };
        let named = budget["BudgetName"].as_str().unwrap_or(&name).to_owned();
        if self.refused.is_some_and(|account| named.ends_with(account)) {
            return Err("InvalidParameterException");
        }
        match action {
            "CreateBudget" if self.budgets.contains_key(&named) => return Err("DuplicateRecordException"),
            "CreateBudget" => {
                let bells = input["NotificationsWithSubscribers"].as_array().unwrap();
                let bell = |one: &Value| (one["Notification"].clone(), one["Subscribers"].as_array().unwrap().clone());
                let kept =
                    Kept { document: budget.as_object().unwrap().clone(), bells: bells.iter().map(bell).collect() };
                self.budgets.insert(named, kept);
                return Ok(json!({}));
            }
            "DeleteBudget" => return self.budgets.remove(&named).map(|_| json!({})).ok_or("NotFoundException"),
            _ => {}
        }
        let kept = self.budgets.get_mut(&named).ok_or("NotFoundException")?;
        let bell = kept.bells.iter().position(|(bell, _)| same(bell, &input["Notification"]));
        match (action, bell) {
            ("UpdateBudget", _) => kept.document = budget.as_object().unwrap().clone(),
            ("CreateNotification", Some(_)) => return Err("DuplicateRecordException"),
            ("CreateNotification", None) => {
                kept.bells.push((input["Notification"].clone(), input["Subscribers"].as_array().unwrap().clone()));
            }
            (_, None) => return Err("NotFoundException"),
            ("CreateSubscriber", Some(at)) => {
                let subscribers = &mut kept.bells[at].1;
                if subscribers.contains(&input["Subscriber"]) {
                    return Err("DuplicateRecordException");
                }
                subscribers.push(input["Subscriber"].clone());
            }
            ("UpdateSubscriber", Some(at)) => {
                let subscribers = &mut kept.bells[at].1;
                let old =
                    subscribers.iter().position(|one| *one == input["OldSubscriber"]).ok_or("NotFoundException")?;
                subscribers[old] = input["NewSubscriber"].clone();
            }
            ("DeleteSubscriber", Some(at)) => {
                kept.bells[at].1.retain(|one| *one != input["Subscriber"]);
                if kept.bells[at].1.is_empty() {
                    kept.bells.remove(at);
                }
            }
            other => panic!("{other:?}"),
        }
        Ok(json!({}))
    }
}

fn same(one: &Value, other: &Value) -> bool {
    Told::read(one).document == Told::read(other).document
}

/// Pages of one; between them lies an empty one.
fn page(items: &[Value], input: &Value, list: &str) -> Value {
    let at: usize = input["NextToken"].as_str().unwrap_or("0").parse().unwrap();
    let mut answer =
        json!({list: if at.is_multiple_of(2) { items.get(at / 2) } else { None }.into_iter().collect::<Vec<_>>()});
    if at + 1 < items.len() * 2 {
        answer["NextToken"] = json!((at + 1).to_string());
    }
    answer
}

/// A world at the other end of a configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wire(pub(crate) Arc<Mutex<World>>);

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let input: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        let (service, action) = request.headers().get("x-amz-target").unwrap().split_once('.').unwrap();
        let mut world = self.0.lock().unwrap();
        let fails = matches!(world.lost, Some((1, _)));
        let has_effect = world.lost.is_none_or(|(at, has_effect)| at != 1 || has_effect);
        world.lost = world.lost.filter(|(at, _)| *at > 1).map(|(at, has_effect)| (at - 1, has_effect));
        let mut answered = if has_effect { world.answer(service, action, &input) } else { Err("Lost") };
        if fails {
            answered = Err("LostException");
        }
        let (status, body) = match answered {
            Ok(body) => (200, body),
            Err(code) => (400, json!({"__type": code, "message": "no"})),
        };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(
            u16::try_from(status).unwrap().try_into().unwrap(),
            SdkBody::from(body.to_string()),
        )))
    }
}

impl Wire {
    pub(crate) fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

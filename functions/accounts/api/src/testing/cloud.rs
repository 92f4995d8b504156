//! A ledger and a workflow service in memory, behind the real clients.

use super::table::Table;
use crate::{app::App, response::Response, routes, testing::NOW};
use aws_lambda_events::apigw::ApiGatewayProxyRequest;
use aws_sdk_dynamodb::{
    error::ErrorMetadata,
    operation::{
        get_item::{GetItemError, GetItemOutput},
        put_item::{PutItemError, PutItemOutput},
        query::{QueryError, QueryOutput},
        transact_write_items::{TransactWriteItemsError, TransactWriteItemsOutput},
        update_item::{UpdateItemError, UpdateItemOutput},
    },
    types::error::{ConditionalCheckFailedException, TransactionCanceledException},
};
use aws_sdk_sfn::operation::start_execution::{StartExecutionError, StartExecutionOutput};
use aws_smithy_mocks::{MockResponse, RuleMode, mock, mock_client};
use landing_zone::RootEmailPattern;
use ledger::{Ledger, Record};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

#[derive(Default)]
struct Inside {
    table: Table,
    starts: Vec<(String, Value)>,
    /// Error codes to answer with, per action, how often.
    faults: HashMap<&'static str, (&'static str, usize)>,
    calls: Vec<&'static str>,
}

impl Inside {
    /// Notes the call; some code when it shall fail.
    fn fault(&mut self, action: &'static str) -> Option<ErrorMetadata> {
        self.calls.push(action);
        let (code, left) = self.faults.get_mut(action).filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(ErrorMetadata::builder().code(*code).message("table-name-inside").build())
    }
}

/// The AWS of a test.
#[derive(Default, Clone)]
pub(crate) struct Cloud(Arc<Mutex<Inside>>);

impl Cloud {
    /// The function in this cloud.
    pub(crate) fn app(&self) -> App {
        let sfn = self.sfn();
        let arn = |name: &str| format!("arn:aws:states:eu-central-1:111122223333:stateMachine:{name}");
        let workflow = |name| aws::Workflow::new(sfn.clone(), arn(name));
        App {
            ledger: Ledger::new(self.dynamodb(), "ledger"),
            vending: workflow("account-vending"),
            remediation: workflow("remediation"),
            modes: remediation::Modes::standard(),
            spend_evaluation: workflow("spend-evaluation"),
            spend_mode: finops::Mode::Enforce,
            currency: finops::Currency::USD,
            root_email: RootEmailPattern::parse("aws+{name}@example.com").unwrap(),
            clock: || NOW.parse().unwrap(),
        }
    }

    /// Sends an event through the function.
    pub(crate) async fn send(&self, event: ApiGatewayProxyRequest) -> Response {
        let Ok(response) = routes::handle(&self.app(), event).await;
        response
    }

    /// Makes the next `times` calls of `action` fail with `code`.
    pub(crate) fn fail(&self, action: &'static str, code: &'static str, times: usize) {
        self.0.lock().unwrap().faults.insert(action, (code, times));
    }

    /// Executions asked for: name and input.
    pub(crate) fn starts(&self) -> Vec<(String, Value)> {
        self.0.lock().unwrap().starts.clone()
    }

    /// How often `action` was called.
    pub(crate) fn calls(&self, action: &str) -> usize {
        self.0.lock().unwrap().calls.iter().filter(|called| **called == action).count()
    }

    /// Has another writer commit everything `other` holds right after the next read.
    pub(crate) fn commit_after_first_read(&self, other: &Self) {
        let items = other.0.lock().unwrap().table.items.clone();
        self.0.lock().unwrap().table.pending = items;
    }

    /// Ids of all items.
    pub(crate) fn item_ids(&self) -> Vec<String> {
        self.0.lock().unwrap().table.items.keys().cloned().collect()
    }

    /// An item as JSON.
    pub(crate) fn item(&self, id: &str) -> Value {
        serde_dynamo::from_item(self.0.lock().unwrap().table.items[id].clone()).unwrap()
    }

    /// Writes an item.
    pub(crate) fn put(&self, item: &Value) {
        let id = item["id"].as_str().unwrap().to_owned();
        self.0.lock().unwrap().table.items.insert(id, serde_dynamo::to_item(item).unwrap());
    }

    /// Changes a stored request as the workflow would.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Record)) {
        let item_id = format!("request#{id}");
        let mut record: Record = serde_json::from_value(self.item(&item_id)).unwrap();
        change(&mut record);
        let mut item = serde_json::to_value(record).unwrap();
        item["id"] = json!(item_id);
        item["kind"] = json!("request");
        self.put(&item);
    }

    fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        use aws_sdk_dynamodb::Client;
        let inside = || Arc::clone(&self.0);
        let (get, put, write, update, query) = (inside(), inside(), inside(), inside(), inside());
        let rules = [
            mock!(Client::get_item).then_compute_response(move |input| {
                let mut inside = get.lock().unwrap();
                match inside.fault("GetItem") {
                    Some(fault) => MockResponse::Error(GetItemError::generic(fault)),
                    None => MockResponse::Output(GetItemOutput::builder().set_item(inside.table.get(input)).build()),
                }
            }),
            mock!(Client::put_item).then_compute_response(move |input| {
                let mut inside = put.lock().unwrap();
                let stale = || {
                    let stale = ConditionalCheckFailedException::builder().build();
                    MockResponse::Error(PutItemError::ConditionalCheckFailedException(stale))
                };
                match inside.fault("PutItem") {
                    Some(fault) if fault.code() == Some("ConditionalCheckFailedException") => stale(),
                    Some(fault) => MockResponse::Error(PutItemError::generic(fault)),
                    None if inside.table.put(input) => MockResponse::Output(PutItemOutput::builder().build()),
                    None => stale(),
                }
            }),
            mock!(Client::transact_write_items).then_compute_response(move |input| {
                let mut inside = write.lock().unwrap();
                match inside.fault("TransactWriteItems") {
                    Some(fault) if fault.code() == Some("TransactionCanceledException") => {
                        MockResponse::Error(canceled())
                    }
                    Some(fault) => MockResponse::Error(TransactWriteItemsError::generic(fault)),
                    None if inside.table.transact(input) => {
                        MockResponse::Output(TransactWriteItemsOutput::builder().build())
                    }
                    None => MockResponse::Error(canceled()),
                }
            }),
            mock!(Client::update_item).then_compute_response(move |input| {
                let mut inside = update.lock().unwrap();
                if let Some(fault) = inside.fault("UpdateItem") {
                    return MockResponse::Error(UpdateItemError::generic(fault));
                }
                match inside.table.resume(input) {
                    Some(item) => MockResponse::Output(UpdateItemOutput::builder().set_attributes(Some(item)).build()),
                    None => MockResponse::Error(UpdateItemError::ConditionalCheckFailedException(
                        ConditionalCheckFailedException::builder().build(),
                    )),
                }
            }),
            mock!(Client::query).then_compute_response(move |input| {
                let mut inside = query.lock().unwrap();
                match inside.fault("Query") {
                    Some(fault) => MockResponse::Error(QueryError::generic(fault)),
                    None => {
                        MockResponse::Output(QueryOutput::builder().set_items(Some(inside.table.query(input))).build())
                    }
                }
            }),
        ];
        mock_client!(aws_sdk_dynamodb, RuleMode::MatchAny, &rules, |config| config
            .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled()))
    }

    fn sfn(&self) -> aws_sdk_sfn::Client {
        use aws_sdk_sfn::{Client, types::error::ExecutionAlreadyExists};
        let inside = Arc::clone(&self.0);
        let rule = mock!(Client::start_execution).then_compute_response(move |input| {
            let mut inside = inside.lock().unwrap();
            match inside.fault("StartExecution") {
                Some(fault) if fault.code() == Some("ExecutionAlreadyExists") => {
                    let ended = ExecutionAlreadyExists::builder().message("it has ended").meta(fault).build();
                    MockResponse::Error(StartExecutionError::ExecutionAlreadyExists(ended))
                }
                Some(fault) => MockResponse::Error(StartExecutionError::generic(fault)),
                None => {
                    let input =
                        (input.name().unwrap().to_owned(), serde_json::from_str(input.input().unwrap()).unwrap());
                    inside.starts.push(input);
                    MockResponse::Output(
                        StartExecutionOutput::builder()
                            .execution_arn("arn")
                            .start_date(aws_sdk_sfn::primitives::DateTime::from_secs(0))
                            .build()
                            .unwrap(),
                    )
                }
            }
        });
        mock_client!(aws_sdk_sfn, RuleMode::MatchAny, &[&rule], |config| config
            .retry_config(aws_sdk_sfn::config::retry::RetryConfig::disabled()))
    }
}

fn canceled() -> TransactWriteItemsError {
    let meta = ErrorMetadata::builder().code("TransactionCanceledException").build();
    TransactWriteItemsError::TransactionCanceledException(TransactionCanceledException::builder().meta(meta).build())
}

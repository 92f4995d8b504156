//! The table, and the few ways to touch it.

use crate::Error;
use aws::{AwsFault, ConfigError, SdkConfig};
use aws_sdk_dynamodb::{
    Client,
    error::SdkError,
    operation::{
        put_item::PutItemError,
        update_item::{UpdateItemError, builders::UpdateItemFluentBuilder},
    },
    types::AttributeValue,
};
use serde::{Serialize, de::DeserializeOwned};
use std::collections::HashMap;

/// An item as the SDK sees it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// The suite's table.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(crate) client: Client,
    pub(crate) table: String,
}

impl Ledger {
    /// The ledger in `table`.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// The ledger that the function's environment names (`LEDGER_TABLE`).
    pub fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let table = aws::required("LEDGER_TABLE", |text| Ok(text.to_owned()))?;
        Ok(Self::new(Client::new(config), table))
    }

    /// Reads an item as it is now (strongly consistent).
    pub(crate) async fn get<T: DeserializeOwned>(&self, id: &str) -> Result<Option<T>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("id", text(id))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| AwsFault::new("dynamodb:GetItem", &error))?;
        answer.item.map(read).transpose()
    }

    /// Reads all items of a kind, from the index: what was written a moment ago may be missing.
    pub(crate) async fn all_of<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        let mut start: Option<Item> = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .index_name(crate::requests::INDEX)
                .key_condition_expression("kind = :kind")
                .expression_attribute_values(":kind", text(kind))
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| AwsFault::new("dynamodb:Query", &error))?;
            for found in answer.items.unwrap_or_default() {
                all.push(read(found)?);
            }
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(all);
            }
        }
    }

    /// Starts an update of an item; [`update`] sends it.
    pub(crate) fn change(&self, id: &str) -> UpdateItemFluentBuilder {
        self.client.update_item().table_name(&self.table).key("id", text(id))
    }

    /// Writes a whole item if `condition` holds; false when it does not.
    pub(crate) async fn put(&self, item: Item, condition: &str, values: Item) -> Result<bool, Error> {
        let sent = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(condition)
            .set_expression_attribute_values(Some(values).filter(|values| !values.is_empty()))
            .send()
            .await;
        match sent {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(PutItemError::is_conditional_check_failed_exception) => {
                Ok(false)
            }
            Err(error) => Err(AwsFault::new("dynamodb:PutItem", &error).into()),
        }
    }
}

/// Sends an update; `None` when its condition does not hold, else the item after it (where asked for).
pub(crate) async fn update(change: UpdateItemFluentBuilder) -> Result<Option<Item>, Error> {
    match change.send().await {
        Ok(answer) => Ok(Some(answer.attributes.unwrap_or_default())),
        Err(error) if is_condition(&error) => Ok(None),
        Err(error) => Err(AwsFault::new("dynamodb:UpdateItem", &error).into()),
    }
}

fn is_condition<R>(error: &SdkError<UpdateItemError, R>) -> bool {
    error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception)
}

/// A string attribute.
pub(crate) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// Any value as an attribute.
pub(crate) fn value(of: impl Serialize) -> Result<AttributeValue, Error> {
    serde_dynamo::to_attribute_value(of)
        .map_err(|why| Error::Unreadable { id: "(new)".to_owned(), why: why.to_string() })
}

/// Any struct as an item.
pub(crate) fn item(of: impl Serialize) -> Result<Item, Error> {
    serde_dynamo::to_item(of).map_err(|why| Error::Unreadable { id: "(new)".to_owned(), why: why.to_string() })
}

/// An item as a struct.
pub(crate) fn read<T: DeserializeOwned>(item: Item) -> Result<T, Error> {
    let id = item.get("id").and_then(|id| id.as_s().ok()).cloned().unwrap_or_default();
    serde_dynamo::from_item(item).map_err(|why| Error::Unreadable { id, why: why.to_string() })
}

//! Requests as the API writes and lists them.

use crate::{
    Error, Ledger, Record, Stamp, State,
    record::request_item,
    reservations::{email_item, name_item, reservation},
    table::{Item, item, read, text, update, value},
};
use aws::AwsFault;
use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{Put, ReturnValue, TransactWriteItem},
};
use jiff::Timestamp;
use landing_zone::{AccountType, Environment, RequestId};
use serde::{Deserialize, Serialize};

/// The index of requests by time.
pub(crate) const INDEX: &str = "requests-by-time";

/// What a client's idempotency key stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IdempotencyKey {
    /// Digest of requester and key.
    pub digest: String,
    /// The request it was first used for.
    pub request_id: RequestId,
    /// Digest of that request.
    pub fingerprint: String,
    /// When it is forgotten, in seconds since 1970 (`DynamoDB` time to live).
    pub expires_at: i64,
}

/// What came of submitting a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submission {
    /// It is new and holds its name and e-mail.
    Accepted,
    /// The idempotency key was used before.
    Repeated(IdempotencyKey),
    /// The name is held by this request or account.
    NameHeld(String),
    /// The root e-mail is held by this request or account.
    EmailHeld(String),
}

/// Which requests to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this state.
    pub state: Option<State>,
    /// Only this environment.
    pub environment: Option<Environment>,
    /// Only this account type.
    pub account_type: Option<AccountType>,
}

/// Where a page ended: the last request on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Position {
    /// When that request was accepted.
    pub created_at: Stamp,
    /// That request.
    pub request_id: RequestId,
}

/// Requests, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The requests.
    pub records: Vec<Record>,
    /// Where the next page begins; none on the last.
    pub next: Option<Position>,
}

#[derive(Serialize)]
struct Stored<'a, T> {
    id: String,
    kind: &'static str,
    #[serde(flatten)]
    content: &'a T,
}

impl Ledger {
    /// Writes a new request with its reservations and key: all of them or nothing.
    pub async fn submit(&self, record: &Record, key: Option<&IdempotencyKey>) -> Result<Submission, Error> {
        let holder = record.request_id.as_str();
        let (name, email) = (name_item(&record.request.name), email_item(&record.root_email));
        let request = Stored { id: request_item(&record.request_id), kind: "request", content: record };
        let mut puts = vec![item(request)?, reservation(&name, holder), reservation(&email, holder)];
        if let Some(key) = key {
            puts.push(item(Stored { id: key_item(&key.digest), kind: "key", content: key })?);
        }
        let items = puts.into_iter().map(|put| self.put_new(put)).collect::<Result<_, _>>()?;
        let sent = self.client.transact_write_items().set_transact_items(Some(items)).send().await;
        let Err(error) = sent else { return Ok(Submission::Accepted) };
        let canceled = error.as_service_error().is_some_and(TransactWriteItemsError::is_transaction_canceled_exception);
        if !canceled {
            return Err(AwsFault::new("dynamodb:TransactWriteItems", &error).into());
        }
        // The reasons say only that a condition failed; reading says whose item it was. The key comes last: a twin
        // writes its key and its reservations at once, so whoever sees those sees the key as well.
        let holders = (self.holder(&name).await?, self.holder(&email).await?);
        if let Some(key) = key
            && let Some(used) = self.idempotency_key(&key.digest).await?
        {
            return Ok(Submission::Repeated(used));
        }
        match holders {
            (Some(other), _) if other != holder => Ok(Submission::NameHeld(other)),
            (_, Some(other)) if other != holder => Ok(Submission::EmailHeld(other)),
            (Some(_), Some(_)) => Ok(Submission::Accepted),
            _ => Err(Error::Contended(request_item(&record.request_id))),
        }
    }

    fn put_new(&self, item: Item) -> Result<TransactWriteItem, Error> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(id)")
            .build()
            .map_err(|why| Error::Unreadable { id: "(new)".to_owned(), why: why.to_string() })?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    /// What an idempotency key stands for.
    pub async fn idempotency_key(&self, digest: &str) -> Result<Option<IdempotencyKey>, Error> {
        self.get(&key_item(digest)).await
    }

    /// Starts a failed request again: the next attempt, with an empty timeline. Returns the record as it is then; a
    /// request that is no longer failed is returned as it is.
    pub async fn resume(&self, record: &Record, now: Timestamp) -> Result<Record, Error> {
        let changed = update(
            self.change(&request_item(&record.request_id))
                .update_expression(
                    "SET #state = :received, attempt = :next, updatedAt = :now, steps = :none REMOVE failure",
                )
                .condition_expression("#state = :failed AND attempt = :attempt")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":received", text(State::Received.id()))
                .expression_attribute_values(":failed", text(State::Failed.id()))
                .expression_attribute_values(":attempt", value(record.attempt)?)
                .expression_attribute_values(":next", value(record.attempt.saturating_add(1))?)
                .expression_attribute_values(":now", text(Stamp::from(now).to_string()))
                .expression_attribute_values(":none", aws_sdk_dynamodb::types::AttributeValue::M([].into()))
                .return_values(ReturnValue::AllNew),
        )
        .await?;
        match changed {
            Some(item) => read(item),
            None => self.record(&record.request_id).await,
        }
    }

    /// Lists requests, newest first, at most `size` of them, after `after`.
    pub async fn list(&self, filter: &Filter, size: usize, after: Option<&Position>) -> Result<Page, Error> {
        let mut records: Vec<Record> = Vec::new();
        let mut start = after.map(start_key);
        loop {
            let answer = self
                .query(filter)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(|error| AwsFault::new("dynamodb:Query", &error))?;
            for item in answer.items.unwrap_or_default() {
                records.push(read(item)?);
            }
            start = answer.last_evaluated_key;
            if records.len() > size || start.is_none() {
                break;
            }
        }
        let more = records.len() > size;
        records.truncate(size);
        let next = records
            .last()
            .filter(|_| more)
            .map(|last| Position { created_at: last.created_at, request_id: last.request_id.clone() });
        Ok(Page { records, next })
    }

    fn query(&self, filter: &Filter) -> aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text("request"))
            .scan_index_forward(false);
        let mut conditions = Vec::new();
        if let Some(state) = filter.state {
            conditions.push("#state = :state");
            query = query
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":state", text(state.id()));
        }
        // Both are fields of `request`, which is a reserved word of DynamoDB.
        if let Some(environment) = filter.environment {
            conditions.push("#request.environment = :environment");
            query = query
                .expression_attribute_names("#request", "request")
                .expression_attribute_values(":environment", text(environment.id()));
        }
        if let Some(account_type) = filter.account_type {
            conditions.push("#request.accountType = :accountType");
            query = query
                .expression_attribute_names("#request", "request")
                .expression_attribute_values(":accountType", text(account_type.id()));
        }
        query.set_filter_expression(Some(conditions.join(" AND ")).filter(|all| !all.is_empty()))
    }
}

fn key_item(digest: &str) -> String {
    format!("key#{digest}")
}

/// The key of a request in the index: what `DynamoDB` would have returned had it stopped there.
fn start_key(position: &Position) -> Item {
    [
        ("id".to_owned(), text(request_item(&position.request_id))),
        ("kind".to_owned(), text("request")),
        ("createdAt".to_owned(), text(position.created_at.to_string())),
    ]
    .into()
}

//! Cases of remediation: where each stands, the work on it with its before-image, who changes a resource right now, and
//! how many ended well of late.

use crate::{
    Error, Ledger, Stamp, Versioned,
    requests::INDEX,
    table::{Item, item, read, text, update, value},
    versioned::{Stored, parsed, written},
};
use aws::AwsFault;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use remediation::{Case, CaseId, State, Tally, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The kind of the records in the index.
const KIND: &str = "remediation";

/// How long the work on a case is kept, in seconds: before-images outlive an audit of the year before.
const KEPT_SECONDS: i64 = 400 * 86_400;

/// How long a resource stays with an execution that no longer says anything, in seconds: longer than a function runs.
const LOCK_SECONDS: i64 = 3_600;

#[derive(Deserialize)]
struct Counts {
    counts: BTreeMap<String, u64>,
}

/// Which cases to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseFilter {
    /// Only this state.
    pub state: Option<State>,
    /// Only this account.
    pub account_id: Option<String>,
    /// Only this control.
    pub control: Option<String>,
}

/// Where a page ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CasePosition {
    /// When the last case on it was opened.
    pub opened_at: Stamp,
    /// Its id.
    pub id: CaseId,
}

fn case_item(id: &CaseId) -> String {
    format!("remediation#{id}")
}

fn work_item(id: &CaseId, attempt: u32) -> String {
    format!("work#{id}#{attempt}")
}

fn lock_item(case: &Case) -> String {
    let told = &case.remediation;
    format!("lock#{}#{}#{}", told.account_id, told.region, told.resource)
}

/// Failures are counted by the hour of the clock.
fn tally_item(now: Timestamp) -> String {
    format!("tally#{}", now.strftime("%Y-%m-%dT%H"))
}

impl Ledger {
    /// A case, if there is one.
    pub async fn case(&self, id: &CaseId) -> Result<Option<Versioned<Case>>, Error> {
        self.versioned(&case_item(id)).await
    }

    /// Stores a case that was read, or a new one. False when another writer was faster: nothing is stored then.
    pub async fn store_case(&self, case: &mut Versioned<Case>) -> Result<bool, Error> {
        let of = &case.value;
        let stored = Stored {
            id: case_item(&of.id),
            version: case.version.saturating_add(1),
            content: written(&case_item(&of.id), of)?,
            kind: Some(KIND.to_owned()),
            created_at: Some(of.opened_at.into()),
            state: Some(of.state.id().to_owned()),
            account_id: Some(of.remediation.account_id.to_string()),
            control: Some(of.remediation.control.clone()),
            expires_at: None,
        };
        self.store(stored, &mut case.version).await
    }

    /// The work on an attempt, if there is any.
    pub async fn work(&self, id: &CaseId, attempt: u32) -> Result<Option<Versioned<Work>>, Error> {
        self.versioned(&work_item(id, attempt)).await
    }

    /// Stores the work on an attempt. False when another writer was faster: nothing is stored then.
    pub async fn store_work(
        &self,
        id: &CaseId,
        attempt: u32,
        work: &mut Versioned<Work>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let id = work_item(id, attempt);
        let stored = Stored {
            version: work.version.saturating_add(1),
            content: written(&id, &work.value)?,
            kind: None,
            created_at: None,
            state: None,
            account_id: None,
            control: None,
            expires_at: Some(now.as_second().saturating_add(KEPT_SECONDS)),
            id,
        };
        self.store(stored, &mut work.version).await
    }

    /// Takes the resource of a case, so that no two plans change it at once. False while another case has it.
    pub async fn lock(&self, case: &Case, now: Timestamp) -> Result<bool, Error> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Lock<'l> {
            id: String,
            holder: &'l CaseId,
            expires_at: i64,
        }
        let now = now.as_second();
        let lock = Lock { id: lock_item(case), holder: &case.id, expires_at: now.saturating_add(LOCK_SECONDS) };
        let values = [(":holder".to_owned(), text(case.id.as_str())), (":now".to_owned(), value(now)?)];
        self.put(item(lock)?, "attribute_not_exists(holder) OR holder = :holder OR expiresAt < :now", values.into())
            .await
    }

    /// Gives the resource of a case back, if the case has it. The item disappears by its time to live.
    pub async fn unlock(&self, case: &Case) -> Result<(), Error> {
        let change = self
            .change(&lock_item(case))
            .update_expression("REMOVE holder")
            .condition_expression("holder = :holder")
            .expression_attribute_values(":holder", text(case.id.as_str()));
        update(change).await.map(drop)
    }

    /// How many cases ended well and badly in this hour.
    pub async fn tally(&self, now: Timestamp) -> Result<Tally, Error> {
        Ok(Tally(self.get::<Counts>(&tally_item(now)).await?.map(|found| found.counts).unwrap_or_default()))
    }

    /// Counts a case that ended. Counted twice where an answer is lost: a breaker then opens early rather than late.
    pub async fn count(&self, control: &str, account: &str, well: bool, now: Timestamp) -> Result<(), Error> {
        let id = tally_item(now);
        let expires = now.as_second().saturating_add(86_400);
        // The map has to be there before something in it can be counted.
        let made = self
            .change(&id)
            .update_expression("SET counts = :none, expiresAt = :expires")
            .condition_expression("attribute_not_exists(counts)")
            .expression_attribute_values(":none", AttributeValue::M([].into()))
            .expression_attribute_values(":expires", value(expires)?);
        let [all, of_control, of_account] = Tally::scopes(control, account, well);
        let counted = || -> Result<_, Error> {
            Ok(self
                .change(&id)
                .update_expression("ADD counts.#all :one, counts.#control :one, counts.#account :one")
                .condition_expression("attribute_exists(counts)")
                .expression_attribute_names("#all", &all)
                .expression_attribute_names("#control", &of_control)
                .expression_attribute_names("#account", &of_account)
                .expression_attribute_values(":one", value(1)?))
        };
        if update(counted()?).await?.is_none() {
            update(made).await?;
            update(counted()?).await?;
        }
        Ok(())
    }

    /// Lists cases, the newest first, at most `size` of them, after `after`; and where the page ended, if there is more.
    pub async fn cases(
        &self,
        filter: &CaseFilter,
        size: usize,
        after: Option<&CasePosition>,
    ) -> Result<(Vec<Case>, Option<CasePosition>), Error> {
        let mut found: Vec<Case> = Vec::new();
        let mut start: Option<Item> = after.map(start_key);
        loop {
            let page = self.page(filter, start).await?;
            for item in page.items.unwrap_or_default() {
                found.push(parsed(read(item)?)?.value);
            }
            start = page.last_evaluated_key;
            if found.len() > size || start.is_none() {
                break;
            }
        }
        let more = found.len() > size;
        found.truncate(size);
        let position = |case: &Case| CasePosition { opened_at: case.opened_at.into(), id: case.id.clone() };
        let next = found.last().filter(|_| more).map(position);
        Ok((found, next))
    }

    async fn page(
        &self,
        filter: &CaseFilter,
        start: Option<Item>,
    ) -> Result<aws_sdk_dynamodb::operation::query::QueryOutput, Error> {
        let mut query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(INDEX)
            .key_condition_expression("kind = :kind")
            .expression_attribute_values(":kind", text(KIND))
            .scan_index_forward(false)
            .set_exclusive_start_key(start);
        let mut conditions = Vec::new();
        let state = filter.state.map(|state| state.id().to_owned());
        for (name, wanted) in [("state", &state), ("accountId", &filter.account_id), ("control", &filter.control)] {
            if let Some(wanted) = wanted {
                conditions.push(format!("#{name} = :{name}"));
                query = query
                    .expression_attribute_names(format!("#{name}"), name)
                    .expression_attribute_values(format!(":{name}"), text(wanted));
            }
        }
        let query = query.set_filter_expression(Some(conditions.join(" AND ")).filter(|all| !all.is_empty()));
        query.send().await.map_err(|error| AwsFault::new("dynamodb:Query", &error).into())
    }
}

fn start_key(position: &CasePosition) -> Item {
    [
        ("id".to_owned(), text(case_item(&position.id))),
        ("kind".to_owned(), text(KIND)),
        ("createdAt".to_owned(), text(position.opened_at.to_string())),
    ]
    .into()
}

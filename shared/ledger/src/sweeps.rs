//! What the daily sweep for tags found in each account and Region. The ledger keeps it; what is in it is the sweep's.

use crate::{Error, Ledger, Stamp, table::item};
use jiff::Timestamp;
use landing_zone::AccountId;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// How long a record outlives its last sweep, in seconds: two weekly reports. Accounts that are closed disappear so.
const KEPT_SECONDS: i64 = 15 * 86_400;

/// The kind of the records in the index.
const KIND: &str = "coverage";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored<'a, T> {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    created_at: Stamp,
    expires_at: i64,
    content: &'a T,
}

#[derive(Deserialize)]
struct Kept<T> {
    content: T,
}

fn coverage_item(account: &AccountId, region: &str) -> String {
    format!("coverage#{account}#{region}")
}

fn marks_item(account: &AccountId, region: &str) -> String {
    format!("untagged#{account}#{region}")
}

impl Ledger {
    /// Keeps what a sweep counted. The sweep of an account and Region runs once at a time; the last one is right.
    pub async fn store_coverage<T: Serialize>(
        &self,
        account: &AccountId,
        region: &str,
        coverage: &T,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.keep(coverage_item(account, region), Some(KIND), coverage, now).await
    }

    /// What the last sweep of an account and Region counted.
    pub async fn coverage<T: DeserializeOwned>(&self, account: &AccountId, region: &str) -> Result<Option<T>, Error> {
        Ok(self.get::<Kept<T>>(&coverage_item(account, region)).await?.map(|kept| kept.content))
    }

    /// Keeps which resources lack tags.
    pub async fn store_untagged<T: Serialize>(
        &self,
        account: &AccountId,
        region: &str,
        marks: &T,
        now: Timestamp,
    ) -> Result<(), Error> {
        self.keep(marks_item(account, region), None, marks, now).await
    }

    /// Which resources of an account and Region lack tags.
    pub async fn untagged<T: DeserializeOwned>(&self, account: &AccountId, region: &str) -> Result<Option<T>, Error> {
        Ok(self.get::<Kept<T>>(&marks_item(account, region)).await?.map(|kept| kept.content))
    }

    /// What the last sweep of each account and Region counted.
    pub async fn coverages<T: DeserializeOwned>(&self) -> Result<Vec<T>, Error> {
        Ok(self.all_of::<Kept<T>>(KIND).await?.into_iter().map(|kept| kept.content).collect())
    }

    async fn keep<T: Serialize>(
        &self,
        id: String,
        kind: Option<&'static str>,
        content: &T,
        now: Timestamp,
    ) -> Result<(), Error> {
        let expires_at = now.as_second().saturating_add(KEPT_SECONDS);
        let stored = item(Stored { id, kind, created_at: now.into(), expires_at, content })?;
        self.put(stored, "attribute_not_exists(id) OR attribute_exists(id)", [].into()).await.map(drop)
    }
}

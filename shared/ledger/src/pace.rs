//! How many accounts are being made, and how fast: one item that all executions share.

use crate::{
    Error, Ledger, Stamp,
    table::{item, update, value},
};
use landing_zone::RequestId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const ITEM: &str = "pace#create-account";

/// Slots and token bucket of `CreateAccount`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pace {
    /// Counts the writes, so that two writers never build on the same state.
    pub version: u64,
    /// Tokens in the bucket at `refilled_at`.
    pub tokens: f64,
    /// When the bucket was last counted.
    pub refilled_at: Stamp,
    /// Who holds a slot, and since when.
    pub holders: BTreeMap<RequestId, Stamp>,
}

#[derive(Serialize)]
struct Stored<'a> {
    id: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    pace: &'a Pace,
}

impl Ledger {
    /// The pace as it is now; none before the first creation.
    pub async fn pace(&self) -> Result<Option<Pace>, Error> {
        self.get(ITEM).await
    }

    /// Writes the pace that was computed from version `pace.version - 1`. False when another writer was faster.
    pub async fn store_pace(&self, pace: &Pace) -> Result<bool, Error> {
        let before = [(":before".to_owned(), value(pace.version.saturating_sub(1))?)].into();
        let stored = item(Stored { id: ITEM, kind: "pace", pace })?;
        self.put(stored, "attribute_not_exists(id) OR version = :before", before).await
    }

    /// Gives the slot of `holder` back, if it has one.
    pub async fn release_slot(&self, holder: &RequestId) -> Result<(), Error> {
        update(
            self.change(ITEM)
                .update_expression("REMOVE holders.#holder ADD version :one")
                .condition_expression("attribute_exists(holders.#holder)")
                .expression_attribute_names("#holder", holder.as_str())
                .expression_attribute_values(":one", value(1)?),
        )
        .await
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::text;

    #[test]
    fn survives_storage() {
        let pace = Pace {
            version: 7,
            tokens: 1.25,
            refilled_at: "2026-11-23T10:00:00.250Z".parse::<jiff::Timestamp>().unwrap().into(),
            holders: [(RequestId::generate(), "2026-11-23T10:00:00Z".parse::<jiff::Timestamp>().unwrap().into())]
                .into(),
        };
        let stored = item(Stored { id: ITEM, kind: "pace", pace: &pace }).unwrap();
        assert_eq!(stored.get("id"), Some(&text(ITEM)));
        assert_eq!(crate::table::read::<Pace>(stored).unwrap(), pace);
    }
}

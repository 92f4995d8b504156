//! The one `CreateAccount` call of a request: claimed before it is made, so that a lost answer is looked for and
//! the call is never made twice.

use crate::{
    Creation, Error, Ledger, Record, Stamp,
    record::request_item,
    table::{text, update, value},
};
use jiff::Timestamp;
use landing_zone::{AccountId, RequestId};

impl Ledger {
    /// Claims the right to call `CreateAccount` for `record`. False when another invocation has it. `record` says
    /// which older claim is known to have come to nothing, if there is one.
    pub async fn claim_creation(&self, record: &Record, token: &str, now: Timestamp) -> Result<bool, Error> {
        let creation = Creation {
            token: token.to_owned(),
            attempt: record.attempt,
            claimed_at: now.into(),
            status_id: None,
            failed: None,
        };
        let change = self
            .change(&request_item(&record.request_id))
            .update_expression("SET creation = :creation, updatedAt = :now")
            .expression_attribute_values(":creation", value(&creation)?)
            .expression_attribute_values(":now", text(creation.claimed_at.to_string()))
            .expression_attribute_values(":mine", text(token));
        let change = match &record.creation {
            None => change.condition_expression(
                "attribute_exists(id) AND (attribute_not_exists(creation) OR creation.#token = :mine)",
            ),
            Some(old) => change
                .condition_expression("creation.#token IN (:mine, :old)")
                .expression_attribute_values(":old", text(&old.token)),
        };
        Ok(update(change.expression_attribute_names("#token", "token")).await?.is_some())
    }

    /// Gives the claim back after AWS refused the call: nothing was made.
    pub async fn drop_claim(&self, id: &RequestId, token: &str) -> Result<(), Error> {
        update(
            self.change(&request_item(id))
                .update_expression("REMOVE creation")
                .condition_expression("creation.#token = :mine")
                .expression_attribute_names("#token", "token")
                .expression_attribute_values(":mine", text(token)),
        )
        .await
        .map(drop)
    }

    /// Stores the id of AWS's creation request, before anything is asked about it.
    pub async fn store_status_id(&self, id: &RequestId, status_id: &str, now: Timestamp) -> Result<(), Error> {
        update(
            self.change(&request_item(id))
                .update_expression("SET creation.statusId = :status, updatedAt = :now")
                .condition_expression("attribute_exists(creation)")
                .expression_attribute_values(":status", text(status_id))
                .expression_attribute_values(":now", text(Stamp::from(now).to_string())),
        )
        .await
        .map(drop)
    }

    /// Stores that AWS made nothing, and why.
    pub async fn store_creation_failure(&self, id: &RequestId, reason: &str, now: Timestamp) -> Result<(), Error> {
        update(
            self.change(&request_item(id))
                .update_expression("SET creation.failed = :reason, updatedAt = :now")
                .condition_expression("attribute_exists(creation)")
                .expression_attribute_values(":reason", text(reason))
                .expression_attribute_values(":now", text(Stamp::from(now).to_string())),
        )
        .await
        .map(drop)
    }

    /// Stores the account of a request, and the way back from account to request.
    pub async fn store_account(&self, record: &Record, account: &AccountId, now: Timestamp) -> Result<(), Error> {
        update(
            self.change(&format!("account#{account}"))
                .update_expression("SET kind = :kind, requestId = :request, #name = :name, email = :email")
                .expression_attribute_names("#name", "name")
                .expression_attribute_values(":kind", text("account"))
                .expression_attribute_values(":request", text(record.request_id.as_str()))
                .expression_attribute_values(":name", text(record.request.name.as_str()))
                .expression_attribute_values(":email", text(record.root_email.as_str())),
        )
        .await?;
        update(
            self.change(&request_item(&record.request_id))
                .update_expression("SET accountId = :account, updatedAt = :now")
                .condition_expression(
                    "attribute_exists(id) AND (attribute_not_exists(accountId) OR accountId = :account)",
                )
                .expression_attribute_values(":account", text(account.as_str()))
                .expression_attribute_values(":now", text(Stamp::from(now).to_string())),
        )
        .await?
        .map(drop)
        .ok_or_else(|| Error::Contended(request_item(&record.request_id)))
    }
}

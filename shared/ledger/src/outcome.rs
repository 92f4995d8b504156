//! How requests end.

use crate::{
    Error, Ledger, Record, Stamp, State, Step,
    record::request_item,
    table::{read, text, update, value},
};
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use landing_zone::{Failure, RequestId, UnitPath};

impl Ledger {
    /// Notes where the account of a request lies now.
    pub async fn store_unit(&self, id: &RequestId, unit: &UnitPath, now: Timestamp) -> Result<(), Error> {
        update(
            self.change(&request_item(id))
                .update_expression("SET organizationalUnit = :unit, updatedAt = :now")
                .condition_expression("attribute_exists(id) AND #state <> :active")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":active", text(State::Active.id()))
                .expression_attribute_values(":unit", value(unit)?)
                .expression_attribute_values(":now", text(Stamp::from(now).to_string())),
        )
        .await
        .map(drop)
    }

    /// Ends a request with its account in use. Returns the record after it; `None` when this attempt has ended
    /// otherwise.
    pub async fn activate(&self, id: &RequestId, now: Timestamp) -> Result<Option<Record>, Error> {
        let now = text(Stamp::from(now).to_string());
        update(
            self.change(&request_item(id))
                .update_expression(
                    "SET #state = :active, updatedAt = :now, steps.#step.finishedAt = :now REMOVE failure",
                )
                .condition_expression("attribute_exists(accountId) AND #state <> :failed")
                .expression_attribute_names("#state", "state")
                .expression_attribute_names("#step", Step::Announce.id())
                .expression_attribute_values(":active", text(State::Active.id()))
                .expression_attribute_values(":failed", text(State::Failed.id()))
                .expression_attribute_values(":now", now)
                .return_values(ReturnValue::AllNew),
        )
        .await?
        .map(read)
        .transpose()
    }

    /// Ends attempt `attempt` of a request with its failure. Returns the record after it; `None` when the account is
    /// in use already or a later attempt runs. The first failure of an attempt stays.
    pub async fn fail(
        &self,
        id: &RequestId,
        attempt: u32,
        failure: &Failure,
        now: Timestamp,
    ) -> Result<Option<Record>, Error> {
        update(
            self.change(&request_item(id))
                .update_expression("SET #state = :failed, updatedAt = :now, failure = if_not_exists(failure, :failure)")
                .condition_expression("attribute_exists(id) AND #state <> :active AND attempt = :attempt")
                .expression_attribute_names("#state", "state")
                .expression_attribute_values(":active", text(State::Active.id()))
                .expression_attribute_values(":failed", text(State::Failed.id()))
                .expression_attribute_values(":attempt", value(attempt)?)
                .expression_attribute_values(":failure", value(failure)?)
                .expression_attribute_values(":now", text(Stamp::from(now).to_string()))
                .return_values(ReturnValue::AllNew),
        )
        .await?
        .map(read)
        .transpose()
    }
}

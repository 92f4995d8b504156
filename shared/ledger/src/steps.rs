//! Steps of a request: begun, ended, and refused once the request has ended.

use crate::{
    Error, Ledger, Record, Stamp, State, Step, StepTimes,
    record::request_item,
    table::{read, text, update, value},
};
use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use landing_zone::{RequestId, UnitPath};

/// Holds while a request may still change.
const OPEN: &str = "attribute_exists(id) AND NOT (#state IN (:active, :failed))";

impl Ledger {
    /// The request as it is now.
    pub async fn record(&self, id: &RequestId) -> Result<Record, Error> {
        self.find_record(id).await?.ok_or_else(|| Error::UnknownRequest(id.clone()))
    }

    /// The request as it is now, if there is one.
    pub async fn find_record(&self, id: &RequestId) -> Result<Option<Record>, Error> {
        self.get(&request_item(id)).await
    }

    /// Notes that `step` begins and returns the request. A step that comes after the end is refused.
    pub async fn begin(&self, id: &RequestId, step: Step, now: Timestamp) -> Result<Record, Error> {
        let now = Stamp::from(now);
        let changed = update(
            self.change(&request_item(id))
                .update_expression(
                    "SET #state = :state, updatedAt = :now, steps.#step = if_not_exists(steps.#step, :times)",
                )
                .condition_expression(OPEN)
                .expression_attribute_names("#state", "state")
                .expression_attribute_names("#step", step.id())
                .expression_attribute_values(":state", text(step.state().id()))
                .expression_attribute_values(":active", text(State::Active.id()))
                .expression_attribute_values(":failed", text(State::Failed.id()))
                .expression_attribute_values(":now", text(now.to_string()))
                .expression_attribute_values(":times", value(StepTimes { started_at: now, finished_at: None })?)
                .return_values(ReturnValue::AllNew),
        )
        .await?;
        match changed {
            Some(item) => read(item),
            None => Err(self.refusal(id).await?),
        }
    }

    /// Notes that `step` has ended.
    pub async fn finish(&self, id: &RequestId, step: Step, now: Timestamp) -> Result<(), Error> {
        self.finish_with(id, step, now, None).await
    }

    /// Notes that `step` has ended with the account in `unit`.
    pub async fn finish_in(&self, id: &RequestId, step: Step, unit: &UnitPath, now: Timestamp) -> Result<(), Error> {
        self.finish_with(id, step, now, Some(("organizationalUnit", value(unit)?))).await
    }

    /// Notes that `step` has ended with what was read back.
    pub async fn finish_attested(
        &self,
        id: &RequestId,
        step: Step,
        attestation: &[String],
        now: Timestamp,
    ) -> Result<(), Error> {
        self.finish_with(id, step, now, Some(("attestation", value(attestation)?))).await
    }

    async fn finish_with(
        &self,
        id: &RequestId,
        step: Step,
        now: Timestamp,
        result: Option<(&str, aws_sdk_dynamodb::types::AttributeValue)>,
    ) -> Result<(), Error> {
        let now = text(Stamp::from(now).to_string());
        let mut change = self
            .change(&request_item(id))
            .condition_expression(OPEN)
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#step", step.id())
            .expression_attribute_values(":active", text(State::Active.id()))
            .expression_attribute_values(":failed", text(State::Failed.id()))
            .expression_attribute_values(":now", now);
        let mut expression = "SET updatedAt = :now, steps.#step.finishedAt = :now".to_owned();
        if let Some((name, result)) = result {
            expression.push_str(", #result = :result");
            change = change.expression_attribute_names("#result", name).expression_attribute_values(":result", result);
        }
        match update(change.update_expression(expression)).await? {
            Some(_) => Ok(()),
            None => Err(self.refusal(id).await?),
        }
    }

    /// Why an open request was expected and not found.
    async fn refusal(&self, id: &RequestId) -> Result<Error, Error> {
        Ok(match self.find_record(id).await? {
            Some(_) => Error::Settled(id.clone()),
            None => Error::UnknownRequest(id.clone()),
        })
    }
}

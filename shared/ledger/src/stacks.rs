//! Who made a `CloudFormation` stack, for what the stack makes later.

use crate::{
    Error, Ledger, Stamp,
    table::{text, update},
};
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::Deserialize;

/// How long an owner is remembered, in seconds: 400 days, so that a stack that is updated once a year keeps its owner.
const KEPT_SECONDS: i64 = 400 * 86_400;

#[derive(Deserialize)]
struct StackItem {
    owner: String,
}

impl Ledger {
    /// Remembers who made the stack with the ARN `stack` at the time `made`.
    pub async fn remember_stack_owner(&self, stack: &str, owner: &str, made: Timestamp) -> Result<(), Error> {
        let expires = made.as_second().saturating_add(KEPT_SECONDS);
        update(
            self.change(&format!("stack#{stack}"))
                .update_expression("SET kind = :kind, #owner = :owner, madeAt = :made, expiresAt = :expires")
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_values(":kind", text("stack"))
                .expression_attribute_values(":owner", text(owner))
                .expression_attribute_values(":made", text(Stamp::from(made).to_string()))
                .expression_attribute_values(":expires", AttributeValue::N(expires.to_string())),
        )
        .await
        .map(drop)
    }

    /// Who made a stack, if that was seen.
    pub async fn stack_owner(&self, stack: &str) -> Result<Option<String>, Error> {
        Ok(self.get::<StackItem>(&format!("stack#{stack}")).await?.map(|item| item.owner))
    }
}

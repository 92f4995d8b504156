//! Who stands behind a stack, and so behind what it made.

use crate::{App, outcome::Outcome};
use tagging::{Creation, TagMap};

/// Remembers who made a stack: `CloudFormation` may make its resources as itself.
pub(crate) async fn remember_stack(app: &App, creation: &Creation) -> Outcome {
    let (Some(person), Some(stack)) = (&creation.principal.person, creation.resources.first()) else {
        return Outcome::Right;
    };
    match app.ledger.remember_stack_owner(stack.as_str(), person, creation.time).await {
        Ok(()) => Outcome::Right,
        Err(error) => Outcome::Later(error.to_string()),
    }
}

/// The person behind the stack that made a resource. `CloudFormation` names the stack in a tag of its own.
pub(crate) async fn stack_owner(
    app: &App,
    creation: &Creation,
    carried: &TagMap,
) -> Result<Option<String>, ledger::Error> {
    if creation.principal.person.is_some() || !creation.principal.is_stack() {
        return Ok(None);
    }
    let tag = |tags: &TagMap| tags.get("aws:cloudformation:stack-id").cloned();
    match tag(carried).or_else(|| tag(&creation.request_tags)) {
        Some(stack) => app.ledger.stack_owner(&stack).await,
        None => Ok(None),
    }
}

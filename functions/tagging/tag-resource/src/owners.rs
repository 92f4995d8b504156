//! Who stands behind a resource: its account's tags, and the person behind a stack.

use crate::{App, outcome::Outcome};
use aws::AwsFault;
use jiff::Timestamp;
use landing_zone::AccountId;
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tagging::{Creation, TagMap};

/// Account tags change seldom, and a batch must not look them up for each event.
const KEPT: Duration = Duration::from_mins(5);

/// The tags of accounts, as far as they were asked for lately.
#[derive(Debug, Default)]
pub(crate) struct AccountTags(Mutex<HashMap<AccountId, (Timestamp, TagMap)>>);

/// The tags of an account in the organization.
pub(crate) async fn account_tags(app: &App, account: &AccountId) -> Result<TagMap, AwsFault> {
    let now = (app.clock)();
    let known = app.accounts.0.lock().unwrap_or_else(PoisonError::into_inner).get(account).cloned();
    if let Some((until, tags)) = known
        && now < until
    {
        return Ok(tags);
    }
    let tags = aws::account_tags(&app.organizations, account).await?;
    let mut accounts = app.accounts.0.lock().unwrap_or_else(PoisonError::into_inner);
    accounts.insert(account.clone(), (now + KEPT, tags.clone()));
    Ok(tags)
}

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

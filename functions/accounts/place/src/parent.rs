//! AWS Organizations, as far as the place of an account goes.

use aws::AwsFault;
use aws_sdk_organizations::{Client, operation::move_account::MoveAccountError};
use landing_zone::AccountId;

/// A move is confirmed by reading again; when somebody else moves the account meanwhile, once more.
const LOOKS: u32 = 3;

/// Makes sure that `account` lies in the unit `unit_id`. False when it is somewhere else again after each move.
pub(crate) async fn ensure(client: &Client, account: &AccountId, unit_id: &str) -> Result<bool, AwsFault> {
    for look in 1..=LOOKS {
        let parent = of(client, account).await?;
        if parent.as_deref() == Some(unit_id) {
            return Ok(true);
        }
        if let Some(parent) = parent.filter(|_| look < LOOKS) {
            change(client, account, &parent, unit_id).await?;
        }
    }
    Ok(false)
}

async fn of(client: &Client, account: &AccountId) -> Result<Option<String>, AwsFault> {
    let answer = client
        .list_parents()
        .child_id(account.as_str())
        .send()
        .await
        .map_err(|error| AwsFault::new("organizations:ListParents", &error))?;
    Ok(answer.parents.unwrap_or_default().into_iter().next().and_then(|parent| parent.id))
}

async fn change(client: &Client, account: &AccountId, from: &str, to: &str) -> Result<(), AwsFault> {
    let sent = client
        .move_account()
        .account_id(account.as_str())
        .source_parent_id(from)
        .destination_parent_id(to)
        .send()
        .await;
    match sent {
        Ok(_) => Ok(()),
        // Already there, or no longer where it was a moment ago: the next look tells.
        Err(error)
            if error.as_service_error().is_some_and(|error| {
                error.is_duplicate_account_exception()
                    || MoveAccountError::is_source_parent_not_found_exception(error)
                    || MoveAccountError::is_account_not_found_exception(error)
            }) =>
        {
            Ok(())
        }
        Err(error) => Err(AwsFault::new("organizations:MoveAccount", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_organizations::{
        operation::{list_parents::ListParentsOutput, move_account::MoveAccountOutput},
        types::{Parent, ParentType, error::DuplicateAccountException},
    };
    use aws_smithy_mocks::{Rule, RuleMode, mock, mock_client};

    fn in_parent(id: &'static str) -> Rule {
        mock!(Client::list_parents).then_output(move || {
            ListParentsOutput::builder()
                .parents(Parent::builder().id(id).r#type(ParentType::OrganizationalUnit).build())
                .build()
        })
    }

    fn moved() -> Rule {
        mock!(Client::move_account)
            .match_requests(|request| {
                request.source_parent_id() == Some("ou-old") && request.destination_parent_id() == Some("ou-new")
            })
            .then_output(|| MoveAccountOutput::builder().build())
    }

    async fn ensured(rules: &[&Rule]) -> Result<bool, AwsFault> {
        let client = mock_client!(aws_sdk_organizations, RuleMode::Sequential, rules);
        ensure(&client, &"111111111111".parse().unwrap(), "ou-new").await
    }

    #[tokio::test]
    async fn an_account_that_is_there_is_not_moved() {
        assert!(ensured(&[&in_parent("ou-new")]).await.unwrap());
    }

    #[tokio::test]
    async fn a_move_is_confirmed_by_reading_again() {
        let (before, change, after) = (in_parent("ou-old"), moved(), in_parent("ou-new"));
        assert!(ensured(&[&before, &change, &after]).await.unwrap());
        assert_eq!((change.num_calls(), after.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn a_move_that_another_delivery_made_first_is_a_success() {
        let change = mock!(Client::move_account)
            .then_error(|| MoveAccountError::DuplicateAccountException(DuplicateAccountException::builder().build()));
        assert!(ensured(&[&in_parent("ou-old"), &change, &in_parent("ou-new")]).await.unwrap());
    }

    #[tokio::test]
    async fn an_account_that_never_stays_is_reported_after_two_moves() {
        let (first, second) = (moved(), moved());
        let looks = [in_parent("ou-old"), in_parent("ou-old"), in_parent("ou-old")];
        assert!(!ensured(&[&looks[0], &first, &looks[1], &second, &looks[2]]).await.unwrap());
        assert_eq!((first.num_calls(), second.num_calls()), (1, 1));
    }
}

//! AWS Organizations, as far as making accounts goes.

use aws::AwsFault;
use aws_sdk_organizations::{
    Client,
    config::retry::RetryConfig,
    operation::{create_account::CreateAccountError, describe_create_account_status::DescribeCreateAccountStatusError},
    types::{CreateAccountState, CreateAccountStatus, IamUserAccessToBilling, Tag},
};
use jiff::Timestamp;
use landing_zone::{AccountId, Email, RequestId};
use ledger::Record;

/// How a creation goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Status {
    InProgress,
    Succeeded(AccountId),
    Failed(String),
}

/// What `CreateAccount` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// A creation has begun: its id.
    Begun(String),
    /// A constraint of the organization forbids it: the reason.
    Forbidden(String),
}

/// Calls `CreateAccount`. Never repeated by the SDK: the API knows no idempotency token, so a repeated call is a second
/// account.
pub(crate) async fn create(client: &Client, record: &Record, role: &str) -> Result<Answer, AwsFault> {
    let sent = client
        .create_account()
        .account_name(record.request.name.as_str())
        .email(record.root_email.as_str())
        .role_name(role)
        .iam_user_access_to_billing(IamUserAccessToBilling::Allow)
        .set_tags(Some(tags(record)))
        .customize()
        .config_override(aws_sdk_organizations::config::Builder::new().retry_config(RetryConfig::disabled()))
        .send()
        .await;
    match sent {
        Ok(answer) => Ok(Answer::Begun(answer.create_account_status.and_then(|status| status.id).unwrap_or_default())),
        Err(error) => match error.as_service_error().and_then(violated) {
            Some(reason) => Ok(Answer::Forbidden(reason)),
            None => Err(AwsFault::new("organizations:CreateAccount", &error)),
        },
    }
}

/// The constraint that a refusal names; its error code is the same for all of them.
fn violated(error: &CreateAccountError) -> Option<String> {
    match error {
        CreateAccountError::ConstraintViolationException(violation) => {
            violation.reason().map(|reason| reason.as_str().to_owned())
        }
        _ => None,
    }
}

/// The account carries its request from its first second.
fn tags(record: &Record) -> Vec<Tag> {
    record
        .request
        .account_tags(&record.request_id)
        .into_iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}

/// Asks how a creation goes. A request that AWS does not show yet is in progress.
pub(crate) async fn status(client: &Client, status_id: &str) -> Result<Status, AwsFault> {
    match client.describe_create_account_status().create_account_request_id(status_id).send().await {
        Ok(answer) => Ok(answer.create_account_status.map_or(Status::InProgress, |status| read(&status))),
        Err(error)
            if error
                .as_service_error()
                .is_some_and(DescribeCreateAccountStatusError::is_create_account_status_not_found_exception) =>
        {
            Ok(Status::InProgress)
        }
        Err(error) => Err(AwsFault::new("organizations:DescribeCreateAccountStatus", &error)),
    }
}

fn read(status: &CreateAccountStatus) -> Status {
    let account = status.account_id().and_then(|id| AccountId::parse(id).ok());
    match (status.state(), account) {
        (Some(CreateAccountState::Succeeded), Some(account)) => Status::Succeeded(account),
        (Some(CreateAccountState::Failed), _) => {
            Status::Failed(status.failure_reason().map_or("UNKNOWN", |reason| reason.as_str()).to_owned())
        }
        _ => Status::InProgress,
    }
}

/// Looks for a creation of `record` that is in progress; AWS shows its name, not its e-mail.
pub(crate) async fn find_in_progress(
    client: &Client,
    record: &Record,
    since: Timestamp,
) -> Result<Option<String>, AwsFault> {
    let mut pages = client.list_create_account_status().states(CreateAccountState::InProgress).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListCreateAccountStatus", &error))?;
        let found = page.create_account_statuses().iter().find(|status| {
            status.account_name() == Some(record.request.name.as_str())
                && status.requested_timestamp().is_some_and(|time| time.secs() >= since.as_second())
        });
        if let Some(id) = found.and_then(CreateAccountStatus::id) {
            return Ok(Some(id.to_owned()));
        }
    }
    Ok(None)
}

/// Looks for an account with the e-mail of `record` that joined since. An older one is somebody else's.
pub(crate) async fn find_account(
    client: &Client,
    email: &Email,
    since: Timestamp,
) -> Result<Option<AccountId>, AwsFault> {
    let mut pages = client.list_accounts().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| AwsFault::new("organizations:ListAccounts", &error))?;
        let found = page.accounts().iter().find(|account| {
            account.email().is_some_and(|other| other.eq_ignore_ascii_case(email.as_str()))
                && account.joined_timestamp().is_some_and(|time| time.secs() >= since.as_second())
        });
        if let Some(id) = found.and_then(|account| AccountId::parse(account.id()?).ok()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// A token that no other invocation has.
pub(crate) fn token() -> String {
    RequestId::generate().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::next::tests::record;
    use aws_sdk_organizations::{
        operation::list_accounts::ListAccountsOutput,
        types::{
            Account, ConstraintViolationExceptionReason, CreateAccountFailureReason,
            error::ConstraintViolationException,
        },
    };
    use aws_smithy_mocks::{RuleMode, mock, mock_client};
    use aws_smithy_types::DateTime;

    #[tokio::test]
    async fn create_account_is_never_repeated_by_the_sdk() {
        let broken = mock!(Client::create_account).sequence().http_status(503, None).times(5).build();
        let client = mock_client!(aws_sdk_organizations, RuleMode::Sequential, [&broken]);
        let fault = create(&client, &record(1, None), "OrganizationAccountAccessRole").await.unwrap_err();
        assert!(!fault.had_no_effect(), "a 503 says nothing about the effect");
        assert_eq!(broken.num_calls(), 1);
    }

    #[tokio::test]
    async fn a_constraint_is_told_by_its_reason() {
        for (reason, said) in [
            (Some("ACCOUNT_NUMBER_LIMIT_EXCEEDED"), Some(Answer::Forbidden("ACCOUNT_NUMBER_LIMIT_EXCEEDED".into()))),
            (None, None),
        ] {
            let refused = mock!(Client::create_account).then_error(move || {
                let reason = reason.map(ConstraintViolationExceptionReason::from);
                CreateAccountError::ConstraintViolationException(
                    ConstraintViolationException::builder().set_reason(reason).build(),
                )
            });
            let client = mock_client!(aws_sdk_organizations, [&refused]);
            assert_eq!(create(&client, &record(1, None), "OrganizationAccountAccessRole").await.ok(), said);
        }
    }

    #[test]
    fn an_account_without_id_or_a_state_that_aws_adds_is_still_in_progress() {
        let status = |state: &str, id: Option<&str>, reason: Option<CreateAccountFailureReason>| {
            read(
                &CreateAccountStatus::builder()
                    .state(CreateAccountState::from(state))
                    .set_account_id(id.map(str::to_owned))
                    .set_failure_reason(reason)
                    .build(),
            )
        };
        assert_eq!(status("SUCCEEDED", Some("111111111111"), None), Status::Succeeded("111111111111".parse().unwrap()));
        assert_eq!(status("SUCCEEDED", None, None), Status::InProgress);
        assert_eq!(status("PAUSED", Some("111111111111"), None), Status::InProgress);
        let reason = Some(CreateAccountFailureReason::from("SOMETHING_NEW"));
        assert_eq!(status("FAILED", None, reason), Status::Failed("SOMETHING_NEW".into()));
    }

    #[tokio::test]
    async fn an_older_account_with_the_same_e_mail_is_not_ours() {
        let page = |joined: i64| {
            ListAccountsOutput::builder()
                .accounts(
                    Account::builder()
                        .id("111111111111")
                        .email("AWS+Claims@example.com")
                        .joined_timestamp(DateTime::from_secs(joined))
                        .build(),
                )
                .build()
        };
        let email = "aws+claims@example.com".parse().unwrap();
        let since = Timestamp::from_second(1_800_000_000).unwrap();
        for (joined, found) in [(1_799_999_999, None), (1_800_000_000, Some("111111111111".parse().unwrap()))] {
            let listed = mock!(Client::list_accounts).then_output(move || page(joined));
            let client = mock_client!(aws_sdk_organizations, [&listed]);
            assert_eq!(find_account(&client, &email, since).await.unwrap(), found);
        }
    }
}

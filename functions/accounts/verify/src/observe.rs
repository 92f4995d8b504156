//! What AWS says an account is like: from the management account, and from inside through the verification role.

use crate::{App, Error, attest::Observed};
use aws::{AwsFault, MEMBER_ROLES_STACK, MemberRole};
use aws_sdk_account::{operation::get_alternate_contact::GetAlternateContactError, types::AlternateContactType};
use landing_zone::AccountId;
use std::collections::BTreeMap;

pub(crate) async fn observe(app: &App, id: &AccountId) -> Result<Observed, Error> {
    let described = app
        .organizations
        .describe_account()
        .account_id(id.as_str())
        .send()
        .await
        .map_err(|error| AwsFault::new("organizations:DescribeAccount", &error))?
        .account;
    let (arn, state, name, email) = described.map_or_else(Default::default, |account| {
        (
            account.arn.unwrap_or_default(),
            account.state.map(|state| state.as_str().to_owned()).unwrap_or_default(),
            account.name.unwrap_or_default(),
            account.email.unwrap_or_default(),
        )
    });
    let partition = arn.split(':').nth(1).unwrap_or("aws");
    let (stacks, role_account) = inside(app, id, partition).await?;
    Ok(Observed {
        state,
        name,
        email,
        parent: parent(app, id).await?,
        tags: aws::account_tags(&app.organizations, id).await?,
        contacts: contacts(app, id).await?,
        stacks,
        role_account,
        account: id.to_string(),
    })
}

async fn parent(app: &App, id: &AccountId) -> Result<Option<String>, AwsFault> {
    let answer = app
        .organizations
        .list_parents()
        .child_id(id.as_str())
        .send()
        .await
        .map_err(|error| AwsFault::new("organizations:ListParents", &error))?;
    Ok(answer.parents.unwrap_or_default().into_iter().next().and_then(|parent| parent.id))
}

async fn contacts(app: &App, id: &AccountId) -> Result<BTreeMap<&'static str, [String; 4]>, AwsFault> {
    let mut contacts = BTreeMap::new();
    for (kind, _) in app.contacts.each() {
        let sent = app
            .account
            .get_alternate_contact()
            .account_id(id.as_str())
            .alternate_contact_type(AlternateContactType::from(kind))
            .send()
            .await;
        let contact = match sent {
            Ok(answer) => answer.alternate_contact,
            Err(error)
                if error.as_service_error().is_some_and(GetAlternateContactError::is_resource_not_found_exception) =>
            {
                None
            }
            Err(error) => return Err(AwsFault::new("account:GetAlternateContact", &error)),
        };
        if let Some(contact) = contact {
            let text = |text: Option<String>| text.unwrap_or_default();
            contacts.insert(
                kind,
                [text(contact.name), text(contact.title), text(contact.email_address), text(contact.phone_number)],
            );
        }
    }
    Ok(contacts)
}

/// The status of the stack in each Region, and the account that the verification role belongs to.
async fn inside(
    app: &App,
    id: &AccountId,
    partition: &str,
) -> Result<(BTreeMap<String, Option<String>>, Option<String>), AwsFault> {
    let role_name = format!("{}-verification", app.role_prefix);
    let role = MemberRole { partition, name: &role_name, session: "ai-landing-zone-verify", policy: None };
    let config = aws::session(&app.sts, &app.config, id, role).await?;
    let mut stacks = BTreeMap::new();
    for region in &app.regions {
        stacks.insert(region.clone(), stack_status(&aws::in_region(&config, region)).await?);
    }
    let found = aws_sdk_iam::Client::new(&config)
        .get_role()
        .role_name(&role_name)
        .send()
        .await
        .map_err(|error| AwsFault::new("iam:GetRole", &error))?;
    let role_account = found.role.and_then(|role| role.arn.split(':').nth(4).map(str::to_owned));
    Ok((stacks, role_account))
}

async fn stack_status(config: &aws::SdkConfig) -> Result<Option<String>, AwsFault> {
    let stacks = aws_sdk_cloudformation::Client::new(config)
        .describe_stacks()
        .stack_name(MEMBER_ROLES_STACK)
        .send()
        .await
        .map_err(|error| AwsFault::new("cloudformation:DescribeStacks", &error))?;
    let status = stacks.stacks.unwrap_or_default().into_iter().next().and_then(|stack| stack.stack_status);
    Ok(status.map(|status| status.as_str().to_owned()))
}

//! Attaches and detaches the two policies, as the plan says.

use crate::{
    App, Error,
    event::Work,
    keep,
    plan::{self, Next},
};
use aws::AwsFault;
use aws_sdk_organizations::{
    operation::attach_policy::AttachPolicyError, operation::detach_policy::DetachPolicyError,
    types::ConstraintViolationExceptionReason,
};
use finops::Holder;
use guardrails::Guardrail;
use landing_zone::AccountId;
use ledger::Organization;
use std::collections::BTreeSet;

/// Brings the account's guardrails to what the stage needs.
///
/// The record is read before it is looked what is attached, and a change of it builds on that reading. So whoever is
/// about to take our policy for somebody else's finds that the record was changed meanwhile, and looks again.
pub(crate) async fn converge(app: &App, step: &Work, organization: &Organization) -> Result<(), Error> {
    let account = &step.account_id;
    let mut seen = None;
    let mut detached = BTreeSet::new();
    loop {
        let mut record = keep::held(app, step).await?;
        let mut attached = match seen.take() {
            Some(attached) => attached,
            None => placement::attached(&app.organizations, organization, account).await?,
        };
        let Some(next) = plan::next(step.to, &record.value.guardrails, &attached) else { return Ok(()) };
        let now = (app.clock)();
        let told = &mut record.value;
        match next {
            Next::Attach(guardrail) => {
                // After a claim it is on record; where somebody detached ours, not yet.
                let before = told.clone();
                told.note(now, format!("attaches {}", guardrail.id()));
                if *told != before && !app.ledger.store_spend(&mut record, now).await? {
                    continue;
                }
                attach(app, account, guardrail, policy(organization, guardrail)?).await?;
                attached.insert(guardrail);
                seen = Some(attached);
                continue;
            }
            Next::Detach(guardrail) => {
                detach(app, account, guardrail, policy(organization, guardrail)?).await?;
                attached.remove(&guardrail);
                detached.insert(guardrail);
                seen = Some(attached);
                continue;
            }
            Next::Claim(guardrail) => {
                policy(organization, guardrail)?;
                told.guardrails.insert(guardrail, Holder::Ours);
                told.note(now, format!("attaches {}", guardrail.id()));
            }
            Next::Adopt(guardrail) => {
                told.guardrails.insert(guardrail, Holder::Another);
                told.note(now, format!("found {} attached by somebody else", guardrail.id()));
            }
            Next::Forget(guardrail) => {
                let id = guardrail.id();
                match told.guardrails.remove(&guardrail) {
                    Some(Holder::Ours) if detached.contains(&guardrail) => told.note(now, format!("detached {id}")),
                    Some(Holder::Ours) => told.note(now, format!("{id} is not attached")),
                    _ => told.note(now, format!("left {id}, which somebody else attached")),
                }
            }
        }
        if app.ledger.store_spend(&mut record, now).await? {
            seen = Some(attached);
        }
    }
}

fn policy(organization: &Organization, guardrail: Guardrail) -> Result<&str, Error> {
    organization.guardrails.get(guardrail.id()).map(String::as_str).ok_or(Error::NoGuardrail(guardrail))
}

async fn attach(app: &App, account: &AccountId, guardrail: Guardrail, policy: &str) -> Result<(), Error> {
    let sent = app.organizations.attach_policy().policy_id(policy).target_id(account.as_str()).send().await;
    let is_full = |error: &AttachPolicyError| match error {
        AttachPolicyError::ConstraintViolationException(why) => {
            why.reason() == Some(&ConstraintViolationExceptionReason::MaxPolicyTypeAttachmentLimitExceeded)
        }
        _ => false,
    };
    match sent {
        Ok(_) => {}
        // The call before this one had its effect, and its answer was lost.
        Err(error)
            if error.as_service_error().is_some_and(AttachPolicyError::is_duplicate_policy_attachment_exception) => {}
        Err(error) if error.as_service_error().is_some_and(is_full) => return Err(Error::PolicyLimit(guardrail)),
        Err(error) => return Err(AwsFault::new("organizations:AttachPolicy", &error).into()),
    }
    telemetry::info!(account = account.as_str(), action = "organizations:AttachPolicy", policy, "attached");
    Ok(())
}

async fn detach(app: &App, account: &AccountId, guardrail: Guardrail, policy: &str) -> Result<(), Error> {
    let sent = app.organizations.detach_policy().policy_id(policy).target_id(account.as_str()).send().await;
    match sent {
        Ok(_) => {}
        Err(error) if error.as_service_error().is_some_and(DetachPolicyError::is_policy_not_attached_exception) => {
            telemetry::warn!(account = account.as_str(), guardrail = guardrail.id(), "somebody detached it already");
        }
        Err(error) => return Err(AwsFault::new("organizations:DetachPolicy", &error).into()),
    }
    telemetry::info!(account = account.as_str(), action = "organizations:DetachPolicy", policy, "detached");
    Ok(())
}

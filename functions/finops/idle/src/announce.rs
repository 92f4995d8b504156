//! The suite's events about idle resources, and letters to their owners.

use aws::{AwsFault, Bus, Letter, NotPublished, People};
use finops::{Account, EVENT_SOURCE, Idle};
use jiff::Timestamp;
use serde_json::json;
use std::{collections::BTreeMap, fmt::Write as _};

/// Resources that one event names: an entry holds 256 KB, and an ARN has at most 2,048 characters.
const MOST_RESOURCES: usize = 50;

/// Resources that a letter names; the report has all.
const MOST_NAMED: usize = 50;

/// Tells of what is idle and was not at the last look.
pub(crate) async fn found(bus: &Bus, account: &Account, new: impl Iterator<Item = &Idle>) -> Result<(), NotPublished> {
    let new: Vec<&Idle> = new.collect();
    for some in new.chunks(MOST_RESOURCES) {
        let detail = json!({"accountId": account.id, "environment": account.environment,
            "accountType": account.account_type, "owner": account.owner, "resources": some});
        bus.publish(EVENT_SOURCE, "Idle Resources Found", detail.to_string()).await?;
    }
    Ok(())
}

/// Tells of what was stopped.
pub(crate) async fn stopped(bus: &Bus, account: &Account, idle: &Idle) -> Result<(), NotPublished> {
    let detail = json!({"accountId": account.id, "environment": account.environment,
        "accountType": account.account_type, "owner": idle.owner, "resource": idle});
    bus.publish(EVENT_SOURCE, "Idle Resource Stopped", detail.to_string()).await
}

/// Writes to an owner.
pub(crate) async fn warn(
    people: &People,
    account: &Account,
    owner: Option<&str>,
    resources: &[Idle],
    stops_at: &BTreeMap<String, Option<Timestamp>>,
) -> Result<(), AwsFault> {
    let (subject, text) = (subject(account, resources.len()), text(account, resources, stops_at));
    let account = Some(account.id.as_str());
    people.publish(&Letter { kind: "idle", account, owner, subject: &subject, text: &text }).await
}

/// SNS takes fewer than 100 characters, and ASCII only
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>): the account's name may be neither.
fn subject(account: &Account, count: usize) -> String {
    let resources = if count == 1 { "resource that nobody uses" } else { "resources that nobody uses" };
    format!("{count} {resources} in AWS account {}", account.id)
}

fn text(account: &Account, resources: &[Idle], stops_at: &BTreeMap<String, Option<Timestamp>>) -> String {
    let environment = account.environment.map_or("no environment", landing_zone::Environment::id);
    let mut text = format!(
        "In the AWS account {} ({}, {environment}) these resources cost money, and nobody seems to use them.\n",
        account.name, account.id
    );
    for idle in resources.iter().take(MOST_NAMED) {
        let saving = idle.monthly_saving.map(|usd| format!("; about {usd:.2} USD a month")).unwrap_or_default();
        let follows = match stops_at.get(&idle.arn).copied().flatten() {
            Some(at) => format!("It will be stopped after {}.", at.strftime("%Y-%m-%d %H:%M UTC")),
            None => "Please stop or delete it if it is not needed.".to_owned(),
        };
        let _ = write!(text, "\n{}\n  {}, {}{saving}\n  {follows}\n", idle.arn, idle.kind, idle.evidence);
    }
    if resources.len() > MOST_NAMED {
        let _ = write!(text, "\n{} more are in the report.\n", resources.len().saturating_sub(MOST_NAMED));
    }
    let _ = write!(
        text,
        "\nUsing a resource is enough to keep it. To keep one that is not used, give it the tag {}, such as \"until \
         2027-01-31 by jane@example.com for the launch\". What was stopped can be started again; nothing is deleted.\n",
        workloads::EXEMPTION_TAG
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ai_account, idle};
    use finops::IdleState;

    #[test]
    fn a_letter_says_what_costs_what_shows_it_and_what_follows() {
        let mut account = ai_account();
        account.name = "Models \u{1f4b8}".to_owned();
        let loose = Idle {
            kind: "volume".to_owned(),
            arn: "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1".to_owned(),
            monthly_saving: None,
            ..idle("n", IdleState::Found)
        };
        let resources = [idle("n", IdleState::Found), loose];
        let stops_at = [(resources[0].arn.clone(), Some("2026-11-29T12:00:00Z".parse().unwrap()))].into();
        insta::assert_snapshot!(text(&account, &resources, &stops_at));
        let subject = subject(&account, 1000);
        assert!(subject.is_ascii() && subject.len() < 100, "{subject}");
    }

    #[test]
    fn a_letter_stays_short() {
        let resources: Vec<Idle> = (0..200).map(|at| idle(&format!("n{at}"), IdleState::Found)).collect();
        let text = text(&ai_account(), &resources, &BTreeMap::new());
        assert!(text.contains("150 more are in the report") && text.len() < 20_000);
    }
}

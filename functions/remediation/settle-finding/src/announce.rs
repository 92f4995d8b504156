//! Events and letters about cases.

use crate::outcome;
use aws::{AwsFault, ConfigError, SdkConfig, required};
use aws_sdk_sns::{Client, types::MessageAttributeValue};
use remediation::Case;
use serde_json::json;

/// Source of every event about remediation.
pub(crate) const SOURCE: &str = "ai-landing-zone.remediation";

/// What an event says of a case.
pub(crate) fn detail(case: &Case) -> String {
    let told = &case.remediation;
    json!({"caseId": case.id, "attempt": case.attempt, "state": case.state, "control": told.control,
        "title": outcome::title(case), "severity": case.severity, "resource": told.resource, "accountId": told.account_id,
        "region": told.region, "mode": told.mode, "owner": case.owner, "reason": case.reason.as_deref().unwrap_or("none"),
        "plan": case.plan, "failure": case.failure, "source": case.source, "until": case.warned_until})
    .to_string()
}

/// Letters to owners.
pub(crate) struct Letters {
    client: Client,
    topic: String,
}

impl Letters {
    pub(crate) fn from_environment(config: &SdkConfig) -> Result<Self, ConfigError> {
        let topic = required("REPORT_TOPIC_ARN", |text| Ok(text.to_owned()))?;
        Ok(Self { client: Client::new(config), topic })
    }

    /// Writes to the owner of a case, if anybody is known. Subscriptions pick their owner's letters by the attribute.
    pub(crate) async fn send(&self, case: &Case) -> Result<(), AwsFault> {
        let Some(owner) = &case.owner else { return Ok(()) };
        let attribute = MessageAttributeValue::builder().data_type("String").string_value(owner).build();
        let sent = self
            .client
            .publish()
            .topic_arn(&self.topic)
            .subject(subject(case))
            .message(text(case))
            .set_message_attributes(attribute.ok().map(|owner| [("owner".to_owned(), owner)].into()))
            .send()
            .await;
        sent.map(drop).map_err(|error| AwsFault::new("sns:Publish", &error))
    }
}

/// SNS takes fewer than 100 characters, and ASCII only
/// (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>).
fn subject(case: &Case) -> String {
    format!("{} in account {}: {}", case.remediation.control, case.remediation.account_id, case.state.id())
}

fn text(case: &Case) -> String {
    let told = &case.remediation;
    let mut lines = vec![
        outcome::title(case).to_owned(),
        format!("Resource {}", told.resource),
        format!("Account {}, Region {}", told.account_id, told.region),
        outcome::update(case).note,
    ];
    if let Some(failure) = &case.failure {
        lines.push(failure.advice.clone());
    }
    if let Some(source) = &case.source {
        // A type with its properties, or a resource with its arguments.
        let part = |names: [&str; 2]| names.iter().find_map(|name| source.get(name)).cloned().unwrap_or_default();
        let (kind, wanted) = (part(["type", "resource"]), part(["properties", "arguments"]));
        lines.push(format!("Its source needs, in {}: {wanted}", kind.as_str().unwrap_or_default()));
    }
    lines.push(format!("GET /v1/remediations/{} shows the plan, call by call.", case.id));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use remediation::{Finding, Known, Modes, Severity, State, Verdict, findings, triage};
    use std::collections::BTreeMap;

    fn case() -> Case {
        let now: Timestamp = "2026-11-26T12:00:00Z".parse().unwrap();
        let finding = json!({"Id": "f-1", "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/securityhub",
            "AwsAccountId": "111122223333", "Region": "eu-west-1", "UpdatedAt": "2026-11-26T08:00:00Z",
            "Compliance": {"Status": "FAILED", "SecurityControlId": "DynamoDB.6"},
            "Resources": [{"Id": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders", "Tags": {"owner": "jane@example.com"}}]});
        let finding: Finding = findings(&finding).remove(0).unwrap();
        let Verdict::Planned(told) = triage(&finding, &Known::default(), &Modes::standard(), now).remove(0) else {
            panic!()
        };
        Case::open(*told, &BTreeMap::new(), Severity::Medium, now)
    }

    #[test]
    fn a_letter_says_what_why_and_where_to_look() {
        let mut case = case();
        case.enter(State::Held, "2026-11-26T12:00:00Z".parse().unwrap());
        case.reason = Some("it comes from the CloudFormation stack web: change its template".to_owned());
        case.source = Some(json!({"type": "AWS::DynamoDB::Table", "properties": {"DeletionProtectionEnabled": true}}));
        insta::assert_snapshot!(format!("{}\n\n{}", subject(&case), text(&case)));
    }

    #[test]
    fn only_what_was_read_back_is_resolved() {
        let mut case = case();
        assert!(outcome::event(&case) == "Remediation Planned" && !outcome::needs_people(&case));
        case.remediation.mode = remediation::Mode::Automatic;
        for (state, workflow, event) in [
            (State::Fixed, "RESOLVED", "Remediation Fixed"),
            (State::Suppressed, "SUPPRESSED", "Remediation Suppressed"),
            (State::Failed, "NOTIFIED", "Remediation Failed"),
            (State::Waiting, "NOTIFIED", "Remediation Waiting"),
            (State::Undone, "NOTIFIED", "Remediation Undone"),
        ] {
            case.state = state;
            assert_eq!((outcome::update(&case).workflow, outcome::event(&case)), (workflow, event), "{state:?}");
        }
        case.reason = Some("x".repeat(2000));
        case.state = State::Held;
        assert_eq!(outcome::update(&case).note.chars().count(), 512);
        (case.state, case.undone_by) = (State::Fixed, Some("jane".to_owned()));
        assert_eq!((outcome::update(&case).workflow, outcome::event(&case)), ("NOTIFIED", "Remediation Undo Refused"));
    }
}

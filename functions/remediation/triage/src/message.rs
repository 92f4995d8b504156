//! The messages of a batch, read.

use aws_lambda_events::sqs::SqsMessage;
use jiff::Timestamp;
use remediation::{Finding, findings};
use serde_json::Value;

/// What is to become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is done with.
    Done,
    /// It comes back.
    Again,
    /// It goes to the dead letters, with its reason.
    Dead(String),
}

/// One message.
#[derive(Debug)]
pub(crate) struct Message {
    pub id: String,
    pub body: String,
    pub findings: Vec<Finding>,
    /// When somebody picked its findings by hand.
    pub asked_at: Option<Timestamp>,
    pub fate: Fate,
}

impl Message {
    pub(crate) fn read(message: SqsMessage) -> Self {
        let mut read = Self {
            id: message.message_id.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            findings: Vec::new(),
            asked_at: None,
            fate: Fate::Done,
        };
        let document: Value = match serde_json::from_str(&read.body) {
            Ok(document) => document,
            Err(why) => {
                read.fate = Fate::Dead(format!("no JSON: {why}"));
                return read;
            }
        };
        let text = |name: &str| document.get(name).and_then(Value::as_str);
        if text("detail-type") == Some("Security Hub Findings - Custom Action") {
            read.asked_at = text("time").and_then(|time| time.parse().ok());
        }
        for finding in findings(&document) {
            match finding {
                Ok(finding) => read.findings.push(finding),
                Err(why) => read.fate = Fate::Dead(why.to_string()),
            }
        }
        if read.findings.is_empty() && read.fate == Fate::Done {
            read.fate = Fate::Dead("no finding".to_owned());
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: &str) -> Message {
        let message = json!({"messageId": "m-1", "receiptHandle": "r-1", "body": body, "attributes": {},
            "messageAttributes": {}});
        Message::read(serde_json::from_value(message).unwrap())
    }

    #[test]
    fn what_can_never_be_used_says_why() {
        for (body, why) in [
            ("{", "no JSON"),
            (r#"{"detail": {}}"#, "no finding"),
            (
                r#"{"detail": {"findings": [
            {"ProductArn": "p", "AwsAccountId": "1", "Resources": []}]}}"#,
                "/Id",
            ),
        ] {
            assert!(matches!(read(body).fate, Fate::Dead(text) if text.contains(why)), "{body}");
        }
    }

    #[test]
    fn a_custom_action_is_told_from_an_import() {
        let event = |kind: &str| {
            let finding = json!({"Id": "f", "ProductArn": "p", "AwsAccountId": "111122223333", "Region": "eu-west-1",
                "UpdatedAt": "2026-11-26T08:00:00Z", "Resources": [{"Id": "arn:aws:s3:::data"}]});
            json!({"detail-type": kind, "time": "2026-11-26T09:00:00Z", "detail": {"findings": [finding]}}).to_string()
        };
        let by_hand = read(&event("Security Hub Findings - Custom Action"));
        assert_eq!((by_hand.findings.len(), by_hand.asked_at.is_some(), by_hand.fate), (1, true, Fate::Done));
        assert_eq!(read(&event("Security Hub Findings - Imported")).asked_at, None);
    }
}

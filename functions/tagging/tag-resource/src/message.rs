//! The messages of a batch, read.

use aws_lambda_events::sqs::SqsMessage;
use tagging::{Creation, Ignored, Verdict, classify, records};

/// One message.
#[derive(Debug)]
pub(crate) struct Message {
    pub id: String,
    pub receipt: String,
    pub body: String,
    /// How often it has been delivered, from 1.
    pub attempt: u32,
    pub creations: Vec<Creation>,
    pub ignored: Vec<Ignored>,
    /// Why it can never be used.
    pub rejected: Option<String>,
}

impl Message {
    pub(crate) fn read(message: SqsMessage) -> Self {
        let attempt = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let mut read = Self {
            id: message.message_id.unwrap_or_default(),
            receipt: message.receipt_handle.unwrap_or_default(),
            body: message.body.unwrap_or_default(),
            attempt: attempt.unwrap_or(1),
            creations: Vec::new(),
            ignored: Vec::new(),
            rejected: None,
        };
        match serde_json::from_str(&read.body) {
            Ok(document) => {
                for found in records(&document) {
                    match classify(&found.record) {
                        Verdict::Creation(creation) => read.creations.push(*creation),
                        Verdict::Ignored(why) => read.ignored.push(why),
                        Verdict::Rejected(why) => read.rejected = Some(why.to_string()),
                    }
                }
            }
            Err(why) => read.rejected = Some(format!("no JSON: {why}")),
        }
        read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Message {
        let message: SqsMessage = serde_json::from_value(serde_json::json!({
            "messageId": "m-1", "receiptHandle": "r-1", "body": body, "attributes": {"ApproximateReceiveCount": "3"},
            "messageAttributes": {}
        }))
        .unwrap();
        Message::read(message)
    }

    #[test]
    fn a_message_that_is_no_json_says_so_and_one_that_is_not_ours_is_ignored() {
        assert!(read("{").rejected.unwrap().starts_with("no JSON"));
        let other = read(r#"{"detail-type": "x", "detail": {}}"#);
        assert_eq!((other.ignored.as_slice(), other.attempt), ([Ignored::NotOurs].as_slice(), 3));
    }
}

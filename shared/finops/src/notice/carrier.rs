//! What a message about cost comes in: events of SNS and SQS for Lambda, the envelope of SNS, events of `EventBridge`.

use super::{Door, Notice, Rejected, anomaly, budget};
use serde_json::Value;

/// Of Cost Anomaly Detection
/// (<https://docs.aws.amazon.com/cost-management/latest/userguide/cad-eventbridge.html>).
const ANOMALY: (&str, &str) = ("aws.ce", "Anomaly Detected");

impl Door {
    /// Every notice in an event, whatever carries it.
    #[must_use]
    pub fn notices(&self, event: &Value) -> Vec<Result<Notice, Rejected>> {
        let has = |name: &str| event.get(name).is_some();
        match (event, event.get("Records")) {
            (_, Some(Value::Array(records))) => records.iter().map(|record| self.record(record)).collect(),
            (_, Some(_)) => vec![rejected("Records is no list")],
            (Value::Array(events), _) => events.iter().flat_map(|event| self.notices(event)).collect(),
            (Value::String(text), _) => vec![self.notice_in(text)],
            _ if has("Sns") || has("body") => vec![self.record(event)],
            _ => vec![self.document(event)],
        }
    }

    /// The notice in the body of one SQS message: the envelope of SNS, an event, or with raw delivery the message itself.
    pub fn notice_in(&self, body: &str) -> Result<Notice, Rejected> {
        let text = body.trim_start_matches('\u{feff}').trim();
        if text.is_empty() {
            return rejected("the message is empty");
        }
        if !text.starts_with(['{', '[', '"']) {
            return budget::read(text);
        }
        match serde_json::from_str::<Value>(text) {
            Ok(document) => self.document(&document),
            Err(why) => rejected(&format!("the message is neither text nor JSON: {why}")),
        }
    }

    fn record(&self, record: &Value) -> Result<Notice, Rejected> {
        match (record.get("Sns"), record.get("body")) {
            (Some(envelope), _) => self.envelope(envelope),
            (None, Some(Value::String(body))) => self.notice_in(body),
            (None, Some(_)) => rejected("body is no text"),
            (None, None) => rejected("the record is of neither SNS nor SQS"),
        }
    }

    fn document(&self, document: &Value) -> Result<Notice, Rejected> {
        let has = |name: &str| document.get(name).is_some();
        if has("TopicArn") || has("Type") {
            self.envelope(document)
        } else if has("detail-type") {
            event(document)
        } else if anomaly::is_anomaly(document) {
            anomaly::read(document).map(Notice::Anomaly)
        } else {
            rejected("the JSON is neither an anomaly nor what one comes in")
        }
    }

    fn envelope(&self, envelope: &Value) -> Result<Notice, Rejected> {
        let text = |name: &str| envelope.get(name).and_then(Value::as_str);
        let topic = text("TopicArn").unwrap_or("without an ARN");
        if !self.topics.is_empty() && !self.topics.iter().any(|known| known == topic) {
            return rejected(&format!("came through topic {topic}, which is not listened to"));
        }
        match text("Type") {
            Some(kind @ ("SubscriptionConfirmation" | "UnsubscribeConfirmation")) => {
                Ok(Notice::Ignored(format!("{kind}: topic {topic}")))
            }
            Some("Notification") | None => {
                text("Message").map_or_else(|| rejected("Message is no text"), |message| self.notice_in(message))
            }
            Some(other) => rejected(&format!("{other:?} is no type of SNS message")),
        }
    }
}

fn event(event: &Value) -> Result<Notice, Rejected> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    match (text("source"), text("detail-type")) {
        ANOMALY => anomaly::read(event.get("detail").unwrap_or(&Value::Null)).map(Notice::Anomaly),
        (source, kind) => Ok(Notice::Ignored(format!("an event of {source:?}: {kind:?}"))),
    }
}

fn rejected<T>(why: &str) -> Result<T, Rejected> {
    Err(Rejected(why.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::{BudgetNotice, Door, Notice, Rejected, notice_in, notices};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:cost";

    const TEXT: &str = "AWS Budget Notification November 26, 2026\nAWS Account 111122223333\n\nBudget Name: ai\n\
        Budget Type: Cost\nBudgeted Amount: $5.00\nAlert Type: ACTUAL\nAlert Threshold: > $4.00\nACTUAL Amount: $4.50\n";

    fn anomaly() -> Value {
        json!({"anomalyId": "a-1", "anomalyStartDate": "2026-11-25", "impact": {"totalImpact": 12.5},
            "rootCauses": [{"linkedAccount": "222233334444"}]})
    }

    fn envelope(message: &str) -> Value {
        json!({"Type": "Notification", "MessageId": "m", "TopicArn": TOPIC, "Subject": "s", "Message": message})
    }

    fn sqs(body: &str) -> Value {
        json!({"messageId": "1", "eventSource": "aws:sqs", "body": body})
    }

    fn event() -> Value {
        json!({"version": "0", "source": "aws.ce", "detail-type": "Anomaly Detected", "detail": anomaly()})
    }

    #[test]
    fn every_carrier_is_taken_off() {
        let text = notice_in(TEXT).unwrap();
        let found = notice_in(&anomaly().to_string()).unwrap();
        let (letter, other) = (envelope(TEXT), envelope(&anomaly().to_string()));
        for (carried, notice) in [
            (json!({"Records": [{"EventSource": "aws:sns", "Sns": letter}]}), &text),
            (json!({"Records": [sqs(&letter.to_string())]}), &text),
            (json!({"Records": [sqs(TEXT)]}), &text),
            (json!([sqs(TEXT)]), &text),
            (json!(TEXT), &text),
            (letter, &text),
            (json!({"Records": [{"EventSource": "aws:sns", "Sns": other}]}), &found),
            (json!({"Records": [sqs(&other.to_string())]}), &found),
            (json!({"Records": [sqs(&event().to_string())]}), &found),
            (json!({"Records": [sqs(&anomaly().to_string())]}), &found),
            (json!({"Records": [sqs(&envelope(&event().to_string()).to_string())]}), &found),
            (json!([event()]), &found),
            (event(), &found),
            (anomaly(), &found),
        ] {
            assert_eq!(notices(&carried), [Ok(notice.clone())], "{carried}");
        }
        assert!(matches!(&text, Notice::Budget(BudgetNotice { budget, .. }) if budget == "ai"));
        assert!(matches!(&found, Notice::Anomaly(notice) if notice.causes.len() == 1));
    }

    #[test]
    fn two_records_are_two_notices_and_one_that_is_broken_spoils_no_other() {
        let several = notices(&json!({"Records": [sqs(TEXT), sqs("{"), sqs(&event().to_string())]}));
        assert!(matches!(&several[..], [Ok(Notice::Budget(_)), Err(_), Ok(Notice::Anomaly(_))]), "{several:?}");
        assert!(notices(&json!({"Records": []})).is_empty());
    }

    #[test]
    fn what_is_no_news_is_ignored_with_the_reason() {
        let mut confirmation = envelope("You have chosen to subscribe");
        let mut farewell = envelope("You have chosen to leave");
        confirmation["Type"] = "SubscriptionConfirmation".into();
        farewell["Type"] = "UnsubscribeConfirmation".into();
        let call = json!({"source": "aws.budgets", "detail-type": "AWS API Call via CloudTrail", "detail": {}});
        let stranger = json!({"source": "example", "detail-type": "Anomaly Detected", "detail": anomaly()});
        for (carried, why) in [
            (confirmation, "SubscriptionConfirmation: topic arn:aws:sns:us-east-1:111122223333:cost"),
            (farewell, "UnsubscribeConfirmation: topic arn:aws:sns:us-east-1:111122223333:cost"),
            (envelope("Test message"), "a test of the topic"),
            (call, "an event of \"aws.budgets\": \"AWS API Call via CloudTrail\""),
            (stranger, "an event of \"example\": \"Anomaly Detected\""),
        ] {
            assert_eq!(notices(&carried), [Ok(Notice::Ignored(why.to_owned()))], "{carried}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_rejected_with_the_reason() {
        let (mut object, mut kind, mut silent) = (envelope(""), envelope(TEXT), envelope(TEXT));
        object["Message"] = anomaly();
        kind["Type"] = "Other".into();
        silent.as_object_mut().unwrap().remove("Message");
        let textual = json!({"source": "aws.ce", "detail-type": "Anomaly Detected", "detail": TEXT});
        for (carried, why) in [
            (json!({"Records": [{"eventSource": "aws:sqs", "body": anomaly()}]}), "body is no text"),
            (json!({"Records": [{"eventSource": "aws:s3"}]}), "the record is of neither SNS nor SQS"),
            (json!({"Records": "none"}), "Records is no list"),
            (json!({"Records": [{"Sns": "text"}]}), "Message is no text"),
            (object, "Message is no text"),
            (silent, "Message is no text"),
            (kind, "\"Other\" is no type of SNS message"),
            (envelope(" \r\n"), "the message is empty"),
            (envelope("{\"anomalyId\": }"), "the message is neither text nor JSON: expected value at line 1 column 15"),
            (envelope("{\"budgetName\": \"ai\"}"), "the JSON is neither an anomaly nor what one comes in"),
            (envelope("[1]"), "the JSON is neither an anomaly nor what one comes in"),
            (json!(7), "the JSON is neither an anomaly nor what one comes in"),
            (json!({}), "the JSON is neither an anomaly nor what one comes in"),
            (envelope("Your bill is ready"), "the text is no notice of a budget"),
            (textual, "the anomaly is no JSON object"),
        ] {
            assert_eq!(notices(&carried), [Err(Rejected(why.to_owned()))], "{carried}");
        }
    }

    #[test]
    fn a_topic_that_is_not_listened_to_is_refused() {
        let door = |topic: &str| Door { topics: vec![topic.to_owned()] };
        let letter = envelope(TEXT).to_string();
        assert!(matches!(door(TOPIC).notice_in(&letter), Ok(Notice::Budget(_))));
        let why = door("arn:aws:sns:us-east-1:111122223333:other").notice_in(&letter).unwrap_err();
        assert_eq!(why.0, format!("came through topic {TOPIC}, which is not listened to"));
        let mut nameless = envelope(TEXT);
        nameless.as_object_mut().unwrap().remove("TopicArn");
        assert!(door(TOPIC).notices(&nameless)[0].is_err());
        assert!(matches!(door(TOPIC).notice_in(&event().to_string()), Ok(Notice::Anomaly(_))));
    }

    fn anything() -> impl Strategy<Value = Value> {
        let key = prop::sample::select(vec![
            "Records",
            "Sns",
            "body",
            "Type",
            "Message",
            "TopicArn",
            "detail-type",
            "source",
            "detail",
            "anomalyId",
            "anomalyStartDate",
            "impact",
            "totalImpact",
            "rootCauses",
            "linkedAccount",
            "other",
        ]);
        let text =
            prop::sample::select(vec!["aws.ce", "Anomaly Detected", "Notification", "2026-11-26", "12.5", TEXT, ""]);
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(6, 64, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::hash_map(key.clone(), inner.clone(), 0..6)
                    .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
                inner.prop_map(|value| value.to_string().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn any_event_is_read_or_refused(event in anything()) {
            let _ = notices(&event);
        }

        #[test]
        fn any_body_is_read_or_refused(body in "\\PC*", cut in 0..TEXT.len(), with in "[-$€0-9,.: A-Za-z\n\r]{0,20}") {
            let _ = notice_in(&body);
            let (head, tail) = TEXT.split_at(cut);
            let _ = notice_in(&format!("{head}{with}{tail}"));
        }
    }
}

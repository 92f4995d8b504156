//! What people and other systems hear of a vend: the event on the product's bus, and its text from the SNS topic.

use crate::Vended;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tests::{Aws, Stack, unique};

const RULE_TARGET: &str = "AWSEvents";
/// Events take a moment to arrive; none takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A queue that hears of both.
pub(crate) struct Listener {
    aws: Aws,
    bus: String,
    name: String,
    queue_url: String,
    subscription: String,
}

impl Listener {
    pub(crate) async fn start(stack: &Stack) -> Self {
        let (aws, bus, name) = (stack.aws(), stack.output("EventBusName").to_owned(), unique("e2e-vending"));
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
            "Action": "sqs:SendMessage", "Resource": "*"}]});
        let queue = json!({"QueueName": name, "Attributes": {"Policy": policy.to_string()}});
        let queue_url = text(&aws.json("sqs", "AmazonSQS.CreateQueue", &queue).await["QueueUrl"]);
        let asked = json!({"QueueUrl": queue_url, "AttributeNames": ["QueueArn"]});
        let arn = text(&aws.json("sqs", "AmazonSQS.GetQueueAttributes", &asked).await["Attributes"]["QueueArn"]);
        let topic = stack.output("NotificationTopicArn");
        let form = [
            ("Action", "Subscribe"),
            ("Version", "2010-03-31"),
            ("TopicArn", topic),
            ("Protocol", "sqs"),
            ("Endpoint", &arn),
        ];
        let answer = aws.query("sns", &form).await;
        let subscription = answer.split("<SubscriptionArn>").nth(1).and_then(|rest| rest.split('<').next());
        let rule = json!({"Name": name, "EventBusName": bus, "EventPattern": json!({"source": [{"prefix": "ai-landing-zone"}]}).to_string()});
        aws.json("events", &format!("{RULE_TARGET}.PutRule"), &rule).await;
        let targets = json!({"Rule": name, "EventBusName": bus, "Targets": [{"Id": "queue", "Arn": arn}]});
        aws.json("events", &format!("{RULE_TARGET}.PutTargets"), &targets).await;
        Self { subscription: subscription.expect("a subscription").to_owned(), aws, bus, name, queue_url }
    }

    /// Waits until both have told of every vend, and compares what they told.
    pub(crate) async fn heard_all(&self, vended: &[Vended]) {
        let (mut events, mut texts) = (BTreeMap::new(), BTreeMap::new());
        let began = Instant::now();
        while (events.len() < vended.len() || texts.len() < vended.len()) && began.elapsed() < PATIENCE {
            for message in self.receive().await {
                if let Some(text) = message["Message"].as_str() {
                    let id = text.split("Request ").nth(1).and_then(|rest| rest.split('.').next());
                    texts.insert(id.expect("a request id").to_owned(), text.to_owned());
                } else {
                    events.insert(text(&message["detail"]["requestId"]), message);
                }
            }
        }
        for one in vended {
            let event = events.get(one.text("requestId")).unwrap_or_else(|| panic!("no event of {}", one.record));
            assert_eq!(
                (&event["source"], &event["detail-type"]),
                (&json!("ai-landing-zone.accounts"), &json!("Account Vended"))
            );
            assert_eq!(event["detail"], detail(&one.record));
            let text = texts.get(one.text("requestId")).unwrap_or_else(|| panic!("no text of {}", one.record));
            assert!(text.contains(&format!("Account {} is ready.", one.text("name"))), "{text}");
            assert!(text.contains(one.text("accountId")) && text.contains(one.text("organizationalUnit")), "{text}");
        }
    }

    async fn receive(&self) -> Vec<Value> {
        let asked = json!({"QueueUrl": self.queue_url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
        let answer = self.aws.json("sqs", "AmazonSQS.ReceiveMessage", &asked).await;
        let mut messages = Vec::new();
        for message in answer["Messages"].as_array().into_iter().flatten() {
            let handle = json!({"QueueUrl": self.queue_url, "ReceiptHandle": message["ReceiptHandle"]});
            self.aws.json("sqs", "AmazonSQS.DeleteMessage", &handle).await;
            messages.push(serde_json::from_str(&text(&message["Body"])).expect("a JSON message"));
        }
        messages
    }

    pub(crate) async fn stop(self) {
        let Self { aws, bus, name, queue_url, subscription } = self;
        aws.query("sns", &[("Action", "Unsubscribe"), ("Version", "2010-03-31"), ("SubscriptionArn", &subscription)])
            .await;
        let targets = json!({"Rule": name, "EventBusName": bus, "Ids": ["queue"]});
        aws.json("events", &format!("{RULE_TARGET}.RemoveTargets"), &targets).await;
        aws.json("events", &format!("{RULE_TARGET}.DeleteRule"), &json!({"Name": name, "EventBusName": bus})).await;
        aws.json("sqs", "AmazonSQS.DeleteQueue", &json!({"QueueUrl": queue_url})).await;
    }
}

/// What an event should say of a request.
fn detail(record: &Value) -> Value {
    let fields =
        ["requestId", "attempt", "accountId", "name", "accountType", "environment", "organizationalUnit", "state"];
    let fields = fields.into_iter().filter_map(|field| Some((field.to_owned(), record.get(field)?.clone())));
    Value::Object(fields.collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

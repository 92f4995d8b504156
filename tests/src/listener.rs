//! A queue behind a rule of its own on the product's event bus, and behind topics: what the suite's customers hear.

use crate::{Aws, Stack, between};
use serde_json::{Value, json};

/// Listens from its start to its stop.
#[derive(Debug)]
pub struct Listener {
    aws: Aws,
    bus: String,
    name: String,
    queue_url: String,
    queue_arn: String,
    subscriptions: Vec<String>,
}

impl Listener {
    /// Starts to listen to the events that `pattern` lets through.
    pub async fn start(stack: &Stack, name: &str, pattern: &Value) -> Self {
        let (aws, bus) = (stack.aws(), stack.output("EventBusName").to_owned());
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]},
            "Action": "sqs:SendMessage", "Resource": "*"}]});
        let queue = json!({"QueueName": name, "Attributes": {"Policy": policy.to_string()}});
        let queue_url = text(&aws.json("sqs", "AmazonSQS.CreateQueue", &queue).await["QueueUrl"]);
        let asked = json!({"QueueUrl": queue_url, "AttributeNames": ["QueueArn"]});
        let queue_arn = text(&aws.json("sqs", "AmazonSQS.GetQueueAttributes", &asked).await["Attributes"]["QueueArn"]);
        let rule = json!({"Name": name, "EventBusName": bus, "EventPattern": pattern.to_string()});
        aws.json("events", "AWSEvents.PutRule", &rule).await;
        let targets = json!({"Rule": name, "EventBusName": bus, "Targets": [{"Id": "queue", "Arn": queue_arn}]});
        aws.json("events", "AWSEvents.PutTargets", &targets).await;
        Self { aws, bus, name: name.to_owned(), queue_url, queue_arn, subscriptions: Vec::new() }
    }

    /// Hears a topic too: all of it, or what a filter policy lets through.
    pub async fn subscribe(&mut self, topic: &str, filter: Option<&Value>) {
        let filter = filter.map(Value::to_string);
        let mut form = vec![
            ("Action", "Subscribe"),
            ("Version", "2010-03-31"),
            ("TopicArn", topic),
            ("Protocol", "sqs"),
            ("Endpoint", &self.queue_arn),
            ("ReturnSubscriptionArn", "true"),
        ];
        if let Some(filter) = &filter {
            form.extend([("Attributes.entry.1.key", "FilterPolicy"), ("Attributes.entry.1.value", filter)]);
        }
        let answer = self.aws.query("sns", &form).await;
        self.subscriptions.push(between(&answer, "<SubscriptionArn>"));
    }

    /// The messages of the next second, at most ten.
    pub async fn receive(&self) -> Vec<Value> {
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

    /// Takes subscriptions, rule and queue away.
    pub async fn stop(self) {
        let Self { aws, bus, name, queue_url, subscriptions, .. } = self;
        for subscription in &subscriptions {
            let form = [("Action", "Unsubscribe"), ("Version", "2010-03-31"), ("SubscriptionArn", subscription)];
            aws.query("sns", &form).await;
        }
        let targets = json!({"Rule": name, "EventBusName": bus, "Ids": ["queue"]});
        aws.json("events", "AWSEvents.RemoveTargets", &targets).await;
        aws.json("events", "AWSEvents.DeleteRule", &json!({"Name": name, "EventBusName": bus})).await;
        aws.json("sqs", "AmazonSQS.DeleteQueue", &json!({"QueueUrl": queue_url})).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

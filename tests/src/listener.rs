//! A queue behind a rule of its own on the product's event bus: what the suite's customers hear.

use crate::{Aws, Stack};
use serde_json::{Value, json};

/// Listens from its start to its stop.
#[derive(Debug)]
pub struct Listener {
    aws: Aws,
    bus: String,
    name: String,
    queue_url: String,
    /// Where others may send to as well: SNS and `EventBridge` are let in.
    pub queue_arn: String,
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
        Self { aws, bus, name: name.to_owned(), queue_url, queue_arn }
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

    /// Takes rule and queue away.
    pub async fn stop(self) {
        let Self { aws, bus, name, queue_url, .. } = self;
        let targets = json!({"Rule": name, "EventBusName": bus, "Ids": ["queue"]});
        aws.json("events", "AWSEvents.RemoveTargets", &targets).await;
        aws.json("events", "AWSEvents.DeleteRule", &json!({"Name": name, "EventBusName": bus})).await;
        aws.json("sqs", "AmazonSQS.DeleteQueue", &json!({"QueueUrl": queue_url})).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}

//! A queue on the product's event bus: what the suite's customers hear.

use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A queue behind a rule of its own.
pub struct Listener {
    queue: String,
    rule: String,
    heard: BTreeSet<(String, String)>,
}

impl Listener {
    /// Starts to listen to every event about accounts.
    pub async fn new(world: &World, name: &str) -> Self {
        let created = world.stack.aws().json("sqs", "AmazonSQS.CreateQueue", &json!({ "QueueName": name })).await;
        let queue = created["QueueUrl"].as_str().expect("a queue").to_owned();
        let attributes = json!({"QueueUrl": queue, "AttributeNames": ["QueueArn"]});
        let attributes = world.stack.aws().json("sqs", "AmazonSQS.GetQueueAttributes", &attributes).await;
        let bus = world.stack.output("EventBusName");
        let pattern = json!({"source": ["ai-landing-zone.accounts"]}).to_string();
        let rule = json!({"Name": name, "EventBusName": bus, "EventPattern": pattern});
        world.stack.aws().json("events", "AWSEvents.PutRule", &rule).await;
        let targets = json!([{"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}]);
        let targets = json!({"Rule": name, "EventBusName": bus, "Targets": targets});
        world.stack.aws().json("events", "AWSEvents.PutTargets", &targets).await;
        Self { queue, rule: name.to_owned(), heard: BTreeSet::new() }
    }

    /// True when an event of this type about the request has come.
    pub async fn has_heard(&mut self, world: &World, request: &str, detail_type: &str) -> bool {
        let wanted = (request.to_owned(), detail_type.to_owned());
        while !self.heard.contains(&wanted) {
            let receive = json!({"QueueUrl": self.queue, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 1});
            let received = world.stack.aws().json("sqs", "AmazonSQS.ReceiveMessage", &receive).await;
            let messages = received["Messages"].as_array().cloned().unwrap_or_default();
            if messages.is_empty() {
                return false;
            }
            for message in messages {
                let event: Value = serde_json::from_str(message["Body"].as_str().expect("a body")).expect("an event");
                let request = event["detail"]["requestId"].as_str().expect("a request").to_owned();
                self.heard.insert((request, event["detail-type"].as_str().expect("a type").to_owned()));
                let delete = json!({"QueueUrl": self.queue, "ReceiptHandle": message["ReceiptHandle"]});
                world.stack.aws().json("sqs", "AmazonSQS.DeleteMessage", &delete).await;
            }
        }
        true
    }

    /// Takes rule and queue away.
    pub async fn end(self, world: &World) {
        let rule = json!({"Rule": self.rule, "EventBusName": world.stack.output("EventBusName"), "Ids": ["queue"]});
        world.stack.aws().json("events", "AWSEvents.RemoveTargets", &rule).await;
        let rule = json!({"Name": self.rule, "EventBusName": world.stack.output("EventBusName")});
        world.stack.aws().json("events", "AWSEvents.DeleteRule", &rule).await;
        world.stack.aws().json("sqs", "AmazonSQS.DeleteQueue", &json!({"QueueUrl": self.queue})).await;
    }
}

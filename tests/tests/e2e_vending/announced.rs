//! What people and other systems hear of a vend: the event on the product's bus, and its text from the SNS topic.

use crate::Vended;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};
use tests::{Listener, Stack, unique};

/// Events take a moment to arrive; none takes this long.
const PATIENCE: Duration = Duration::from_secs(30);

/// A queue that hears of both.
pub(crate) struct Heard {
    listener: Listener,
}

impl Heard {
    pub(crate) async fn start(stack: &Stack) -> Self {
        let pattern = json!({"source": [{"prefix": "ai-landing-zone"}]});
        let mut listener = Listener::start(stack, &unique("e2e-vending"), &pattern).await;
        listener.subscribe(stack.output("NotificationTopicArn"), None).await;
        Self { listener }
    }

    /// Waits until both have told of every vend, and compares what they told.
    pub(crate) async fn all_of(&self, vended: &[Vended]) {
        let (mut events, mut texts) = (BTreeMap::new(), BTreeMap::new());
        let began = Instant::now();
        while (events.len() < vended.len() || texts.len() < vended.len()) && began.elapsed() < PATIENCE {
            for message in self.listener.receive().await {
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

    pub(crate) async fn stop(self) {
        self.listener.stop().await;
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

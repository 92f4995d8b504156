//! What the suite's customers have heard so far.

use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use tests::Listener;

/// Events about accounts, by request and type.
pub struct Heard {
    listener: Listener,
    events: BTreeSet<(String, String)>,
}

impl Heard {
    /// Starts to listen to every event about accounts.
    pub async fn new(world: &World, name: &str) -> Self {
        let listener = Listener::start(&world.stack, name, &json!({"source": ["ai-landing-zone.accounts"]})).await;
        Self { listener, events: BTreeSet::new() }
    }

    /// True when an event of this type about the request has come.
    pub async fn has(&mut self, request: &str, detail_type: &str) -> bool {
        let wanted = (request.to_owned(), detail_type.to_owned());
        while !self.events.contains(&wanted) {
            let events = self.listener.receive().await;
            if events.is_empty() {
                return false;
            }
            let text = |value: &Value| value.as_str().expect("text").to_owned();
            let named = events.iter().map(|event| (text(&event["detail"]["requestId"]), text(&event["detail-type"])));
            self.events.extend(named);
        }
        true
    }

    pub async fn end(self) {
        self.listener.stop().await;
    }
}

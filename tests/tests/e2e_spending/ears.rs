//! What people and machines are told of spending.

use crate::{LONGEST, world::World};
use serde_json::{Value, json};
use std::time::Instant;
use tests::{Listener, unique};

/// Everything that was told since the start.
pub(crate) struct Ears {
    listener: Listener,
    heard: Vec<Value>,
}

impl Ears {
    /// Listens to the events about spending, and to the topic of people.
    pub(crate) async fn open(world: &World) -> Self {
        let pattern = json!({"source": ["ai-landing-zone.spending"]});
        let mut listener = Listener::start(&world.stack, &unique("spending"), &pattern).await;
        listener.subscribe(world.stack.output("SpendTopicArn"), None).await;
        Self { listener, heard: Vec::new() }
    }

    /// Takes in what was told until now.
    pub(crate) async fn listen(&mut self) {
        loop {
            let some = self.listener.receive().await;
            if some.is_empty() {
                return;
            }
            self.heard.extend(some);
        }
    }

    /// Waits for an event about an account.
    pub(crate) async fn event(&mut self, kind: &str, account: &str) -> Value {
        let began = Instant::now();
        loop {
            if let Some(event) = self.events(kind, account).last() {
                return event.clone();
            }
            assert!(began.elapsed() < LONGEST, "no {kind} about {account}: {:#?}", self.heard);
            self.listen().await;
        }
    }

    /// Waits for a letter that has this word, about an account.
    pub(crate) async fn letter(&mut self, account: &str, word: &str) -> Value {
        let began = Instant::now();
        loop {
            if let Some(letter) = self.letters(account).into_iter().find(|letter| letter.to_string().contains(word)) {
                return letter;
            }
            assert!(began.elapsed() < LONGEST, "no letter about {account} says {word}: {:#?}", self.heard);
            self.listen().await;
        }
    }

    /// What events said about an account, so far.
    pub(crate) fn events(&self, kind: &str, account: &str) -> Vec<Value> {
        let about = |event: &&Value| event["detail-type"] == kind && event["detail"]["accountId"] == account;
        self.heard.iter().filter(about).map(|event| event["detail"].clone()).collect()
    }

    /// The letters about an account, so far.
    pub(crate) fn letters(&self, account: &str) -> Vec<Value> {
        let about = |letter: &&Value| letter["MessageAttributes"]["account"]["Value"] == account;
        self.heard.iter().filter(about).cloned().collect()
    }

    /// The letters of a kind, so far.
    pub(crate) fn kind(&self, kind: &str) -> Vec<Value> {
        let is = |letter: &&Value| letter["MessageAttributes"]["kind"]["Value"] == kind;
        self.heard.iter().filter(is).cloned().collect()
    }

    pub(crate) async fn close(self) {
        self.listener.stop().await;
    }
}

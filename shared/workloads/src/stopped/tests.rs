//! The engine against small worlds that answer as AWS does, and that lose answers.

mod instances;
mod notebooks;

use super::*;
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use aws_types::region::Region;
use std::sync::{Arc, Mutex};

/// Status and body.
type Answer = (u16, String);

/// What answers calls.
trait World: std::fmt::Debug + Send {
    fn answer(&mut self, action: &str, body: &str) -> Answer;
}

/// A world at the other end of a configuration.
#[derive(Debug)]
struct Aws<W> {
    world: W,
    /// Every call that changed something.
    changes: Vec<String>,
    /// Which of the calls that change something loses its answer, and whether it has its effect.
    lost: Option<(usize, bool)>,
    sent: usize,
}

#[derive(Debug)]
struct Wire<W>(Arc<Mutex<Aws<W>>>);

impl<W> Clone for Wire<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W: World + 'static> HttpConnector for Wire<W> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default()).into_owned();
        let form = body.split('&').find_map(|pair| pair.strip_prefix("Action="));
        let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit('.').next());
        let action = target.or(form).expect("an action").to_owned();
        let mut aws = self.0.lock().unwrap();
        let changes = !["Describe", "List", "Get"].iter().any(|read| action.starts_with(read));
        aws.sent += usize::from(changes);
        let lost = aws.lost.filter(|(at, _)| changes && *at == aws.sent);
        let (mut status, mut answer) = (500, String::new());
        if lost.is_none_or(|(_, has_effect)| has_effect) {
            (status, answer) = aws.world.answer(&action, &body);
            if changes && status == 200 {
                aws.changes.push(action);
            }
        }
        if lost.is_some() {
            (aws.lost, status, answer) = (None, 500, String::new());
        }
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(answer))))
    }
}

impl<W: World + 'static> Wire<W> {
    fn new(world: W) -> Self {
        Self(Arc::new(Mutex::new(Aws { world, changes: Vec::new(), lost: None, sent: 0 })))
    }

    fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build()
    }

    fn lose(&self, change: usize, has_effect: bool) {
        self.0.lock().unwrap().lost = Some((change, has_effect));
    }

    /// True once the answer was lost.
    fn has_lost(&self) -> bool {
        self.0.lock().unwrap().lost.is_none()
    }

    fn changes(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap().changes)
    }

    fn with<T>(&self, change: impl FnOnce(&mut W) -> T) -> T {
        change(&mut self.0.lock().unwrap().world)
    }

    /// Takes a step until it is done; a step that fails is taken again from the record that was stored before it.
    async fn drive<F>(&self, stopped: &mut Stopped, step: F) -> Advance
    where
        F: AsyncFn(&SdkConfig, &mut Stopped) -> Result<Advance, Error>,
    {
        for _ in 0..40 {
            let mut next: Stopped = serde_json::from_str(&serde_json::to_string(stopped).unwrap()).unwrap();
            let Ok(advance) = step(&self.config(), &mut next).await else { continue };
            *stopped = next;
            if advance != Advance::Moved {
                return advance;
            }
        }
        panic!("it does not end: {stopped:?}")
    }

    async fn saved(&self, workload: &Workload) -> Stopped {
        save(&self.config(), workload, "spend-enforcement").await.unwrap()
    }

    /// Stopped to the end.
    async fn stopped(&self, workload: &Workload) -> Stopped {
        let mut stopped = self.saved(workload).await;
        assert_eq!(self.drive(&mut stopped, stop).await, Advance::Done);
        assert_eq!(stopped.phase, Phase::Stopped);
        self.changes();
        stopped
    }
}

fn account() -> landing_zone::AccountId {
    landing_zone::AccountId::parse("111122223333").unwrap()
}

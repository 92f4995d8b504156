//! The wire between the clients and the world.

use super::{World, now, set};
use crate::App;
use aws::{KillSwitch, People, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn},
    orchestrator::{HttpRequest, HttpResponse},
};
use aws_smithy_types::body::SdkBody;
use aws_types::region::Region;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

/// Where the function is killed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kill {
    /// Calls until then.
    pub(crate) calls: usize,
    /// Whether the last call has its effect.
    pub(crate) has_effect: bool,
}

#[derive(Debug)]
struct Line {
    world: World,
    kill: Option<Kill>,
    /// Every call, in order.
    calls: Vec<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Wire(Arc<Mutex<Line>>);

impl Wire {
    pub(crate) fn new(world: World) -> Self {
        set("2026-11-20T12:00:00Z");
        Self(Arc::new(Mutex::new(Line { world, kill: None, calls: Vec::new() })))
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap()
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut World) -> T) -> T {
        look(&mut self.line().world)
    }

    pub(crate) fn kill(&self, kill: Kill) {
        self.line().kill = Some(kill);
    }

    /// Everything answers again; true where the function was killed.
    pub(crate) fn revive(&self) -> bool {
        self.line().kill.take().is_some_and(|kill| kill.calls == 0)
    }

    /// The calls since this was asked last.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.line().calls)
    }

    pub(crate) fn app(&self) -> App {
        let connector = SharedHttpConnector::new(self.clone());
        let keys = Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test");
        let config = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(keys))
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .build();
        App {
            ledger: ledger::Ledger::new(aws_sdk_dynamodb::Client::new(&config), "ledger"),
            organizations: aws_sdk_organizations::Client::new(&config),
            sts: aws_sdk_sts::Client::new(&config),
            bus: aws::Bus::new(&config, "suite"),
            people: People::new(&config, "arn:aws:sns:eu-west-1:999999999999:spend"),
            switch: KillSwitch::new(&config, "/suite/switch"),
            base: config,
            partition: "aws".to_owned(),
            role: "Suite-spend-enforcement".to_owned(),
            regions: vec!["eu-west-1".to_owned()],
            clock: now,
        }
    }
}

impl HttpConnector for Wire {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = request.body().bytes().unwrap_or_default();
        let target = request.headers().get("x-amz-target").and_then(|target| target.rsplit_once('.'));
        let (action, asked, is_xml) = match target {
            Some((_, action)) => (action.to_owned(), serde_json::from_slice(body).unwrap(), false),
            None if body.starts_with(b"{") || body.is_empty() => ("Rest".to_owned(), json!({}), false),
            None => {
                let form = form(std::str::from_utf8(body).unwrap());
                (form["Action"].clone(), json!(form), true)
            }
        };
        let (status, answer) = self.line().arrive(&action, &asked);
        let text = if is_xml { xml(&action, status, &answer) } else { answer.to_string() };
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(text))))
    }
}

impl Line {
    fn arrive(&mut self, action: &str, asked: &Value) -> (u16, Value) {
        let killed = (400, json!({"__type": "Killed", "message": "nobody is there"}));
        if let Some(kill) = &mut self.kill {
            if kill.calls == 0 {
                return killed;
            }
            kill.calls -= 1;
            if kill.calls == 0 {
                if kill.has_effect {
                    self.world.act(action, asked);
                }
                return killed;
            }
        }
        self.calls.push(action.to_owned());
        self.world.act(action, asked)
    }
}

fn form(body: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned();
    body.split('&')
        .filter_map(|field| field.split_once('='))
        .map(|(key, value)| (decoded(key), decoded(value)))
        .collect()
}

fn xml(action: &str, status: u16, answer: &Value) -> String {
    if status != 200 {
        let code = answer["__type"].as_str().unwrap();
        return format!("<ErrorResponse><Error><Code>{code}</Code><Message>no</Message></Error></ErrorResponse>");
    }
    let result = match action {
        "AssumeRole" => {
            "<Credentials><AccessKeyId>AKIAIOSFODNN7EXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey>\
             <SessionToken>t</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
        }
        "Publish" => "<MessageId>m</MessageId>",
        _ => "",
    };
    format!("<{action}Response><{action}Result>{result}</{action}Result></{action}Response>")
}

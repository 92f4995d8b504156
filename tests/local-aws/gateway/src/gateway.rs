//! One request from arrival to answer: name it, choose the emulator, break it if asked, record it.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, StatusCode};
use serde_json::json;

use crate::answer::{self, Answer};
use crate::call::{self, Call};
use crate::caller::{self, Accounts, Scope};
use crate::faults::{Faults, Kind, Rule, Sight};
use crate::peer::{self, Connection};
use crate::record::{self, Entry, Record};
use crate::services::{Backend, Service, Services};
use crate::text::field;
use crate::upstream::{Reply, Upstream};

/// Longer than any client of the suite waits: the AWS SDK's own time-outs end a held call first.
const HOLD: Duration = Duration::from_mins(2);

/// `MiniStack`'s wrapper answers a request with this header with the verdict of IAM instead of carrying it out.
const AUTHORIZE: HeaderName = HeaderName::from_static("x-local-authorize");
/// In that verdict, and on to moto: the ARN of the principal that signed.
const PRINCIPAL: HeaderName = HeaderName::from_static("x-local-principal");

/// The connection drops without an answer.
#[derive(Debug)]
pub(crate) struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("dropped on request of a fault")
    }
}

impl std::error::Error for Dropped {}

/// The gateway's state, shared by all connections.
pub(crate) struct Gateway {
    services: Services,
    accounts: Accounts,
    faults: Faults,
    record: Record,
    upstream: Upstream,
}

/// A call that has been named and routed.
struct Routed {
    call: Call,
    service: Service,
    backend: Backend,
    function: Option<String>,
    account: String,
}

impl Gateway {
    pub(crate) fn new(services: Services, management: String, upstream: Upstream) -> Self {
        let accounts = Accounts::new(management);
        Self { services, accounts, faults: Faults::default(), record: Record::default(), upstream }
    }

    /// Answers one request. The work goes on when the client hangs up, as it would on AWS.
    pub(crate) async fn handle(
        self: Arc<Self>,
        request: Request<Incoming>,
        connection: Connection,
    ) -> Result<Answer, Dropped> {
        let (parts, body) = request.into_parts();
        let Ok(body) = body.collect().await else {
            return Err(Dropped);
        };
        let work = tokio::spawn(async move { self.answer(parts, body.to_bytes(), connection).await });
        match work.await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) | Err(_) => Err(Dropped),
        }
    }

    /// `None` drops the connection.
    async fn answer(&self, parts: Parts, body: Bytes, connection: Connection) -> Option<Answer> {
        if let Some(path) = parts.uri.path().strip_prefix("/_local/") {
            return Some(self.control(path, &parts, body).await);
        }
        let scope = caller::scope(&parts.headers, parts.uri.query().unwrap_or_default());
        let Some(service) = scope.service.clone() else {
            // Unsigned: the emulators' own pages, and API calls that API Gateway has to refuse itself.
            let backend = if parts.uri.path().starts_with("/moto-api") { Backend::Moto } else { Backend::Ministack };
            return Some(self.upstream.send(backend, &parts, body, None).await.into_answer());
        };
        let routed = self.route(&service, &scope, &parts, &body);
        self.carry_out(routed, &parts, body, connection).await
    }

    /// Member accounts live in moto, whoever serves the service in the management account.
    fn route(&self, service: &str, scope: &Scope, parts: &Parts, body: &[u8]) -> Routed {
        let call = call::name(service, &parts.method, &parts.uri, &parts.headers, body);
        let facts = self.services.get(service);
        let account = self.accounts.of(scope.access_key.as_deref());
        let into_member = call.action == "AssumeRole"
            && call
                .resource
                .as_deref()
                .and_then(|arn| arn.split(':').nth(4))
                .is_some_and(|to| !self.accounts.is_management(to));
        let backend = if into_member || !self.accounts.is_management(&account) { Backend::Moto } else { facts.backend };
        Routed { call, service: facts, backend, function: caller::function(&parts.headers), account }
    }

    async fn carry_out(&self, routed: Routed, parts: &Parts, body: Bytes, connection: Connection) -> Option<Answer> {
        let (at, started) = (record::now(), Instant::now());
        let fault = self.faults.strike(&Sight {
            call: &routed.call,
            function: routed.function.as_deref(),
            account: &routed.account,
            body: &body,
        });
        let answer = match fault {
            Some(Kind::Throttle) => {
                let (code, status) = &routed.service.throttle;
                Some(answer::error(routed.service.protocol, *status, code, "Rate exceeded"))
            }
            Some(Kind::Error) => {
                let message = "An internal error occurred. Try your request again.";
                Some(answer::error(routed.service.protocol, 500, &routed.service.failure, message))
            }
            Some(Kind::Timeout) => None,
            Some(Kind::Lost) => {
                self.forward(&routed, parts, body).await;
                None
            }
            Some(Kind::Kill) => {
                self.forward(&routed, parts, body).await;
                if let Err(error) = peer::kill(connection) {
                    eprintln!("no process to kill behind {}: {error}", connection.client);
                }
                None
            }
            Some(Kind::Duplicate) => {
                self.forward(&routed, parts, body.clone()).await;
                Some(self.forward(&routed, parts, body).await.into_answer())
            }
            None => Some(self.forward(&routed, parts, body).await.into_answer()),
        };
        let (answer, error) = match answer {
            Some(answer) => {
                let (head, body) = answer.into_parts();
                let bytes = body.clone().collect().await.unwrap_or_else(|never: Infallible| match never {});
                let error = answer::error_code(head.status, &head.headers, &bytes.to_bytes());
                (Some(Answer::from_parts(head, body)), error)
            }
            None => (None, None),
        };
        self.record.push(Entry {
            n: 0,
            at,
            function: routed.function,
            service: routed.call.service,
            action: routed.call.action,
            resource: routed.call.resource,
            account: routed.account,
            status: answer.as_ref().map_or(0, |answer| answer.status().as_u16()),
            error,
            ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            fault,
        });
        if fault == Some(Kind::Timeout) {
            tokio::time::sleep(HOLD).await;
        }
        answer
    }

    /// Sends the call to its emulator. moto trusts every management account signature and knows no policy of that
    /// account, so `MiniStack`, where its principals live, first says whether IAM allows the call.
    async fn forward(&self, routed: &Routed, parts: &Parts, body: Bytes) -> Reply {
        let mut principal = None;
        if routed.backend == Backend::Moto && self.accounts.is_management(&routed.account) {
            let action = format!("{}:{}", routed.call.service, routed.call.action);
            let header = HeaderValue::from_str(&action).ok().map(|value| (AUTHORIZE, value));
            let verdict = self.upstream.send(Backend::Ministack, parts, body.clone(), header).await;
            if !verdict.response.status().is_success() {
                return verdict;
            }
            principal = verdict.response.headers().get(PRINCIPAL).map(|value| (PRINCIPAL, value.clone()));
        }
        let reply = self.upstream.send(routed.backend, parts, body, principal).await;
        if routed.call.action == "AssumeRole" && routed.backend == Backend::Moto {
            self.accounts.learn(&String::from_utf8_lossy(&reply.body));
        }
        reply
    }

    /// `/_local/…`: the tests' own window into the embedded AWS.
    async fn control(&self, path: &str, parts: &Parts, body: Bytes) -> Answer {
        match (parts.method.as_str(), path) {
            ("GET", "health") => answer::document(StatusCode::OK, &json!({"status": "ok"})),
            ("GET", "calls") => {
                let query = parts.uri.query().unwrap_or_default();
                let after = field(query, "after").and_then(|after| after.parse().ok()).unwrap_or(0);
                answer::document(
                    StatusCode::OK,
                    &json!({"last": self.record.last(), "calls": self.record.after(after)}),
                )
            }
            ("GET", "faults") => answer::document(StatusCode::OK, &json!({"faults": self.faults.list()})),
            ("POST", "faults") => match serde_json::from_slice::<Rule>(&body) {
                Ok(rule) => answer::document(StatusCode::CREATED, &json!({"id": self.faults.add(rule)})),
                Err(error) => answer::document(StatusCode::BAD_REQUEST, &json!({"message": error.to_string()})),
            },
            ("DELETE", "faults") => {
                self.faults.clear();
                answer::document(StatusCode::OK, &json!({}))
            }
            _ => {
                let backend = self.services.control(path.split('/').next().unwrap_or_default());
                self.upstream.send(backend, parts, body, None).await.into_answer()
            }
        }
    }
}

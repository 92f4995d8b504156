//! Sends a request on to an emulator, unchanged: path, query, `Host` and signature are the caller's.

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::header::{CONNECTION, EXPECT, HeaderName, HeaderValue, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::services::Backend;

/// Policies ask for TLS (`aws:SecureTransport`), that of the bucket of `sam deploy` among them. The gateway is where
/// TLS would end.
const SECURE: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static("https"));

/// The two emulators.
pub(crate) struct Upstream {
    client: Client<HttpConnector, Full<Bytes>>,
    ministack: String,
    moto: String,
}

/// A whole answer of an emulator.
pub(crate) struct Reply {
    pub(crate) response: Response<()>,
    pub(crate) body: Bytes,
}

impl Upstream {
    /// `ministack` and `moto` are `host:port`.
    pub(crate) fn new(ministack: String, moto: String) -> Self {
        Self { client: Client::builder(TokioExecutor::new()).build_http(), ministack, moto }
    }

    /// Forwards the request with one more header, if given; an unreachable emulator is a 502.
    pub(crate) async fn send(
        &self,
        backend: Backend,
        parts: &Parts,
        body: Bytes,
        extra: Option<(HeaderName, HeaderValue)>,
    ) -> Reply {
        match self.try_send(backend, parts, body, extra).await {
            Ok(reply) => reply,
            Err(error) => {
                let body = json!({"message": format!("the emulator does not answer: {error}")});
                let (head, _) = answer::document(StatusCode::BAD_GATEWAY, &body).into_parts();
                Reply { response: Response::from_parts(head, ()), body: Bytes::from(body.to_string()) }
            }
        }
    }

    async fn try_send(
        &self,
        backend: Backend,
        parts: &Parts,
        body: Bytes,
        extra: Option<(HeaderName, HeaderValue)>,
    ) -> Result<Reply, Box<dyn std::error::Error + Send + Sync>> {
        let authority = match backend {
            Backend::Ministack => &self.ministack,
            Backend::Moto => &self.moto,
        };
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = parts.method.clone();
        *request.uri_mut() = format!("http://{authority}{path}").parse::<Uri>()?;
        *request.headers_mut() = parts.headers.clone();
        for hop in [CONNECTION, EXPECT, TRANSFER_ENCODING] {
            request.headers_mut().remove(hop);
        }
        request.headers_mut().extend([SECURE].into_iter().chain(extra));
        let (mut head, body) = self.client.request(request).await?.into_parts();
        for hop in [CONNECTION, TRANSFER_ENCODING] {
            head.headers.remove(hop);
        }
        let body = body.collect().await?.to_bytes();
        Ok(Reply { response: Response::from_parts(head, ()), body })
    }
}

impl Reply {
    pub(crate) fn into_answer(self) -> Answer {
        self.response.map(|()| Full::new(self.body))
    }
}

//! A small client for calls to providers and to others who watch: one way to
//! send, and a bound on what is read.

use crate::{Fault, Trust};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderName, HeaderValue, Method, Request, Uri};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::RootCertStore;
use serde_json::Value;
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

/// The most that is read of an answer that says what went wrong, in bytes.
const MOST_WORDS: usize = 16 << 10;

/// What is left of an answer's body, bounded.
pub(crate) type Body = BoxBody<Bytes, std::io::Error>;

/// Sends calls. Connections are kept for a while; redirects are not followed,
/// since a key must not go elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Http(Client<HttpsConnector<HttpConnector>, Full<Bytes>>);

impl Http {
    /// Whoever `trust` vouches for is believed, or else whom the public authorities do.
    pub(crate) fn new(connect: Duration, trust: Option<&Trust>) -> Self {
        let public = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let roots = trust.map_or_else(|| Arc::new(public()), |trust| Arc::clone(&trust.0));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap_or_else(|_| unreachable!("ring speaks the versions that rustls has"))
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_connect_timeout(Some(connect));
        // Else the end of a long prompt may wait 40 ms for the receipt of its beginning.
        plain.set_nodelay(true);
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .pool_max_idle_per_host(2)
            .build(connector);
        Self(client)
    }

    /// Posts JSON; gives the body of a good answer, of which at most `most`
    /// bytes will be read.
    pub(crate) async fn post(
        &self,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        body: &Value,
        most: usize,
    ) -> Result<Body, Fault> {
        let own = [
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
            (ACCEPT, HeaderValue::from_static("application/json, text/event-stream")),
        ];
        let headers = own.into_iter().chain(headers);
        self.send(Method::POST, url, headers, Bytes::from(body.to_string()), most).await
    }

    /// Gets what is there: the body of a good answer, of which at most `most`
    /// bytes will be read.
    pub(crate) async fn get(
        &self,
        url: &str,
        headers: Vec<(HeaderName, HeaderValue)>,
        most: usize,
    ) -> Result<Body, Fault> {
        let own = [(ACCEPT, HeaderValue::from_static("application/json, text/plain"))];
        self.send(Method::GET, url, own.into_iter().chain(headers), Bytes::new(), most).await
    }

    async fn send(
        &self,
        method: Method,
        url: &str,
        headers: impl Iterator<Item = (HeaderName, HeaderValue)>,
        body: Bytes,
        most: usize,
    ) -> Result<Body, Fault> {
        let uri: Uri = url.parse().map_err(|_| Fault::Unable("its address is none"))?;
        let mut call = Request::new(Full::new(body));
        *call.method_mut() = method;
        *call.uri_mut() = uri;
        call.headers_mut().extend(headers);
        let us = HeaderValue::from_static(concat!("goldentooth/", env!("CARGO_PKG_VERSION")));
        call.headers_mut().insert(USER_AGENT, us);
        let answer =
            self.0.request(call).await.map_err(|error| {
                if error.is_connect() { Fault::Connect(told(&error)) } else { Fault::Cut }
            })?;
        let (parts, body) = answer.into_parts();
        if parts.status.is_success() {
            return Ok(Limited::new(body, most).map_err(std::io::Error::other).boxed());
        }
        let retry_after = parts.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        // Seconds alone: no provider of ours sends a date.
        let retry_after = retry_after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let words = Limited::new(body, MOST_WORDS).collect().await;
        let words = words.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(Fault::Status { status: parts.status.as_u16(), retry_after, words: words_of(&words) })
    }
}

/// A header that no log shows. A key has only visible characters, which a header may have.
pub(crate) fn secret(name: HeaderName, value: &str) -> Option<(HeaderName, HeaderValue)> {
    let mut value = HeaderValue::from_str(value).ok()?;
    value.set_sensitive(true);
    Some((name, value))
}

/// Reads a whole body as JSON.
pub(crate) async fn whole(body: Body, most: usize) -> Result<Value, Fault> {
    let bytes = bytes(body, most).await?;
    serde_json::from_slice(&bytes).map_err(|error| Fault::Shape(format!("it is no JSON ({error})")))
}

/// Reads a whole body.
pub(crate) async fn bytes(body: Body, most: usize) -> Result<Bytes, Fault> {
    Ok(body.collect().await.map_err(|error| broken(&error, most))?.to_bytes())
}

/// Why a body ended early: too long, or cut.
pub(crate) fn broken(error: &(dyn Error + 'static), most: usize) -> Fault {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<LengthLimitError>()
            || inner.is_some_and(<dyn Error + Send + Sync>::is::<LengthLimitError>)
        {
            return Fault::Long(most);
        }
        cause = error.source();
    }
    Fault::Cut
}

/// The innermost cause, which says most.
fn told(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    crate::fence::words(&innermost.to_string())
}

/// What a refusal says: both dialects have `error.message`, Prometheus `error`,
/// Grafana `message`; the others say it in plain text.
fn words_of(body: &[u8]) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let message = json.as_ref().and_then(|json| {
        let error = json.get("error").unwrap_or(json);
        error.get("message").and_then(Value::as_str).or_else(|| error.as_str())
    });
    crate::fence::words(message.unwrap_or(&String::from_utf8_lossy(body)))
}

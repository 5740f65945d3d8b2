//! Who may ask at all: checked before any handler runs.
//!
//! - *Host*: `localhost`, a plain address, or a configured name; else a page
//!   elsewhere could rebind its own name to this machine and read everything.
//! - *Origin*: only our own, and no request that a browser says comes from
//!   another site.
//! - *Token*: off loopback, and for whoever comes by another name or through a
//!   proxy, for everything but the health checks and signing in, and for everything that writes wherever it comes from; then it must be
//!   an operator's. A browser shows the cookie that it got for one
//!   (`signing.rs`); with that, writing needs an `Origin` of ours beside it.
//!   Reading also takes it as the password of HTTP's Basic scheme (`curl -u`).
//!   A question to the cast (`POST /api/v1/ask`, `…/aloud`) changes nothing, and counts as reading.
//! - *Headers*: no inline code, no outside host, no frame, no guessing of types.

use super::{Options, Web, signing};
use crate::access::{LOCAL, Role};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY,
    VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// Everything from here, nothing inline, and markup from strings refused even
/// to our own scripts.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

const HEADERS: [(HeaderName, &str); 7] = [
    (CONTENT_SECURITY_POLICY, POLICY),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    // Also a form's request then names its origin.
    (REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// The header that says how much voice an answer is meant to be told with.
const FLAVOUR: HeaderName = HeaderName::from_static("goldentooth-flavour");

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Host,
    Origin,
    Token,
    /// The token may only read.
    Role,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        match self {
            Self::Host => (
                StatusCode::MISDIRECTED_REQUEST,
                "This name is not one of this coordinator's.\n\
                 Way out: ask by address, or add the name to `hosts` in the configuration.\n",
            )
                .into_response(),
            Self::Origin => {
                (StatusCode::FORBIDDEN, "Requests from other sites are refused.\n").into_response()
            }
            Self::Role => (
                StatusCode::FORBIDDEN,
                "This token may only read.\nWay out: `goldentooth token add NAME --role operator` makes another.\n",
            )
                .into_response(),
            Self::Token => {
                let words = "The token is needed.\n\
                    `goldentooth token add NAME` on the coordinator's machine makes one: \
                    send it as `Authorization: Bearer TOKEN`, or sign in at /sign-in in a browser.\n";
                // Basic is taken but not asked for: a browser would ask its own
                // question instead of showing ours.
                let challenge = [(WWW_AUTHENTICATE, "Bearer realm=\"goldentooth\"")];
                (StatusCode::UNAUTHORIZED, challenge, words).into_response()
            }
        }
    }
}

/// The name of the token that whoever asks has shown: the data folder's own is nobody's.
#[derive(Clone, Debug)]
pub(super) struct Asker(pub(super) String);

pub(super) async fn guard(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let now = Timestamp::now().as_second();
    let checked = check(&web.0.options, now, request.method(), request.uri(), request.headers());
    let mut response = match checked {
        Ok(()) => {
            let asker = shown(&web.0.options, now, request.headers(), false).map(|(name, _)| Asker(name));
            if let Some(asker) = asker.filter(|Asker(name)| name != LOCAL) {
                request.extensions_mut().insert(asker);
            }
            next.run(request).await
        }
        // A person gets a form instead of the browser's own question.
        Err(Refused::Token) if wants_page(request.method(), request.headers()) => {
            signing::asked(request.uri())
        }
        Err(refused) => refused.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // The form has a policy of its own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    // What the command line tells where nobody has chosen.
    headers.entry(FLAVOUR).or_insert(HeaderValue::from_static(web.0.options.flavours.api.word()));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("authorization, cookie, origin"));
    response
}

fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    *method == Method::GET && text(headers, &ACCEPT).is_some_and(|accept| accept.contains("text/html"))
}

/// Whether a request may pass at `now` (seconds since 1970).
pub(super) fn check(
    options: &Options,
    now: i64,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(), Refused> {
    // Whoever watches over us may know neither name nor token, and learns nothing.
    if matches!(uri.path(), "/healthz" | "/readyz") {
        return Ok(());
    }
    // A proxy's request has the authority in its first line.
    let host = uri.authority().map(Authority::as_str).or_else(|| text(headers, &HOST));
    let host = host.filter(|host| known(options, host)).ok_or(Refused::Host)?;
    if let Some(origin) = headers.get(ORIGIN) {
        let same = origin.to_str().ok().and_then(|origin| origin.split_once("://"));
        if !same.is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host)) {
            return Err(Refused::Origin);
        }
    }
    let writes = !matches!(*method, Method::GET | Method::HEAD);
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if writes && site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
        return Err(Refused::Origin);
    }
    // Signing in shows the token itself.
    if uri.path() == signing::PATH {
        return Ok(());
    }
    // A question changes nothing: who may read may ask.
    let writes = writes && !["/api/v1/ask", "/api/v1/ask/aloud"].contains(&uri.path());
    if !writes && options.address.ip().is_loopback() && is_local(host, headers) {
        return Ok(());
    }
    match shown(options, now, headers, writes) {
        None => Err(Refused::Token),
        Some((_, Role::Reader)) if writes => Err(Refused::Role),
        Some(_) => Ok(()),
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether somebody on this machine asks, and not a proxy for somebody elsewhere.
fn is_local(host: &str, headers: &HeaderMap) -> bool {
    let bare = bare(host);
    let local =
        bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    local && !["forwarded", "x-forwarded-for", "via"].into_iter().any(|proxied| headers.contains_key(proxied))
}

/// A `Host` without its port and brackets.
fn bare(host: &str) -> &str {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    name.trim_start_matches('[').trim_end_matches(']')
}

/// Whether a `Host` is one of ours. Plain addresses can't be rebound; on
/// loopback only loopback's own are.
fn known(options: &Options, host: &str) -> bool {
    let name = bare(host);
    if let Ok(address) = name.parse::<IpAddr>() {
        return !options.address.ip().is_loopback() || address.is_loopback();
    }
    name.eq_ignore_ascii_case("localhost") || options.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

/// Who asks, and what they may do, if they show who they are.
fn shown(options: &Options, now: i64, headers: &HeaderMap, writes: bool) -> Option<(String, Role)> {
    let role = |secret: &str| options.access.of(secret);
    let Some((scheme, secret)) = text(headers, &AUTHORIZATION).and_then(|value| value.split_once(' ')) else {
        // A browser sends its cookie by itself: only with an origin, which was
        // found to be ours, did our own page make the request.
        let ours = !writes || headers.contains_key(ORIGIN);
        let session = signing::cookie(headers).filter(|_| ours)?;
        return options.access.of_session(session, now);
    };
    let secret = secret.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return role(secret);
    }
    if scheme.eq_ignore_ascii_case("basic") && !writes {
        return password(secret).and_then(|password| role(&password));
    }
    None
}

/// The password in the credentials of HTTP's Basic scheme (RFC 7617).
fn password(credentials: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

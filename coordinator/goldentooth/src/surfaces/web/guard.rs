//! Who may ask at all: checked before any handler runs.
//!
//! - *Host*: `localhost`, a plain address, or a configured name; else a page
//!   elsewhere could rebind its own name to this machine and read everything.
//! - *Origin*: only our own, and no request that a browser says comes from
//!   another site.
//! - *Token*: off loopback for everything but the health checks, and for
//!   everything that writes wherever it comes from. Reading also takes it as
//!   the password of HTTP's Basic scheme, so that a browser can ask for it;
//!   writing takes only `Bearer`, which no browser sends by itself.
//! - *Headers*: no inline code, no outside host, no frame, no guessing of types.

use super::{Options, Web};
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, HeaderName, ORIGIN, REFERRER_POLICY, VARY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
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
    (REFERRER_POLICY, "no-referrer"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

/// Why a request is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Host,
    Origin,
    Token,
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
            Self::Token => {
                let challenge = [
                    (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"goldentooth\"")),
                    (
                        WWW_AUTHENTICATE,
                        HeaderValue::from_static("Basic realm=\"goldentooth\", charset=\"UTF-8\""),
                    ),
                ];
                let words = "The token is needed.\n\
                    It stands in the file `token` of the coordinator's data folder: \
                    send it as `Authorization: Bearer TOKEN`; in a browser give it as the password.\n";
                let mut response = (StatusCode::UNAUTHORIZED, words).into_response();
                for (name, value) in challenge {
                    response.headers_mut().append(name, value);
                }
                response
            }
        }
    }
}

pub(super) async fn guard(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = match check(&web.0.options, request.method(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refused) => refused.into_response(),
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("authorization, origin"));
    response
}

/// Whether a request may pass.
pub(super) fn check(
    options: &Options,
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
    if (writes || !options.address.ip().is_loopback()) && !shown(options, headers, writes) {
        return Err(Refused::Token);
    }
    Ok(())
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Whether a `Host` is one of ours. Plain addresses can't be rebound; on
/// loopback only loopback's own are.
fn known(options: &Options, host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return !options.address.ip().is_loopback() || address.is_loopback();
    }
    name.eq_ignore_ascii_case("localhost") || options.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

fn shown(options: &Options, headers: &HeaderMap, writes: bool) -> bool {
    let Some((scheme, secret)) = text(headers, &AUTHORIZATION).and_then(|value| value.split_once(' ')) else {
        return false;
    };
    let secret = secret.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return options.token.fits(secret);
    }
    scheme.eq_ignore_ascii_case("basic")
        && !writes
        && password(secret).is_some_and(|password| options.token.fits(&password))
}

/// The password in the credentials of HTTP's Basic scheme (RFC 7617).
fn password(credentials: &str) -> Option<String> {
    let text = String::from_utf8(BASE64_STANDARD.decode(credentials).ok()?).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

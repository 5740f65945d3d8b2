//! Signing in with a token, and out again: the cookie is `HttpOnly` and
//! `SameSite=Strict`, holds no token, and ends with the one it was given for.

use super::Web;
use super::pages::sign_in;
use crate::access::SIGNED_IN;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Where one signs in.
pub(super) const PATH: &str = "/sign-in";
const NAME: &str = "goldentooth";

/// The look of a form that must do without any file of ours.
pub(super) const STYLE: &str = "body{font:1.125rem/1.5 system-ui,sans-serif;max-width:30rem;margin:4rem auto;padding:0 1rem;\
background:#faf7f0;color:#1d1a15}input,button{font:inherit;padding:.5rem .75rem;border:1px solid #655d50;border-radius:.5rem;\
width:100%;box-sizing:border-box;margin-top:.5rem}button{background:#1d1a15;color:#faf7f0;cursor:pointer}\
:focus-visible{outline:3px solid #1a56c4;outline-offset:2px}.wrong{color:#b3211a;font-weight:600}\
@media(prefers-color-scheme:dark){body{background:#13120e;color:#f2ede2}input{background:#1d1b16;color:inherit;border-color:#aca393}\
button{background:#f2ede2;color:#13120e}.wrong{color:#ff8d83}:focus-visible{outline-color:#8ab4ff}}";

/// What the form sends.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Given {
    token: String,
    #[serde(default)]
    to: String,
}

/// Where one wanted to go.
#[derive(Default, Deserialize)]
pub(super) struct To {
    #[serde(default)]
    to: String,
}

/// The form in place of a page that needs a token.
pub(super) fn asked(uri: &Uri) -> Response {
    let to = uri.path_and_query().map_or("/", |path| path.as_str());
    form(StatusCode::UNAUTHORIZED, to, false)
}

pub(super) async fn page(Query(To { to }): Query<To>) -> Response {
    form(StatusCode::OK, &to, false)
}

fn form(status: StatusCode, to: &str, wrong: bool) -> Response {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    (status, [(CONTENT_SECURITY_POLICY, policy)], sign_in(here(to), wrong)).into_response()
}

/// A path of ours: nobody is sent elsewhere.
fn here(to: &str) -> &str {
    let ours = to.starts_with('/') && !to.starts_with("//") && !to.contains(['\\', '\r', '\n']);
    if ours && !to.starts_with(PATH) { to } else { "/" }
}

pub(super) async fn sign_in_with(
    State(web): State<Web>,
    given: Result<Form<Given>, FormRejection>,
) -> Response {
    let Ok(Form(Given { token, to })) = given else { return form(StatusCode::BAD_REQUEST, "/", true) };
    let to = here(&to);
    let access = &web.0.options.access;
    let Some((name, _)) = access.of(token.trim()) else { return form(StatusCode::UNAUTHORIZED, to, true) };
    let session = access.session(&name, Timestamp::now().as_second());
    let cookie = format!("{NAME}={session}; Path=/; Max-Age={SIGNED_IN}; HttpOnly; SameSite=Strict");
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, to.to_owned())]).into_response()
}

pub(super) async fn sign_out() -> Response {
    let cookie = format!("{NAME}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict");
    (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie), (LOCATION, "/".to_owned())]).into_response()
}

/// The session that a browser shows.
pub(super) fn cookie(headers: &HeaderMap) -> Option<&str> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_elsewhere() {
        for wrong in [
            "//evil.example",
            "https://evil.example",
            "",
            "/\\evil.example",
            "/sign-in?to=/sign-in",
            "/a\r\nb",
        ] {
            assert_eq!(here(wrong), "/", "{wrong:?}");
        }
        assert_eq!(here("/nodes/pi-1?span=hour"), "/nodes/pi-1?span=hour");
    }

    #[test]
    fn the_cookie_is_found_among_others() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, "a=b; goldentooth2=x; goldentooth=local.1.ff".parse().unwrap());
        assert_eq!(cookie(&headers), Some("local.1.ff"));
    }
}

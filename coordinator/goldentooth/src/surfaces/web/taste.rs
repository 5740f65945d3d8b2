//! The page's own flavour: `?flavour=off|light|full` on any page is kept in a
//! cookie, which the scripts read, too; without one the configuration's counts.

use super::Web;
use crate::flavour::Flavour;
use axum::extract::{Request, State};
use axum::http::header::{COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

const NAME: &str = "goldentooth-flavour";
/// How long a choice is kept, in seconds: a year.
const KEPT: u32 = 365 * 24 * 60 * 60;

/// Gives each page the flavour to draw in, as an extension of its request.
pub(super) async fn taste(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let mut chosen = None;
    let rest: Vec<&str> = query
        .split('&')
        .filter(|pair| match pair.strip_prefix("flavour=").map(str::parse::<Flavour>) {
            Some(Ok(flavour)) => {
                chosen = Some(flavour);
                false
            }
            _ => true,
        })
        .collect();
    if let Some(flavour) = chosen {
        let mut to = request.uri().path().to_owned();
        if !rest.is_empty() {
            to = format!("{to}?{}", rest.join("&"));
        }
        return (StatusCode::SEE_OTHER, [(SET_COOKIE, cookie(flavour)), (LOCATION, to)]).into_response();
    }
    let kept = kept(request.headers());
    let flavour = kept.unwrap_or(web.0.options.flavours.page);
    request.extensions_mut().insert(flavour);
    let mut response = next.run(request).await;
    // The scripts know the configuration's choice only from here.
    if kept.is_none()
        && flavour != Flavour::default()
        && let Ok(cookie) = HeaderValue::from_str(&cookie(flavour))
    {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    response
}

fn cookie(flavour: Flavour) -> String {
    format!("{NAME}={}; Path=/; Max-Age={KEPT}; SameSite=Strict", flavour.word())
}

fn kept(headers: &HeaderMap) -> Option<Flavour> {
    let all = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(NAME)?.strip_prefix('=')?.parse().ok())
}

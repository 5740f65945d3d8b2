//! The page's own files, built into the program.

use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::hash::{DefaultHasher, Hash, Hasher as _};

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// A chart library of others, under the licence in `assets/uplot.LICENSE`: a
/// classic script, made a module here, since the policy lets no script make another.
const UPLOT: &str = concat!(include_str!("../../../assets/uplot.min.js"), "\nexport default uPlot;\n");

macro_rules! assets {
    ($($name:literal: $type:expr),* $(,)?) => {
        /// Name, type and contents.
        const ASSETS: &[(&str, &str, &str)] =
            &[$(($name, $type, include_str!(concat!("../../../assets/", $name)))),*];
    };
}

assets! {
    "app.js": SCRIPT,
    "bars.js": SCRIPT,
    "care.js": SCRIPT,
    "cast.js": SCRIPT,
    "charts.js": SCRIPT,
    "council.js": SCRIPT,
    "events.js": SCRIPT,
    "find.js": SCRIPT,
    "fleet.js": SCRIPT,
    "node.js": SCRIPT,
    "show.js": SCRIPT,
    "stream.js": SCRIPT,
    "talk.js": SCRIPT,
    "taste.js": SCRIPT,
    "ties.js": SCRIPT,
    "time.js": SCRIPT,
    "tokens.css": "text/css; charset=utf-8",
    "goldentooth.css": "text/css; charset=utf-8",
    "cast.css": "text/css; charset=utf-8",
    "uplot.LICENSE": "text/plain; charset=utf-8",
    "tooth.svg": "image/svg+xml",
}

pub(super) async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    serve(&name, &headers)
}

pub(super) async fn favicon(headers: HeaderMap) -> Response {
    serve("tooth.svg", &headers)
}

fn serve(name: &str, headers: &HeaderMap) -> Response {
    let own = ASSETS.iter().chain(&[("uplot.js", SCRIPT, UPLOT)]).find(|(asset, ..)| *asset == name);
    let Some((_, kind, text)) = own else {
        return (StatusCode::NOT_FOUND, "No such file.\n").into_response();
    };
    // Weak: the same whether compressed or not.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let known = headers.get(IF_NONE_MATCH).is_some_and(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|each| each.trim() == tag))
    });
    // Kept, but asked about each time: an upgrade is seen at once.
    let caching = [(ETAG, tag), (CACHE_CONTROL, "no-cache".to_owned())];
    if known {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    (caching, [(CONTENT_TYPE, *kind)], *text).into_response()
}

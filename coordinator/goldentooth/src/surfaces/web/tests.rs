use super::*;
use crate::ask::Ask;
use crate::company::Company;
use crate::data::Data;
use crate::enrol::{Keys, Reach};
use crate::flavour::Flavours;
use crate::live::{NodeSnapshot, Status, Update};
use crate::surfaces::fixtures::{NOW, hostile, node, silent};
use crate::surfaces::schemas::assert_valid;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use frames::Mood::{Crisis, Happy};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

mod flavour;
mod streams;

struct Setup {
    web: Web,
    live: Live,
    token: String,
    // The folder goes with it.
    _folder: tempfile::TempDir,
}

/// A web surface over a fleet of these, listening at `address`.
fn setup(address: &str, nodes: Vec<NodeSnapshot>) -> Setup {
    setup_in(address, nodes, Flavours::default())
}

fn setup_in(address: &str, nodes: Vec<NodeSnapshot>, flavours: Flavours) -> Setup {
    let folder = tempfile::tempdir().unwrap();
    let data = Arc::new(Data::open(folder.path()).unwrap());
    let token = data.token().unwrap();
    let access = Arc::new(Access::open(&data).unwrap());
    let live = Live::new(NOW);
    live.tell(nodes.into_iter().map(|node| Update::Node(Arc::new(node))));
    live.count(Status { since: NOW, connected: true, ..Status::default() });
    let keys = Arc::new(Keys::load(&data, "home".parse().unwrap()).unwrap());
    let reach = Reach::embedded("127.0.0.1:1883".parse().unwrap(), None);
    let care = Care::open(&data, &live).unwrap();
    let desk = Desk::new(keys, data, reach, |_, _| {});
    let options = Options {
        address: address.parse().unwrap(),
        hosts: vec!["pi.local".to_owned()],
        access,
        care,
        calls: Calls::new(Vec::new()),
        flavours,
        services: crate::services::Services::default(),
        models: None,
        thinking: crate::thinking::Thinking::default(),
        members: None,
        habits: crate::habits::Habits::default(),
    };
    let web = Web::new(live.clone(), (Ask::empty(), Company::default()), desk, options);
    Setup { web, live, token: token.expose().to_owned(), _folder: folder }
}

const LOOPBACK: &str = "127.0.0.1:8765";

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", LOOPBACK);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::from(body.to_owned())).unwrap()
}

impl Setup {
    async fn ask(&self, request: Request<Body>) -> Response<Body> {
        self.web.router().oneshot(request).await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = self.ask(request("GET", path, &[], "")).await;
        (response.status(), text(response).await)
    }

    async fn json(&self, path: &str) -> serde_json::Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn the_api_answers_as_its_schemas_say() {
    let setup = setup(LOOPBACK, vec![node("pi-1", Some(Happy)), node("pi-2", Some(Crisis)), silent("pi-3")]);
    let nodes = setup.json("/api/v1/nodes").await;
    assert_valid("nodes", &nodes);
    let names: Vec<_> = nodes.as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["pi-2", "pi-3", "pi-1"]);
    assert_valid("node", &setup.json("/api/v1/nodes/pi-1").await);
    assert_valid("day", &setup.json("/api/v1/nodes/pi-1/day").await);
    for span in ["hour", "day", "week", "month"] {
        let path = format!("/api/v1/nodes/pi-1/history?span={span}&vitals=temperature,load1");
        assert_valid("history", &setup.json(&path).await);
    }
    assert_valid("calls", &setup.json("/api/v1/calls").await);
    assert_valid("quiet", &setup.json("/api/v1/quiet").await);
    assert_valid("habits", &setup.json("/api/v1/habits").await);
    assert_valid("story", &setup.json("/api/v1/story?weeks=2").await);
    assert_valid("moods", &setup.json("/api/v1/moods").await);
    assert_eq!(setup.json("/api/openapi.json").await["openapi"], "3.1.0");
    assert_valid("fleet", &setup.json("/api/v1/fleet").await);
    assert_valid("status", &setup.json("/api/v1/status").await);
    assert_valid("events", &setup.json("/api/v1/events?kind=&node=pi-1&limit=5").await);
}

#[tokio::test]
async fn what_is_not_there_or_asked_wrongly_is_told_in_json() {
    let setup = setup(LOOPBACK, vec![]);
    for (path, expected) in [
        ("/api/v1/nodes/nobody", StatusCode::NOT_FOUND),
        ("/api/v1/nodes/%3Cimg%3E", StatusCode::NOT_FOUND),
        ("/api/v1/nodes/nobody/day", StatusCode::NOT_FOUND),
        ("/api/v1/nothing", StatusCode::NOT_FOUND),
        ("/api/v1/events?after=x", StatusCode::BAD_REQUEST),
        ("/api/v1/events?limit=x", StatusCode::BAD_REQUEST),
        ("/api/v1/stream?only=x", StatusCode::BAD_REQUEST),
        ("/api/v1/nodes/nobody/history", StatusCode::NOT_FOUND),
        ("/api/v1/nodes/nobody/biography", StatusCode::NOT_FOUND),
        ("/api/v1/story?weeks=1001", StatusCode::BAD_REQUEST),
        ("/api/v1/events?node=a%20b", StatusCode::BAD_REQUEST),
        ("/api/v1/stream?node=a%20b", StatusCode::NOT_FOUND),
        ("/api/v1/enrol", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let (status, body) = setup.get(path).await;
        assert_eq!(status, expected, "{path}: {body}");
        let json: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(json["error"].is_string(), "{path}: {body}");
    }
}

/// TRUST row 14: markup in what a node says of itself is inert.
#[tokio::test]
async fn nothing_that_a_node_says_becomes_markup() {
    let setup = setup(LOOPBACK, vec![hostile("pi-11")]);
    for path in ["/", "/nodes/pi-11", "/nodes/%3Cimg%20src=x%3E", "/events?kind=%22%3E%3Cscript%3E"] {
        let (_, page) = setup.get(path).await;
        assert!(!page.contains("<img src=x"), "{path}");
        assert!(!page.contains("<script>"), "{path}");
    }
    let (_, page) = setup.get("/nodes/pi-11").await;
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(page.contains("&lt;script&gt;alert(2)&lt;/script&gt;"));
}

#[tokio::test]
async fn pages_need_nothing_inline_and_nothing_from_outside() {
    let setup = setup(LOOPBACK, vec![node("pi-1", Some(Happy)), node("pi-2", None)]);
    for path in ["/", "/nodes/pi-1", "/nodes/nobody", "/events", "/calls"] {
        let response = setup.ask(request("GET", path, &[], "")).await;
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        let page = text(response).await;
        for forbidden in [" style=", "<style", " onclick", " onload", "javascript:", "http://", "https://"] {
            assert!(!page.contains(forbidden), "{path} has {forbidden}");
        }
    }
}

#[tokio::test]
async fn the_first_view_is_small() {
    let setup = setup(LOOPBACK, (0..12).map(|i| node(&format!("sim-{i:02}"), Some(Happy))).collect());
    let mut bytes = 0;
    for path in ["/", "/assets/tokens.css", "/assets/goldentooth.css", "/assets/tooth.svg"]
        .into_iter()
        .map(str::to_owned)
        .chain(
            ["app", "bars", "care", "events", "find", "fleet", "node", "show", "stream", "time"]
                .map(|s| format!("/assets/{s}.js")),
        )
    {
        let response = setup.ask(request("GET", &path, &[("accept-encoding", "gzip")], "")).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        bytes += response.into_body().collect().await.unwrap().to_bytes().len();
    }
    assert!(bytes < 40_000, "the first view takes {bytes} bytes");
    // A node's page loads the charts, too.
    let mut charts = 0;
    for path in ["/nodes/sim-01", "/assets/charts.js", "/assets/uplot.js"] {
        let response = setup.ask(request("GET", path, &[("accept-encoding", "gzip")], "")).await;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        charts += response.into_body().collect().await.unwrap().to_bytes().len();
    }
    assert!(bytes + charts < 100_000, "a node's page takes {} bytes", bytes + charts);
}

#[tokio::test]
async fn assets_are_asked_for_again_but_sent_once() {
    let setup = setup(LOOPBACK, vec![]);
    let first = setup.ask(request("GET", "/assets/app.js", &[], "")).await;
    assert_eq!(first.headers()[header::CONTENT_TYPE], "text/javascript; charset=utf-8");
    let tag = first.headers()[header::ETAG].to_str().unwrap().to_owned();
    let again = setup.ask(request("GET", "/assets/app.js", &[("if-none-match", &tag)], "")).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert!(setup.get("/assets/uplot.LICENSE").await.1.contains("MIT License"));
    assert_eq!(setup.get("/assets/..%2Ftoken").await.0, StatusCode::NOT_FOUND);
    assert_eq!(setup.get("/favicon.ico").await.0, StatusCode::OK);
}

#[tokio::test]
async fn readiness_says_what_is_missing_and_no_more() {
    let setup = setup("0.0.0.0:8765", vec![]);
    assert_eq!(setup.get("/healthz").await, (StatusCode::OK, "ok\n".to_owned()));
    assert_eq!(setup.get("/readyz").await, (StatusCode::OK, "ready\n".to_owned()));
    setup.live.count(Status {
        connected: true,
        degraded: Some("/secret is full".to_owned()),
        ..Status::default()
    });
    let (status, words) = setup.get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!words.contains("secret"));
    setup.live.count(Status::default());
    assert_eq!(setup.get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

/// TRUST row 14: off loopback every route but the health checks demands the token.
#[tokio::test]
async fn off_loopback_everything_but_the_health_checks_demands_the_token() {
    let setup = setup("0.0.0.0:8765", vec![node("pi-1", Some(Happy))]);
    let paths = [
        "/",
        "/nodes/pi-1",
        "/events",
        "/assets/app.js",
        "/api/v1/nodes",
        "/api/v1/nodes/pi-1",
        "/api/v1/nodes/pi-1/day",
        "/api/v1/fleet",
        "/api/v1/nodes/pi-1/history",
        "/api/v1/moods",
        "/api/v1/status",
        "/api/v1/events",
        "/api/v1/stream",
        "/cast",
        "/proposals",
        "/api/v1/cast",
        "/api/v1/facts/x",
        "/api/openapi.json",
        "/metrics",
        "/calls",
        "/minds",
        "/api/v1/calls",
        "/api/v1/quiet",
        "/nothing",
    ];
    let bearer = format!("Bearer {}", setup.token);
    for path in paths {
        assert_eq!(setup.get(path).await.0, StatusCode::UNAUTHORIZED, "{path}");
        let shown = setup.ask(request("GET", path, &[("authorization", &bearer)], "")).await;
        assert_ne!(shown.status(), StatusCode::UNAUTHORIZED, "{path}");
        let wrong = setup.ask(request("GET", path, &[("authorization", "Bearer 0123456789")], "")).await;
        assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
}

/// TRUST row 14: writing needs a secret even on loopback.
#[tokio::test]
async fn enrolling_needs_the_token_even_on_loopback() {
    let setup = setup(LOOPBACK, vec![]);
    let body = r#"{"name":"pi-07","addresses":["127.0.0.1"]}"#;
    let post = |headers: Vec<(&str, &str)>, body: &str| {
        let json = ("content-type", "application/json");
        request("POST", "/api/v1/enrol", &[vec![json], headers].concat(), body)
    };
    assert_eq!(setup.ask(post(vec![], body)).await.status(), StatusCode::UNAUTHORIZED);
    let bearer = format!("Bearer {}", setup.token);
    let elsewhere = vec![("authorization", bearer.as_str()), ("origin", "http://evil.example")];
    assert_eq!(setup.ask(post(elsewhere, body)).await.status(), StatusCode::FORBIDDEN);
    let wrong = setup.ask(post(vec![("authorization", bearer.as_str())], r#"{"nome":"pi-07"}"#)).await;
    assert!(wrong.status().is_client_error());
    assert!(text(wrong).await.contains("error"));
    let reserved =
        post(vec![("authorization", bearer.as_str())], r#"{"name":"sim-01","addresses":["127.0.0.1"]}"#);
    assert_eq!(setup.ask(reserved).await.status(), StatusCode::BAD_REQUEST);
    let enrolled = setup.ask(post(vec![("authorization", bearer.as_str())], body)).await;
    assert_eq!(enrolled.status(), StatusCode::OK);
    assert_eq!(enrolled.headers()[header::CACHE_CONTROL], "no-store");
    let json: serde_json::Value = serde_json::from_str(&text(enrolled).await).unwrap();
    assert_eq!(json[0]["name"], "pi-07");
}

#[tokio::test]
async fn an_operator_gives_groups_and_labels_and_keeps_quiet() {
    let setup = setup(LOOPBACK, vec![node("pi-1", Some(Happy)), node("pi-2", Some(Crisis))]);
    let bearer = format!("Bearer {}", setup.token);
    let ask = |method: &str, path: &str, body: &str| {
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        setup.ask(request(method, path, &headers, body))
    };
    for name in ["pi-1", "pi-2"] {
        let path = format!("/api/v1/nodes/{name}/tag");
        let kept = ask("PUT", &path, r#"{"group":"<b>rack","labels":["ssd"]}"#).await;
        assert_eq!(kept.status(), StatusCode::OK);
    }
    let node = setup.json("/api/v1/nodes/pi-1").await;
    assert_eq!((&node["group"], &node["labels"][0]), (&"<b>rack".into(), &"ssd".into()));
    let fleet = setup.json("/api/v1/fleet").await;
    assert_eq!(fleet["groups"], serde_json::json!([{ "name": "<b>rack", "worst": "crisis", "nodes": 2 }]));
    assert!(!setup.get("/").await.1.contains("<b>"), "a group is text");
    for (path, body, expected) in [
        ("/api/v1/nodes/pi-1/tag", r#"{"group":7}"#, StatusCode::UNPROCESSABLE_ENTITY),
        ("/api/v1/nodes/pi-9/tag", "{}", StatusCode::NOT_FOUND),
        ("/api/v1/nodes/pi-1/tag", "no json", StatusCode::BAD_REQUEST),
    ] {
        let refused = ask("PUT", path, body).await;
        assert_eq!(refused.status(), expected, "{path} {body}");
        assert!(text(refused).await.contains("error"));
    }
    for (path, body, expected) in [
        ("/api/v1/nodes/pi-1/habits", r#"{"name":"the backup"}"#, StatusCode::CONFLICT),
        ("/api/v1/nodes/pi-9/habits", r#"{"name":"the backup"}"#, StatusCode::NOT_FOUND),
        ("/api/v1/nodes/pi-1/habits", r#"{"name":"the backup","as":""}"#, StatusCode::BAD_REQUEST),
        ("/api/v1/nodes/pi-1/habits/forget", r#"{"name":"the backup"}"#, StatusCode::NOT_FOUND),
    ] {
        assert_eq!(ask("POST", path, body).await.status(), expected, "{path} {body}");
    }
    let quiet = ask("POST", "/api/v1/quiet", r#"{"group":"<b>rack","until":"2999-01-01T00:00:00Z"}"#).await;
    assert_eq!(quiet.status(), StatusCode::OK);
    let windows = setup.json("/api/v1/quiet").await;
    assert_valid("quiet", &windows);
    assert!(setup.get("/calls").await.1.contains("&lt;b&gt;rack"));
    let past = ask("POST", "/api/v1/quiet", r#"{"until":"2001-01-01T00:00:00Z"}"#).await;
    assert_eq!(past.status(), StatusCode::BAD_REQUEST);
    let id = windows[0]["id"].as_str().unwrap();
    assert_eq!(ask("DELETE", &format!("/api/v1/quiet/{id}"), "").await.status(), StatusCode::OK);
    assert_eq!(setup.json("/api/v1/quiet").await, serde_json::json!([]));
}

#[tokio::test]
async fn a_browser_signs_in_by_a_form_and_gets_a_cookie_without_the_token() {
    let setup = setup("0.0.0.0:8765", vec![]);
    let html = [("accept", "text/html,*/*")];
    let asked = setup.ask(request("GET", "/nodes/pi-1", &html, "")).await;
    assert_eq!(asked.status(), StatusCode::UNAUTHORIZED);
    let policy = asked.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("style-src 'sha256-") && !policy.contains("unsafe"), "{policy}");
    assert!(text(asked).await.contains(r#"value="/nodes/pi-1""#));
    let origin = format!("http://{LOOPBACK}");
    let form = [("content-type", "application/x-www-form-urlencoded"), ("origin", origin.as_str())];
    let wrong = setup.ask(request("POST", "/sign-in", &form, "token=gt_wrong&to=/")).await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let body = format!("token={}&to=//evil.example", setup.token);
    let right = setup.ask(request("POST", "/sign-in", &form, &body)).await;
    assert_eq!(
        (right.status(), &right.headers()[header::LOCATION]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap())
    );
    let cookie = right.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains(&setup.token)
    );
    let session = cookie.split(';').next().unwrap().to_owned();
    let shown = setup.ask(request("GET", "/api/v1/nodes", &[("cookie", &session)], "")).await;
    assert_eq!(shown.status(), StatusCode::OK);
    let evil = [("content-type", "application/x-www-form-urlencoded"), ("origin", "http://evil.example")];
    assert_eq!(setup.ask(request("POST", "/sign-in", &evil, &body)).await.status(), StatusCode::FORBIDDEN);
}

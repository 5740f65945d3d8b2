//! Answers over real HTTP of those that Debian does not have: what an Uptime
//! Kuma (2.0.0-dev.0, by npm) with three monitors answered, in `uptime-kuma/`;
//! what else it may answer, and Loki 2.9 and Grafana 11, after their documentation.

use super::*;
use axum::Router;
use axum::extract::RawQuery;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use std::time::Instant;

async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn authorized(headers: &HeaderMap, expected: &str) -> Result<(), (StatusCode, &'static str)> {
    let given = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if given == expected { Ok(()) } else { Err((StatusCode::UNAUTHORIZED, "Unauthorized")) }
}

fn kuma() -> Router {
    let about = json!({
        "config": { "slug": "home", "title": "Home" },
        "incident": { "title": "Power works until noon", "content": "…", "style": "warning" },
        "publicGroupList": [
            { "id": 1, "name": "Web", "monitorList": [{ "id": 1, "name": "Blog", "type": "http" }, { "id": 2, "name": "Vault", "type": "http" }] },
            { "id": 2, "name": "Home", "monitorList": [{ "id": 3, "name": "NAS", "type": "ping" }, { "id": 4, "name": "new one", "type": "ping" }] },
        ],
    });
    let beat = |status: u8| json!([{ "status": 1, "time": "2024-01-01 00:00:00.000", "msg": "", "ping": 9 }, { "status": status, "time": "2024-01-01 00:01:00.000", "msg": "", "ping": null }]);
    let beats = json!({ "heartbeatList": { "1": beat(1), "2": beat(0), "3": beat(3), "4": [] }, "uptimeList": { "1_24": 1 } });
    let metrics = "monitor_status{monitor_name=\"Vault\",monitor_type=\"http\"} 0\n";
    Router::new()
        .route("/api/status-page/home", get(move || async move { axum::Json(about) }))
        .route("/api/status-page/heartbeat/home", get(move || async move { axum::Json(beats) }))
        .route(
            "/metrics",
            get(move |headers: HeaderMap| async move {
                // ":" and the key, as base64.
                let expected = format!("Basic {}", BASE64_STANDARD.encode(format!(":{KEY}")));
                authorized(&headers, &expected).map(|()| metrics)
            }),
        )
}

#[tokio::test]
async fn uptime_kuma_as_it_was_recorded() {
    let [page, beats, metrics] = [
        include_str!("uptime-kuma/page.json"),
        include_str!("uptime-kuma/beats.json"),
        include_str!("uptime-kuma/metrics.txt"),
    ];
    let expected = format!("Basic {}", BASE64_STANDARD.encode(format!(":{KEY}")));
    let router = Router::new()
        .route("/api/status-page/home", get(move || async move { page }))
        .route("/api/status-page/heartbeat/home", get(move || async move { beats }))
        .route(
            "/metrics",
            get(move |headers: HeaderMap| async move { authorized(&headers, &expected).map(|()| metrics) }),
        );
    let url = serve(router).await;
    let asked = proxies(&format!(
        "[page]\nkind = \"uptime-kuma\"\nurl = \"{url}\"\npage = \"home\"\n\
         [rest]\nkind = \"uptime-kuma\"\nurl = \"{url}\"\nkey = {{ env = \"K\" }}\n"
    ));
    let services = [("my-blog", State::Up), ("nas", State::Up), ("vault-old", State::Down)];
    let services: BTreeMap<_, _> = services.map(|(name, state)| (name.to_owned(), state)).into();
    let looked = asked.health().await;
    let [page, metrics] = [&looked[0], &looked[1]].map(|one| one.found.as_ref().unwrap());
    assert_eq!((&page.services, &metrics.services), (&services, &services));
    let down = "1 of 3 monitors down: vault-old";
    assert_eq!(page.words, ["announced: Power works until noon", down]);
    assert_eq!(metrics.words, [down]);
}

#[tokio::test]
async fn uptime_kuma_by_page_and_by_metrics() {
    let url = serve(kuma()).await;
    let asked = proxies(&format!(
        "[page]\nkind = \"uptime-kuma\"\nurl = \"{url}\"\npage = \"home\"\nservices = {{ Vault = \"secrets\", Shop = \"shop\" }}\n\
         [metrics]\nkind = \"uptime-kuma\"\nurl = \"{url}/\"\nkey = {{ env = \"K\" }}\n\
         [wrong]\nkind = \"uptime-kuma\"\nurl = \"{url}\"\nuser = \"ann\"\nkey = {{ env = \"K\" }}\n\
         [gone]\nkind = \"uptime-kuma\"\nurl = \"{url}\"\npage = \"other\"\n"
    ));
    let looked = asked.health().await;
    let of = |name: &str| looked.iter().find(|one| one.name == name).unwrap().found.clone();
    let page = of("page").unwrap();
    let expected = [("blog", State::Up), ("nas", State::Maintenance), ("secrets", State::Down)];
    assert_eq!(page.services, expected.map(|(name, state)| (name.to_owned(), state)).into());
    assert_eq!(page.words, ["announced: Power works until noon", "1 of 3 monitors down: secrets"]);
    let unseen = &looked.iter().find(|one| one.name == "page").unwrap().unseen;
    assert_eq!(*unseen, BTreeSet::from(["shop".to_owned()]), "no monitor is called Shop");
    assert_eq!(of("metrics").unwrap().services, [("vault".to_owned(), State::Down)].into());
    assert_eq!(of("wrong").unwrap_err().to_string(), "it answers 401: Unauthorized");
    assert!(matches!(of("gone"), Err(Fault::Status { status: 404, .. })));
}

#[tokio::test]
async fn loki_tells_of_a_week_and_of_now() {
    let vector = |values: &[(&str, &str)]| {
        let result = values.iter().map(|(job, value)| {
            let metric = if job.is_empty() { json!({}) } else { json!({ "job": job }) };
            json!({ "metric": metric, "value": [1_700_000_000.5, value] })
        });
        json!({ "status": "success", "data": { "resultType": "vector", "result": result.collect::<Vec<_>>(), "stats": {} } })
    };
    let (all, failures, new) =
        (vector(&[("", "120034")]), vector(&[("nginx", "200"), ("sshd", "7")]), vector(&[("", "2")]));
    let lines = json!({ "status": "success", "data": { "resultType": "streams", "result": [{
        "stream": { "job": "nginx" },
        "values": [["1700000000000000000", "error: <script>upstream timed out</script> token=abcdef123456"], ["1700000000000000001", "fatal: gone"]],
    }] } });
    let router = Router::new()
        .route(
            "/loki/api/v1/query",
            get(move |RawQuery(query): RawQuery| async move {
                let query = query.unwrap_or_default();
                let answer = if query.contains("topk") {
                    failures
                } else if query.contains("1800s") {
                    new
                } else {
                    all
                };
                axum::Json(answer)
            }),
        )
        .route("/loki/api/v1/query_range", get(move || async move { axum::Json(lines) }));
    let url = serve(router).await;
    let asked = proxies(&format!("[logs]\nkind = \"loki\"\nurl = \"{url}\"\nlogs = '{{job=\"nginx\"}}'"));
    assert!(asked.health().await.is_empty(), "logs are asked apart");
    let looked = asked.logs(Duration::from_mins(30)).await;
    let outlook = looked[0].found.clone().unwrap();
    assert_eq!(
        outlook.words,
        [
            "120034 lines within a week; failures by job: nginx 200, sshd 7",
            "2 lines about failures since the last look",
            "nginx: error: scriptupstream timed out/script (secret)",
            "nginx: fatal: gone",
        ]
    );
}

#[tokio::test]
async fn grafana_tells_its_alerts_and_a_dashboard() {
    let alert = |name: &str, state: &str| json!({ "labels": { "alertname": name, "severity": "page", "instance": "nas" }, "annotations": { "summary": "full" }, "state": state, "activeAt": "2024-01-01T00:00:00Z", "value": "" });
    let alerts = json!({ "status": "success", "data": { "alerts": [alert("Disk", "Alerting"), alert("Fine", "Normal"), alert("Soon", "Pending")] } });
    let panel = |title: &str, expr: &str| json!({ "title": title, "type": "stat", "datasource": { "type": "prometheus", "uid": "abc" }, "targets": [{ "refId": "A", "expr": expr }] });
    let dashboard = json!({ "dashboard": { "uid": "home", "panels": [
        panel("Requests", "sum(rate(http_requests_total[$__rate_interval]))"),
        panel("Of one", "up{instance=\"$instance\"}"),
        { "type": "row", "title": "Folded", "panels": [panel("Load", "node_load1")] },
    ] } });
    let frame = |values: Vec<f64>| json!({ "schema": { "fields": [{ "name": "Time" }, { "name": "Value" }] }, "data": { "values": [[1_700_000_000_000_i64], values] } });
    let router = Router::new()
        .route(
            "/api/prometheus/grafana/api/v1/alerts",
            get(move |headers: HeaderMap| async move {
                authorized(&headers, &format!("Bearer {KEY}")).map(|()| axum::Json(alerts))
            }),
        )
        .route("/api/dashboards/uid/home", get(move || async move { axum::Json(dashboard) }))
        .route(
            "/api/ds/query",
            post(move |axum::Json(asked): axum::Json<Value>| async move {
                assert_eq!(asked["queries"].as_array().map(Vec::len), Some(2), "{asked}");
                assert_eq!(asked["queries"][1]["datasource"]["uid"], "abc");
                axum::Json(json!({ "results": {
                    "P0": { "status": 200, "frames": [frame(vec![12.3456])] },
                    "P1": { "status": 200, "frames": [frame(vec![0.5]), frame(vec![]), frame(vec![2048.4])] },
                } }))
            }),
        );
    let url = serve(router).await;
    let asked = proxies(&format!(
        "[g]\nkind = \"grafana\"\nurl = \"{url}\"\ndashboard = \"home\"\nkey = {{ env = \"K\" }}"
    ));
    let outlook = asked.health().await.remove(0).found.unwrap();
    let words: Vec<String> = outlook.alerts.iter().map(Alert::words).collect();
    assert_eq!(words, ["Disk (page) on nas: full"]);
    assert_eq!(outlook.words, ["Requests: 12.35", "Load: 0.5, 2048"]);
}

#[tokio::test]
async fn who_fails_holds_nobody_up_and_says_why() {
    let long = "x".repeat(5 << 20);
    let router = Router::new()
        .route("/long/api/v2/alerts", get(move || async move { long }))
        .route("/html/api/v2/alerts", get(|| async { "<html>sign in</html>" }))
        .route(
            "/moved/api/v2/alerts",
            get(|| async { (StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]) }),
        )
        .route(
            "/wrong/api/v1/alerts",
            get(|| async {
                (
                    StatusCode::BAD_REQUEST,
                    axum::Json(json!({ "status": "error", "errorType": "bad_data", "error": "parse error" })),
                )
            }),
        )
        .route("/wrong/api/v1/query", get(|| async { axum::Json(json!({})) }))
        .route("/well/api/v2/alerts", get(|| async { axum::Json(json!([])) }));
    let url = serve(router).await;
    let at = |name: &str, kind: &str, url: &str| format!("[{name}]\nkind = \"{kind}\"\nurl = \"{url}\"\n");
    let ways = ["long", "html", "moved", "well"].map(|way| at(way, "alertmanager", &format!("{url}/{way}")));
    let wrong = at("wrong", "prometheus", &format!("{url}/wrong"));
    let text = ways.concat() + &wrong + &at("nobody", "alertmanager", "http://127.0.0.1:1");
    let began = Instant::now();
    let looked = proxies(&text).health().await;
    assert!(began.elapsed() < HEALTH, "side by side, and nobody is waited for");
    let told = |name: &str| match &looked.iter().find(|one| one.name == name).unwrap().found {
        Ok(_) => "well".to_owned(),
        Err(fault) => fault.to_string(),
    };
    assert_eq!(told("well"), "well");
    assert_eq!(told("long"), format!("its answer is longer than {MOST} bytes"));
    assert!(told("html").starts_with("its answer can't be read: it is no JSON"), "{}", told("html"));
    assert!(told("moved").starts_with("it answers 302"), "a key must not go elsewhere: {}", told("moved"));
    assert_eq!(told("wrong"), "it answers 400: parse error");
    assert!(told("nobody").starts_with("it can't be reached"), "{}", told("nobody"));
}

#[tokio::test]
async fn who_hangs_is_given_up_at_the_deadline() {
    // Accepts, and says nothing.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let text =
        format!("[a]\nkind = \"alertmanager\"\nurl = \"{url}\"\n[l]\nkind = \"loki\"\nurl = \"{url}\"");
    let limit = Duration::from_millis(200);
    let looked = proxies(&text).look(limit, HEALTH, |_| true).await;
    let faults: Vec<Fault> = looked.into_iter().map(|one| one.found.unwrap_err()).collect();
    assert_eq!(faults, [Fault::Slow(limit), Fault::Slow(limit)]);
}

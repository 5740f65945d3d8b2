//! What flows, and who reads it how.

use super::*;

/// Reads the stream until `events` of them have come, as (event, id).
async fn heard(body: &mut Body, events: usize) -> Vec<(String, String)> {
    let (mut text, mut all) = (String::new(), Vec::new());
    while all.len() < events {
        let frame = tokio::time::timeout(std::time::Duration::from_secs(5), body.frame()).await;
        let frame = frame.expect("the stream says something").unwrap().unwrap();
        text.push_str(std::str::from_utf8(frame.data_ref().unwrap()).unwrap());
        while let Some((one, rest)) = text.split_once("\n\n") {
            let field =
                |name: &str| one.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").to_owned();
            if one.contains("event:") {
                all.push((field("event: "), field("id: ")));
            }
            text = rest.to_owned();
        }
    }
    all
}

fn kinds(heard: &[(String, String)]) -> Vec<&str> {
    heard.iter().map(|(kind, _)| kind.as_str()).collect()
}

#[tokio::test]
async fn the_stream_goes_on_where_it_broke_off() {
    let setup = setup(LOOPBACK, vec![node("a", Some(Happy)), node("b", Some(Happy))]);
    tokio::spawn({
        let web = setup.web.clone();
        async move { web.listen().await }
    });
    let response = setup.ask(request("GET", "/api/v1/stream", &[], "")).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut body = response.into_body();
    let first = heard(&mut body, 3).await;
    assert_eq!(kinds(&first), ["node", "node", "fleet"]);
    drop(body);

    // While nobody listens, one node changes.
    setup.live.tell([Update::Node(Arc::new(node("a", Some(Crisis))))]);
    let last = ("last-event-id", first[2].1.as_str());
    let mut body = setup.ask(request("GET", "/api/v1/stream", &[last], "")).await.into_body();
    assert_eq!(kinds(&heard(&mut body, 2).await), ["node", "fleet"]);

    let other_run = ("last-event-id", "1-1");
    let mut body = setup.ask(request("GET", "/api/v1/stream", &[other_run], "")).await.into_body();
    assert_eq!(kinds(&heard(&mut body, 4).await)[0], "reset");
}

#[tokio::test]
async fn streams_are_counted_and_given_back() {
    let setup = setup(LOOPBACK, vec![]);
    let mut open = Vec::new();
    for _ in 0..MOST_STREAMS {
        open.push(setup.ask(request("GET", "/api/v1/stream", &[], "")).await);
    }
    let refused = setup.ask(request("GET", "/api/v1/stream", &[], "")).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    open.pop();
    assert_eq!(setup.ask(request("GET", "/api/v1/stream", &[], "")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn it_serves_the_command_line_and_stops_with_streams_open() {
    let setup = setup(LOOPBACK, vec![node("pi-1", Some(Happy))]);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(setup.web.clone().serve(listener, async move {
        let _ = stopped.await;
    }));
    let asked =
        tokio::task::spawn_blocking(move || crate::surfaces::cli::nodes_at(&url)).await.unwrap().unwrap();
    assert_eq!(asked[0].name, "pi-1");
    let body = setup.ask(request("GET", "/api/v1/stream", &[], "")).await.into_body();
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
    let rest = tokio::time::timeout(std::time::Duration::from_secs(5), body.collect()).await;
    assert!(rest.is_ok(), "the stream ends with the coordinator");
}

#[tokio::test]
async fn a_client_that_reads_nothing_holds_nobody_up() {
    let setup = setup(LOOPBACK, (0..50).map(|i| node(&format!("n{i:02}"), Some(Happy))).collect());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(setup.web.clone().serve(listener, async move {
        let _ = stopped.await;
    }));
    // Far more pages than the sockets' buffers hold, and not a byte of them read.
    let mut stalled = std::net::TcpStream::connect(address).unwrap();
    let ask = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n");
    std::io::Write::write_all(&mut stalled, ask.repeat(200).as_bytes()).unwrap();
    tokio::time::sleep(GRACE).await;
    let mut body = setup.ask(request("GET", "/api/v1/stream", &[], "")).await.into_body();
    assert_eq!(heard(&mut body, 51).await.len(), 51, "others hear all the same");
    stop.send(()).unwrap();
    let served = tokio::time::timeout(GRACE * 5, serving).await;
    served.expect("it stops although one client reads nothing").unwrap().unwrap();
}

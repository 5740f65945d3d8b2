//! One provider: what it is sent, and what is made of its answers.

use super::*;
use crate::{Answer, Fault, Usage};

const DIALECTS: [&str; 2] = ["anthropic", "openai"];

async fn streamed(provider: &Provider, request: &Request) -> (String, Result<Answer, Fault>) {
    let mut told = String::new();
    let answer = provider.stream(request, &mut |piece: &str| told.push_str(piece)).await;
    (told, answer)
}

#[tokio::test]
async fn both_dialects_answer_whole_and_in_pieces() {
    let server = Server::start().await;
    for dialect in DIALECTS {
        let provider = provider(&server, dialect, "well");
        let whole = provider.ask(&request("hi")).await.unwrap();
        assert_eq!((whole.text.as_str(), whole.model.as_str(), whole.stopped), ("Evening.", "tiny-1", false));
        assert_eq!(whole.usage, Usage { input: Some(47), output: Some(7), cached: Some(30) }, "{dialect}");
        let (told, pieces) = streamed(&provider, &request("hi")).await;
        assert_eq!((told.as_str(), pieces.unwrap()), ("Evening.", whole), "{dialect}");
    }
}

#[tokio::test]
async fn a_wanted_shape_and_a_wish_come_either_way() {
    let server = Server::start().await;
    for (dialect, way) in [("anthropic", "well"), ("openai", "well"), ("openai", "fenced")] {
        let provider = provider(&server, dialect, way);
        let (told, pieces) = streamed(&provider, &shaped("hi")).await;
        assert!(told.contains("{\"word\":\"evening\"}"), "its JSON, as it comes: {told}");
        for answer in [provider.ask(&shaped("hi")).await.unwrap(), pieces.unwrap()] {
            assert_eq!(answer.json, Some(json!({ "word": "evening" })), "{dialect} {way} {told}");
            assert!(answer.wants.is_empty());
        }
        let (_, pieces) = streamed(&provider, &tooled("hi")).await;
        for answer in [provider.ask(&tooled("hi")).await.unwrap(), pieces.unwrap()] {
            assert_eq!((answer.wants.len(), answer.wants[0].name.as_str()), (1, "look"), "{dialect}");
            assert_eq!(answer.wants[0].input, json!({ "node": "pi-07" }));
            // And back again, with what came of it.
            let mut next = tooled("hi");
            next.turns.push(Turn::Wants(answer.wants.clone()));
            next.turns.push(Turn::Done { id: answer.wants[0].id.clone(), text: "well".to_owned() });
            assert_eq!(provider.ask(&next).await.unwrap().wants.len(), 1);
        }
    }
}

#[tokio::test]
async fn every_failure_has_its_fault() {
    let server = Server::start().await;
    let status = |fault: &Fault| match fault {
        Fault::Status { status, retry_after, .. } => (*status, *retry_after),
        other => panic!("{other}"),
    };
    for dialect in DIALECTS {
        let fault = |way: &'static str| {
            let provider = provider(&server, dialect, way);
            async move {
                let whole = provider.ask(&request("hi")).await.unwrap_err();
                let (_, pieces) = streamed(&provider, &request("hi")).await;
                (whole, pieces.unwrap_err())
            }
        };
        for (way, code, passing) in [
            ("400", 400, false),
            ("500", 500, true),
            ("529", 529, true),
            ("429", 429, true),
            ("moved", 302, false),
        ] {
            let (whole, pieces) = fault(way).await;
            assert_eq!(whole, pieces);
            assert_eq!((status(&whole).0, whole.is_passing()), (code, passing), "{dialect} {way}");
        }
        assert_eq!(status(&fault("429-long").await.0).1, Some(Duration::from_secs(40)));
        for way in ["hung", "cut", "long"] {
            let (whole, pieces) = fault(way).await;
            match way {
                "hung" => assert!(matches!((&whole, &pieces), (Fault::Slow(_), Fault::Slow(_)))),
                "cut" => assert_eq!((&whole, &pieces), (&Fault::Cut, &Fault::Cut), "{dialect}"),
                _ => assert!(matches!(whole, Fault::Long(_)), "{dialect} {whole}"),
            }
        }
        for way in ["html", "other"] {
            let whole = provider(&server, dialect, way).ask(&request("hi")).await.unwrap_err();
            assert!(matches!(whole, Fault::Shape(_)), "{dialect} {way} {whole}");
        }
    }
}

#[tokio::test]
async fn a_stream_that_ends_early_or_never_is_no_answer() {
    let server = Server::start().await;
    for dialect in DIALECTS {
        let one = |way: &'static str| {
            let provider = provider(&server, dialect, way);
            async move { streamed(&provider, &request("hi")).await }
        };
        let (told, short) = one("short").await;
        assert_eq!((told.as_str(), short), ("Evening.", Err(Fault::Cut)), "{dialect}");
        assert!(matches!(one("garbage").await.1, Err(Fault::Shape(_))), "{dialect}");
        let (_, endless) = one("endless").await;
        assert!(matches!(endless, Err(Fault::Long(_) | Fault::Shape(_))), "{dialect} {endless:?}");
    }
    let (_, late) = streamed(&provider(&server, "anthropic", "overloaded-late"), &request("hi")).await;
    assert!(matches!(late, Err(Fault::Status { status: 529, .. })));
}

#[tokio::test]
async fn nobody_there_is_a_fault_of_its_own() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let server = Server { url, seen: std::sync::Arc::default() };
    let fault = provider(&server, "openai", "well").ask(&request("hi")).await.unwrap_err();
    assert!(matches!(&fault, Fault::Connect(_)) && fault.is_passing(), "{fault}");
}

#[tokio::test]
async fn a_key_goes_into_its_header_and_nowhere_else() {
    let server = Server::start().await;
    for dialect in DIALECTS {
        let good = provider(&server, dialect, "well");
        good.ask(&request("hi")).await.unwrap();
        assert!(!server.last_body().to_string().contains(KEY) && !format!("{good:?}").contains(KEY));
        // A server that repeats the key in what it says.
        let settings = settings(&server, &[("p", dialect, "well")], "");
        let key = crate::Key::new(&format!("{KEY}x"));
        let timeouts = Timeouts { connect: Duration::from_secs(5), call: Duration::from_secs(5) };
        let wrong =
            Provider::new("p", &settings.providers["p"], crate::Access { key, trust: None }, timeouts);
        let fault = wrong.ask(&request("hi")).await.unwrap_err();
        assert!(matches!(&fault, Fault::Status { status: 401, .. }) && !fault.is_passing());
        assert!(!fault.to_string().contains(KEY), "{fault}");
    }
}

#[tokio::test]
async fn a_long_beginning_is_marked_as_one_to_keep() {
    let server = Server::start().await;
    let provider = provider(&server, "anthropic", "well");
    provider.ask(&request("hi")).await.unwrap();
    assert!(server.last_body()["system"][0]["cache_control"].is_null(), "in vain below 1,024 tokens");
    let long = Request { rules: "A rule of the house. ".repeat(300), ..request("hi") };
    provider.ask(&long).await.unwrap();
    assert_eq!(server.last_body()["system"][0]["cache_control"], json!({ "type": "ephemeral" }));
}

#[tokio::test]
async fn vectors_come_in_the_order_of_their_texts() {
    let server = Server::start().await;
    let texts: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    let (vectors, usage) = provider(&server, "openai", "well").embed(&texts).await.unwrap();
    assert_eq!(vectors, [[0.0, 0.25], [1.0, 0.25], [2.0, 0.25]]);
    assert_eq!(usage.input, Some(9));
    let ragged = provider(&server, "openai", "ragged").embed(&texts[..2]).await;
    assert!(matches!(ragged, Err(Fault::Shape(_))), "{ragged:?}");
    let unable = provider(&server, "anthropic", "well").embed(&texts).await;
    assert!(matches!(unable, Err(Fault::Unable(_))));
    assert!(matches!(provider(&server, "openai", "well").embed(&[]).await, Err(Fault::Unable(_))));
}

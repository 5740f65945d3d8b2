use super::{Refused, check};
use crate::access::{Access, Role, make};
use crate::calls::Calls;
use crate::care::Care;
use crate::data::Data;
use crate::live::Live;
use crate::surfaces::web::Options;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use std::sync::Arc;

const LOOPBACK: &str = "127.0.0.1:8765";

fn checked(address: &str, method: &Method, headers: &[(&str, &str)]) -> Result<(), Refused> {
    let folder = tempfile::tempdir().unwrap();
    let data = Arc::new(Data::open(folder.path()).unwrap());
    let token = data.token().unwrap();
    let reader = make(folder.path(), "wall", Role::Reader).unwrap();
    let access = Arc::new(Access::open(&data).unwrap());
    let (own, wall) = (access.session("local", 0), access.session("wall", 0));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let value = value.replace("TOKEN", token.expose()).replace("READER", &reader);
        let value = value.replace("OWN", &own).replace("WALL", &wall);
        // What curl makes of `-u goldentooth:TOKEN`.
        let value = value.strip_prefix("basic ").map_or(value.clone(), |plain| {
            use base64::prelude::{BASE64_STANDARD, Engine as _};
            format!("Basic {}", BASE64_STANDARD.encode(plain))
        });
        map.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(&value).unwrap());
    }
    let options = Options {
        address: address.parse().unwrap(),
        hosts: vec!["pi.local".to_owned()],
        access,
        care: Care::open(&data, &Live::new(0)).unwrap(),
        calls: Calls::new(Vec::new()),
        flavours: crate::flavour::Flavours::default(),
        services: crate::services::Services::default(),
        models: None,
        thinking: crate::thinking::Thinking::default(),
        members: None,
        habits: crate::habits::Habits::default(),
    };
    check(&options, 1, method, &Uri::from_static("/api/v1/nodes"), &map)
}

/// TRUST row 14: DNS rebinding.
#[test]
fn a_host_must_be_one_of_ours() {
    let get = |address: &str, host: &str| {
        checked(address, &Method::GET, &[("host", host), ("authorization", "Bearer TOKEN")])
    };
    for host in
        ["localhost", "localhost:8765", "LOCALHOST", "127.0.0.1:8765", "[::1]:8765", "[::1]", "pi.local:80"]
    {
        assert_eq!(get(LOOPBACK, host), Ok(()), "{host}");
    }
    for host in
        ["evil.example", "evil.example:8765", "localhost.evil.example", "192.168.1.2", "pi.local.", "", ":80"]
    {
        assert_eq!(get(LOOPBACK, host), Err(Refused::Host), "{host:?}");
    }
    assert_eq!(get("0.0.0.0:8765", "192.168.1.2:8765"), Ok(()));
    assert_eq!(get("0.0.0.0:8765", "evil.example"), Err(Refused::Host));
    assert_eq!(checked(LOOPBACK, &Method::GET, &[]), Err(Refused::Host), "none at all");
}

/// TRUST row 14: requests from other sites.
#[test]
fn an_origin_must_be_our_own() {
    let host = ("host", LOOPBACK);
    let get = |origin| checked(LOOPBACK, &Method::GET, &[host, ("origin", origin)]);
    assert_eq!(get("http://127.0.0.1:8765"), Ok(()));
    for origin in [
        "http://evil.example",
        "http://127.0.0.1:8766",
        "http://localhost:8765",
        "null",
        "http://127.0.0.1:8765.evil.example",
    ] {
        assert_eq!(get(origin), Err(Refused::Origin), "{origin}");
    }
    let post = |site| {
        checked(LOOPBACK, &Method::POST, &[host, ("authorization", "Bearer TOKEN"), ("sec-fetch-site", site)])
    };
    assert_eq!(post("same-origin"), Ok(()));
    assert_eq!(post("cross-site"), Err(Refused::Origin));
    assert_eq!(post("same-site"), Err(Refused::Origin));
}

#[test]
fn the_token_is_taken_as_bearer_and_for_reading_as_a_password() {
    let far = "192.168.1.2:8765";
    let with = |method, value| checked(far, method, &[("host", far), ("authorization", value)]);
    assert_eq!(with(&Method::GET, "Bearer TOKEN"), Ok(()));
    assert_eq!(with(&Method::GET, "basic anybody:TOKEN"), Ok(()));
    assert_eq!(with(&Method::POST, "Bearer TOKEN"), Ok(()));
    // A browser sends it by itself: no proof that its user wants to write.
    assert_eq!(with(&Method::POST, "basic anybody:TOKEN"), Err(Refused::Token));
    for wrong in ["TOKEN", "Bearer", "Bearer ", "Bearer TOKENx", "basic TOKEN", "Basic !", "Digest TOKEN"] {
        assert_eq!(with(&Method::GET, wrong), Err(Refused::Token), "{wrong}");
    }
    assert_eq!(checked(LOOPBACK, &Method::GET, &[("host", LOOPBACK)]), Ok(()), "on loopback reading is free");
    assert_eq!(checked(LOOPBACK, &Method::DELETE, &[("host", LOOPBACK)]), Err(Refused::Token));
}

#[test]
fn a_reader_reads_and_an_operator_writes() {
    let far = "192.168.1.2:8765";
    let with = |method, value| checked(far, method, &[("host", far), ("authorization", value)]);
    assert_eq!(with(&Method::GET, "Bearer READER"), Ok(()));
    assert_eq!(with(&Method::POST, "Bearer READER"), Err(Refused::Role));
    assert_eq!(with(&Method::PUT, "Bearer TOKEN"), Ok(()));
}

#[test]
fn a_cookie_reads_and_writes_only_for_our_own_page() {
    let far = "192.168.1.2:8765";
    let host = ("host", far);
    let own = ("cookie", "goldentooth=OWN");
    let origin = ("origin", "http://192.168.1.2:8765");
    assert_eq!(checked(far, &Method::GET, &[host, own]), Ok(()));
    assert_eq!(checked(far, &Method::POST, &[host, own]), Err(Refused::Token), "no proof of our page");
    assert_eq!(checked(far, &Method::POST, &[host, own, origin]), Ok(()));
    let evil = ("origin", "http://evil.example");
    assert_eq!(checked(far, &Method::POST, &[host, own, evil]), Err(Refused::Origin));
    let wall = ("cookie", "goldentooth=WALL");
    assert_eq!(checked(far, &Method::GET, &[host, wall]), Ok(()));
    assert_eq!(checked(far, &Method::POST, &[host, wall, origin]), Err(Refused::Role));
    let forged = ("cookie", "goldentooth=local.99999.00");
    assert_eq!(checked(far, &Method::GET, &[host, forged]), Err(Refused::Token));
}

#[test]
fn what_a_proxy_hands_on_needs_the_token_on_loopback_too() {
    let get = |headers: &[(&str, &str)]| checked(LOOPBACK, &Method::GET, headers);
    assert_eq!(get(&[("host", LOOPBACK)]), Ok(()));
    for proxied in ["x-forwarded-for", "forwarded", "via"] {
        assert_eq!(get(&[("host", LOOPBACK), (proxied, "203.0.113.7")]), Err(Refused::Token), "{proxied}");
    }
    assert_eq!(get(&[("host", "pi.local")]), Err(Refused::Token), "nor is another name this machine alone");
    assert_eq!(get(&[("host", "pi.local"), ("authorization", "Bearer READER")]), Ok(()));
}

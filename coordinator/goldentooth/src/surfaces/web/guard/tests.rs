use super::{Refused, check};
use crate::data::Data;
use crate::surfaces::web::Options;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

const LOOPBACK: &str = "127.0.0.1:8765";

fn checked(address: &str, method: &Method, headers: &[(&str, &str)]) -> Result<(), Refused> {
    let folder = tempfile::tempdir().unwrap();
    let token = Data::open(folder.path()).unwrap().token().unwrap();
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let value = value.replace("TOKEN", token.expose());
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
        token: token.clone(),
    };
    check(&options, method, &Uri::from_static("/api/v1/nodes"), &map)
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

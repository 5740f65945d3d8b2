//! How much voice there is on the page.

use super::*;
use crate::flavour::Flavour;

#[tokio::test]
async fn a_person_chooses_how_much_voice_there_is() {
    let setup = setup(LOOPBACK, vec![node("pi-1", Some(Happy))]);
    let answer = setup.ask(request("GET", "/events?kind=says&flavour=off", &[], "")).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER);
    assert_eq!(answer.headers()[header::LOCATION], "/events?kind=says");
    let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("goldentooth-flavour=off; Path=/; Max-Age="), "{cookie}");
    // A choice that is none is left to the page, and the cookie is for no other answer.
    let answer = setup.ask(request("GET", "/?flavour=loud", &[], "")).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(answer.headers().get(header::SET_COOKIE).is_none());
    assert_eq!(answer.headers()["goldentooth-flavour"], "full", "what the command line tells");
}

/// A node of which something is said in each flavour.
fn spoken() -> NodeSnapshot {
    let mut spoken = node("pi-1", Some(Happy));
    spoken.last_said = Some(Arc::new(crate::live::Said {
        by: "malvo".to_owned(),
        text: "Listen: pi-1, happy. Prove it.".to_owned(),
        bare: "Listen: pi-1, happy.".to_owned(),
        plain: "pi-1 is happy again.".to_owned(),
        kind: crate::live::SaidKind::Fact,
        facts: crate::live::Recorded::new(&[(); 0]),
        node: Some("pi-1".parse().unwrap()),
        at: NOW,
        cause: String::new(),
        aside: false,
    }));
    spoken
}

#[tokio::test]
async fn the_page_tells_in_the_flavour_of_its_cookie() {
    let setup = setup(LOOPBACK, vec![spoken()]);
    for (flavour, told, not) in [
        (Flavour::Off, "pi-1 is happy again.", "Listen"),
        (Flavour::Light, "Listen: pi-1, happy.", "Prove it"),
        (Flavour::Full, "Prove it.", "happy again"),
    ] {
        let cookie = format!("a=b; goldentooth-flavour={}", flavour.word());
        for path in ["/", "/nodes/pi-1"] {
            let page = text(setup.ask(request("GET", path, &[("cookie", &cookie)], "")).await).await;
            assert!(page.contains(told) && !page.contains(not), "{path} in {flavour:?}");
        }
    }
}

#[tokio::test]
async fn who_has_chosen_nothing_is_told_as_the_page_is_set() {
    let flavours = Flavours { page: Flavour::Off, ..Flavours::default() };
    let setup = setup_in(LOOPBACK, vec![spoken()], flavours);
    for path in ["/", "/nodes/pi-1"] {
        let answer = setup.ask(request("GET", path, &[], "")).await;
        let cookie = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        assert!(cookie.starts_with("goldentooth-flavour=off;"), "for what the page says later: {cookie}");
        assert_eq!(answer.headers()["goldentooth-flavour"], "full", "another surface has its own");
        let page = text(answer).await;
        assert!(page.contains("pi-1 is happy again.") && !page.contains("Listen"), "{path}");
    }
    let chosen = [("cookie", "goldentooth-flavour=full")];
    let page = text(setup.ask(request("GET", "/", &chosen, "")).await).await;
    assert!(page.contains("Prove it."), "a person's choice comes first");
}

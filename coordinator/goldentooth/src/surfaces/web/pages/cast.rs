//! `/cast`: who is on stage, how they are, what they said and on what it
//! stands, what binds them, and a box to talk with them.

mod arms;
mod card;
mod council;
mod faces;
mod life;
mod nature;
mod ties;

use super::shell::{self, Shell};
use crate::company::CompanyError;
use crate::flavour::Flavour;
use crate::surfaces::view::{ArcView, CharacterView, NodeView, worst_first};
use crate::surfaces::web::Web;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use maud::{Markup, html};
use std::collections::BTreeMap;

/// The modules of this page.
const SCRIPTS: &[&str] = &[
    "app", "stream", "time", "fleet", "bars", "find", "show", "node", "events", "care", "cast", "talk",
    "ties",
];

/// How many nodes may be chosen for the council, the worst first.
const NODES: usize = 200;
/// How many of the last lines the conversation begins with.
const LINES: usize = 5;

/// What one may ask to begin with.
const QUESTIONS: [&str; 4] = [
    "How is the fleet?",
    "Which node is worst, and why?",
    "What changed since yesterday?",
    "@all what should I do?",
];

pub(in crate::surfaces::web) async fn cast(
    State(web): State<Web>,
    Extension(flavour): Extension<Flavour>,
) -> Response {
    let place = web.0.hub.place();
    let all = async { Ok((web.0.company.characters().await?, web.0.company.arcs().await?)) };
    match all.await {
        Ok((all, arcs)) => {
            let all: Vec<CharacterView> = all.into_iter().map(|one| one.in_flavour(flavour)).collect();
            let mut nodes: Vec<NodeView> =
                web.0.live.nodes().iter().map(|node| NodeView::from(&**node)).collect();
            worst_first(&mut nodes);
            let names: Vec<&str> = nodes.iter().map(|node| node.name.as_str()).take(NODES).collect();
            let stream = format!("/api/v1/stream?only=events&after={place}");
            page((&all, &arcs), &names, &stream, Timestamp::now()).into_response()
        }
        Err::<_, CompanyError>(away) => {
            (StatusCode::SERVICE_UNAVAILABLE, nobody(&away.to_string())).into_response()
        }
    }
}

fn nobody(why: &str) -> Markup {
    let shell = Shell { page: "cast", title: "Cast", stream: "", scripts: &[] };
    shell::wrap(&shell, &html! { section.panel { h1 { "Nobody is on stage" } p { (why) "." } } })
}

fn page(
    (all, arcs): (&[CharacterView], &BTreeMap<String, ArcView>),
    nodes: &[&str],
    stream: &str,
    now: Timestamp,
) -> Markup {
    let unmoved = ArcView::default();
    let newest = all.iter().filter(|one| one.last_said.is_some()).max_by_key(|one| said_at(one));
    let shell = Shell { page: "cast", title: "Cast", stream, scripts: SCRIPTS };
    shell::wrap(
        &shell,
        &html! {
            (arms::clip())
            (faces::masks())
            section.verdict.playbill aria-labelledby="playbill" {
                h1 #playbill { (verdict(all)) }
                ul.counts #feelings aria-label="Characters by feeling" {
                    @for (feeling, count) in feelings(all) { li data-feeling=(feeling) { (faces::mask(feeling)) span.number { (count) } " " (feeling) } }
                }
                div #newest hidden[newest.is_none()] { (card::newest(newest, now)) }
            }
            div.foyer {
                (talk(all, now))
                (ties::ties(all))
            }
            (council::council(nodes))
            section aria-labelledby="stage" {
                div.heading { h2 #stage { "On stage" } p.hint { span #stage-count { (all.len()) } ", the one who spoke last first; " a href="/minds" { "what minds cost" } } }
                ul.company #company {
                    @for one in order(all) { (card::card(one, arcs.get(&one.id).unwrap_or(&unmoved), now)) }
                }
            }
        },
    )
}

fn said_at(one: &CharacterView) -> Option<Timestamp> {
    one.last_said.as_ref().and_then(|said| said.at)
}

/// Who spoke last first; then as the cast stands.
fn order(all: &[CharacterView]) -> Vec<&CharacterView> {
    let mut order: Vec<&CharacterView> = all.iter().collect();
    order.sort_by_key(|one| std::cmp::Reverse(said_at(one)));
    order
}

/// The feelings that anybody has, the most common first.
fn feelings(all: &[CharacterView]) -> Vec<(&str, usize)> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for one in all {
        *counts.entry(one.feeling.as_str()).or_default() += 1;
    }
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts
}

/// The feelings that are told first, the gravest first.
const GRAVE: [&str; 8] =
    ["panicked", "angry", "stressed", "lonely", "resigned", "restless", "excited", "gloating"];

/// How the company is, in a sentence (`verdict` in cast.js).
fn verdict(all: &[CharacterView]) -> String {
    let spent: Vec<&str> = all
        .iter()
        .map(|one| one.readiness.as_str())
        .filter(|readiness| matches!(*readiness, "tired" | "overwhelmed"))
        .collect();
    let grave = GRAVE.into_iter().find(|grave| all.iter().any(|one| one.feeling == *grave));
    let moved = grave.map_or_else(
        || "all of them content".to_owned(),
        |grave| {
            let who: Vec<&str> =
                all.iter().filter(|one| one.feeling == grave).map(|one| one.name.as_str()).collect();
            match who.as_slice() {
                [one] => format!("{one} is {grave}"),
                [one, other] => format!("{one} and {other} are {grave}"),
                [one, rest @ ..] => format!("{one} and {} others are {grave}", rest.len()),
                [] => String::new(),
            }
        },
    );
    // The graver word, for all of them.
    let word = if spent.contains(&"overwhelmed") { "overwhelmed" } else { "tired" };
    let spent = match spent.len() {
        0 => String::new(),
        1 => format!("; one is {word}"),
        many => format!("; {many} are {word}"),
    };
    format!("{} on stage: {moved}{spent}.", all.len())
}

/// The conversation.
fn talk(all: &[CharacterView], now: Timestamp) -> Markup {
    html! {
        section.panel.talk aria-labelledby="talk" {
            div.heading { h2 #talk { "Talk with them" } p.hint { "they answer from what is recorded; @name, @office or @all says who shall" } }
            div.log #log role="log" aria-live="polite" aria-label="The conversation" tabindex="0" {
                @for one in spoken(all) { (card::line(one, now)) }
            }
            ul.openers #openers aria-label="Questions to begin with" {
                @for question in QUESTIONS { li { button.button type="button" data-ask=(question) { (question) } } }
            }
            form.ask #ask-form {
                label.aloud for="ask-text" { "Your question" }
                div.combo {
                    input #ask-text name="text" type="text" placeholder="Ask, or write @ to choose who answers" autocomplete="off" autocapitalize="sentences" maxlength="2000" required
                        role="combobox" aria-expanded="false" aria-controls="ask-names" aria-autocomplete="list";
                    ul #ask-names role="listbox" aria-label="Who shall answer" hidden {
                        @for (word, whose) in names(all) { li #{ "name-" (word) } role="option" aria-selected="false" data-name=(word) { strong { "@" (word) } " " span.hint { (whose) } } }
                    }
                }
                button type="submit" { "Ask" }
            }
            noscript { p { "Talking needs JavaScript; " code { "goldentooth ask" } " does without." } }
        }
    }
}

/// Who spoke last, the newest at the end.
fn spoken(all: &[CharacterView]) -> Vec<&CharacterView> {
    let mut spoken: Vec<&CharacterView> =
        order(all).into_iter().filter(|one| one.last_said.is_some()).take(LINES).collect();
    spoken.reverse();
    spoken
}

/// Who may be named behind an `@`: everybody, every office, and all of them.
fn names(all: &[CharacterView]) -> Vec<(String, String)> {
    let each = all.iter().map(|one| (one.id.clone(), one.name.clone()));
    let offices = all
        .iter()
        .filter_map(|one| Some((one.office.clone()?, format!("the office; {} holds it", one.name))));
    each.chain(offices).chain([("all".to_owned(), "who head a house".to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, feeling: &str, readiness: &str) -> CharacterView {
        let empty = serde_json::json!({
            "id": name.to_lowercase(), "name": name, "house": "", "archetype": "", "office": null, "embodies": null,
            "readiness": readiness, "feeling": feeling, "energy": 1.0, "attention": 1.0, "traits": {}, "modifiers": [],
            "relationships": [], "last_said": null, "nodes": [], "muted": false, "triggers": [], "eye": "",
        });
        serde_json::from_value(empty).unwrap()
    }

    #[test]
    fn the_gravest_feeling_is_told_first() {
        let all = [one("A", "content", "idle"), one("B", "excited", "idle"), one("C", "stressed", "tired")];
        assert_eq!(verdict(&all), "3 on stage: C is stressed; one is tired.");
        assert_eq!(verdict(&all[..2]), "2 on stage: B is excited.");
        assert_eq!(verdict(&all[..1]), "1 on stage: all of them content.");
        let spent = [one("A", "content", "overwhelmed"), one("B", "content", "tired")];
        assert_eq!(verdict(&spent), "2 on stage: all of them content; 2 are overwhelmed.");
        let many = ["D", "E", "F"].map(|name| one(name, "angry", "idle"));
        assert_eq!(verdict(&many), "3 on stage: D and 2 others are angry.");
        assert_eq!(feelings(&all), [("content", 1), ("excited", 1), ("stressed", 1)]);
    }

    #[test]
    fn nothing_in_a_card_becomes_markup() {
        let mut veiled = one("<b>Tallow</b>", "content", "idle");
        veiled.nodes = vec!["pi-1".to_owned()];
        let drawn = page((&[veiled], &BTreeMap::new()), &["pi-1"], "", Timestamp::UNIX_EPOCH).into_string();
        assert!(!drawn.contains("<b>Tallow") && drawn.contains("&lt;b&gt;Tallow"));
        assert!(drawn.contains("What it embodies is for you to find out."));
    }
}

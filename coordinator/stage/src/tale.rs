//! A tale in the words of a language model: the beats of a trope, told in the
//! voice of whoever is bored. All of it is fiction. A beat that the model tells
//! badly is told as the trope has it.

use crate::pulse::judge::{LONGEST, Manners, capital, shown};
use crate::pulse::prompt::{texts, voices};
use crate::pulse::{Dropped, Refusal, Styles};
use cast::boredom::Whim;
use cast::lexicon;
use cast::trope::{Trope, fill, named};
use cast::truth::Untrue;
use cast::{Cast, Sheet};
use minds::{Request, Schema, Task, Turn};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most tokens of an answer, and for each beat of it.
const OUTPUT: u32 = 60;
const EACH: u32 = 60;

/// The same for every tale, and so first.
const RULES: &str = "\
You tell short tales that characters make up while a fleet of small computers is quiet. All of it is fiction. For each \
beat write one sentence of at most 25 words that says the same in the voice of the teller, with the same roles in braces, \
exactly as the beat has them: {hero}.\n\
No digits, no names besides the roles, and no machine: a tale must not pass for something that happened. No links, no \
markup, no lists.\n\
Answer as JSON: {\"beats\":[{\"beat\":\"b1\",\"text\":\"…\"}]}.";

/// What is asked of a model. No name of the house is in it.
pub fn request(cast: &Cast, whim: &Whim, trope: &Trope) -> Request {
    let voices = voices(cast, std::slice::from_ref(&whim.by), &BTreeMap::new());
    let id = |place: usize| format!("b{}", place + 1);
    let beats: Vec<_> =
        trope.beats.iter().enumerate().map(|(place, beat)| format!("{}: {beat}", id(place))).collect();
    let ids: Vec<String> = (0..trope.beats.len()).map(id).collect();
    let (title, idea, reads) = (&trope.name, &trope.idea, &whim.reads);
    let text = format!(
        "{voices}\nThe tale: {title}. {idea}\n{} reads it as {reads}.\nBeats:\n{}",
        whim.by,
        beats.join("\n")
    );
    Request {
        task: Task::Fiction,
        by: vec![whim.by.clone()],
        why: "it is quiet".to_owned(),
        rules: RULES.to_owned(),
        turns: vec![Turn::Person(text)],
        schema: Some(Schema { name: "beats", json: texts("beats", "beat", &ids) }),
        tools: Vec::new(),
        most: OUTPUT + EACH * trope.beats.len() as u32,
    }
}

/// The whim with what of a model's answer may be told in the place of the
/// trope's own beats, how many those are, and what was refused.
pub fn settle(
    (cast, styles, nodes): (&Cast, &Styles, &BTreeSet<String>),
    whim: Whim,
    trope: &Trope,
    json: Option<&Value>,
) -> (Whim, usize, Vec<Dropped>) {
    let manners = Manners::new(cast, styles, nodes);
    let called = |sheet: &Sheet| sheet.name.clone();
    let names: BTreeMap<String, String> = whim
        .roles
        .iter()
        .map(|(role, id)| (role.clone(), cast.get(id).map_or_else(|| id.clone(), called)))
        .collect();
    let mut told: BTreeMap<usize, String> = BTreeMap::new();
    let mut dropped = Vec::new();
    let Some(beats) = json.and_then(|json| json.get("beats")).and_then(Value::as_array) else {
        let line = json.map_or_else(String::new, |json| shown(&json.to_string()));
        return (whim, 0, vec![Dropped { line, cause: Refusal::Shape.to_string() }]);
    };
    for beat in beats.iter().take(2 * trope.beats.len()) {
        let text = |key: &str| beat.get(key).and_then(Value::as_str).unwrap_or_default();
        let place = text("beat").strip_prefix('b').and_then(|number| number.parse::<usize>().ok());
        let place = place.and_then(|number| number.checked_sub(1));
        let own = place.and_then(|place| Some((place, trope.beats.get(place)?)));
        let judged = match own {
            None => Err(Refusal::Fact(shown(text("beat")))),
            Some((place, own)) => {
                check(&manners, &whim.by, own, text("text").trim()).map(|text| (place, text))
            }
        };
        match judged {
            // The first is the beat's.
            Ok((place, text)) => {
                told.entry(place).or_insert_with(|| fill(&capital(text), &names));
            }
            Err(refusal) => dropped.push(Dropped { line: shown(text("text")), cause: refusal.to_string() }),
        }
    }
    let count = told.len();
    let beats = whim.beats.iter().enumerate();
    let beats = beats.map(|(place, own)| told.remove(&place).unwrap_or_else(|| own.clone())).collect();
    (Whim { beats, ..whim }, count, dropped)
}

/// Whether a sentence may stand in the place of a beat.
fn check<'a>(manners: &Manners<'_>, by: &str, own: &str, text: &'a str) -> Result<&'a str, Refusal> {
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(Refusal::Length);
    }
    let roles = |text| named(text).map(BTreeSet::from_iter).map_err(|_| Refusal::Roles);
    let theirs: BTreeSet<&str> = roles(text)?;
    if theirs != roles(own)? {
        return Err(Refusal::Roles);
    }
    let bare = theirs.iter().fold(text.to_owned(), |bare, role| bare.replace(&format!("{{{role}}}"), " "));
    Manners::clean(&bare)?;
    if let Some(word) = lexicon::words(&bare).find(|word| word.contains(char::is_numeric)) {
        let word = word.to_owned();
        return Err(Untrue::Word { word, kind: lexicon::Kind::Number }.into());
    }
    manners.own(by, &bare)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cast::boredom::whim;
    use cast::trope::Tropes;
    use serde_json::json;

    /// A whim of Malvo's, with its trope: whoever else is muted has none.
    fn malvos(cast: &Cast) -> (Whim, Trope) {
        let own = "[[trope]]\nid = \"own\"\nname = \"Own\"\nidea = \"Ours.\"\nroles = [\"a\", \"b\"]\n\
            beats = [\"{a} goes.\", \"{b} stays with {a}.\", \"It rains.\"]";
        let tropes = Tropes::default().with("own.toml", own).unwrap();
        let others = cast.sheets().iter().map(|sheet| sheet.id.clone());
        let muted: BTreeSet<String> = others.filter(|id| id != "malvo" && id != "caudex").collect();
        let found =
            (0..).find_map(|seed| whim(cast, &tropes, &muted, &[], seed).filter(|whim| whim.by == "malvo"));
        (found.unwrap(), tropes.get("own").unwrap().clone())
    }

    fn told(beats: &Value) -> (Vec<String>, usize, Vec<String>) {
        let cast = Cast::built_in().unwrap();
        let (whim, trope) = malvos(&cast);
        let nodes = ["nas".to_owned()].into();
        let json = json!({ "beats": beats });
        let (whim, count, dropped) = settle((&cast, &Styles::of(&cast), &nodes), whim, &trope, Some(&json));
        (whim.beats, count, dropped.into_iter().map(|dropped| dropped.cause).collect())
    }

    #[test]
    fn a_beat_is_told_in_other_words_and_the_rest_as_it_is() {
        let (beats, count, causes) = told(&json!([
            { "beat": "b2", "text": "and {b} keeps watch beside {a}." },
            { "beat": "b2", "text": "{b} {a}." },
        ]));
        assert_eq!((beats.len(), count, causes.len()), (3, 1, 0));
        assert!(
            beats[1].starts_with("And Dr. Caudex") && beats[1].contains("keeps watch beside"),
            "{beats:?}"
        );
        assert!(beats[0].ends_with(" goes.") && beats[2] == "It rains.");
        assert!(beats.iter().all(|beat| !beat.contains(['{', '}'])), "{beats:?}");
    }

    #[test]
    fn what_could_pass_for_something_that_happened_is_refused() {
        for (text, cause) in [
            ("{a} goes to {c}.", "the roles of its beat"),
            ("Somebody goes.", "the roles of its beat"),
            ("{a goes.", "the roles of its beat"),
            ("{a} goes at 3 o'clock.", "a number"),
            ("{a} goes to nas.", "a node's name"),
            ("{a} goes to Umbrell.", "speaks for"),
            ("{a} goes to https://evil.example.", "a link, markup"),
            ("<b>{a}</b> goes.", "a link, markup"),
            ("", "characters"),
        ] {
            let (beats, count, causes) = told(&json!([{ "beat": "b1", "text": text }]));
            assert!(count == 0 && beats[0].ends_with(" goes."), "{text}: {beats:?}");
            assert!(causes[0].contains(cause), "{text}: {causes:?}");
        }
        assert_eq!(told(&json!([{ "beat": "b9", "text": "It rains." }, "b1"])).2.len(), 2);
        let (beats, count, causes) = told(&json!("b1"));
        assert_eq!((beats.len(), count, causes.len()), (3, 0, 1), "another shape altogether");
    }

    #[test]
    fn what_is_asked_has_its_beats_and_little_else() {
        let cast = Cast::built_in().unwrap();
        let (whim, trope) = malvos(&cast);
        let asked = request(&cast, &whim, &trope);
        let Turn::Person(text) = &asked.turns[0] else { panic!("{:?}", asked.turns) };
        assert!(text.contains("b2: {b} stays with {a}.") && text.contains(&whim.reads), "{text}");
        assert_eq!((asked.task, asked.most), (Task::Fiction, OUTPUT + 3 * EACH));
        assert!(asked.estimate() < 500, "{}", asked.estimate());
    }
}

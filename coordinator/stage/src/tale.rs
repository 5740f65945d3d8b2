//! A tale in the words of a language model: the beats of a trope, told in the
//! voice of whoever is bored. All of it is fiction. A beat that the model tells
//! badly is told as the trope has it.

use crate::pulse::judge::{LONGEST, Manners, shown};
use crate::pulse::prompt::{texts, voices};
use crate::pulse::{Dropped, Refusal, Styles};
use cast::boredom::{Beat, Whim};
use cast::lexicon;
use cast::trope::{Trope, fill, named};
use cast::truth::Untrue;
use cast::{Cast, Sheet, capital};
use minds::{Request, Schema, Task, Turn, Understudy};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The most tokens of an answer, and for each beat of it.
const OUTPUT: u32 = 60;
const EACH: u32 = 60;

/// The same for every tale, and so first.
const RULES: &str = "\
You tell short tales that characters make up while a fleet of small computers is quiet. All of it is fiction. For each \
beat write one sentence of at most 25 words that says the same in the voice of the teller, or of whoever stands beside it \
in parentheses, with the same roles in braces, exactly as the beat has them: {hero}.\n\
No digits, no names besides the roles, and no machine: a tale must not pass for something that happened. No links, no \
markup, no lists.\n\
Answer as JSON: {\"beats\":[{\"beat\":\"b1\",\"text\":\"…\"}]}.";

/// A whim, and who found the words of its tale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tale {
    /// What is told, and by whom.
    #[serde(flatten)]
    pub whim: Whim,
    /// A provider, or the understudy, who takes the trope's own.
    pub mind: String,
}

impl Tale {
    /// In the trope's own words.
    pub fn plain(whim: Whim) -> Self {
        Self { whim, mind: Understudy::NAME.to_owned() }
    }
}

/// What is asked of a model. No name of the house is in it.
pub fn request(cast: &Cast, whim: &Whim, trope: &Trope) -> Request {
    let mut by = vec![whim.by.clone()];
    let mut beats = Vec::new();
    let mut ids = Vec::new();
    for (place, (beat, (_, text))) in whim.beats.iter().zip(trope.spoken()).enumerate() {
        let id = format!("b{}", place + 1);
        let says = if beat.by == whim.by { String::new() } else { format!(" ({})", beat.by) };
        beats.push(format!("{id}{says}: {text}"));
        ids.push(id);
        if !by.contains(&beat.by) {
            by.push(beat.by.clone());
        }
    }
    let style = cast.get(&whim.by).and_then(|sheet| sheet.style);
    let form = style.map(|style| format!(" as {}", style.name)).unwrap_or_default();
    let (title, idea, reads) = (&trope.name, &trope.idea, &whim.reads);
    let text = format!(
        "{}\nThe tale: {title}. {idea}\n{} tells it{form}, and reads it as {reads}.\nBeats:\n{}",
        voices(cast, &by, &BTreeMap::new()),
        whim.by,
        beats.join("\n")
    );
    Request {
        task: Task::Fiction,
        by,
        why: "it is quiet".to_owned(),
        rules: RULES.to_owned(),
        turns: vec![Turn::Person(text)],
        most: OUTPUT + EACH * ids.len() as u32,
        schema: Some(Schema { name: "beats", json: texts("beats", "beat", &ids) }),
        tools: Vec::new(),
    }
}

/// The tale with what of an answer of this mind's may be told in the place of the
/// trope's own beats, each by whoever says it; and what was refused. Where nothing
/// of it may be told, it is the understudy's.
pub fn settle(
    (cast, styles, nodes): (&Cast, &Styles, &BTreeSet<String>),
    (whim, trope): (Whim, &Trope),
    (mind, json): (&str, Option<&Value>),
) -> (Tale, Vec<Dropped>) {
    let mut tale = Tale::plain(whim);
    let Some(beats) = json.and_then(|json| json.get("beats")).and_then(Value::as_array) else {
        let line = json.map_or_else(String::new, |json| shown(&json.to_string()));
        return (tale, vec![Dropped { line, cause: Refusal::Shape.to_string() }]);
    };
    let manners = Manners::new(cast, styles, nodes);
    let called = |sheet: &Sheet| sheet.name.clone();
    let roles = tale.whim.roles.iter();
    let names: BTreeMap<String, String> =
        roles.map(|(role, id)| (role.clone(), cast.get(id).map_or_else(|| id.clone(), called))).collect();
    let own: Vec<&str> = trope.spoken().map(|(_, text)| text).collect();
    let mut told = BTreeSet::new();
    let mut dropped = Vec::new();
    for beat in beats.iter().take(2 * own.len()) {
        let text = |key: &str| beat.get(key).and_then(Value::as_str).unwrap_or_default();
        let place = text("beat").strip_prefix('b').and_then(|number| number.parse::<usize>().ok());
        let place = place.and_then(|number| number.checked_sub(1));
        let known = place.and_then(|place| Some((place, own.get(place)?, tale.whim.beats.get_mut(place)?)));
        let judged = match known {
            None => Err(Refusal::Fact(shown(text("beat")))),
            Some((place, own, beat)) => {
                check(&manners, &beat.by, own, text("text").trim()).map(|text| (place, beat, text))
            }
        };
        match judged {
            // The first is the beat's.
            Ok((place, Beat { text: own, .. }, text)) => {
                if told.insert(place) {
                    *own = fill(&capital(text), &names);
                }
            }
            Err(refusal) => dropped.push(Dropped { line: shown(text("text")), cause: refusal.to_string() }),
        }
    }
    if !told.is_empty() {
        mind.clone_into(&mut tale.mind);
    }
    (tale, dropped)
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
            beats = [\"{a} goes.\", \"{b} stays with {a}.\", \"{b}: I told {a} so.\", \"It rains.\"]";
        let tropes = Tropes::default().with("own.toml", own).unwrap();
        let is_willing = |id: &str| id == "malvo" || id == "caudex";
        let found = (0..).find_map(|seed| {
            whim(cast, tropes.iter(), is_willing, |_| false, seed).filter(|whim| whim.by == "malvo")
        });
        (found.unwrap(), tropes.get("own").unwrap().clone())
    }

    /// The beats, by whom each is said, whose words they are, and why others are not told.
    struct Found {
        beats: Vec<String>,
        by: Vec<String>,
        mind: String,
        causes: Vec<String>,
    }

    fn told(beats: &Value) -> Found {
        let cast = Cast::built_in().unwrap();
        let (whim, trope) = malvos(&cast);
        let nodes = ["nas".to_owned()].into();
        let json = json!({ "beats": beats });
        let house = (&cast, &Styles::of(&cast), &nodes);
        let (tale, dropped) = settle(house, (whim, &trope), ("home", Some(&json)));
        let (by, beats) = tale.whim.beats.into_iter().map(|beat| (beat.by, beat.text)).unzip();
        Found {
            beats,
            by,
            mind: tale.mind,
            causes: dropped.into_iter().map(|dropped| dropped.cause).collect(),
        }
    }

    #[test]
    fn a_beat_is_told_in_other_words_and_the_rest_as_it_is() {
        let Found { beats, by, mind, causes } = told(&json!([
            { "beat": "b2", "text": "and {b} keeps watch beside {a}." },
            { "beat": "b2", "text": "{b} {a}." },
            { "beat": "b3", "text": "From the case history: I told {a} so." },
        ]));
        assert_eq!((beats.len(), mind.as_str(), causes), (4, "home", vec![]));
        assert!(
            beats[1].starts_with("And Dr. Caudex") && beats[1].contains("keeps watch beside"),
            "{beats:?}"
        );
        assert!(
            beats[0].ends_with(" goes.") && beats[3].contains("It rains."),
            "in the teller's style: {beats:?}"
        );
        assert!(beats[2].starts_with("From the case history: "), "{beats:?}");
        assert_eq!(by, ["malvo", "malvo", "caudex", "malvo"], "who says a beat goes on saying it");
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
            let Found { beats, mind, causes, .. } = told(&json!([{ "beat": "b1", "text": text }]));
            assert!(mind == "understudy" && beats[0].ends_with(" goes."), "{text}: {beats:?}");
            assert!(causes[0].contains(cause), "{text}: {causes:?}");
        }
        let prefixed = told(&json!([{ "beat": "b3", "text": "{b}: I told {a}." }]));
        assert!(prefixed.causes[0].contains("the roles of its beat"), "who says it is no part of it");
        assert_eq!(told(&json!([{ "beat": "b9", "text": "It rains." }, "b1"])).causes.len(), 2);
        let other = told(&json!("b1"));
        assert_eq!((other.beats.len(), other.causes.len()), (4, 1), "another shape altogether");
        assert_eq!(other.mind, "understudy");
    }

    #[test]
    fn what_is_asked_has_its_beats_and_little_else() {
        let cast = Cast::built_in().unwrap();
        let (whim, trope) = malvos(&cast);
        let asked = request(&cast, &whim, &trope);
        let Turn::Person(text) = &asked.turns[0] else { panic!("{:?}", asked.turns) };
        assert!(text.contains("b2: {b} stays with {a}.") && text.contains(&whim.reads), "{text}");
        assert!(text.contains("b3 (caudex): I told {a} so."), "{text}");
        assert_eq!((asked.task, asked.most), (Task::Fiction, OUTPUT + 4 * EACH));
        assert_eq!(asked.by, ["malvo", "caudex"]);
        assert!(asked.estimate() < 600, "{}", asked.estimate());
    }
}

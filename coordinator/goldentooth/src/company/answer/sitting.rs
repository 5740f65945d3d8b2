//! How many answer: one, a consensus, a debate, or an emergency council.

use super::{Scene, Told, causes, fact, gravest, gravity, reading, span, state};
use crate::company::council;
use crate::live::NodeSnapshot;
use cast::Sheet;
use cast::ask::{Asked, Question, Stretch};
use cast::council::{Council, Seat, Sitting};
use cast::eye::{NEEDS, Verdict};
use fleet::words::tidy;
use frames::{Mood, Vital};
use node_agent::clock::wall;
use std::sync::Arc;

/// The most readings that an answer about a council lists.
const MOST: usize = 5;

/// A council that was called for a question.
pub(in crate::company) struct Called<'a> {
    node: &'a NodeSnapshot,
    /// Those whose reading may be told: what a veiled one looks at is for
    /// people to find out.
    known: Vec<&'a str>,
    council: Council,
    sitting: Sitting,
    kind: Question,
}

/// Calls the council that a question is worth; none for a simple one.
pub(in crate::company) async fn call<'a>(scene: &Scene<'a>, asked: &Asked) -> Option<Called<'a>> {
    // Eyes look at what is.
    let kind = asked.kind.filter(|_| !asked.stretch.is_some_and(Stretch::has_ended))?;
    let node = about(scene, asked)?;
    let in_crisis = node.silent || node.mood == Some(Mood::Crisis);
    let sitting = Sitting::of(kind, in_crisis);
    if sitting == Sitting::One {
        return None;
    }
    let council = council::sit(scene.cast, (scene.ask, scene.services), scene.nodes, node, wall()).await;
    let known = scene.portraits.iter().filter(|portrait| portrait.known);
    let known = known.map(|portrait| portrait.id.as_str()).collect();
    Some(Called { node, known, council, sitting, kind })
}

/// The node that a question is about: the one that it names, else for what asks
/// after the worst that one, if it is in trouble at all.
fn about<'a>(scene: &Scene<'a>, asked: &Asked) -> Option<&'a Arc<NodeSnapshot>> {
    if let Some(name) = asked.nodes.first() {
        return scene.nodes.iter().find(|node| node.name.as_str() == name);
    }
    let worst = matches!(asked.kind?, Question::Worst | Question::Why | Question::Advice | Question::Council);
    gravest(scene).filter(|node| worst && (gravity(node) >= 2 || asked.kind == Some(Question::Council)))
}

impl Called<'_> {
    /// Whether only one may speak.
    pub(in crate::company) fn is_emergency(&self) -> bool {
        self.sitting == Sitting::Emergency
    }

    /// What one speaker says once the council has looked. `own` is whether it
    /// tells its own eye's reading: whoever is named is asked for no other's.
    pub(in crate::company) fn join(&self, told: Told, sheet: &Sheet, own: bool) -> Told {
        let mut told = if self.is_emergency() { self.emergency() } else { told };
        if self.kind == Question::Council {
            told = self.minutes(told);
        } else {
            told.text = format!("{} {}", told.text, council::count(&self.council));
        }
        for (kind, count) in [("council.uneasy", self.council.uneasy), ("council.calm", self.council.calm)] {
            told.facts.push(fact(kind, self.node.name.as_str(), count, "", Some(wall())));
        }
        if own
            && let Some(seat) = self.council.seat(&sheet.id).filter(|seat| self.is_known(seat))
            && seat.gaze.verdict != Verdict::Blind
        {
            told.text = format!("{} By my own eye: {}.", told.text, council::reading(seat));
            told.facts.extend(self.seen(seat));
        }
        told
    }

    /// Who argues after the first answer, one of each side; nobody where the
    /// eyes agree, or where it is no time for that.
    pub(in crate::company) fn debate(&self) -> Vec<(String, Told)> {
        let known = |seat: &&Seat| self.is_known(seat);
        let told = Council::count(self.council.seats.iter().filter(known).cloned().collect());
        let sides = told.sides().filter(|_| self.sitting == Sitting::Debate);
        let Some((uneasy, calm)) = sides else { return Vec::new() };
        let say = |seat: &Seat| {
            let word = match seat.gaze.verdict {
                Verdict::Alarmed => "I am alarmed",
                Verdict::Uneasy => "I am uneasy",
                Verdict::Calm | Verdict::Blind => "I find nothing there",
            };
            let text = format!("{word}: {}.", council::reading(seat));
            (seat.by.clone(), Told::fact(text, self.seen(seat).into_iter().collect()))
        };
        [uneasy, calm].map(say).into()
    }

    /// At three in the morning: the fact, its number, the node and the next
    /// useful act, in one short sentence; what else there is comes after it.
    fn emergency(&self) -> Told {
        let node = self.node;
        let (word, mood) = state(node);
        let mut facts = vec![mood];
        if node.silent {
            let ago = node.last_seen.map_or(0, |seen| wall() - seen);
            facts.push(fact("unheard", node.name.as_str(), ago, "ms", Some(wall())));
            let text = format!("{} is silent, no frame for {}: {}.", node.name, span(ago), cast::act::SILENT);
            return Told::fact(text, facts);
        }
        let loudest = node.causes.first();
        let act = cast::act::act(loudest.map(|cause| cause.vital.name()));
        let why = loudest.and_then(|cause| {
            let value = node.vitals.get(cause.vital)?;
            facts.extend(reading(node, cause.vital).map(|(_, fact)| fact));
            Some(format!(", {}", fleet::words::named(cause.vital, value)))
        });
        let first = format!("{} is {word}{}: {act}.", node.name, why.unwrap_or_default());
        let (rest, more) = causes(node);
        facts.extend(more);
        let rest = if rest.is_empty() { String::new() } else { format!(" In full: {rest}.") };
        Told::fact(format!("{first}{rest}"), facts)
    }

    /// What a council said, told in full.
    fn minutes(&self, mut told: Told) -> Told {
        let seeing = self.council.seats.iter();
        let seeing = seeing.filter(|seat| seat.gaze.verdict != Verdict::Blind && self.is_known(seat));
        let listed: Vec<String> = seeing
            .clone()
            .take(MOST)
            .map(|seat| {
                format!("{} {} ({})", seat.by, council::finds(seat.gaze.verdict), council::reading(seat))
            })
            .collect();
        let list = if listed.is_empty() { String::new() } else { format!(" {}.", listed.join("; ")) };
        told.text = format!("{}: {}{list}", self.node.name, council::count(&self.council));
        told.facts.extend(seeing.take(MOST).filter_map(|seat| self.seen(seat)));
        told
    }

    fn is_known(&self, seat: &Seat) -> bool {
        self.known.contains(&seat.by.as_str())
    }

    /// What one eye sees, as a fact.
    fn seen(&self, seat: &Seat) -> Option<crate::surfaces::view::FactView> {
        let (subject, value) = (seat.gaze.subject.as_deref()?, seat.gaze.value?);
        let unit = match Vital::from_name(subject) {
            Some(vital) => vital.unit(),
            None if subject == "distance" => "standard deviations",
            None => "",
        };
        let kind = if seat.gaze.measure == NEEDS { NEEDS } else { subject };
        Some(fact(kind, self.node.name.as_str(), tidy(value as f32), unit, self.node.last_seen))
    }
}

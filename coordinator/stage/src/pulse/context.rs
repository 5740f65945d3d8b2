//! What happened, in at most 500 tokens, whatever the size of the fleet: what
//! changed first, then what still hurts.

use super::digest::{Changes, NodeNow, Scene, Stands, Trouble};
use super::outside::Outside;
use super::plan::Found;
use cast::Cast;
use minds::estimate::tokens;
use minds::fence;
use std::collections::{BTreeMap, BTreeSet};

/// The most tokens of it.
pub const CONTEXT: u32 = 500;
/// Kept free for saying that there is more.
const MORE: u32 = 24;
/// The most characters of words from elsewhere.
const WORDS: usize = 80;

/// Lines, as long as there is room.
struct Page {
    text: String,
    left: u32,
}

impl Page {
    /// Adds a line if it fits.
    fn line(&mut self, line: &str) -> bool {
        let cost = tokens(line) + 1;
        let fits = cost <= self.left;
        if fits {
            self.text.push_str(line);
            self.text.push('\n');
            self.left -= cost;
        }
        fits
    }

    /// Adds as many as fit, and says how many did not.
    fn all(&mut self, what: &str, lines: impl ExactSizeIterator<Item = String>) {
        let count = lines.len();
        for (place, line) in lines.enumerate() {
            if !self.line(&line) {
                self.left += MORE;
                self.line(&format!("and {} more {what}", count - place));
                self.left = self.left.saturating_sub(MORE);
                return;
            }
        }
    }
}

/// The context of a pulse.
pub(super) fn write(
    scene: &Scene,
    changes: &Changes,
    found: &[Found],
    (cast, outside): (&Cast, &Outside),
) -> String {
    let mut page = Page { text: String::new(), left: CONTEXT - 3 * MORE };
    let count = |stands: Stands| scene.nodes.iter().filter(|node| node.stands == stands).count();
    page.line(&format!(
        "Fleet of {}: {} in crisis, {} silent, {} stressed, {} well.",
        scene.nodes.len(),
        count(Stands::Crisis),
        count(Stands::Silent),
        count(Stands::Stressed),
        count(Stands::Well)
    ));
    page.line(&format!("Changed: {}.", changes.words()));
    page.all("changes", found.iter().map(|found| changed(found, scene, (cast, outside))));
    let data = |what: &str, source: &str, words: &str| {
        format!("{what}: {}", fence::data(source, &outside.words(words, WORDS), WORDS + 1))
    };
    let trouble = |what: &str, trouble: &Trouble, more: &BTreeMap<Trouble, String>| {
        data(what, &trouble.source, &trouble.with(more))
    };
    page.all("alerts", changes.alerts.iter().map(|one| trouble("New alert", one, &scene.alerts)));
    page.all("services", changes.services.iter().map(|one| trouble("New service", one, &scene.services)));
    let told: BTreeSet<&str> = found.iter().map(|found| found.fact.node.as_str()).collect();
    let mut still: Vec<&NodeNow> = scene
        .nodes
        .iter()
        .filter(|node| node.stands != Stands::Well && !told.contains(node.name.as_str()))
        .collect();
    still.sort_by(|one, other| {
        other.stands.cmp(&one.stands).then(one.since.cmp(&other.since)).then(one.name.cmp(&other.name))
    });
    page.all("in trouble", still.into_iter().map(|node| remains(node, scene, outside)));
    if !scene.missing.is_empty() {
        let missing: Vec<&str> = scene.missing.keys().map(String::as_str).collect();
        page.line(&format!("Not known now: {}.", outside.words(&missing.join(", "), WORDS)));
    }
    page.all("reports", scene.told.iter().map(|(source, words)| data("Report", source, words)));
    page.text
}

/// One fact, by its name in the answer, with the slots that it fills.
fn changed(found: &Found, scene: &Scene, (cast, outside): (&Cast, &Outside)) -> String {
    let fact = &found.fact;
    let node = scene.nodes.iter().find(|node| node.name == fact.node);
    let slots = cast::Slots::of(fact, cast.get(&found.by).map_or(&[], |sheet| &sheet.notices));
    let filled = cast::Slot::ALL.into_iter().filter_map(|slot| slots.get(slot));
    let slots: Vec<_> = filled
        // What would settle a suspicion is for those who have one.
        .filter(|filled| {
            filled.slot != cast::Slot::Settle || found.made.is_some_and(cast::Move::is_suspicion)
        })
        .map(|filled| format!("{{{}}}={}", filled.slot.name(), outside.words(&filled.text, WORDS)))
        .collect();
    let turn = match node.filter(|_| fact.occasion != cast::Occasion::Signal) {
        Some(node) => format!(" was {} now {}", found.from.word(), node.stands.word()),
        None => String::new(),
    };
    format!("{}{turn}: {}", found.id, slots.join(" "))
}

fn remains(node: &NodeNow, scene: &Scene, outside: &Outside) -> String {
    let minutes = node.since.map_or(0, |since| scene.now.saturating_sub(since).max(0) / 60_000);
    let why =
        if node.why.is_empty() { String::new() } else { format!(", {}", outside.words(&node.why, WORDS)) };
    format!("Still {}: {} for {minutes} min{why}", node.stands.word(), outside.words(&node.name, WORDS))
}

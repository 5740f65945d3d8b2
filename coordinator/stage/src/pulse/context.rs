//! What happened, in at most 500 tokens, whatever the size of the fleet: what
//! changed first, then what still hurts.

use super::digest::{Changes, NodeNow, Scene, Stands};
use super::outside::Outside;
use super::plan::Found;
use cast::Cast;
use minds::estimate::tokens;
use minds::fence;

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
    let data = |what: &str, words: &str| {
        format!("New {what}: {}", fence::data(what, &outside.words(words, WORDS), WORDS + 1))
    };
    page.all("alerts", changes.alerts.iter().map(|words| data("alert", words)));
    page.all("services", changes.services.iter().map(|words| data("service", words)));
    let told: std::collections::BTreeSet<&str> = found.iter().map(|found| found.fact.node.as_str()).collect();
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
        page.line(&format!("Not known now: {}.", scene.missing.join(", ")));
    }
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
    let from = if fact.occasion == cast::Occasion::Signal { "" } else { found.from.word() };
    let now = node.map_or("", |node| node.stands.word());
    format!("{} was {from} now {now}: {}", found.id, slots.join(" "))
}

fn remains(node: &NodeNow, scene: &Scene, outside: &Outside) -> String {
    let minutes = node.since.map_or(0, |since| scene.now.saturating_sub(since).max(0) / 60_000);
    let why =
        if node.why.is_empty() { String::new() } else { format!(", {}", outside.words(&node.why, WORDS)) };
    format!("Still {}: {} for {minutes} min{why}", node.stands.word(), outside.words(&node.name, WORDS))
}

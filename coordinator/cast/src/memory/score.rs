//! What comes to mind first: recency, importance and relevance, each scaled to
//! 0 to 1 over the candidates.

use super::{HOUR, Memory};
use crate::fact::UnixMillis;
use std::collections::BTreeSet;

/// What recency, importance and relevance weigh.
pub const WEIGHTS: [f64; 3] = [0.5, 2.0, 3.0];
/// What is left of recency after an hour.
const PER_HOUR: f64 = 0.99;
/// The most words of a query that are looked at.
const LONGEST: usize = 32;

/// How recent something is: 1 now, .99 of it after each hour.
pub fn recency(at: UnixMillis, now: UnixMillis) -> f64 {
    PER_HOUR.powf(now.saturating_sub(at).max(0) as f64 / HOUR as f64)
}

/// At most so many memories, the best first; of equals the newer one.
///
/// The relevance is a score of words (the rarer among the candidates, the more
/// a word counts): a full-text index would be no better over so few.
pub(super) fn recall<'a>(
    candidates: impl Iterator<Item = &'a Memory>,
    now: UnixMillis,
    query: &str,
    most: usize,
) -> Vec<(f64, &'a Memory)> {
    let all: Vec<(&Memory, BTreeSet<String>)> =
        candidates.map(|memory| (memory, words(&[&memory.words, &memory.kind, &memory.node]))).collect();
    let rarity: Vec<(String, f64)> = words(&[query])
        .into_iter()
        .take(LONGEST)
        .map(|word| {
            let with = all.iter().filter(|(_, words)| words.contains(&word)).count();
            (word, (1.0 + all.len() as f64 / with.max(1) as f64).ln())
        })
        .collect();
    let relevance = |words: &BTreeSet<String>| -> f64 {
        rarity.iter().filter(|(word, _)| words.contains(word)).map(|(_, rarity)| rarity).sum()
    };
    let recent = scaled(all.iter().map(|(memory, _)| recency(memory.at, now)));
    let weighty = scaled(all.iter().map(|(memory, _)| f64::from(memory.importance)));
    let relevant = scaled(all.iter().map(|(_, words)| relevance(words)));
    let parts = recent.into_iter().zip(weighty).zip(relevant);
    let mut scored: Vec<(f64, &Memory)> = all
        .iter()
        .zip(parts)
        .map(|((memory, _), ((recent, weighty), relevant))| {
            let [by_recency, by_importance, by_relevance] = WEIGHTS;
            (by_recency * recent + by_importance * weighty + by_relevance * relevant, *memory)
        })
        .collect();
    scored.sort_by(|one, other| {
        other.0.total_cmp(&one.0).then(other.1.at.cmp(&one.1.at)).then(other.1.event.cmp(&one.1.event))
    });
    scored.truncate(most);
    scored
}

/// Each value as its share of the way from the least to the greatest; all 0
/// where they don't differ.
fn scaled(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let values: Vec<f64> = values.collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let span = values.iter().copied().fold(f64::NEG_INFINITY, f64::max) - least;
    values.into_iter().map(|value| if span > 0.0 { (value - least) / span } else { 0.0 }).collect()
}

/// The words of texts, in small letters; a node's name is one word.
fn words(texts: &[&str]) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    for text in texts {
        let pieces = text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_')));
        all.extend(pieces.filter(|word| word.len() > 1).map(str::to_lowercase));
    }
    all
}

//! What is grave together is told together.

use super::{GATHER, Millis, Stage, Waiting};
use cast::{Mood, Occasion, Other};

impl Stage {
    /// Until when something grave waits for what else becomes grave.
    pub(super) fn gathers_until(&self, at: Millis, waiting: &Waiting) -> Option<Millis> {
        let grave = waiting.fact.occasion.is_urgent() && !self.gathered.contains(&waiting.event);
        let until = self.graved.filter(|_| grave)? + GATHER;
        (at < until).then_some(until)
    }

    /// What else is grave and would be told now: crises first.
    pub(super) fn gather(&mut self, at: Millis, node: &str) -> Vec<Other> {
        let mut others = Vec::new();
        for (name, light) in &self.nodes {
            if name == node || light.closed.is_some_and(|closed| at < closed) {
                continue;
            }
            let grave = |waiting: &&Waiting| waiting.fact.occasion.is_urgent() && waiting.due <= at;
            let found = [&light.mood, &light.presence].into_iter().flatten().map(Box::as_ref).find(grave);
            let Some(found) = found else { continue };
            let crisis = found.fact.occasion == Occasion::Crisis;
            let state = if crisis { Mood::Crisis.words() } else { "silent" };
            others.push((!crisis, Other { node: name.clone(), state: state.to_owned() }, found.event));
        }
        others.sort_by_key(|(calmer, ..)| *calmer);
        self.gathered.extend(others.iter().map(|(.., event)| *event));
        others.into_iter().map(|(_, other, _)| other).collect()
    }
}

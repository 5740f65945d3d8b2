//! The sync point: whose business a fact is, and who of them is given the floor.

use super::{Company, Matter};
use crate::stage::Millis;
use cast::life::{Arrival, Bearing, Reason, Thought, grant};
use cast::{Cast, Fact, Occasion, Sheet, Signal, TieKind};
use std::collections::BTreeSet;

/// What came in too fast is offered again after this.
const AGAIN_AFTER: Millis = 1_000;
/// How long one waits for what another has to say.
const PATIENCE: Millis = 30_000;

/// Whom the sync point gave the floor, and how they are.
#[derive(Clone, Debug)]
pub(crate) struct Granted {
    pub(crate) by: String,
    pub(crate) bearing: Bearing,
    pub(crate) thoughts: Vec<Thought>,
    /// Who waited for it, and may speak after it.
    pub(crate) after: Vec<String>,
}

/// What became of a fact at the sync point.
pub(crate) enum Floor {
    /// Somebody speaks.
    Granted(Granted),
    /// Nobody is ready now: it is asked again then.
    Later(Millis),
    /// It is nobody's business, or all of them are muted.
    Nobody,
}

impl Company {
    /// The sync point: everybody whose business it is gets the fact, wakes, and
    /// decides; of those who engage, one is given the floor.
    pub(crate) fn floor(
        &mut self,
        now: Millis,
        cast: &Cast,
        (fact, heard): (&Fact, Millis),
        signals: &[Signal],
    ) -> Floor {
        let (mut thoughts, mut later) = (Vec::new(), None);
        let waited = now.saturating_sub(heard).min(self.rhythm.ageing);
        let age = waited * u64::from(self.rhythm.age_most) / self.rhythm.ageing.max(1);
        for (sheet, relevance, reason) in self.concerned(cast, fact, signals) {
            let (lately, rested) = (self.lately(now, &sheet.id), self.rested(now, &sheet.id));
            let thumbs = self.thumbs(&sheet.id) * 30;
            let Some(persona) = self.personas.get_mut(&sheet.id) else { continue };
            let base = match fact.occasion {
                Occasion::Crisis | Occasion::Silent => 900,
                Occasion::Stressed | Occasion::Returned => 500,
                // The tired leave it for a while.
                _ => 200,
            };
            let arrival = Arrival { base: base + age as u16, named: false, active: false, relevant: true };
            let arrival = if fact.occasion.is_urgent() {
                arrival
            } else {
                // Age admits, and never makes urgent.
                Arrival { base: arrival.base.min(self.rhythm.urgent_above), ..arrival }
            };
            let matter = Matter::Fact(Box::new(fact.clone()));
            let declined = persona.deliver(now, arrival, (&fact.node, "fleet", now), matter, &self.rhythm);
            // Somebody at work is not displaced: what is not urgent waits for it.
            let slice = persona.wake(now, &self.rhythm);
            if let Some(no) = declined {
                // On record, and offered again: what a node has to say is not lost for haste.
                persona.inbox.forget(|message| message.room == fact.node);
                let again = now + AGAIN_AFTER;
                later = Some(later.map_or(again, |wakes: Millis| wakes.min(again)));
                self.lose(&sheet.id, no);
                continue;
            }
            if slice.rooms.iter().any(|(room, _)| *room == fact.node) {
                let relevance = (i32::from(relevance) + thumbs + rested).clamp(1, 1_000) as u16;
                thoughts.push(Thought::new(&sheet.id, relevance, reason, fact.occasion.name(), lately));
            } else {
                // Left for later: asked again when it wakes, as the host says it anew.
                persona.inbox.forget(|message| message.room == fact.node);
                later = Some(later.map_or(persona.wakes, |wakes: Millis| wakes.min(persona.wakes)));
            }
        }
        if !fact.occasion.is_urgent() {
            self.defer(now, cast, &mut thoughts, &fact.node);
        }
        let Some(first) = grant(&thoughts, 1).first().map(|thought| thought.by.clone()) else {
            return later.map_or(Floor::Nobody, |wakes| Floor::Later(wakes.max(now + 500)));
        };
        let bearing = self.bearing(now, &first);
        if fact.occasion.is_urgent() {
            self.voice.get_or_insert_with(|| first.clone());
        }
        let waited = |who: &String| self.deferred.remove(who).is_some_and(|room| room == fact.node);
        let after = self.needs.done(&first).into_iter().filter(waited).collect();
        Floor::Granted(Granted { by: first, bearing, thoughts, after })
    }

    /// Who needs another to speak first waits for it, where both have something
    /// to say: it may add its own when the other is done. A circle of waits is
    /// refused, and told with its path.
    fn defer(&mut self, now: Millis, cast: &Cast, thoughts: &mut Vec<Thought>, room: &str) {
        let by: Vec<String> = thoughts.iter().map(|thought| thought.by.clone()).collect();
        let mut waits = BTreeSet::new();
        for who in &by {
            let ties = cast.get(who).map(|sheet| sheet.ties.as_slice()).unwrap_or_default();
            let needed = ties.iter().find(|tie| tie.kind == TieKind::Dependency && by.contains(&tie.to));
            let Some(tie) = needed else { continue };
            match self.needs.wait(who, &tie.to, now + PATIENCE) {
                Ok(()) => {
                    self.deferred.insert(who.clone(), room.to_owned());
                    waits.insert(who.clone());
                }
                Err(cycle) => self.refuse(who, cycle, room),
            }
        }
        thoughts.retain(|thought| !waits.contains(&thought.by));
    }

    /// Whose business a fact is, how much, and why. In a crisis and a silence it
    /// is the household's alone: one speaker.
    fn concerned<'a>(
        &self,
        cast: &'a Cast,
        fact: &Fact,
        signals: &[Signal],
    ) -> Vec<(&'a Sheet, u16, Reason)> {
        let head = cast.embody(&fact.node).map(|sheet| sheet.id.as_str());
        let loudest = fact.readings.first().map(|reading| reading.name.as_str());
        let is_signal = fact.occasion == Occasion::Signal;
        let mut all = Vec::new();
        let voice = self.voice.as_ref().filter(|voice| !self.is_muted(voice));
        if fact.occasion.is_urgent()
            && let Some(voice) = voice.and_then(|voice| cast.get(voice))
        {
            return vec![(voice, 600, Reason::Emergency)];
        }
        for sheet in cast.sheets().iter().filter(|sheet| !self.is_muted(&sheet.id)) {
            let pulled = signals.iter().any(|signal| sheet.trigger(signal).is_some());
            let sees = sheet.notices.iter().take(2).any(|name| Some(name.as_str()) == loudest);
            if Some(sheet.id.as_str()) == head && !is_signal {
                all.push((sheet, 600, Reason::Embodies));
            } else if fact.occasion.is_urgent() {
            } else if pulled && (is_signal || fact.occasion == Occasion::Stressed) {
                all.push((sheet, 650, Reason::Trigger));
            } else if pulled {
                // A coming or going is the household's as much as theirs.
                all.push((sheet, 600, Reason::Trigger));
            } else if sees && !is_signal {
                all.push((sheet, 300, Reason::Eye));
            }
        }
        // A muted head of a household leaves what is grave to whoever else is there.
        if all.is_empty() && fact.occasion.is_urgent() {
            let other = cast.sheets().iter().find(|sheet| !self.is_muted(&sheet.id));
            all.extend(other.map(|sheet| (sheet, 500, Reason::Dependency)));
        }
        all
    }
}

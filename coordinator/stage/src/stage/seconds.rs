//! What another adds to a line, and what is come upon.

use super::saying::{Place, Saying, Words};
use super::{DAY, GLANCES, Glance, MINUTE, Millis, Stage, Waiting};
use crate::facts;
use crate::line::Line;
use crate::second::{self, Second, Sort};
use cast::life::{Bearing, Thought, Why};
use cast::{Occasion, grow};
use store::Event;

impl Stage {
    /// After a line: who waited for its speaker may add its own, and where it is
    /// about stress, the other eyes look whether they see it, too.
    pub(super) fn ask_for_more(&mut self, at: Millis, waiting: &Waiting, by: &str, after: Vec<String>) {
        if !self.company.is_calm(at) || waiting.fact.occasion.is_urgent() {
            return;
        }
        if let Some(next) = after.into_iter().next() {
            let due = at + MINUTE;
            let to = Some(by.to_owned());
            let second =
                Second { by: next, sort: Sort::After, to, waiting: Waiting { due, ..waiting.clone() } };
            if let Some(light) = self.nodes.get_mut(&waiting.fact.node) {
                light.second = Some(Box::new(second));
            }
        } else if waiting.fact.occasion == Occasion::Stressed {
            self.glance(Glance { node: Some(waiting.fact.node.clone()), after: Some(by.to_owned()) });
        }
    }

    pub(super) fn glance(&mut self, glance: Glance) {
        if self.glances.len() < GLANCES {
            self.glances.push(glance);
        }
    }

    /// The glances that the host is asked for.
    pub fn glances(&mut self) -> Vec<Glance> {
        std::mem::take(&mut self.glances)
    }

    /// What every eye saw: one may see otherwise than who spoke, or come upon
    /// something that nobody has spoken of.
    pub(super) fn looked(&mut self, at: Millis, event: &Event) {
        let Some(looked) = facts::looked(event) else { return };
        let second = second::of(&self.cast, &self.company, at, event, &looked);
        let Some(second) = second else { return };
        if second.sort == Sort::Found {
            let subject =
                second.waiting.fact.readings.first().map(|sign| sign.name.clone()).unwrap_or_default();
            self.found.retain(|_, told| event.at - *told < DAY);
            let key = (looked.node.clone(), subject);
            if self.found.contains_key(&key) || self.found.len() >= 1_000 {
                return;
            }
            self.found.insert(key, event.at);
        }
        let light = self.nodes.entry(looked.node.clone()).or_default();
        let due = light.closed.unwrap_or(0).max(at + 1);
        light.second = Some(Box::new(Second { waiting: Waiting { due, ..second.waiting }, ..second }));
        self.reschedule(at, looked.node);
    }

    /// What another has to add: only while it is calm, and the room bears it.
    pub(super) fn add(&mut self, at: Millis, second: Second) -> Option<Line> {
        let Second { by, sort, to, waiting } = second;
        let Waiting { fact, plain, event, heard, .. } = waiting;
        if !self.company.is_calm(at) {
            return None;
        }
        if self.company.is_muted(&by) {
            self.company.turn(&by, Why::Muted, &fact.node, Some(fact.event));
            return None;
        }
        if self.company.may_speak(at, &fact.node).is_err() {
            self.company.turn(&by, Why::Room, &fact.node, Some(fact.event));
            return None;
        }
        if self.is_denied(&by, &fact, event) {
            return None;
        }
        let sheet = self.as_now(at, &by)?;
        // What it makes of the fact is about the machine, whomever it speaks after.
        let regard = self.toward(at, &sheet, &fact.node);
        let bearing = Bearing { regard, ..self.company.bearing(at, &by) };
        let seed = self.draw();
        let utterance = match sort {
            Sort::Dissent => self.understudy.retort(&sheet, &fact, bearing, seed),
            Sort::After | Sort::Found => self.understudy.compose(&sheet, &fact, bearing, seed),
        };
        let Some(utterance) = utterance else {
            self.company.turn(&by, Why::Words, &fact.node, Some(fact.event));
            return None;
        };
        let thought =
            Thought::new(&by, 500, sort.reason(), fact.occasion.name(), self.company.lately(at, &by));
        self.company.spoke(at, &sheet);
        self.passed(at, (&by, utterance.made), &fact);
        if let Some(to) = to.filter(|_| sort == Sort::Dissent) {
            self.relate(at, (&to, &by), grow::Why::Contradicted, &fact.event);
        }
        self.company.speaks_in(at, &fact.node, &by);
        let saying = Saying {
            by,
            node: fact.node.clone(),
            plain,
            event,
            since: (fact.at, heard),
            bearing,
            thoughts: vec![thought],
            place: Place::Unasked,
        };
        Some(self.say(at, saying, Words::of(utterance, &fact, event)))
    }
}

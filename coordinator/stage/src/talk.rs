//! Questions of people, and rooms: who takes a question up, and who is spared.

use crate::company::{Company, Matter};
use crate::stage::Millis;
use cast::Cast;
use cast::life::{Arrival, Call, Hold, Reason, Room, Thought, Why, grant};
use std::collections::BTreeSet;

/// The most rooms that are remembered.
const ROOMS: usize = 256;
/// How long an answer may be at work before others are asked instead. Beside it
/// the urgent is still seen to, so that it waits for nobody.
const WORK: Millis = 8_000;
/// The most questions that wait for somebody to be free.
const WAITING: usize = 256;

/// A question of a person's, as the host has understood it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// The conversation that it is asked in.
    pub room: String,
    /// Who asks.
    pub person: String,
    /// Two with the same key ask the same.
    pub key: u64,
    /// Whom it names: they answer, all of them.
    pub named: Vec<String>,
    /// Whose business it is otherwise, and how much, in thousandths: the stage
    /// manager's choice. One of them answers.
    pub concerned: Vec<(String, u16)>,
}

impl Asking {
    /// The conversation that a person has with the cast.
    pub fn room_of(person: &str) -> String {
        format!("{person}'s")
    }
}

/// What became of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// These have the floor, and each must be reported done; and whether the room
    /// bears more voices than theirs.
    Granted(Vec<String>, bool),
    /// It is declined: by whom, and why.
    Declined(String, Why),
}

/// What came of asking: an answer, or a wait for somebody to be free.
pub(crate) type Asked = Option<Heard>;

#[derive(Debug)]
pub(crate) struct Waiting {
    asking: Asking,
    until: Millis,
}

impl Company {
    fn room(&mut self, id: &str) -> &mut Room {
        if self.rooms.len() >= ROOMS
            && !self.rooms.contains_key(id)
            && let Some(oldest) =
                self.rooms.iter().min_by_key(|(_, room)| room.spoken()).map(|(id, _)| id.clone())
        {
            self.rooms.remove(&oldest);
        }
        self.rooms.entry(id.to_owned()).or_default()
    }

    /// A person is forgotten: so is the conversation.
    pub(crate) fn leave(&mut self, person: &str) {
        self.rooms.remove(&Asking::room_of(person));
        self.waiting.retain(|_, waiting| waiting.asking.person != person);
    }

    /// Takes in a person's question under this number.
    pub(crate) fn ask(&mut self, now: Millis, cast: &Cast, ticket: u64, asking: Asking) -> Asked {
        let active = self.rooms.get(&asking.room).is_some_and(|room| room.is_active(now, &self.rhythm));
        let room = self.room(&asking.room);
        room.speak(now, &asking.person, true);
        // What is said together counts as one answer: only haste is no bar to it.
        let more = matches!(room.may_answer(now, Call::Open), Ok(()) | Err(Hold::Pace));
        let is_named = !asking.named.is_empty();
        let named = asking.named.iter().map(|id| (id.clone(), 1_000, Reason::Named));
        let open = asking.concerned.iter().filter(|(id, _)| !self.is_muted(id));
        let mut asked: Vec<(String, u16, Reason)> = if is_named {
            named.collect()
        } else {
            open.map(|(id, relevance)| (id.clone(), *relevance, Reason::Embodies)).collect()
        };
        // Better a muted one than none, where a person asks.
        if asked.is_empty() {
            asked.extend(
                asking.concerned.iter().map(|(id, relevance)| (id.clone(), *relevance, Reason::Embodies)),
            );
        }
        asked.retain(|(id, ..)| cast.get(id).is_some());
        let thoughts: Vec<Thought> = asked
            .iter()
            .map(|(id, relevance, reason)| {
                Thought::new(id, *relevance, *reason, &asking.person, self.lately(now, id))
            })
            .collect();
        let seats = if is_named { thoughts.len() } else { 1 };
        let rhythm = self.rhythm.clone();
        let (mut granted, mut refused, mut waits) = (Vec::new(), None, false);
        // By relevance and fairness; who is at work, or has had too much, is passed over.
        for id in grant(&thoughts, thoughts.len()).into_iter().map(|thought| thought.by.clone()) {
            if granted.len() >= seats {
                break;
            }
            let Some(persona) = self.personas.get_mut(&id) else { continue };
            let arrival = Arrival { base: 700, named: is_named, active, relevant: true };
            let place = (asking.room.as_str(), asking.person.as_str(), asking.key);
            if let Some(no) = persona.deliver(now, arrival, place, Matter::Asked(ticket), &rhythm) {
                if no.message.matter.ticket() == Some(ticket) {
                    refused = Some((id, no.why));
                    continue;
                }
                self.lose(&id, no);
            }
            if self.wake(now, &id).contains(&ticket) {
                granted.push(id);
            } else {
                waits = true;
            }
        }
        if !granted.is_empty() {
            self.take_back(ticket);
            self.begin(now, &asking.room, &granted);
            return Some(Heard::Granted(granted, more));
        }
        if !waits || self.waiting.len() >= WAITING {
            self.take_back(ticket);
            let (by, why) = refused.unwrap_or_else(|| (String::new(), Why::Busy));
            return Some(Heard::Declined(by, why));
        }
        self.waiting.insert(ticket, Waiting { asking, until: now + WORK });
        None
    }

    /// Somebody has answered: what waited for it is seen to.
    pub(crate) fn done(&mut self, now: Millis, id: &str) -> Vec<(u64, Heard)> {
        if let Some(persona) = self.personas.get_mut(id) {
            persona.done(now);
        }
        self.attend(now)
    }

    /// Everybody who is free looks at what waits; what has waited too long is declined.
    pub(crate) fn attend(&mut self, now: Millis) -> Vec<(u64, Heard)> {
        let mut heard = Vec::new();
        let ids: Vec<String> = self.personas.keys().cloned().collect();
        for id in ids {
            let free = self.personas.get(&id).is_some_and(|one| !one.inbox.is_empty() && !one.is_busy(now));
            if !free {
                continue;
            }
            for ticket in self.wake(now, &id) {
                if let Some(waiting) = self.waiting.remove(&ticket) {
                    self.take_back(ticket);
                    self.begin(now, &waiting.asking.room, std::slice::from_ref(&id));
                    heard.push((ticket, Heard::Granted(vec![id.clone()], false)));
                }
            }
        }
        let late: Vec<u64> =
            self.waiting.iter().filter(|(_, one)| one.until <= now).map(|(ticket, _)| *ticket).collect();
        for ticket in late {
            self.waiting.remove(&ticket);
            self.take_back(ticket);
            heard.push((ticket, Heard::Declined(String::new(), Why::Busy)));
        }
        heard
    }

    /// Wakes somebody; gives the questions that it takes up.
    fn wake(&mut self, now: Millis, id: &str) -> BTreeSet<u64> {
        let rhythm = self.rhythm.clone();
        let Some(persona) = self.personas.get_mut(id) else { return BTreeSet::new() };
        let taken = persona.wake(now, &rhythm).rooms.into_iter().flat_map(|(_, list)| list);
        taken.filter_map(|message| message.matter.ticket()).collect()
    }

    /// Those who have the floor begin; it is not taken from them.
    fn begin(&mut self, now: Millis, room: &str, granted: &[String]) {
        for id in granted {
            self.room(room).answered(now, id);
            if let Some(persona) = self.personas.get_mut(id) {
                persona.begin(now + WORK);
            }
        }
    }

    /// A question that is seen to waits for nobody else.
    fn take_back(&mut self, ticket: u64) {
        for persona in self.personas.values_mut() {
            persona.inbox.forget(|message| message.matter.ticket() == Some(ticket));
        }
    }

    /// Whether a character may speak in a room by itself.
    pub(crate) fn may_speak(&self, now: Millis, room: &str) -> Result<(), Hold> {
        self.rooms.get(room).map_or(Ok(()), |room| room.may_answer(now, Call::Open))
    }

    /// Somebody spoke there by itself.
    pub(crate) fn speaks_in(&mut self, now: Millis, room: &str, by: &str) {
        self.room(room).answered(now, by);
    }
}

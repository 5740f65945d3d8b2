//! One character's own loop: messages come in, it wakes, it takes a slice.

use super::{Bearing, Declined, Heart, Inbox, Message, Millis, Readiness, Rhythm, State, Tone};

/// What a character took up when it woke: by room, each room's messages
/// together, for one answer each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice<M> {
    /// Each room with its messages, the most pressing first.
    pub rooms: Vec<(String, Vec<Message<M>>)>,
}

/// A character that is alive: its inbox, its state and its heart.
#[derive(Clone, Debug)]
pub struct Persona<M> {
    /// Its sheet.
    pub id: String,
    /// What waits for it.
    pub inbox: Inbox<M>,
    /// What it has to work with.
    pub state: State,
    /// How it feels.
    pub heart: Heart,
    /// When it looks at its inbox next.
    pub wakes: Millis,
    /// Until when it is at work at the latest, on something that is not displaced.
    busy: Option<Millis>,
    ids: u64,
}

/// How a message reaches a character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrival {
    /// The message's own priority, in thousandths.
    pub base: u16,
    /// Whether it names the character.
    pub named: bool,
    /// Whether its room was spoken in within the response window.
    pub active: bool,
    /// Whether it is of the character's own field.
    pub relevant: bool,
}

impl Arrival {
    /// Its priority, in thousandths: the sums are exact.
    pub fn priority(self) -> u16 {
        let named = if self.named { 400 } else { 0 };
        let active = if self.active { 200 } else { 0 };
        let relevant = if self.relevant { 200 } else { 0 };
        // What arrives is fresh.
        (self.base + named + active + relevant + 100).min(1_000)
    }

    /// Whether it is urgent. What was added for room and freshness doesn't make
    /// it so: else every message in a live talk would be.
    pub fn urgent(self, rhythm: &Rhythm) -> bool {
        self.named || self.base > rhythm.urgent_above
    }
}

impl<M: Clone> Persona<M> {
    /// A rested one.
    pub fn new(id: &str, now: Millis, rhythm: &Rhythm) -> Self {
        Self {
            id: id.to_owned(),
            inbox: Inbox::default(),
            state: State::new(now),
            heart: Heart::default(),
            wakes: now + rhythm.cadence(Readiness::Idle, 1_000),
            busy: None,
            ids: 0,
        }
    }

    /// How ready it is.
    pub fn readiness(&self, now: Millis, rhythm: &Rhythm) -> Readiness {
        self.state.readiness(now, self.inbox.len(), rhythm)
    }

    /// How it would say something now.
    pub fn bearing(&self, now: Millis, tone: Tone, rhythm: &Rhythm) -> Bearing {
        let (readiness, feeling) = (self.readiness(now, rhythm), self.heart.feeling(now));
        Bearing { readiness, feeling, tone, ..Bearing::default() }
    }

    /// Begins work that lasts until [`Self::done`], or `until` at the latest. What
    /// comes meanwhile waits; only what is urgent is seen to beside it.
    pub fn begin(&mut self, until: Millis) {
        self.busy = Some(until);
    }

    /// Its work is done: it looks at what waits at once.
    pub fn done(&mut self, now: Millis) {
        self.busy = None;
        if !self.inbox.is_empty() {
            self.wakes = self.wakes.min(now);
        }
    }

    /// Whether it is at work.
    pub fn is_busy(&self, now: Millis) -> bool {
        self.busy.is_some_and(|until| now < until)
    }

    /// Takes in a message. A signal wakes: an urgent one at once.
    pub fn deliver(
        &mut self,
        now: Millis,
        arrival: Arrival,
        (room, from, key): (&str, &str, u64),
        matter: M,
        rhythm: &Rhythm,
    ) -> Option<Declined<M>> {
        self.ids += 1;
        let urgent = arrival.urgent(rhythm);
        let message = Message {
            id: self.ids,
            room: room.to_owned(),
            from: from.to_owned(),
            at: now,
            priority: arrival.priority(),
            urgent,
            key,
            matter,
        };
        if urgent || self.inbox.is_empty() {
            self.wakes = self.wakes.min(now);
        }
        self.inbox.take_in(message, rhythm)
    }

    /// Wakes: rests until now, looks at what waits, takes its slice, and says
    /// when it wakes next. Every urgent message is in the slice. Nothing that
    /// has waited its full age is passed over for want of priority: the first
    /// of them is taken even by the overwhelmed.
    pub fn wake(&mut self, now: Millis, rhythm: &Rhythm) -> Slice<M> {
        self.state.rest(now, rhythm);
        self.inbox.offer_again(now, rhythm);
        let readiness = self.readiness(now, rhythm);
        let threshold = u32::from(rhythm.threshold(readiness, self.state.attention));
        let mut order: Vec<(bool, u32, bool, Millis, u64, &str)> = self
            .inbox
            .waiting()
            .map(|one| {
                let aged = one.has_aged(now, rhythm);
                (one.urgent, one.effective(now, rhythm), aged, one.at, one.id, one.room.as_str())
            })
            .collect();
        order.sort_unstable_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then(a.3.cmp(&b.3)).then(a.4.cmp(&b.4)));
        let most = (rhythm.rooms_per_slice * usize::from(self.state.attention) / 1_000).max(1);
        let mut rooms: Vec<String> = Vec::new();
        let busy = self.is_busy(now);
        let mut own = 0;
        for (urgent, effective, aged, _, _, room) in order {
            if rooms.iter().any(|taken| taken == room) {
                continue;
            }
            let engaged = urgent || effective >= threshold || (aged && rooms.is_empty());
            if !engaged || (!urgent && (busy || own >= most)) {
                continue;
            }
            own += usize::from(!urgent);
            rooms.push(room.to_owned());
        }
        let rooms = self.inbox.take_rooms(&rooms);
        self.wakes = now + rhythm.cadence(self.readiness(now, rhythm), self.state.budget);
        Slice { rooms }
    }
}

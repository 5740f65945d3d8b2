//! Batches: what waits for the disk, and what may be said once it is there.

use super::super::link::Publish;
use super::super::writer::{Done, Stores, Work};
use super::Core;
use crate::live::{Update, erase};
use fleet::Now;
use frames::Command;
use std::sync::Arc;
use store::{Event, StoreError, Uuid};

/// A batch under way: what it lets go once it is on the disk.
#[derive(Default)]
pub(super) struct Flight {
    acks: Vec<Publish>,
    events: Vec<Arc<Event>>,
    admitted: u64,
}

impl Core {
    /// Takes what shall be committed now; none while a batch is under way or
    /// there is nothing. Hand the result to [`Core::committed`].
    pub fn take(&mut self) -> Option<Work> {
        if let Some(held) = self.held.take() {
            return Some(held);
        }
        if self.flight.is_some() {
            return None;
        }
        let mut acks = Vec::new();
        for due in self.fleet.acks() {
            let command = Command::Ack(due.ack);
            acks.extend(self.downlinks.address_boot(&mut self.fleet, &due.node, due.to, command));
        }
        let mut work = std::mem::take(&mut self.work);
        // After the acknowledgements, so that the counters they bear are kept with them.
        for record in self.fleet.records() {
            let batch = if record.name.is_simulated() { &mut work.simulated } else { &mut work.kept };
            batch.records.push(record);
        }
        if acks.is_empty() && work.kept.is_empty() && work.simulated.is_empty() {
            return None;
        }
        let events = work.kept.events.iter().chain(&work.simulated.events).map(Arc::clone).collect();
        self.flight = Some(Flight { acks, events, admitted: std::mem::take(&mut self.admitted) });
        Some(work)
    }

    /// What became of a batch. On the disk, it is acknowledged and its events
    /// are told; else it is held and handed out again.
    pub fn committed(&mut self, done: Done) {
        match done.result {
            Ok(committed) => {
                let flight = self.flight.take().unwrap_or_default();
                self.stored += flight.admitted.saturating_sub(committed.doubles);
                self.fleet.found_doubles(committed.doubles);
                if self.connected {
                    self.output.publish.extend(flight.acks);
                }
                self.output.updates.extend(flight.events.into_iter().map(Update::Event));
                if self.degraded.take().is_some() {
                    tracing::info!("the store takes frames again");
                }
            }
            Err(error) => self.hold(done.work, &error),
        }
    }

    fn hold(&mut self, work: Work, error: &StoreError) {
        let words = error.to_string();
        if self.degraded.as_ref() != Some(&words) {
            tracing::error!(error = words, "the store takes nothing; frames stay with their nodes");
        }
        self.degraded = Some(words);
        self.held = Some(work);
    }

    /// Overwrites what is of a person and waits: for the store, or to be told. What
    /// the cast remembers goes with the order itself: what waits of it is older.
    /// Gives an id that is newer than every event's of before.
    pub fn forget_person(&mut self, now: Now, person: &str) -> Uuid {
        let held = self.held.as_mut().map(|work| [&mut work.kept, &mut work.simulated]);
        let batches = [&mut self.work.kept, &mut self.work.simulated].into_iter();
        for batch in batches.chain(held.into_iter().flatten()) {
            batch.cast = None;
            for event in &mut batch.events {
                erase(Arc::make_mut(event), person);
            }
        }
        for event in self.flight.iter_mut().flat_map(|flight| &mut flight.events) {
            erase(Arc::make_mut(event), person);
        }
        self.output.updates.push(Update::Erased(person.into()));
        self.chronicle.next(now.unix)
    }

    /// Takes and commits in one step, where nothing may run beside it.
    pub fn commit(&mut self, stores: &mut Stores) {
        if let Some(work) = self.take() {
            self.committed(stores.commit(work));
        }
    }
}

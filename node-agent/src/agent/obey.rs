//! What the coordinator says to a node: obeyed if it is sealed, new and sensible, else counted.

use super::Agent;
use crate::Millis;
use crate::budget::Limits;
use frames::{Ack, Command, Down, Settings, VERSION};

/// Downlinks by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Accepted.
    pub accepted: u32,
    /// The seal did not fit.
    pub unsealed: u32,
    /// Of another boot, or with a counter that did not rise.
    pub stale: u32,
    /// Not a downlink of a known version, or with values that can't be.
    pub malformed: u32,
    /// Pieces of a model.
    pub models: u32,
    /// Models that were taken, refused, and given up again.
    pub swapped: u32,
    /// Models that were refused.
    pub unfit: u32,
    /// Models that were given up again.
    pub given_up: u32,
}

impl Agent {
    /// A message on the command topic. Only what is sealed, of this boot and
    /// numbered above all before is obeyed; the rest is counted.
    pub fn received(&mut self, now: Millis, payload: &[u8]) {
        let Ok(body) = self.identity.key.open(&self.down, payload) else {
            self.heard.unsealed = self.heard.unsealed.saturating_add(1);
            return;
        };
        let Ok(down) = Down::decode(body) else {
            self.heard.malformed = self.heard.malformed.saturating_add(1);
            return;
        };
        if down.boot != self.identity.boot || down.counter <= self.downlink {
            self.heard.stale = self.heard.stale.saturating_add(1);
            // The coordinator's counter may be behind: tell it ours.
            self.greet(now);
            return;
        }
        self.downlink = down.counter;
        self.heard.accepted = self.heard.accepted.saturating_add(1);
        match down.command {
            Command::Ack(ack) => self.acknowledged(now, &ack),
            Command::Settings(settings) => self.set(now, settings),
            Command::SampleNow => self.sample_soon(now),
            Command::Model(chunk) => self.piece(now, &chunk),
            Command::Unsupported { max } => {
                self.unsupported = max < VERSION;
                if self.unsupported {
                    let ceiling = self.governor.limits().ceiling;
                    self.due = self.due.max(self.sampled_at.unwrap_or(now) + ceiling);
                }
            }
        }
    }

    fn acknowledged(&mut self, now: Millis, ack: &Ack) {
        self.spool.ack(now, ack);
    }

    fn set(&mut self, now: Millis, settings: Settings) {
        if settings.version <= self.settings {
            return;
        }
        let floor = Millis::from(settings.floor) * 100;
        let ceiling = Millis::from(settings.ceiling) * 100;
        let limits = Limits { floor, ceiling, ..*self.governor.limits() };
        if limits.check().is_err() {
            self.heard.malformed = self.heard.malformed.saturating_add(1);
            return;
        }
        self.governor.set_limits(limits);
        self.settings = settings.version;
        self.due = self.due.min(now + ceiling);
        self.greet(now);
    }
}

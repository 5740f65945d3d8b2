//! A node of the virtual fleet, and how its agent starts.

use frames::{Clock, NodeName};
use node_agent::agent::{About, Agent, Identity};
use node_agent::budget::Limits;
use node_agent::feel::{Feeler, Model};
use node_agent::hardware::Hardware;
use node_agent::say::spool::Spool;
use node_agent::virtual_pi::VirtualPi;

/// Without power for so long, and every third time for so long, in ms.
pub const POWERLESS: [u64; 3] = [40_000, 40_000, 900_000];
/// Until an agent runs on a machine that has power again, in ms of uptime.
pub const STARTED: u64 = 20_000;
/// Until a time server has set its clock.
const CLOCKED: u64 = 90_000;

/// One node of the world.
pub struct SimNode {
    pub agent: Agent,
    pub pi: VirtualPi,
    pub name: NodeName,
    /// What added to the world's time, around the end of numbers, is the node's uptime.
    pub offset: u64,
    /// Whether it has power.
    pub on: bool,
    /// When it wakes next.
    pub wakes: Option<u64>,
    pub up: bool,
    /// Counts connections: what is under way on an older one is lost.
    pub connection: u32,
    pub samples: usize,
    /// When a frame of it last arrived.
    pub heard: u64,
    /// When a frame of it was last lost or held up.
    pub troubled: u64,
}

impl SimNode {
    /// Its uptime now.
    pub fn uptime(&self, now: u64) -> u64 {
        now.wrapping_add(self.offset)
    }

    /// What its clock says when it is really `wall`. Without a battery it goes on from where it
    /// stood when the power failed, until a time server sets it.
    pub fn clock(&self, uptime: u64, wall: i64) -> Clock {
        let trusted = uptime >= CLOCKED;
        let behind = if trusted { 0 } else { STARTED };
        Clock { offset: wall - behind.cast_signed() - uptime.cast_signed(), trusted }
    }

    /// When it is this uptime.
    pub fn at(&self, uptime: u64) -> u64 {
        uptime.wrapping_sub(self.offset)
    }
}

/// An agent that starts at this uptime.
pub fn started(
    uptime: u64,
    identity: Identity,
    pi: &VirtualPi,
    seed: u64,
    (model, floor): (&Model, u64),
) -> Agent {
    let kernel_boot = u128::from(identity.boot).to_le_bytes();
    let hardware = Hardware { model: pi.hardware().to_owned(), kernel_boot, ..Hardware::default() };
    let about = About { hardware, measurable: pi.measurable() };
    let spool = Spool::new(uptime, identity.boot, seed);
    let limits = Limits { floor, ..Limits::default() };
    Agent::new(uptime, identity, about, limits, Feeler::new(Some(model.clone())), spool)
}

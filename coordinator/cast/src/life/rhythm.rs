//! The constants of the rhythm, and what they are by default.

use super::{Millis, Readiness};

/// What may be set about a character's rhythm. Priorities and shares are in
/// thousandths, so that sums are exact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rhythm {
    /// The most messages that wait.
    pub inbox: usize,
    /// How long a room counts as active after a message.
    pub window: Millis,
    /// After so long a message has all the age that it can have.
    pub ageing: Millis,
    /// What full age adds to a priority.
    pub age_most: u16,
    /// A base priority above this is urgent.
    pub urgent_above: u16,
    /// For how long a message is fresh.
    pub fresh: Millis,
    /// More than so many waiting overwhelm.
    pub overwhelmed_above: usize,
    /// A compute budget below this overwhelms.
    pub overwhelmed_budget: u16,
    /// Energy below this tires.
    pub tired_below: u16,
    /// The least priority that engages: idle, active, tired, overwhelmed.
    pub engage: [u16; 4],
    /// The longest time between two looks at the inbox, in the same order.
    pub cadence: [Millis; 4],
    /// What a minute of work of complexity 1 takes from the energy.
    pub drain_per_minute: u16,
    /// What half a minute of rest gives it.
    pub rest_per_half_minute: u16,
    /// The most rooms answered in one slice, with full attention.
    pub rooms_per_slice: usize,
    /// Messages of one second that are taken in; an urgent one always is.
    pub rate_per_second: u32,
    /// What was declined and may be offered again: so many are kept.
    pub deferred: usize,
    /// With fewer waiting, what was deferred is offered again.
    pub offer_below: usize,
    /// Within this time a message that says the same is a double.
    pub double_within: Millis,
}

impl Default for Rhythm {
    fn default() -> Self {
        Self {
            inbox: 1000,
            window: 30_000,
            ageing: 30_000,
            age_most: 500,
            urgent_above: 800,
            fresh: 60_000,
            overwhelmed_above: 20,
            overwhelmed_budget: 200,
            tired_below: 300,
            engage: [100, 300, 500, 900],
            cadence: [1_000, 500, 2_000, 3_000],
            drain_per_minute: 100,
            rest_per_half_minute: 100,
            rooms_per_slice: 8,
            rate_per_second: 50,
            deferred: 200,
            offer_below: 10,
            double_within: 3_000,
        }
    }
}

impl Rhythm {
    /// How long this readiness sleeps at most; a scarce budget doubles it.
    pub fn cadence(&self, readiness: Readiness, budget: u16) -> Millis {
        let [idle, active, tired, overwhelmed] = self.cadence;
        let ceiling = match readiness {
            Readiness::Idle => idle,
            Readiness::Active => active,
            Readiness::Tired => tired,
            Readiness::Overwhelmed => overwhelmed,
        };
        if budget < 500 { ceiling * 2 } else { ceiling }
    }

    /// The least priority that this readiness engages with. Little attention
    /// raises it, by a tenth at most.
    pub fn threshold(&self, readiness: Readiness, attention: u16) -> u16 {
        let [idle, active, tired, overwhelmed] = self.engage;
        let least = match readiness {
            Readiness::Idle => idle,
            Readiness::Active => active,
            Readiness::Tired => tired,
            Readiness::Overwhelmed => overwhelmed,
        };
        (least + 1_000_u16.saturating_sub(attention) / 10).min(1_000)
    }
}

/// The compute budget, in thousandths: what the host's load leaves, and what
/// the minds' rate limits leave, whichever is less.
pub fn compute_budget(load_per_core: f32, calls_left: u16) -> u16 {
    // Full up to half a load per core, none from four on: rules cost next to
    // nothing, and on a machine that is merely busy somebody should still speak.
    let free = ((4.0 - load_per_core) / 3.5).clamp(0.0, 1.0);
    ((free * 1_000.0) as u16).min(calls_left).min(1_000)
}

//! Budget: how often the agent may work, from temperature and its own cost.
//!
//! A pure governor: time, readings and costs come in, a plan goes out.
//!
//! - *Headroom* = clamp((limit − T) / (limit − comfort), 0, 1). No plausible
//!   temperature counts as 0.5. Only *throttled now* and *soft limit now* force
//!   it to 0: a weak supply must not mute a node.
//! - *Allowance* (CPU time per time) = reserve + base × headroom. The reserve is
//!   the measured cost of one sample per ceiling interval, so that at headroom 0
//!   the node still speaks.
//! - *Interval* = cost / allowance, within floor and ceiling, rounded up to a
//!   step of [`STEPS`]. It lengthens at once; it shortens only when eight plans in
//!   a row agree, so that a noisy sensor can't make it flap.
//! - *Debt*: what a sample cost beyond what its interval pays delays the next
//!   one. It is at most one sample's cost and never delays past the ceiling.
//! - At the start [`OPENING`] samples one second apart are free of the floor and
//!   of the account, so that a node can say how it feels within seconds.
//!
//! With the defaults (comfort 60 °C, limit 80 °C, floor 10 s, ceiling 60 s,
//! base 0.5 ms of CPU per second) the interval in seconds is:
//!
//! | temperature | headroom | 1 ms a sample | 5 ms | 10 ms |
//! | --- | --- | --- | --- | --- |
//! | 40 °C | 1.00 | 10 | 10 | 15 |
//! | 60 °C | 1.00 | 10 | 10 | 15 |
//! | 65 °C | 0.75 | 10 | 12 | 20 |
//! | 70 °C | 0.50 | 10 | 15 | 25 |
//! | 75 °C | 0.25 | 10 | 25 | 40 |
//! | 78 °C | 0.10 | 15 | 40 | 50 |
//! | 80 °C | 0.00 | 60 | 60 | 60 |
//! | 90 °C | 0.00 | 60 | 60 | 60 |
//! | none, NaN | 0.50 | 10 | 15 | 25 |
//! | throttled | 0.00 | 60 | 60 | 60 |
//!
//! A test keeps this table true.

#[cfg(test)]
mod tests;

use crate::Millis;
use frames::{Budget, Headroom, Probability, Readings, Vital};

/// The steps of the interval, in sixtieths of the ceiling: seconds at the
/// default ceiling of 60 s. Few and coarse, so that noise rarely crosses one.
pub const STEPS: [u64; 12] = [1, 2, 3, 5, 8, 10, 12, 15, 20, 25, 40, 50];

/// How many samples at the start are free of the floor.
pub const OPENING: u8 = 6;

/// The distance between the opening samples.
const OPENING_INTERVAL: Millis = 1_000;

/// How many plans in a row must want a shorter interval before it shortens.
const PATIENCE: u8 = 8;

/// A Pi's sensor says nothing true outside this range, in °C: the chips are
/// specified from −40 °C, and the firmware stops them long before 125 °C.
const PLAUSIBLE: core::ops::Range<f32> = -40.0..125.0;

/// What headroom is assumed without a plausible temperature.
const BLIND: f32 = 0.5;

/// The model is skipped when it costs more than one part in so many of a sample.
const MODEL_PART: u64 = 10;

/// After so many samples a skipped model is tried again: its cost may have been
/// a cold cache's.
const MODEL_RETRY: u8 = 64;

/// What the governor may not exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Up to this temperature the headroom is 1, in °C.
    pub comfort: f32,
    /// From this temperature on the headroom is 0, in °C. The firmware of every
    /// Pi throttles from 80 °C.
    pub limit: f32,
    /// The shortest interval after the opening, in milliseconds.
    pub floor: Millis,
    /// The longest interval, in milliseconds.
    pub ceiling: Millis,
    /// CPU time that the agent may use at headroom 1, in nanoseconds per second.
    pub base: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { comfort: 60.0, limit: 80.0, floor: 10_000, ceiling: 60_000, base: 500_000 }
    }
}

impl Limits {
    /// For a processor that slows down at this temperature, in °C: as far from comfort to
    /// there as on a Pi.
    pub fn up_to(limit: f32) -> Self {
        let usual = Self::default();
        Self { comfort: limit - (usual.limit - usual.comfort), limit, ..usual }
    }
}

/// Why limits can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum LimitsError {
    /// Comfort must lie below the limit.
    #[error(
        "the comfort temperature {comfort} °C must be below the limit {limit} °C; lower one or raise the other"
    )]
    Temperatures {
        /// As given.
        comfort: f32,
        /// As given.
        limit: f32,
    },
    /// The floor must not lie above the ceiling, nor be zero.
    #[error("the shortest interval of {floor} ms must lie between 1 ms and the longest one, {ceiling} ms")]
    Intervals {
        /// As given.
        floor: Millis,
        /// As given.
        ceiling: Millis,
    },
}

impl Limits {
    /// Says whether the limits contradict themselves.
    pub fn check(&self) -> Result<(), LimitsError> {
        // Written so that not-a-number fails too.
        if !(self.comfort < self.limit && self.comfort.is_finite() && self.limit.is_finite()) {
            return Err(LimitsError::Temperatures { comfort: self.comfort, limit: self.limit });
        }
        if self.floor == 0 || self.floor > self.ceiling {
            return Err(LimitsError::Intervals { floor: self.floor, ceiling: self.ceiling });
        }
        Ok(())
    }

    /// The headroom of one reading, 0 to 1, and where it came from.
    pub fn headroom(&self, readings: &Readings) -> (f32, Headroom) {
        let set = |vital| readings.get(vital).is_some_and(|flag| flag >= 0.5);
        if set(Vital::ThrottledNow) {
            return (0.0, Headroom::Throttled);
        }
        if set(Vital::SoftLimitNow) {
            return (0.0, Headroom::SoftLimit);
        }
        match readings.get(Vital::Temperature).filter(|temperature| PLAUSIBLE.contains(temperature)) {
            Some(temperature) => {
                let span = self.limit - self.comfort;
                let headroom = if span > 0.0 {
                    ((self.limit - temperature) / span).clamp(0.0, 1.0)
                } else {
                    // Contradicting limits: a step at the limit.
                    f32::from(u8::from(temperature < self.limit))
                };
                (headroom, Headroom::Temperature)
            }
            None => (BLIND, Headroom::NoSensor),
        }
    }
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// When the next sample is due.
    pub next_sample: Millis,
    /// How long that is from now, in milliseconds: what the frame says, so that
    /// the coordinator knows when silence begins.
    pub interval: Millis,
    /// What the frame says about the budget.
    pub budget: Budget,
    /// Whether the next sample must do without the model.
    pub skip_model: bool,
}

/// Decides when the next sample is due.
#[derive(Clone, Debug)]
pub struct Governor {
    limits: Limits,
    /// Samples so far, up to [`OPENING`].
    opened: u8,
    /// What one sample costs, as [`Governor::estimate`] has it.
    cost: u64,
    /// The cost of one run of the model, when last measured.
    model_cost: u64,
    /// Samples since the model was last skipped anew.
    skipped: u8,
    /// The interval in force, on a step; none before the first plan.
    held: Option<Millis>,
    /// Plans in a row that wanted a shorter one, and the longest of their wishes.
    shorter: (u8, Millis),
    /// CPU time not yet paid for, in nanoseconds, and when it was reckoned.
    debt: u64,
    reckoned: Millis,
    /// The allowance in force since then, in nanoseconds per second.
    allowance: u64,
}

impl Governor {
    /// A governor that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            opened: 0,
            cost: 0,
            model_cost: 0,
            skipped: 0,
            held: None,
            shorter: (0, 0),
            debt: 0,
            reckoned: 0,
            allowance: 0,
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Puts other limits in force, from the next plan on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.held = None;
    }

    /// Tells what one run of the model cost, in nanoseconds of CPU time; part
    /// of the sample's cost, not on top of it.
    pub fn model_cost(&mut self, cost_ns: u64) {
        self.model_cost = cost_ns;
    }

    /// Plans the next sample, after one that was taken `now` and cost `cost_ns`
    /// nanoseconds of the agent's own CPU time since the one before.
    pub fn plan(&mut self, now: Millis, readings: &Readings, cost_ns: u64) -> Plan {
        let (headroom, source) = self.limits.headroom(readings);
        let budget = Budget { headroom: Probability::new(headroom), source };
        self.estimate(cost_ns);
        let allowance = self.allowance(headroom, self.cost.max(cost_ns));
        let interval = if self.opened < OPENING {
            self.opened += 1;
            (self.debt, self.allowance) = (0, allowance);
            if self.opened < OPENING { OPENING_INTERVAL } else { self.hold(allowance) }
        } else {
            let held = self.hold(allowance);
            held.max(self.owe(now, cost_ns, allowance))
        };
        self.reckoned = now;
        Plan { next_sample: now.saturating_add(interval), interval, budget, skip_model: self.skips_model() }
    }

    /// A cautious estimate of one sample's cost: follows ordinary noise at its
    /// upper edge, a single spike only a little (its debt delays one sample, its
    /// memory should not slow a whole hour), and falls slowly.
    fn estimate(&mut self, cost: u64) {
        self.cost = if self.opened < OPENING || (cost >= self.cost && cost / 3 <= self.cost / 2) {
            cost
        } else if cost > self.cost {
            self.cost + (self.cost / 4).max(1)
        } else {
            self.cost - (self.cost - cost) / 32
        };
    }

    /// Nanoseconds of CPU time per second. The reserve rounds up, so that one
    /// sample per ceiling is always paid for.
    fn allowance(&self, headroom: f32, cost: u64) -> u64 {
        let reserve = u128::from(cost) * 1_000;
        let reserve = reserve.div_ceil(u128::from(self.limits.ceiling.max(1)));
        let base = (self.limits.base as f64 * f64::from(headroom)) as u64;
        u64::try_from(reserve).unwrap_or(u64::MAX).saturating_add(base)
    }

    /// How long the allowance needs to pay a cost, within the ceiling.
    fn pays(&self, cost: u64, allowance: u64) -> Millis {
        let millis = (u128::from(cost) * 1_000).div_ceil(u128::from(allowance.max(1)));
        u64::try_from(millis).unwrap_or(Millis::MAX).min(self.limits.ceiling)
    }

    /// The interval for the typical cost: on a step, lengthened at once,
    /// shortened with patience.
    fn hold(&mut self, allowance: u64) -> Millis {
        let wished = self.step(self.pays(self.cost, allowance));
        let held = match self.held {
            Some(held) if wished < held => {
                self.shorter = (self.shorter.0 + 1, self.shorter.1.max(wished));
                if self.shorter.0 < PATIENCE {
                    return held;
                }
                self.shorter.1
            }
            _ => wished,
        };
        self.shorter = (0, 0);
        self.held = Some(held);
        held
    }

    /// Rounds up to a step, within floor and ceiling.
    fn step(&self, interval: Millis) -> Millis {
        let Limits { floor, ceiling, .. } = self.limits;
        if interval <= floor {
            return floor.min(ceiling);
        }
        STEPS
            .iter()
            .map(|sixtieths| ceiling * sixtieths / 60)
            .find(|step| *step >= interval)
            .unwrap_or(ceiling)
    }

    /// Books a sample's cost and says how long paying it takes.
    fn owe(&mut self, now: Millis, cost: u64, allowance: u64) -> Millis {
        let elapsed = now.saturating_sub(self.reckoned);
        let paid = u128::from(elapsed) * u128::from(self.allowance) / 1_000;
        let left = self.debt.saturating_sub(u64::try_from(paid).unwrap_or(u64::MAX));
        // At most one sample: a burst on demand must not silence the node after.
        self.debt = left.saturating_add(cost).min(self.cost.max(cost));
        self.allowance = allowance;
        self.pays(self.debt, allowance)
    }

    fn skips_model(&mut self) -> bool {
        if self.model_cost.saturating_mul(MODEL_PART) <= self.cost {
            self.skipped = 0;
            return false;
        }
        self.skipped = (self.skipped + 1) % MODEL_RETRY;
        self.skipped != 0
    }
}

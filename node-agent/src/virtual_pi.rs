//! A simulated Pi: a seeded life of idling, work and trouble, and the readings
//! that a real one would give.
//!
//! It keeps a hidden state (work wanted, memory, disk queue, heat, supply, card)
//! and derives two things from it apart from each other: the *readings*, noisy
//! and with the sensors that this board happens to have, and the *truth*: by how
//! much a small service on it would be slowed down and how many of its requests
//! would fail. Mood labels come from that truth alone (see [`Truth::mood`]), so
//! that a model trained on them learns to infer what happened, not to repeat a
//! threshold on a vital.
//!
//! How work becomes delay: waiting for one of `c` cores by Sakasegawa's
//! approximation of an M/M/c queue, `ρ^(√(2(c+1))−1) / (c(1−ρ))`, up to ρ = 0.9;
//! beyond, by what was measured on Linux 6.18 with two cores and requests of 5 ms
//! of CPU (99th percentile 4.5 times as long with three runnable tasks per core,
//! 18 to 80 times with seven to eight); a single disk by M/M/1 for the three tenths of requests
//! that touch it; stalls for memory by the share that no longer fits; lost
//! packets by their time-outs; frequency divides speed. The thermal model is in
//! `board.rs`, the phases of a life in `life.rs`.
//!
//! A few hundred bytes and about a microsecond per reading.

mod board;
mod life;
mod sense;

#[cfg(test)]
mod tests;

use crate::Millis;
pub use board::Warmth;
use board::{BOARDS, Board, Heat, Thermal};
use fastrand::Rng;
use frames::{Mood, Readings, Vital, VitalSet};
pub use life::Phase;
use life::{Chapter, between};

/// The longest step of the simulation, in seconds.
const STEP: f32 = 10.0;
/// A longer gap between readings is lived through only so far, in seconds.
const GAP: f32 = 3_600.0;
/// How fast work follows what a phase asks for, in seconds.
const FOLLOW: f32 = 15.0;
/// A killed process counts for the truth this long, in seconds: as long as it is news to
/// the rules.
const MOURNING: f32 = 300.0;
/// Seconds between two kills in a group with a limit of its own, on a box for training:
/// nothing of them is seen but the kernel's count.
const CONFINED: f32 = 4.0 * 3_600.0;
/// The share of boxes for training whose readings stand still while their work does.
const STILL: f32 = 0.15;
/// The share of boxes for training that are idle nearly always, or at one service's work.
const LEISURE: f32 = 0.2;
const ONE_SERVICE: f32 = 0.1;
/// The share of boxes for training whose disk is full from the start.
const FULL: f32 = 0.06;

/// What truly happens on a simulated Pi: what the readings only hint at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Truth {
    /// What it goes through.
    pub phase: Phase,
    /// Whether there is any work.
    pub work: bool,
    /// How many times longer than when idle a small request takes.
    pub slowdown: f32,
    /// The share of requests that fail.
    pub errors: f32,
    /// Whether a process was killed or a service fell in the last five minutes.
    pub killed: bool,
}

impl Truth {
    /// The label: *crisis* if requests take over 10 times as long as when idle,
    /// a fifth of them fails, or a process was killed; *stressed* from 1.5 times
    /// or any failing; else *happy* with work and *bored* without.
    pub fn mood(&self) -> Mood {
        if self.slowdown > 10.0 || self.errors >= 0.2 || self.killed {
            Mood::Crisis
        } else if self.slowdown > 1.5 || self.errors > 0.005 {
            Mood::Stressed
        } else if self.work {
            Mood::Happy
        } else {
            Mood::Bored
        }
    }
}

/// A simulated Pi: the same seed and number live the same life.
#[derive(Clone, Debug)]
pub struct VirtualPi {
    rng: Rng,
    board: &'static Board,
    serial: u32,
    trouble: bool,
    sensors: VitalSet,
    // The board and its surroundings, for life.
    cores: f32,
    cooled: bool,
    ambient: f32,
    memory: f32,
    swap: f32,
    disk: f32,
    processes: f32,
    forgotten: f32,
    unrest: f32,
    habit: Option<Phase>,
    // What changes.
    last: Option<Millis>,
    chapter: Chapter,
    now: State,
}

/// What changes from step to step.
#[derive(Clone, Copy, Debug)]
struct State {
    thermal: Thermal,
    /// Work as it is now, in the units of [`life::Demand`].
    cpu: f32,
    io: f32,
    net: f32,
    programs: f32,
    leaked: f32,
    filled: f32,
    weak: bool,
    loads: [f32; 3],
    read_only: bool,
    oom_kills: f32,
    card_errors: f32,
    since_boot: [bool; 4],
    since_kill: f32,
    slowdown: f32,
    errors: f32,
}

impl VirtualPi {
    /// The Pi of this number in the simulated fleet of this seed. The first
    /// four numbers are a Pi 4, a Pi 5, a Pi 3B+ and a Pi Zero 2 W.
    pub fn new(seed: u64, number: u32) -> Self {
        Self::born(seed, number, false)
    }

    /// A box for training: trouble is not rare, sensors are missing more often,
    /// and it may have any number of cores, as PCs and servers do.
    pub fn for_training(seed: u64, number: u32) -> Self {
        Self::born(seed, number, true)
    }

    fn born(seed: u64, number: u32, trouble: bool) -> Self {
        // Neighbouring numbers must not live similar lives.
        let mut rng = Rng::with_seed(seed ^ (u64::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        rng.u64(..);
        let board = BOARDS.get(number as usize % BOARDS.len()).unwrap_or(&BOARDS[0]);
        let a_pi = !trouble || rng.f32() < 0.7;
        let cores = if a_pi { board.cores } else { [1.0, 2.0, 2.0, 4.0, 8.0, 16.0][rng.usize(..6)] };
        let cooled = rng.f32() < 0.4;
        let ambient = between(&mut rng, 18.0, 30.0);
        let swap = if rng.f32() < 0.8 { between(&mut rng, 0.05, 0.5) } else { 0.0 };
        let kind = sense::Kind { a_pi, trouble, cooled, swap: swap > 0.0 };
        let sensors = sense::sensors(&mut rng, kind);
        let resistance = if cooled { board.cooled } else { board.bare };
        let thermal = Thermal::resting(board, ambient, resistance);
        let memory = between(&mut rng, 0.08, 0.35) * (1_024.0 / board.memory).max(0.5);
        let disk = if trouble { between(&mut rng, 0.05, 0.93) } else { between(&mut rng, 0.1, 0.7) };
        let full = trouble && rng.f32() < FULL;
        // Containers have a dozen processes, servers hundreds.
        let processes =
            if trouble { 12.0 * between(&mut rng, 0.0, 4.0).exp() } else { between(&mut rng, 90.0, 180.0) };
        // A unit that failed long ago and that nobody misses.
        let forgotten = f32::from(u8::from(trouble && rng.f32() < 0.12));
        let unrest = if trouble && rng.f32() < STILL { 0.0 } else { 1.0 };
        let habit = match if trouble { rng.f32() } else { 1.0 } {
            share if share < LEISURE => Some(Phase::Idle),
            share if share < LEISURE + ONE_SERVICE => Some(Phase::Steady),
            _ => None,
        };
        let mut chapter = Chapter::draw(&mut rng, trouble, habit);
        // Somewhere within it, so that a fleet does not change in step.
        chapter.left *= between(&mut rng, 0.2, 1.0);
        let now = State {
            thermal,
            cpu: chapter.demand.cpu,
            io: chapter.demand.disk,
            net: chapter.demand.net,
            programs: chapter.demand.memory,
            leaked: 0.0,
            filled: if full { 1.0 - disk } else { 0.0 },
            weak: false,
            loads: [chapter.demand.cpu * cores; 3],
            read_only: false,
            oom_kills: 0.0,
            card_errors: 0.0,
            since_boot: [false; 4],
            since_kill: f32::MAX,
            slowdown: 1.0,
            errors: 0.0,
        };
        let serial = rng.u32(..);
        Self {
            rng,
            board,
            serial,
            trouble,
            sensors,
            cores,
            cooled,
            ambient,
            memory,
            swap,
            disk,
            processes,
            forgotten,
            unrest,
            habit,
            last: None,
            chapter,
            now,
        }
    }

    /// What the hardware calls itself.
    pub fn hardware(&self) -> &'static str {
        self.board.name
    }

    /// The board's serial number, as made up as the rest.
    pub fn serial(&self) -> String {
        format!("5100{:012x}", self.serial)
    }

    /// What it can measure.
    pub fn measurable(&self) -> VitalSet {
        self.sensors
    }

    /// What truly happens now.
    pub fn truth(&self) -> Truth {
        let demand = &self.chapter.demand;
        Truth {
            phase: self.chapter.phase,
            work: demand.cpu >= 0.05 || demand.disk >= 0.05 || demand.net >= 0.005,
            slowdown: self.now.slowdown,
            errors: self.now.errors,
            killed: self.now.since_kill < MOURNING,
        }
    }

    /// What it measures `at` this time; time that passed since the last reading
    /// (or the first one's ten seconds before) is lived through.
    pub fn read(&mut self, at: Millis) -> Readings {
        let elapsed = match self.last {
            Some(last) => at.saturating_sub(last) as f32 / 1_000.0,
            None => STEP,
        };
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        let mut left = elapsed.min(GAP);
        while left > 0.0 {
            let step = left.min(STEP);
            self.live(step);
            left -= step;
        }
        self.sense()
    }

    /// Lets one step of at most [`STEP`] seconds pass.
    fn live(&mut self, seconds: f32) {
        let fallen = self.chapter.fallen();
        self.chapter.left -= seconds;
        self.chapter.gone += seconds;
        if self.chapter.left <= 0.0 {
            self.chapter = Chapter::draw(&mut self.rng, self.trouble, self.habit);
            // Whoever keeps this board has cleaned up after the trouble; of boxes for training,
            // one in two is seen as nobody does.
            self.now.leaked = 0.0;
            if !self.trouble || self.rng.bool() {
                (self.now.filled, self.now.read_only) = (0.0, false);
            }
        }
        let demand = self.chapter.demand;
        let minutes = seconds / 60.0;
        let follow = 1.0 - (-seconds / FOLLOW).exp();
        let mut toward = |value: &mut f32, wanted: f32, noise: f32| {
            let wobble = 1.0 + self.unrest * noise * between(&mut self.rng, -1.0, 1.0);
            *value = (*value + (wanted * wobble - *value) * follow).max(0.0);
        };
        let now = &mut self.now;
        toward(&mut now.cpu, demand.cpu, 0.35);
        toward(&mut now.io, demand.disk, 0.4);
        toward(&mut now.net, demand.net, 0.4);
        toward(&mut now.programs, demand.memory, 0.1);
        now.leaked += demand.leak * minutes;
        now.filled = (now.filled + demand.filling * minutes).min(1.0 - self.disk);
        now.weak = self.rng.f32() < demand.sag;
        now.since_kill += seconds;
        if self.chapter.fallen() > fallen {
            now.since_kill = 0.0;
        }
        if self.trouble && self.rng.f32() < seconds / CONFINED {
            now.oom_kills += 1.0;
            now.since_kill = 0.0;
        }

        let resistance = if self.cooled && !demand.fan_stopped { self.board.cooled } else { self.board.bare };
        let busy = (now.cpu * self.board.fast / now.thermal.frequency).min(1.0);
        let ambient = self.ambient + demand.warmer;
        let heat = Heat { busy, ambient, resistance, weak_supply: now.weak };
        now.thermal.pass(self.board, heat, seconds);

        if demand.errors > 0.0 {
            now.card_errors += (demand.errors * minutes * self.rng.f32() * 2.0).round();
            // The kernel gives up on it after a while.
            now.read_only |= self.chapter.gone > 240.0 && self.rng.f32() < minutes * 0.2;
        }
        if self.memory_wanted() > 1.0 + self.swap * 0.9 {
            let now = &mut self.now;
            now.oom_kills += 1.0;
            (now.leaked, now.since_kill) = (0.0, 0.0);
            now.programs *= 0.5;
        }
        let blocked = self.blocked();
        let runnable = self.utilisation() * self.cores;
        for (load, minutes) in self.now.loads.iter_mut().zip([1.0, 5.0, 15.0]) {
            *load += (runnable + blocked - *load) * (1.0 - (-seconds / (60.0 * minutes)).exp());
        }
        let current = flags(&self.now, self.board);
        for (since, flag) in self.now.since_boot.iter_mut().zip(current) {
            *since |= flag;
        }
        self.suffer();
    }

    /// Work wanted, as a share of what the cores can do at their present speed.
    fn utilisation(&self) -> f32 {
        self.now.cpu * self.board.fast / self.now.thermal.frequency
    }

    /// Memory wanted, as a share of all; above 1 it swaps or dies.
    fn memory_wanted(&self) -> f32 {
        self.memory + self.now.programs + self.now.leaked
    }

    /// Memory that no longer fits, as a share of all.
    fn spilled(&self) -> f32 {
        (self.memory_wanted() - 0.92).max(0.0)
    }

    /// The share of time lost to memory, 0 to 1.
    fn memory_stall(&self) -> f32 {
        (self.spilled() / (0.06 + self.swap)).clamp(0.0, 1.0).powf(1.5)
    }

    /// Disk work wanted, swapping included; above 1 it queues.
    fn disk_wanted(&self) -> f32 {
        self.now.io + 1.2 * self.memory_stall()
    }

    fn blocked(&self) -> f32 {
        (self.disk_wanted() - 0.7).max(0.0) * 12.0 + self.memory_stall() * 8.0
    }

    /// What all this does to a small service's requests.
    fn suffer(&mut self) {
        let speed = self.now.thermal.frequency / self.board.fast;
        let rho = self.utilisation();
        let (rho, excess) = (rho.min(0.9), (rho - 0.9).max(0.0));
        let waiting = rho.powf((2.0 * (self.cores + 1.0)).sqrt() - 1.0) / (self.cores * (1.0 - rho));
        let cpu = (1.0 + waiting + 0.5 * excess + 0.5 * excess * excess) / speed;
        let io = self.disk_wanted();
        let (io, queued) = (io.min(0.9), (io - 0.9).max(0.0));
        let disk = 0.3 * io / (1.0 - io) + 8.0 * queued;
        let memory = 25.0 * self.memory_stall().powi(2);
        let demand = &self.chapter.demand;
        let network = 60.0 * demand.loss;
        let noise = between(&mut self.rng, 0.93, 1.07);
        self.now.slowdown = (cpu + disk + memory + network) * noise;
        let refused = self.now.read_only || self.disk + self.now.filled >= 0.995;
        self.now.errors = if refused {
            1.0
        } else {
            (self.chapter.fallen() * 0.09 + (demand.loss - 0.1).max(0.0) * 2.0).min(1.0)
        };
    }
}

/// Under-voltage, frequency capped, throttled and soft limit, now.
fn flags(now: &State, board: &Board) -> [bool; 4] {
    let capped = now.thermal.frequency < board.fast * 0.99;
    [now.weak, capped, now.thermal.throttled, now.thermal.soft_limit]
}

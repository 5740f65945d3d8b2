//! What happens to a simulated Pi: phases, and what they ask of it.

use fastrand::Rng;

/// What a simulated Pi is going through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Nothing to do.
    Idle,
    /// A service at a steady, modest rate.
    Steady,
    /// A service near what the board can carry.
    Busy,
    /// A compiler with as many jobs as there are cores, or more.
    Build,
    /// Everything read from the card and sent away.
    Backup,
    /// A program that never gives memory back, until one is killed.
    Leak,
    /// More disk requests than the card can serve.
    Thrash,
    /// Warm surroundings and a stopped fan, with work to do.
    Heat,
    /// A supply that sags below 4.63 V.
    WeakSupply,
    /// A network that loses packets.
    LossyNetwork,
    /// A disk that runs full.
    DiskFull,
    /// A service that fails and is started again.
    Flapping,
    /// Processes that start processes.
    ForkStorm,
    /// A card that dies: errors, then read-only.
    DyingCard,
}

/// How often each phase comes, in the ordinary life of a fleet and in the lives
/// that a model is trained on (where trouble is not rare).
const PHASES: [(Phase, f32, f32); 14] = [
    (Phase::Idle, 0.36, 0.18),
    (Phase::Steady, 0.26, 0.14),
    (Phase::Busy, 0.10, 0.10),
    (Phase::Build, 0.07, 0.08),
    (Phase::Backup, 0.05, 0.07),
    (Phase::Leak, 0.035, 0.08),
    (Phase::Thrash, 0.025, 0.07),
    (Phase::Heat, 0.03, 0.07),
    (Phase::WeakSupply, 0.025, 0.05),
    (Phase::LossyNetwork, 0.015, 0.05),
    (Phase::DiskFull, 0.01, 0.09),
    (Phase::Flapping, 0.01, 0.06),
    (Phase::ForkStorm, 0.008, 0.03),
    (Phase::DyingCard, 0.002, 0.02),
];

/// How often a box with a habit follows it.
const HABITUAL: f32 = 0.85;

/// What a phase asks of the board. Shares are of the whole board (1 = all it
/// can do); what is above 1 queues.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Demand {
    /// Runnable work, as a share of all cores.
    pub cpu: f32,
    /// Disk work, as a share of what the card can do, and the part that writes.
    pub disk: f32,
    pub writes: f32,
    /// Network work, as a share of 100 MB/s.
    pub net: f32,
    /// Memory that the phase's programs use, as a share of all.
    pub memory: f32,
    /// Memory that leaks, as a share of all per minute.
    pub leak: f32,
    /// Processes beyond the usual ones.
    pub processes: f32,
    /// Share of packets lost.
    pub loss: f32,
    /// Share of the disk that fills per minute.
    pub filling: f32,
    /// Warmer than usual, in K; and whether the fan stands still.
    pub warmer: f32,
    pub fan_stopped: bool,
    /// Share of time in which the supply sags.
    pub sag: f32,
    /// Units that keep failing.
    pub failing: f32,
    /// Disk errors per minute.
    pub errors: f32,
}

/// One phase with its demand and end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chapter {
    pub phase: Phase,
    pub demand: Demand,
    /// Seconds left.
    pub left: f32,
    /// Seconds gone.
    pub gone: f32,
    /// How long its failing units are down before they are started again, and from one
    /// fall to the next, in seconds; for good, if infinite.
    pub down: f32,
    pub cycle: f32,
}

/// Uniform between two numbers.
pub(super) fn between(rng: &mut Rng, low: f32, high: f32) -> f32 {
    low + (high - low) * rng.f32()
}

impl Chapter {
    /// Units that are down now.
    pub(super) fn fallen(&self) -> f32 {
        if self.down.is_infinite() || self.gone % self.cycle < self.down { self.demand.failing } else { 0.0 }
    }

    /// The next chapter of a life; of one with a habit, mostly that.
    pub(super) fn draw(rng: &mut Rng, trouble: bool, habit: Option<Phase>) -> Self {
        let weight = |row: &(Phase, f32, f32)| if trouble { row.2 } else { row.1 };
        let mut choice = rng.f32() * PHASES.iter().map(weight).sum::<f32>();
        let mut phase = Phase::Idle;
        for row in &PHASES {
            choice -= weight(row);
            if choice <= 0.0 {
                phase = row.0;
                break;
            }
        }
        if let Some(habit) = habit.filter(|_| rng.f32() < HABITUAL) {
            phase = habit;
        }
        let minutes = match phase {
            Phase::Idle | Phase::Steady => between(rng, 8.0, 60.0),
            Phase::Leak | Phase::DiskFull => between(rng, 15.0, 40.0),
            Phase::Flapping if trouble => between(rng, 5.0, 20.0),
            Phase::ForkStorm | Phase::Flapping => between(rng, 3.0, 10.0),
            _ => between(rng, 5.0, 25.0),
        };
        let demand = demand(rng, phase);
        let restarts = trouble && phase == Phase::Flapping && rng.f32() < 0.7;
        let down = if restarts { between(rng, 15.0, 60.0) } else { f32::INFINITY };
        let cycle = if restarts { down * between(rng, 1.2, 8.0) } else { down };
        Self { phase, demand, left: minutes * 60.0, gone: 0.0, down, cycle }
    }
}

/// What a phase asks for, drawn anew each time it comes.
fn demand(rng: &mut Rng, phase: Phase) -> Demand {
    let mut draw = |low, high| between(rng, low, high);
    // Something to do beside the trouble, so that trouble also meets calm boards.
    let work = Demand {
        cpu: draw(0.02, 0.5),
        disk: draw(0.0, 0.2),
        writes: draw(0.2, 0.8),
        net: draw(0.0, 0.05),
        memory: draw(0.02, 0.2),
        ..Demand::default()
    };
    match phase {
        Phase::Idle => Demand {
            cpu: draw(0.003, 0.03),
            disk: draw(0.0, 0.01),
            net: draw(0.0, 0.000_2),
            writes: 0.9,
            ..Demand::default()
        },
        Phase::Steady => Demand { cpu: draw(0.06, 0.4), ..work },
        Phase::Busy => Demand { cpu: draw(0.45, 0.85), net: draw(0.01, 0.2), memory: draw(0.1, 0.4), ..work },
        Phase::Build => Demand {
            cpu: draw(0.9, 2.2),
            disk: draw(0.1, 0.7),
            memory: draw(0.15, 0.5),
            processes: draw(10.0, 60.0),
            ..work
        },
        Phase::Backup => {
            Demand { cpu: draw(0.1, 0.4), disk: draw(0.5, 1.0), net: draw(0.05, 0.4), writes: 0.1, ..work }
        }
        Phase::Leak => Demand { leak: draw(0.02, 0.12), ..work },
        Phase::Thrash => Demand { disk: draw(0.9, 3.0), processes: draw(0.0, 40.0), ..work },
        Phase::Heat => Demand { cpu: draw(0.2, 1.1), warmer: draw(5.0, 30.0), fan_stopped: true, ..work },
        Phase::WeakSupply => Demand { cpu: draw(0.05, 0.9), sag: draw(0.2, 1.0), ..work },
        Phase::LossyNetwork => Demand { loss: draw(0.003, 0.25), net: draw(0.005, 0.3), ..work },
        Phase::DiskFull => Demand { filling: draw(0.02, 0.12), disk: draw(0.1, 0.6), writes: 0.9, ..work },
        Phase::Flapping => Demand { failing: draw(1.0, 3.9).floor(), ..work },
        Phase::ForkStorm => {
            Demand { cpu: draw(3.0, 20.0), processes: draw(200.0, 3_000.0), memory: draw(0.2, 0.6), ..work }
        }
        Phase::DyingCard => Demand { errors: draw(1.0, 20.0), disk: draw(0.1, 0.8), ..work },
    }
}

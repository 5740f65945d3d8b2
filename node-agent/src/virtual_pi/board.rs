//! The boards that are simulated, and their thermal model.
//!
//! A board is one heat capacity behind one resistance:
//! `dT/dt = (ambient + R · power − T) / τ`, with power rising from idle to full
//! with the busy share and the square of the frequency (voltage follows it).
//!
//! Sources of the constants:
//! - Idle and full power: Halfacree, issue 88 of the Raspberry Pi magazine (Pi 4: 2.1 to 2.9 W idle by
//!   firmware, 6.4 to 7.3 W full; Pi 3B+: about 1.9 W and 5.5 W); Raspberry Pi's
//!   documentation, "typical bare-board active current" (Zero 2 W, Pi 5).
//! - Resistance of a bare Pi 4: 27 K above ambient at idle and 38 K at partial
//!   load in open air, so about 9 K/W
//!   (<https://pi-plates.com/using-a-thermoplate-to-measure-temperatures-on-the-rpi4/>);
//!   others reach the 80 °C limit under full load in a case, which agrees. The
//!   rest are scaled to what their makers publish: a bare Pi 5 reaches its limit
//!   under full load within minutes, with the Active Cooler it stays in the sixties.
//! - τ of 2 to 5 minutes: from the same curves; a case with a heat sink is slow.
//! - Throttling from 80 °C, fully at 85 °C; the 3B+'s soft limit of 60 °C lowers
//!   it to 1,200 MHz: Raspberry Pi documentation, "Frequency management".

use frames::{Readings, Vital};

/// What differs between boards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Board {
    pub name: &'static str,
    pub cores: f32,
    /// Highest frequency, and the one when throttled or under-powered, in MHz.
    pub fast: f32,
    pub slow: f32,
    /// Memory in MB.
    pub memory: f32,
    /// Power when idle and at full work, in W.
    pub idle: f32,
    pub full: f32,
    /// Thermal resistance bare and with its fan or cooler, in K/W.
    pub bare: f32,
    pub cooled: f32,
    /// Time constant in s.
    pub tau: f32,
    /// The soft limit in °C, where the firmware has one.
    pub soft: Option<f32>,
}

/// The boards of a simulated fleet.
pub(super) const BOARDS: [Board; 4] = [
    Board {
        name: "simulated Pi 4",
        cores: 4.0,
        fast: 1_500.0,
        slow: 600.0,
        memory: 4_096.0,
        idle: 2.7,
        full: 6.4,
        bare: 8.8,
        cooled: 3.6,
        tau: 240.0,
        soft: None,
    },
    Board {
        name: "simulated Pi 5",
        cores: 4.0,
        fast: 2_400.0,
        slow: 1_500.0,
        memory: 8_192.0,
        idle: 2.7,
        full: 8.8,
        bare: 7.5,
        cooled: 4.0,
        tau: 180.0,
        soft: None,
    },
    Board {
        name: "simulated Pi 3B+",
        cores: 4.0,
        fast: 1_400.0,
        slow: 600.0,
        memory: 1_024.0,
        idle: 1.9,
        full: 5.5,
        bare: 9.5,
        cooled: 4.5,
        tau: 240.0,
        soft: Some(60.0),
    },
    Board {
        name: "simulated Pi Zero 2 W",
        cores: 4.0,
        fast: 1_000.0,
        slow: 600.0,
        memory: 512.0,
        idle: 0.7,
        full: 3.0,
        bare: 17.0,
        cooled: 9.0,
        tau: 180.0,
        soft: None,
    },
];

/// Throttling begins and is complete, in °C.
const THROTTLE: f32 = 80.0;
const THROTTLED: f32 = 85.0;
/// The frequency at the 3B+'s soft limit, in MHz.
const SOFT_FREQUENCY: f32 = 1_200.0;

/// How warm a board is, and what its firmware does about it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thermal {
    /// °C.
    pub temperature: f32,
    /// MHz.
    pub frequency: f32,
    pub throttled: bool,
    pub soft_limit: bool,
}

impl Thermal {
    /// A board that has stood idle for long.
    pub(super) fn resting(board: &Board, ambient: f32, resistance: f32) -> Self {
        Self {
            temperature: ambient + resistance * board.idle,
            frequency: board.fast,
            throttled: false,
            soft_limit: false,
        }
    }

    /// Lets time pass at one load.
    pub(super) fn pass(&mut self, board: &Board, heat: Heat, seconds: f32) {
        let speed = self.frequency / board.fast;
        let power = board.idle + (board.full - board.idle) * heat.busy * speed * speed;
        let rest = heat.ambient + heat.resistance * power;
        // The exact solution for a constant load, whatever the step.
        self.temperature = rest + (self.temperature - rest) * (-seconds / board.tau).exp();
        // The firmware stops the board's climb long before the sensor's end.
        self.temperature = self.temperature.min(99.0);
        self.throttled = self.temperature >= THROTTLE;
        self.soft_limit = board.soft.is_some_and(|soft| self.temperature >= soft);
        let over = ((self.temperature - THROTTLE) / (THROTTLED - THROTTLE)).clamp(0.0, 1.0);
        let mut frequency = board.fast - (board.fast - board.slow) * over;
        if self.soft_limit {
            frequency = frequency.min(SOFT_FREQUENCY);
        }
        if heat.weak_supply {
            frequency = board.slow;
        }
        self.frequency = frequency;
    }
}

/// What warms a board.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heat {
    /// Busy share of all cores, 0 to 1.
    pub busy: f32,
    /// °C.
    pub ambient: f32,
    /// K/W, as the fan has it now.
    pub resistance: f32,
    /// Whether the supply is below 4.63 V.
    pub weak_supply: bool,
}

/// The warmth that a board would have under the load that another machine recorded.
#[derive(Clone, Copy, Debug)]
pub struct Warmth {
    board: Board,
    resistance: f32,
    thermal: Thermal,
}

/// The room in which a recording is thought to be played, in °C.
const ROOM: f32 = 24.0;

impl Warmth {
    /// Of a resting board: 1 a bare Pi 4, 2 one with a fan, 3 and 4 the same of a
    /// Pi 5; none for other numbers.
    pub fn of(number: usize) -> Option<Self> {
        let board = *BOARDS.get(number.checked_sub(1)? / 2).filter(|_| number <= 4)?;
        let resistance = if number % 2 == 1 { board.bare } else { board.cooled };
        Some(Self { board, resistance, thermal: Thermal::resting(&board, ROOM, resistance) })
    }

    /// Lets time pass under the readings' load, and sets what the board would show.
    pub fn lay_over(&mut self, readings: &mut Readings, seconds: f32) {
        let busy = readings.get(Vital::Cpu).unwrap_or(0.0) / 100.0;
        let heat = Heat { busy, ambient: ROOM, resistance: self.resistance, weak_supply: false };
        self.thermal.pass(&self.board, heat, seconds);
        let Thermal { temperature, frequency, throttled, soft_limit } = self.thermal;
        readings.set(Vital::Temperature, temperature);
        readings.set(Vital::CpuFrequency, frequency);
        for (vital, yes) in [
            (Vital::UnderVoltageNow, false),
            (Vital::FrequencyCappedNow, throttled || soft_limit),
            (Vital::ThrottledNow, throttled),
            (Vital::SoftLimitNow, soft_limit),
        ] {
            readings.set(vital, f32::from(u8::from(yes)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(board: &Board, busy: f32, resistance: f32, seconds: u32) -> Thermal {
        let mut thermal = Thermal::resting(board, 25.0, resistance);
        for _ in 0..seconds / 10 {
            let heat = Heat { busy, ambient: 25.0, resistance, weak_supply: false };
            thermal.pass(board, heat, 10.0);
        }
        thermal
    }

    #[test]
    fn a_pi_4_behaves_as_measured() {
        let board = &BOARDS[0];
        let idle = after(board, 0.02, board.bare, 3_600);
        assert!((45.0..55.0).contains(&idle.temperature), "{idle:?}");
        let hot = after(board, 1.0, board.bare, 1_800);
        assert!((78.0..85.0).contains(&hot.temperature), "{hot:?}");
        let cooled = after(board, 1.0, board.cooled, 1_800);
        assert!(cooled.temperature < 55.0 && !cooled.throttled, "{cooled:?}");
    }

    #[test]
    fn a_bare_pi_5_throttles_and_a_cooled_one_does_not() {
        let board = &BOARDS[1];
        assert!(after(board, 1.0, board.bare, 600).throttled);
        let cooled = after(board, 1.0, board.cooled, 3_600);
        assert!((55.0..68.0).contains(&cooled.temperature), "{cooled:?}");
    }
}

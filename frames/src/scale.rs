//! How a reading becomes one byte and back.

/// Ratio between two neighbouring logarithmic codes: a step of 5 %.
const RATIO: f64 = 1.05;

/// `GROWTH[k] = RATIO^k - 1`, computed at build time so that every machine,
/// with or without a float unit, quantises to the same byte.
const GROWTH: [f64; 256] = {
    let mut table = [0.0; 256];
    let mut power = 1.0;
    let mut k = 0;
    while k < 256 {
        table[k] = power - 1.0;
        power *= RATIO;
        k += 1;
    }
    table
};

/// The code of one vital: how its value maps onto a byte.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scale {
    /// `value = min + code · step`.
    Linear {
        /// The value of code 0, in the vital's unit.
        min: f32,
        /// The distance between two codes, in the vital's unit.
        step: f32,
    },
    /// `value = floor · (1.05^code − 1)`: nearly linear below `floor`, and
    /// neighbouring codes at most 5 % of `value + floor` apart above it.
    Logarithmic {
        /// Where linear turns into logarithmic, in the vital's unit.
        floor: f32,
    },
    /// A whole number on the logarithmic scale with floor 1: exact up to 20,
    /// within 2.5 % of `value + 1` above.
    Count,
    /// Yes (1) or no (0): one bit on the wire.
    Flag,
}

impl Scale {
    /// The byte nearest to `value`; values outside the range become its end.
    ///
    /// Not a number has no code: the vital is absent.
    pub fn encode(self, value: f32) -> Option<u8> {
        if value.is_nan() {
            return None;
        }
        Some(match self {
            Self::Linear { min, step } => {
                // `as` saturates at both ends, which is the clamp wanted here.
                ((value - min) / step + 0.5) as u8
            }
            Self::Logarithmic { floor } => nearest_growth(f64::from(value) / f64::from(floor)),
            Self::Count => nearest_growth(f64::from(value)),
            Self::Flag => u8::from(value >= 0.5),
        })
    }

    /// The value that `code` stands for, in the vital's unit.
    pub fn decode(self, code: u8) -> f32 {
        match self {
            Self::Linear { min, step } => min + f32::from(code) * step,
            Self::Logarithmic { floor } => (f64::from(floor) * GROWTH[usize::from(code)]) as f32,
            // Adding a half and truncating rounds a non-negative number.
            Self::Count => (GROWTH[usize::from(code)] + 0.5) as u32 as f32,
            Self::Flag => f32::from(code.min(1)),
        }
    }

    /// The largest distance, in the vital's unit, between `value` (inside the
    /// range) and what it comes back as: half a step.
    pub fn tolerance(self, value: f32) -> f32 {
        match self {
            Self::Linear { step, .. } => step / 2.0,
            Self::Logarithmic { floor } => (value + floor) * 0.025,
            // Half a step of the scale, and half a unit from rounding.
            Self::Count => (value + 1.0) * 0.025 + 0.5,
            Self::Flag => 0.0,
        }
    }

    /// The lowest and highest value that can be said, in the vital's unit.
    pub fn range(self) -> (f32, f32) {
        match self {
            Self::Flag => (0.0, 1.0),
            _ => (self.decode(0), self.decode(u8::MAX)),
        }
    }
}

/// The code whose growth is nearest to `target`, found by bisection.
fn nearest_growth(target: f64) -> u8 {
    let above = GROWTH.partition_point(|growth| *growth < target);
    match above {
        0 => 0,
        256 => u8::MAX,
        _ if target - GROWTH[above - 1] <= GROWTH[above] - target => (above - 1) as u8,
        _ => above as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_counts_are_exact() {
        for n in 0..=20_u8 {
            let code = Scale::Count.encode(f32::from(n)).unwrap();
            assert!((Scale::Count.decode(code) - f32::from(n)).abs() < f32::EPSILON);
        }
    }

    #[test]
    fn out_of_range_saturates_and_nan_is_absent() {
        let percent = Scale::Linear { min: 0.0, step: 0.5 };
        assert_eq!(percent.encode(-3.0), Some(0));
        assert_eq!(percent.encode(f32::INFINITY), Some(255));
        assert_eq!(percent.encode(f32::NAN), None);
        assert_eq!(Scale::Count.encode(f32::NEG_INFINITY), Some(0));
        assert_eq!(Scale::Count.encode(f32::INFINITY), Some(255));
    }
}

//! The node's own threshold of alarm: what is unheard of on this node.
//!
//! A model says more trouble of one machine than of another, for reasons that have
//! nothing to do with trouble. So the node remembers the highest trouble of each
//! six hours of the last fortnight, and its threshold is a value that only one in
//! `EXCEED` of them went beyond: less than one false alarm a day if nothing changes.
//! Before [`FEWEST`] of them are full it has no threshold. 240 bytes.

/// How many spells are remembered, and how long one is, in seconds.
const SPELLS: usize = 56;
const SPELL: f32 = 6.0 * 3_600.0;

/// One in so many spells may lie beyond the threshold.
const EXCEED: usize = 5;

/// So many spells must be full before there is a threshold: two days.
pub const FEWEST: usize = 8;

/// The threshold is within these, whatever the node has lived through.
const LEAST: f32 = 0.15;
const MOST: f32 = 0.98;

/// The time constant of what is smoothed, in seconds.
const SMOOTH: f32 = 120.0;

/// A value that speaks for `seconds`, smoothed over two minutes; the first stands as it is.
pub(super) fn smoothed(before: Option<f32>, value: f32, seconds: f32) -> f32 {
    let keep = (-seconds.max(0.0) / SMOOTH).exp();
    before.map_or(value, |before| value + keep * (before - value))
}

/// A node's memory of its own trouble.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    spells: [f32; SPELLS],
    full: usize,
    next: usize,
    /// Of the spell that runs: the highest trouble, and its seconds so far.
    highest: f32,
    seconds: f32,
    smooth: Option<f32>,
    known: Option<f32>,
}

impl Default for Threshold {
    fn default() -> Self {
        Self {
            spells: [0.0; SPELLS],
            full: 0,
            next: 0,
            highest: 0.0,
            seconds: 0.0,
            smooth: None,
            known: None,
        }
    }
}

impl Threshold {
    /// Takes the trouble (0 to 1) of a sample that speaks for `seconds`, and gives
    /// it smoothed over two minutes.
    pub fn observe(&mut self, trouble: f32, seconds: f32) -> f32 {
        let smooth = smoothed(self.smooth, trouble, seconds);
        self.smooth = Some(smooth);
        self.highest = self.highest.max(smooth);
        self.seconds += seconds.max(0.0);
        if self.seconds >= SPELL {
            if let Some(spell) = self.spells.get_mut(self.next) {
                *spell = self.highest;
            }
            self.next = (self.next + 1) % SPELLS;
            self.full = (self.full + 1).min(SPELLS);
            (self.highest, self.seconds) = (0.0, 0.0);
            self.known = self.choose();
        }
        smooth
    }

    fn choose(&self) -> Option<f32> {
        if self.full < FEWEST {
            return None;
        }
        let mut sorted = self.spells;
        let sorted = sorted.get_mut(..self.full)?;
        sorted.sort_unstable_by(|one, other| other.total_cmp(one));
        sorted.get(self.full / EXCEED).map(|highest| highest.clamp(LEAST, MOST))
    }

    /// The threshold, once enough has been lived through.
    pub fn known(&self) -> Option<f32> {
        self.known
    }

    /// How many numbers are kept over a restart.
    pub const KEPT: usize = SPELLS + 3;

    /// What is kept over a restart.
    pub fn kept(&self) -> [f32; Self::KEPT] {
        let mut kept = [0.0; Self::KEPT];
        kept[..SPELLS].copy_from_slice(&self.spells);
        kept[SPELLS..].copy_from_slice(&[self.full as f32, self.next as f32, self.highest]);
        kept
    }

    /// Takes what was kept; whether it could be.
    pub fn restore(&mut self, kept: &[f32; Self::KEPT]) -> bool {
        let [spells @ .., full, next, highest] = kept;
        let within = kept.iter().all(|number| (0.0..=SPELLS as f32).contains(number));
        if !within || *next >= SPELLS as f32 {
            return false;
        }
        self.spells.copy_from_slice(spells);
        (self.full, self.next, self.highest) = (*full as usize, *next as usize, *highest);
        self.known = self.choose();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of 60 s samples, with one peak of a height per day.
    fn lived(days: u32, calm: f32, peak: f32) -> Threshold {
        let mut threshold = Threshold::default();
        for minute in 0..days * 1_440 {
            let trouble = if minute % 1_440 < 10 { peak } else { calm };
            threshold.observe(trouble, 60.0);
        }
        threshold
    }

    #[test]
    fn it_is_unknown_for_two_days() {
        assert_eq!(lived(1, 0.1, 0.2).known(), None);
        assert!(lived(3, 0.1, 0.2).known().is_some());
    }

    #[test]
    fn a_daily_peak_is_nothing_special_and_a_weekly_one_is() {
        let daily = lived(14, 0.1, 0.6).known().unwrap();
        assert!((0.55..=0.6).contains(&daily), "{daily}");
        let mut weekly = lived(13, 0.3, 0.3);
        for _ in 0..10 {
            weekly.observe(0.9, 60.0);
        }
        for _ in 0..1_430 {
            weekly.observe(0.3, 60.0);
        }
        assert!((weekly.known().unwrap() - 0.3).abs() < 1e-3);
    }

    #[test]
    fn it_stays_within_its_limits_and_survives_a_restart() {
        assert!((lived(14, 0.0, 0.0).known().unwrap() - LEAST).abs() < 1e-6);
        let lived = lived(14, 1.0, 1.0);
        assert!((lived.known().unwrap() - MOST).abs() < 1e-6);
        let mut other = Threshold::default();
        assert!(other.restore(&lived.kept()));
        assert_eq!(other.known(), lived.known());
        let mut wrong = lived.kept();
        wrong[SPELLS] = 1e9;
        assert!(!other.restore(&wrong));
        wrong[SPELLS] = f32::NAN;
        assert!(!other.restore(&wrong));
    }
}

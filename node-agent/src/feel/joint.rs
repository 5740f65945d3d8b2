//! How far all vitals together are from normal: a covariance, learned in a stream.
//!
//! A vital that is far out alone is strange; one that moves as it always does with
//! another is not. So each dimension is told by what is left of it when those
//! before are known, in its own spreads; Mahalanobis's distance is the root mean square
//! of these, and the plain mean is steadier, since no single dimension rules it. The
//! covariance forgets like the rest; its Cholesky factor is made anew within a minute
//! whatever the interval is, a few rows per sample, from one copy of the covariance, and
//! only then taken: rows of two ages side by side would be the factor of nothing, and
//! told a node whose work had changed that it was far from itself. Nothing is allocated
//! after [`Joint::new`].

/// Seconds in which a factor is made.
const SWEEP: f32 = 60.0;

/// How much of what two dimensions share is disbelieved: at least so much, and more
/// while little was watched (as if this many seconds of independence had been seen).
const LEAST_DOUBT: f32 = 0.1;
const DOUBT: f32 = 1_800.0;

/// Added to every variance: what never moved may move a little.
const RIDGE: f32 = 0.05;

/// No pivot is smaller: a factor of old and new rows may be slightly off.
const LEAST_PIVOT: f32 = 0.01;

/// How far a point lies out, per dimension measured; about .8 (means) and 1 (root) on
/// an ordinary day.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Distances {
    /// The mean over the first dimensions alone.
    pub first: f32,
    /// The mean over all.
    pub mean: f32,
    /// The root mean square over all: Mahalanobis's distance.
    pub root: f32,
}

/// A covariance and its factor.
#[derive(Clone, Debug)]
pub struct Joint {
    dimensions: usize,
    /// Seconds that it has been watched, up to the memory.
    watched: f32,
    /// Packed lower triangles, row by row.
    covariance: Box<[f32]>,
    factor: Box<[f32]>,
    /// The next factor: so many rows of it are made, the others are still the covariance
    /// as it was when it was begun; and rows that are due.
    next: Box<[f32]>,
    row: usize,
    due: f32,
    /// Scratch: what is left of each dimension when those before are known, and
    /// which dimensions were measured (1 or 0).
    rest: Box<[f32]>,
    known: Box<[f32]>,
}

fn start(row: usize) -> usize {
    row * (row + 1) / 2
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    // Eight sums at once, which the compiler turns into vectors.
    let mut sums = [0.0_f32; 8];
    let (ones, others) = (one.chunks_exact(8), other.chunks_exact(8));
    let tail: f32 = ones.remainder().iter().zip(others.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in ones.zip(others) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f32>() + tail
}

impl Joint {
    /// Knows nothing of so many dimensions.
    pub fn new(dimensions: usize) -> Self {
        let triangle = vec![0.0; start(dimensions)].into_boxed_slice();
        let mut joint = Self {
            dimensions,
            watched: 0.0,
            covariance: triangle.clone(),
            factor: triangle.clone(),
            next: triangle,
            row: 0,
            due: 0.0,
            rest: vec![0.0; dimensions].into_boxed_slice(),
            known: vec![0.0; dimensions].into_boxed_slice(),
        };
        joint.refactor();
        joint
    }

    /// Learns one point that speaks for `seconds`; not a number is not measured.
    pub fn learn(&mut self, point: &[f32], seconds: f32, memory: f32) {
        self.watched = (self.watched + seconds).min(memory);
        let share = (seconds / self.watched.max(f32::EPSILON)).min(1.0);
        for ((rest, known), value) in self.rest.iter_mut().zip(&mut self.known).zip(point) {
            *known = f32::from(u8::from(value.is_finite()));
            *rest = if value.is_finite() { *value } else { 0.0 };
        }
        for row in 0..self.dimensions {
            let (own, here) = (self.rest[row], share * self.known[row]);
            if here <= 0.0 {
                continue;
            }
            let cells = &mut self.covariance[start(row)..=start(row) + row];
            for ((cell, other), known) in cells.iter_mut().zip(&self.rest).zip(&self.known) {
                *cell += here * known * (own * other - *cell);
            }
        }
    }

    /// Goes on with the next factor, as far as `seconds` pay for.
    pub fn renew(&mut self, seconds: f32) {
        let rows = self.dimensions as f32;
        self.due = (self.due + rows * seconds.max(0.0) / SWEEP).min(rows);
        while self.due >= 1.0 {
            self.due -= 1.0;
            self.make_row();
        }
    }

    /// Makes one row of the next factor, and takes that once it is whole.
    fn make_row(&mut self) {
        if self.row == 0 {
            self.next.copy_from_slice(&self.covariance);
        }
        let doubt = LEAST_DOUBT.max(DOUBT / (DOUBT + self.watched));
        let row = self.row;
        let (above, here) = self.next.split_at_mut(start(row));
        for column in 0..=row {
            let (made, rest) = here.split_at_mut(column);
            let Some(cell) = rest.first_mut() else { break };
            *cell = if column == row {
                (*cell + RIDGE - dot(made, made)).max(LEAST_PIVOT).sqrt()
            } else {
                let other = &above[start(column)..=start(column) + column];
                (*cell * (1.0 - doubt) - dot(made, &other[..column])) / other[column]
            };
        }
        self.row += 1;
        if self.row >= self.dimensions {
            core::mem::swap(&mut self.factor, &mut self.next);
            self.row = 0;
        }
    }

    /// Makes the whole factor at once: after a restart, and when the normal begins to count.
    pub fn refactor(&mut self) {
        self.row = 0;
        for _ in 0..self.dimensions {
            self.make_row();
        }
    }

    /// How far a point lies out: over the first `first` dimensions, and over all.
    pub fn distances(&mut self, point: &[f32], first: usize) -> Distances {
        let (mut sum, mut squares, mut count, mut near) = (0.0_f32, 0.0_f32, 0.0_f32, 0.0_f32);
        for (row, value) in point.iter().enumerate().take(self.dimensions) {
            if row == first {
                near = sum / count.max(1.0);
            }
            let cells = &self.factor[start(row)..=start(row) + row];
            // What is missing is where those before let expect it.
            self.rest[row] = if value.is_finite() {
                count += 1.0;
                (value - dot(&cells[..row], &self.rest[..row])) / cells[row]
            } else {
                0.0
            };
            sum += self.rest[row].abs();
            squares += self.rest[row] * self.rest[row];
        }
        let count = count.max(1.0);
        Distances { first: near, mean: sum / count, root: (squares / count).sqrt() }
    }

    /// The bytes that it takes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.covariance)
            + size_of_val(&*self.factor)
            + size_of_val(&*self.next)
            + size_of_val(&*self.rest)
            + size_of_val(&*self.known)
    }

    /// The learned spread of one dimension.
    pub fn spread(&self, dimension: usize) -> f32 {
        self.covariance.get(start(dimension) + dimension).map_or(1.0, |variance| (variance + RIDGE).sqrt())
    }

    /// What is kept over a restart: seconds watched, and the covariance.
    pub fn kept(&self) -> (f32, &[f32]) {
        (self.watched, &self.covariance)
    }

    /// Takes what was kept, if it is of as many dimensions and all of it a number.
    pub fn restore(&mut self, watched: f32, covariance: &[f32]) -> bool {
        let fits = covariance.len() == self.covariance.len()
            && watched.is_finite()
            && covariance.iter().all(|cell| cell.is_finite());
        if fits {
            self.watched = watched.max(0.0);
            self.covariance.copy_from_slice(covariance);
            self.refactor();
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lived() -> Joint {
        let mut joint = Joint::new(4);
        let mut draw = oorandom(7);
        for _ in 0..20_000 {
            let (a, b, c, d) = (draw(), draw(), draw(), draw());
            // The second follows the first.
            joint.learn(&[a, a + 0.3 * b, c, d], 10.0, 86_400.0);
            joint.renew(10.0);
        }
        joint
    }

    /// A plain generator of about Gaussian numbers.
    fn oorandom(seed: u64) -> impl FnMut() -> f32 {
        let mut random = fastrand::Rng::with_seed(seed);
        move || (0..12).map(|_| random.f32()).sum::<f32>() - 6.0
    }

    #[test]
    fn what_moves_together_is_near_and_what_parts_is_far() {
        let mut joint = lived();
        let together = joint.distances(&[2.0, 2.0, 0.0, 0.0], 2);
        let apart = joint.distances(&[2.0, -2.0, 0.0, 0.0], 2);
        assert!(together.root < 1.5 && apart.root > 3.0, "{together:?} {apart:?}");
        assert!(apart.mean > 2.0 * together.mean, "{together:?} {apart:?}");
        assert!(apart.first > apart.mean, "over fewer dimensions it weighs more");
    }

    #[test]
    fn an_ordinary_point_is_about_one_away() {
        let (mut joint, mut draw) = (lived(), oorandom(9));
        let mut sum = 0.0;
        for _ in 0..2_000 {
            let (a, b, c, d) = (draw(), draw(), draw(), draw());
            sum += joint.distances(&[a, a + 0.3 * b, c, d], 2).root.powi(2);
        }
        assert!((0.7..1.3).contains(&(sum / 2_000.0)), "{}", sum / 2_000.0);
    }

    #[test]
    fn what_is_missing_counts_for_nothing() {
        let mut joint = lived();
        let all = joint.distances(&[0.0, 0.0, 0.0, 6.0], 2).root;
        let without = joint.distances(&[0.0, 0.0, 0.0, f32::NAN], 2).root;
        assert!(all > 2.0 && without < 1e-3, "{all} {without}");
        joint.learn(&[f32::NAN; 4], 10.0, 86_400.0);
        assert!(joint.distances(&[0.0; 4], 2).mean.is_finite());
    }

    /// A life that changes must not tear the factor: rows of before and after the change
    /// side by side tell of distances that nobody has gone.
    #[test]
    fn a_life_that_changes_is_as_far_away_at_any_interval() {
        let lived = |interval: usize| {
            let mut joint = Joint::new(24);
            let mut random = fastrand::Rng::with_seed(5);
            let mut told = Vec::new();
            for place in 0..4 * 360 {
                let busy = if place < 2 * 360 { 0.0 } else { 3.0 };
                let point: [f32; 24] = core::array::from_fn(|n| {
                    let follows = if n % 3 == 0 { busy } else { 0.0 };
                    follows + 0.2 * (random.f32() - 0.5)
                });
                if place % interval == 0 {
                    let seconds = 10.0 * interval as f32;
                    told.push((place, joint.distances(&point, 8).mean));
                    joint.learn(&point, seconds, 604_800.0);
                    joint.renew(seconds);
                }
            }
            told
        };
        let fine = lived(1);
        for interval in [3, 6] {
            for (place, far) in lived(interval) {
                let (_, other) = fine[place];
                // The change itself is seen by a factor that is a minute or two older.
                let near = (2 * 360..2 * 360 + 18).contains(&place);
                assert!(near || (far - other).abs() < 0.1 + 0.2 * other, "{far} {other} at {place}");
            }
        }
        let farthest = fine.iter().map(|(_, far)| *far).fold(0.0, f32::max);
        assert!(fine[2 * 360].1 > 0.9 * farthest, "never farther than at the change");
    }

    #[test]
    fn what_was_kept_gives_the_same_distances() {
        let mut joint = lived();
        let mut other = Joint::new(4);
        let (watched, cells) = joint.kept();
        assert!(other.restore(watched, cells));
        joint.refactor();
        let point = [1.0, -1.0, 2.0, 0.5];
        assert_eq!(joint.distances(&point, 2), other.distances(&point, 2));
        assert!(!other.restore(1.0, &[0.0; 3]), "of other dimensions");
        assert!(!other.restore(1.0, &[f32::NAN; 10]), "no numbers");
    }
}

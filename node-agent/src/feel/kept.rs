//! What a node knows about itself, as bytes for a file: about 10 KB.
//!
//! `GTN2`, the feature schema's SHA-256, the model's version as SHA-256, the
//! threshold, how often the node said crisis, the baseline, and a CRC-32 over all of it;
//! numbers are little-endian `f32`. Of another schema nothing is taken; of another model
//! all but the threshold.

use super::baseline::Baseline;
use super::features::schema_hash;
use super::swap::Habit;
use super::threshold::Threshold;
use sha2::{Digest as _, Sha256};

const MAGIC: [u8; 4] = *b"GTN2";

/// What is kept is never longer, in bytes.
pub const MOST_BYTES: usize = 65_536;

fn head(version: &str) -> Vec<u8> {
    let mut head = MAGIC.to_vec();
    head.extend(Sha256::digest(schema_hash()));
    head.extend(Sha256::digest(version));
    head
}

/// The bytes of a file.
pub fn write(baseline: &mut Baseline, threshold: &Threshold, habit: Habit, version: &str) -> Vec<u8> {
    let mut bytes = head(version);
    let numbers = threshold.kept().into_iter().chain(habit.kept());
    bytes.extend(numbers.flat_map(f32::to_le_bytes));
    baseline.keep(&mut bytes);
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

/// Takes the bytes of a file; whether they were of use. What is damaged or of
/// another schema changes nothing.
pub fn read(
    bytes: &[u8],
    baseline: &mut Baseline,
    threshold: &mut Threshold,
    habit: &mut Habit,
    version: &str,
) -> bool {
    let Some((body, crc)) = bytes.split_last_chunk::<4>() else { return false };
    let wanted = head(version);
    let schema = MAGIC.len() + 32;
    let Some((head, rest)) = body.split_at_checked(wanted.len()) else { return false };
    if bytes.len() > MOST_BYTES
        || crc32fast::hash(body) != u32::from_le_bytes(*crc)
        || head.get(..schema) != wanted.get(..schema)
    {
        return false;
    }
    let Some((own, rest)) = numbers::<{ Threshold::KEPT }>(rest) else { return false };
    let Some((often, rest)) = numbers::<{ Habit::KEPT }>(rest) else { return false };
    if !baseline.restore(rest) {
        return false;
    }
    habit.restore(often);
    if head == wanted {
        threshold.restore(&own);
    }
    true
}

/// The first numbers, and what follows them.
fn numbers<const N: usize>(bytes: &[u8]) -> Option<([f32; N], &[u8])> {
    let own = bytes.as_chunks::<4>().0.first_chunk::<N>()?;
    Some((own.map(f32::from_le_bytes), bytes.get(N * 4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lived() -> (Baseline, Threshold) {
        let (mut baseline, mut threshold) = (Baseline::new(&[0.02; 24]), Threshold::default());
        for step in 0..4_000_u32 {
            let value = 0.2 + 0.1 * (step % 10) as f32 / 10.0;
            baseline.observe(&[Some(value); 24], 60.0, None);
            baseline.learn();
            threshold.observe(value, 60.0);
        }
        (baseline, threshold)
    }

    fn habit() -> Habit {
        let mut habit = Habit::default();
        habit.restore([400.0, 0.25]);
        habit
    }

    #[test]
    fn a_restart_forgets_nothing_and_the_file_is_small() {
        let (mut baseline, threshold) = lived();
        let bytes = write(&mut baseline, &threshold, habit(), "1");
        assert!(bytes.len() < 16_000, "{}", bytes.len());
        let (mut other, mut own) = (Baseline::new(&[0.02; 24]), Threshold::default());
        let mut often = Habit::default();
        assert!(read(&bytes, &mut other, &mut own, &mut often, "1"));
        assert_eq!(often, habit());
        assert_eq!((other.usual(3), own.known()), (baseline.usual(3), threshold.known()));
        assert!(own.known().is_some());
        // Another model's probabilities are no measure for this one's.
        let mut own = Threshold::default();
        let mut often = Habit::default();
        assert!(read(&bytes, &mut other, &mut own, &mut often, "2"));
        assert_eq!((own.known(), often), (None, habit()));
    }

    #[test]
    fn whatever_is_damaged_changes_nothing() {
        let (mut baseline, threshold) = lived();
        let bytes = write(&mut baseline, &threshold, habit(), "1");
        let mut other = Baseline::new(&[0.02; 24]);
        let mut useful =
            |bytes: &[u8]| read(bytes, &mut other, &mut Threshold::default(), &mut Habit::default(), "1");
        for place in [0, 10, 50, 1_000, bytes.len() - 1] {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert!(!useful(&damaged), "byte {place}");
        }
        for length in [0, 3, 100, bytes.len() - 1] {
            assert!(!useful(&bytes[..length]));
        }
        assert!(!useful(&vec![7; MOST_BYTES + 1]));
        assert_eq!(other.usual(0), None);
    }
}

// The window is far below 2^31.
#![allow(clippy::cast_possible_wrap)]

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::Bound;

/// The rule in its plainest form: a set, and a floor below which all is decided.
#[derive(Clone, Default)]
struct Naive {
    floor: u32,
    set: BTreeSet<u32>,
}

impl Naive {
    fn decided(&self, sequence: u32) -> bool {
        sequence <= self.floor || self.set.contains(&sequence)
    }

    fn through(&self) -> u32 {
        (self.floor..=u32::MAX).take_while(|s| *s == self.floor || self.decided(*s)).last().unwrap()
    }

    fn decide(&mut self, sequence: u32, oldest: u32) -> Decision {
        if sequence == 0 || oldest == 0 || oldest > sequence {
            return Decision::Refused;
        }
        self.floor = self.floor.max(oldest - 1);
        self.floor = self.through();
        if self.decided(sequence) {
            Decision::Double
        } else if sequence - self.floor > WINDOW {
            Decision::Refused
        } else {
            self.set.insert(sequence);
            Decision::New
        }
    }

    fn runs(&self) -> Vec<(u32, u32)> {
        let mut runs: Vec<(u32, u32)> = Vec::new();
        for s in self.set.range((Bound::Excluded(self.through()), Bound::Unbounded)) {
            match runs.last_mut() {
                Some((_, last)) if *last + 1 == *s => *last = *s,
                _ => runs.push((*s, *s)),
            }
        }
        runs
    }
}

fn compare(marks: &Marks, naive: &Naive) {
    assert_eq!(marks.through(), naive.through());
    let runs: Vec<(u32, u32)> = marks.runs().map(|run| (run.first, run.last)).collect();
    assert_eq!(runs, naive.runs());
    assert_eq!(marks.above as usize, naive.runs().iter().map(|(a, b)| (b - a + 1) as usize).sum::<usize>());
    assert!(marks.words.len() <= (WINDOW / 64 + 1) as usize);
}

/// A step: a jump from the last sequence, and how far below it `oldest` lies.
fn steps() -> impl Strategy<Value = Vec<(i32, u32)>> {
    let jump = prop_oneof![
        6 => 1..3_i32,
        6 => -6..10_i32,
        2 => -200..300_i32,
        1 => (WINDOW as i32 - 70)..(WINDOW as i32 + 70),
        1 => -(WINDOW as i32)..0,
    ];
    let held = prop_oneof![5 => Just(u32::MAX), 2 => 0..20_u32, 1 => 0..400_u32, 1 => 0..2 * WINDOW];
    prop::collection::vec((jump, held), 1..200)
}

proptest! {
    #[test]
    fn as_the_naive_set(start in prop_oneof![1..200_u32, Just(u32::MAX - 300)], steps in steps()) {
        let (mut marks, mut naive) = (Marks::default(), Naive::default());
        let mut sequence = start;
        for (jump, held) in steps {
            sequence = sequence.saturating_add_signed(jump);
            // Far up, an `oldest` of 1 would make the naive set walk for ever.
            let oldest = if sequence > 2 * WINDOW { sequence - held.min(sequence / 2).min(WINDOW + 9) }
                else { sequence.saturating_sub(held).max(1) };
            prop_assert_eq!(marks.decide(sequence, oldest), naive.decide(sequence, oldest));
            prop_assert_eq!(marks.decided(sequence), naive.decided(sequence));
            compare(&marks, &naive);
        }
    }

    /// An acknowledgement claims nothing that was not decided, and names the
    /// longest runs.
    #[test]
    fn an_ack_never_claims_too_much(sequences in prop::collection::vec(1..400_u32, 1..200)) {
        let mut marks = Marks::default();
        for sequence in &sequences {
            marks.decide(*sequence, 1);
        }
        let ack = marks.ack(7);
        for sequence in 1..500 {
            prop_assert!(!ack.covers(sequence) || marks.decided(sequence));
        }
        prop_assert!(ack.runs.is_sorted_by_key(|run| run.first));
        let least = ack.runs.iter().map(|run| run.last - run.first).min().unwrap_or(0);
        let longer = marks.runs().filter(|run| run.last - run.first > least).count();
        prop_assert!(longer <= MAX_RUNS);
        prop_assert_eq!(ack.runs.len(), marks.runs().count().min(MAX_RUNS));
    }

    #[test]
    fn kept_and_restored(sequences in prop::collection::vec(1..400_u32, 1..300)) {
        let mut marks = Marks::default();
        for sequence in &sequences {
            marks.decide(*sequence, 1);
        }
        let runs: Vec<Run> = marks.runs().collect();
        let restored = Marks::restore(marks.through(), &runs);
        prop_assert_eq!(restored.skipped(), 0);
        for sequence in 1..500 {
            prop_assert_eq!(restored.decided(sequence), marks.decided(sequence));
        }
    }

    /// Whatever a bad link, an overflowing spool and a coordinator that is
    /// restored from older copies do: in the end the spool is empty.
    #[test]
    fn every_spool_drains(choices in prop::collection::vec((0..10_u8, any::<u16>()), 1..300), room in 5..60_usize) {
        let mut spool = BTreeSet::new();
        let mut last = 0;
        let mut marks = Marks::default();
        let mut copy = marks.clone();
        let say = |marks: &mut Marks, spool: &BTreeSet<u32>, sequence: u32| {
            marks.decide(sequence, *spool.first().unwrap())
        };
        for (choice, which) in choices {
            match choice {
                // A new frame, said at once, or lost on its way.
                0..=4 => {
                    last += 1;
                    spool.insert(last);
                    if spool.len() > room {
                        spool.pop_first();
                    }
                    if choice < 3 {
                        say(&mut marks, &spool, last);
                    }
                }
                // An old one, said again.
                5 | 6 if !spool.is_empty() => {
                    let sequence = *spool.iter().nth(usize::from(which) % spool.len()).unwrap();
                    say(&mut marks, &spool, sequence);
                }
                7 => {
                    let ack = marks.ack(1);
                    spool.retain(|sequence| !ack.covers(*sequence));
                }
                8 => copy = marks.clone(),
                9 => marks = copy.clone(),
                _ => {}
            }
        }
        // Each round the mark passes the oldest at least, whatever the runs name.
        while !spool.is_empty() {
            let held: Vec<u32> = spool.iter().copied().collect();
            for sequence in held {
                prop_assert_ne!(say(&mut marks, &spool, sequence), Decision::Refused);
            }
            let (ack, before) = (marks.ack(1), spool.len());
            spool.retain(|sequence| !ack.covers(*sequence));
            prop_assert!(spool.len() < before);
        }
    }
}

#[test]
fn impossible_numbers_are_refused() {
    let mut marks = Marks::default();
    for (sequence, oldest) in [(0, 0), (0, 1), (1, 0), (1, 2), (u32::MAX - 1, u32::MAX)] {
        assert_eq!(marks.decide(sequence, oldest), Decision::Refused);
    }
    assert_eq!(marks.through(), 0);
}

#[test]
fn both_sides_of_the_window() {
    let mut marks = Marks::default();
    assert_eq!(marks.decide(WINDOW + 1, 1), Decision::Refused);
    assert!(!marks.decided(WINDOW + 1));
    assert_eq!(marks.decide(WINDOW, 1), Decision::New);
    assert_eq!(marks.ack(1).through, 0);
    // Once the node's oldest has moved up, there is room.
    assert_eq!(marks.decide(WINDOW + 1, 2), Decision::New);
    assert_eq!(marks.through(), 1);
    assert_eq!(marks.decide(u32::MAX, u32::MAX), Decision::New);
    assert_eq!(marks.through(), u32::MAX);
    assert_eq!(marks.decide(u32::MAX, u32::MAX), Decision::Double);
}

#[test]
fn what_the_node_gave_up_is_counted_but_not_what_was_before_us() {
    let mut marks = Marks::default();
    marks.decide(500, 500);
    assert_eq!(marks.skipped(), 0);
    marks.decide(503, 500);
    marks.decide(510, 508);
    // 501, 502, 504 to 507.
    assert_eq!(marks.skipped(), 6);
    assert_eq!(marks.through(), 507);
}

#[test]
fn memory_goes_when_the_gap_closes() {
    let mut marks = Marks::default();
    for sequence in 2..=100_000 {
        marks.decide(sequence, 1);
    }
    assert!(marks.words.len() > 1_000);
    marks.decide(1, 1);
    assert_eq!(marks.through(), 100_000);
    assert!(marks.words.capacity() <= 16);
}

//! Lines that are not true.

use super::*;
use crate::truth::{Untrue, check};

const FALSE: &str = include_str!("../../questions/false.tsv");

/// The fact that the corpus is about.
fn of_the_corpus() -> Fact {
    Fact { at: 1_763_694_300_000, ..whole(Occasion::Crisis) }
}

#[test]
fn all_500_false_lines_are_refused() {
    let fact = of_the_corpus();
    let (mut words, mut combined) = (0, 0);
    for line in FALSE.lines() {
        let mut columns = line.split('\t');
        let (kind, template) = (columns.next().unwrap(), columns.next().unwrap());
        let claims: Vec<(Slot, String)> = columns
            .next()
            .unwrap_or_default()
            .split(';')
            .filter_map(|claim| claim.split_once('='))
            .map(|(slot, text)| (Slot::from_name(slot).unwrap(), text.to_owned()))
            .collect();
        let refused = check(template, &claims, &fact, &[]).expect_err(line);
        match (kind, refused) {
            ("word", Untrue::Word { .. }) => words += 1,
            ("combined", Untrue::Differs { .. }) => combined += 1,
            (_, other) => panic!("{line}: {other}"),
        }
    }
    assert_eq!((words, combined), (250, 250));
}

#[test]
fn what_is_true_passes() {
    let fact = of_the_corpus();
    let claims = [(Slot::Value, "97 %".to_owned()), (Slot::Usual, "41.5 %".to_owned())];
    let line =
        check("{node} is {state} with {vital} at {value}, {direction} its {usual}.", &claims, &fact, &[]);
    assert_eq!(line.unwrap(), "pi-07 is in crisis with disk used at 97 %, above its 41.5 %.");
}

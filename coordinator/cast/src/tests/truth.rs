//! Lines that are not true, and voices that are told apart.

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

/// Words that would give a speaker away: names, titles, and what is measured.
const MASKED: &[&str] = &["keeper", "tallow", "marrow", "operant"];

/// Three letters in a row, and how often, with what facts put in left out.
fn profile(frames: &[String]) -> BTreeMap<String, f64> {
    let mut counts: BTreeMap<String, f64> = BTreeMap::new();
    for frame in frames {
        let mut text = frame.to_lowercase();
        for slot in Slot::ALL {
            text = text.replace(&format!("{{{}}}", slot.name()), "#");
        }
        for masked in MASKED {
            text = text.replace(masked, "#");
        }
        let letters: Vec<char> = text.chars().collect();
        for three in letters.windows(3) {
            *counts.entry(three.iter().collect()).or_default() += 1.0;
        }
    }
    counts
}

/// A multinomial classifier over them, trained on some occasions, tells the
/// speakers of others apart. It guards against voices that grow alike.
#[test]
fn fifteen_voices_are_told_apart() {
    let sheets = cast().sheets();
    let lines = |sheet: &Sheet, occasions: &[Occasion], draws: u64| -> Vec<String> {
        let facts = occasions.iter().flat_map(|occasion| shapes(*occasion));
        facts.flat_map(|fact| said(sheet, &fact, draws)).map(|line| line.frame).collect()
    };
    let train = [Occasion::Bored, Occasion::Happy, Occasion::Joined, Occasion::Eased, Occasion::Signal];
    let test = [Occasion::Stressed, Occasion::Returned];
    let profiles: Vec<BTreeMap<String, f64>> =
        sheets.iter().map(|sheet| profile(&lines(sheet, &train, 40))).collect();
    let (mut right, mut all) = (0_usize, 0_usize);
    for (speaker, sheet) in sheets.iter().enumerate() {
        for line in lines(sheet, &test, 20) {
            let seen = profile(&[line]);
            let score = |known: &BTreeMap<String, f64>| -> f64 {
                let total: f64 = known.values().sum::<f64>() + 5_000.0;
                seen.iter()
                    .map(|(three, times)| {
                        times * ((known.get(three).copied().unwrap_or(0.0) + 0.5) / total).ln()
                    })
                    .sum()
            };
            let best = (0..profiles.len())
                .max_by(|one, other| score(&profiles[*one]).total_cmp(&score(&profiles[*other])))
                .unwrap();
            right += usize::from(best == speaker);
            all += 1;
        }
    }
    let share = right as f64 / all as f64;
    let error = 1.96 * (share * (1.0 - share) / all as f64).sqrt();
    println!("told apart: {right} of {all}, {:.1} % ± {:.1} (chance is 6.7 %)", share * 100.0, error * 100.0);
    assert!(share > 0.8, "{right} of {all}");
}

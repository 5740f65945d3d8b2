//! Scores, claims, windows and what is forgotten.

use super::*;
use proptest::prelude::*;

const DAY: UnixMillis = 24 * HOUR;

fn memory(number: usize, at: UnixMillis, kind: &str, node: &str) -> Memory {
    let words = format!("{node}: {kind} number {number}");
    Memory::of((&format!("e{number}"), at), kind, node, &words, 0).unwrap()
}

fn stream(all: &[(UnixMillis, &str, &str)]) -> (Stream, Vec<Insight>) {
    let mut stream = Stream::default();
    let made = all
        .iter()
        .enumerate()
        .filter_map(|(number, (at, kind, node))| stream.remember(memory(number, *at, kind, node)));
    let made = made.collect();
    (stream, made)
}

#[test]
fn recency_importance_and_relevance_each_speak() {
    assert!((recency(0, HOUR) - 0.99).abs() < 1e-9 && (recency(HOUR, 0) - 1.0).abs() < 1e-9);
    let (stream, _) = stream(&[
        (0, "crisis", "pi-1"),
        (HOUR, "stressed", "pi-2"),
        (2 * HOUR, "agent_changed", "pi-3"),
        (3 * HOUR, "stressed", "pi-4"),
    ]);
    let first = |words: &str| stream.recall(4 * HOUR, words, 1).first().map(|(_, one)| one.node.clone());
    assert_eq!(first("how is pi-2").as_deref(), Some("pi-2"), "relevance weighs most");
    assert_eq!(first("").as_deref(), Some("pi-1"), "without words, importance");
    let all = stream.recall(4 * HOUR, "stressed", 9);
    assert_eq!(all.len(), 4);
    let of = |node: &str| all.iter().position(|(_, one)| one.node == node);
    assert!(of("pi-4") < of("pi-2"), "of equals the newer one: {all:?}");
    let best: f64 = WEIGHTS.iter().sum();
    assert!(all.iter().all(|(score, _)| (0.0..=best).contains(score)));
}

#[test]
fn what_isnt_in_the_table_isnt_remembered_and_words_are_cut() {
    assert!(Memory::of(("e", 0), "bored", "pi-1", "", 0).is_none());
    let long = Memory::of(("e", 0), "crisis", "pi-1", &"ä".repeat(500), 0).unwrap();
    assert_eq!(long.words.chars().count(), 96);
}

#[test]
fn reflection_comes_with_weight_and_cites_what_it_counts() {
    let all: Vec<_> = (0..19).map(|hour| (hour * HOUR, "crisis", "pi-7")).collect();
    let (stream, made) = stream(&all);
    let [insight] = made.as_slice() else { panic!("{made:?}") };
    assert_eq!(insight.at, 18 * HOUR, "19 crises of weight 8 are the first beyond 150");
    assert!(insight.cites.len() >= 3);
    assert!(matches!(&insight.claim, Claim::Count { node, times: 12, .. } if node == "pi-7"), "{insight:?}");
    assert_eq!(stream.insights().collect::<Vec<_>>(), [insight]);
}

/// Everything that is claimed is checked against the memories that it cites.
fn check(made: &[Insight], all: &[Memory]) {
    for insight in made {
        let cited: Vec<&Memory> = all.iter().filter(|one| insight.cites.contains(&one.event)).collect();
        assert!(cited.len() >= 3 && cited.len() == insight.cites.len(), "{insight:?}");
        assert!(insight.claim.holds(&cited), "{insight:?} of {cited:?}");
        let fewer: Vec<&Memory> = cited.iter().skip(cited.len() - 2).copied().collect();
        assert!(!insight.claim.holds(&fewer), "two are too few: {insight:?}");
        assert!(insight.claim.words().contains(&cited[0].kind.replace('_', " ")));
    }
}

#[test]
fn what_happens_together_is_seen_and_what_does_not_isnt() {
    let mut all = VecDeque::new();
    for day in 0..8_i64 {
        // Those of the second pair are half a day apart.
        for (nodes, apart) in [(["pi-1", "pi-2"], HOUR / 60), (["pi-3", "pi-4"], DAY / 2)] {
            for (place, node) in (0..).zip(nodes) {
                all.push_back(memory(all.len(), day * DAY + place * apart, "silent", node));
            }
        }
    }
    let together: Vec<_> = reflect::claims(&all)
        .into_iter()
        .filter(|(claim, _)| matches!(claim, Claim::Together { .. }))
        .collect();
    // One node of each pair is silent when the other pair's first is.
    let said: Vec<String> = together.iter().map(|(claim, _)| claim.words()).collect();
    assert!(
        said.contains(&"pi-1 and pi-2: silent at the same time, at least 8 times".to_owned()),
        "{said:?}"
    );
    assert!(!said.iter().any(|words| words.starts_with("pi-3 and pi-4")), "{said:?}");
    assert!(together.iter().all(|(claim, cited)| claim.holds(cited)));
}

fn hours(number: usize) -> UnixMillis {
    UnixMillis::try_from(number).unwrap() * HOUR
}

fn numbers<'a>(window: impl IntoIterator<Item = &'a Memory>) -> Vec<usize> {
    window.into_iter().map(|one| one.event[1..].parse().unwrap()).collect()
}

#[test]
fn the_short_window_has_an_hour_and_at_most_eight_whatever_they_weigh() {
    let minute = HOUR / 60;
    let (stream, _) = stream(&[
        (0, "born", "pi-1"),
        (40 * minute, "agent_changed", "pi-1"),
        (90 * minute, "crisis", "pi-1"),
    ]);
    assert_eq!(numbers(stream.technical(91 * minute)), [2, 1], "the newest first");
    assert_eq!(numbers(stream.technical(100 * minute)), [2], "an hour, and no more");
    let many: Vec<_> = (0..20).map(|number| (number * minute, "stressed", "pi-1")).collect();
    assert_eq!(numbers(self::stream(&many).0.technical(20 * minute)), [19, 18, 17, 16, 15, 14, 13, 12]);
}

#[test]
fn the_narrative_window_has_a_week_of_what_weighs_and_the_newest_sixteen() {
    let (stream, _) = stream(&[
        (0, "crisis", "pi-1"),
        (DAY, "silent", "pi-1"),
        (2 * DAY, "stressed", "pi-1"),
        (7 * DAY, "joined", "pi-2"),
    ]);
    assert_eq!(numbers(stream.narrative(7 * DAY)), [1, 3], "in its order, without what weighs less than 5");
    let many: Vec<_> = (0..20).map(|number| (number * HOUR, "crisis", "pi-1")).collect();
    assert_eq!(numbers(self::stream(&many).0.narrative(DAY)), (4..20).collect::<Vec<_>>());
}

#[test]
fn the_long_window_has_what_it_concluded_and_what_it_never_forgets() {
    let (mut stream, _) = stream(&[(0, "born", "pi-1"), (DAY, "crisis", "pi-1")]);
    assert_eq!((stream.long().0.len(), numbers(stream.long().1)), (0, vec![0]));
    // A birth outlives any number of crises.
    for number in 2..400 {
        stream.remember(memory(number, hours(number), "crisis", &format!("pi-{}", number % 5)));
    }
    let (insights, for_good) = stream.long();
    assert!((1..=INSIGHTS).contains(&insights.len()), "claims are bounded, too");
    assert_eq!(numbers(for_good), [0]);
}

#[test]
fn beyond_the_most_what_is_worth_least_is_forgotten() {
    let mut all: Vec<(UnixMillis, &str, &str)> =
        (0..MOST).map(|number| (hours(number), "crisis", "pi-1")).collect();
    all[20].1 = "agent_changed";
    let mut stream = stream(&all).0;
    let forgets = |stream: &mut Stream, number: usize| {
        let before = numbers(stream.memories());
        stream.remember(memory(number, hours(number), "crisis", "pi-1"));
        let after = numbers(stream.memories());
        before.into_iter().filter(|one| !after.contains(one)).collect::<Vec<_>>()
    };
    assert_eq!(forgets(&mut stream, 32), [20], "what weighs a tenth is worth less than what is a day older");
    assert_eq!(forgets(&mut stream, 33), [0], "and of equals the oldest");
}

proptest! {
    #[test]
    fn bounded_and_every_claim_holds(
        given in prop::collection::vec((0..6_usize, 0..4_usize, 0..3_000_000_i64, 0..3_u64), 0..300),
    ) {
        let kinds = ["crisis", "silent", "stressed", "returned", "eased", "born"];
        let mut stream = Stream::default();
        let (mut made, mut all, mut at) = (Vec::new(), Vec::new(), 0);
        for (number, (kind, node, later, lasted)) in given.into_iter().enumerate() {
            at += later;
            let one = Memory { lasted: lasted * 60_000, ..memory(number, at, kinds[kind], &format!("pi-{node}")) };
            all.push(one.clone());
            made.extend(stream.remember(one));
            prop_assert!(stream.memories().count() <= MOST && stream.insights().count() <= INSIGHTS);
        }
        check(&made, &all);
        prop_assert!(stream.recall(at, "crisis pi-1", 5).len() <= 5);
        let text = serde_json::to_string(&stream).unwrap();
        prop_assert_eq!(serde_json::from_str::<Stream>(&text).unwrap(), stream);
    }
}

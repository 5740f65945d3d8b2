//! Who bets, how sure, and what becomes of it.

use super::*;
use proptest::prelude::*;

/// 2025-11-21T03:05:00Z, a Friday.
const NOW: UnixMillis = 1_763_694_300_000;

fn cast() -> Cast {
    Cast::built_in().unwrap()
}

fn prospect(vital: &str, ahead: UnixMillis) -> Prospect {
    Prospect {
        vital: vital.to_owned(),
        words: vital.replace('_', " "),
        limit: 95,
        text: "95 %".to_owned(),
        pace: "1.2 % an hour".to_owned(),
        reaches: NOW + ahead,
        give_or_take: (ahead as f64 * 0.15) as u64,
    }
}

fn offer(book: &Book, node: &str, ahead: UnixMillis) -> Option<Bet> {
    book.offer(&cast(), |_| false, (node, NOW), &prospect("disk_used", ahead))
}

fn recorded(event: &str, bet: Bet) -> Bet {
    Bet { event: event.to_owned(), ..bet }
}

#[test]
fn a_bet_says_what_by_when_and_how_surely() {
    let bet = offer(&Book::default(), "pi-07", 20 * HOUR).unwrap();
    assert_eq!(bet.claim, "pi-07's disk used comes to 95 % before Saturday 02:00 UTC");
    assert_eq!(bet.before % HOUR, 0);
    assert!((LEAST..=950).contains(&bet.chance) && bet.chance.is_multiple_of(50), "{}", bet.chance);
    assert!(bet.says().ends_with("%: it rises by 1.2 % an hour."), "{}", bet.says());
    for (ahead, why) in [(HOUR / 2, "too soon"), (7 * DAY, "too late"), (-HOUR, "over")] {
        assert_eq!(offer(&Book::default(), "pi-07", ahead), None, "{why}");
    }
}

#[test]
fn the_node_s_own_character_bets_first_and_the_muted_and_the_veiled_never() {
    let cast = cast();
    let own = &cast.embody("pi-07").unwrap().id;
    let bet = offer(&Book::default(), "pi-07", 20 * HOUR).unwrap();
    assert_eq!(bet.by, *own);
    let other =
        Book::default().offer(&cast, |id| id == own, ("pi-07", NOW), &prospect("temperature", 20 * HOUR));
    let other = cast.get(&other.unwrap().by).unwrap();
    assert!(other.id != *own && !other.veiled && other.notices.iter().any(|name| name == "temperature"));
    assert_eq!(Book::default().offer(&cast, |_| true, ("pi-07", NOW), &prospect("disk_used", DAY)), None);
}

#[test]
fn whoever_was_wrong_is_less_sure_and_whoever_was_right_surer() {
    let bet = offer(&Book::default(), "pi-07", 20 * HOUR).unwrap();
    let with = |outcome| {
        let mut book = Book::default();
        for event in ["a", "b", "c", "d"] {
            assert!(book.take(recorded(event, bet.clone())));
            assert!(book.settle(event, outcome).is_some());
        }
        (book.record(&bet.by), offer(&book, "pi-07", 20 * HOUR))
    };
    let (record, sure) = with(Outcome::Right);
    assert_eq!(record.words(), "Right 4 of 4");
    assert!(sure.unwrap().chance >= bet.chance);
    let (record, unsure) = with(Outcome::Wrong);
    assert_eq!((record.right, record.settled), (0, 4));
    assert!(record.brier().unwrap() > 0.3);
    assert!(unsure.is_none_or(|unsure| unsure.chance < bet.chance));
    let (record, same) = with(Outcome::Void);
    assert_eq!((record, same.unwrap().chance), (Record::default(), bet.chance));
}

#[test]
fn a_bet_is_judged_by_what_was_measured() {
    let bet = offer(&Book::default(), "pi-07", 20 * HOUR).unwrap();
    let (open, over) = (bet.before - 1, bet.before);
    assert_eq!(bet.judge(open, Some(94.9), Some(open)), None);
    assert_eq!(bet.judge(open, Some(95.0), Some(open)), Some(Outcome::Right));
    assert_eq!(bet.judge(over, Some(94.9), Some(over - HOUR)), Some(Outcome::Wrong));
    assert_eq!(bet.judge(over, Some(94.9), Some(bet.made + HOUR)), Some(Outcome::Void));
    assert_eq!(bet.judge(over, None, None), Some(Outcome::Void));
}

#[test]
fn its_maker_owns_it() {
    let bet = offer(&Book::default(), "pi-07", 20 * HOUR).unwrap();
    let record = Record { right: 7, settled: 9, brier: 900 };
    assert_eq!(record.brier(), Some(0.1));
    let wrong = bet.owns(Outcome::Wrong, Some("91 %"), record);
    assert!(wrong.starts_with("I was wrong: I said pi-07's disk used"), "{wrong}");
    assert!(wrong.ends_with("; it came to 91 %. Right 7 of 9."), "{wrong}");
    assert!(bet.owns(Outcome::Void, None, record).contains("counts for nothing"));
}

#[derive(Clone, Debug)]
enum Step {
    Offer(u8, u8),
    Settle(u8, u8),
    Rename(u8, u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..20_u8, 0..5_u8).prop_map(|(node, vital)| Step::Offer(node, vital)),
        2 => (0..40_u8, 0..3_u8).prop_map(|(event, outcome)| Step::Settle(event, outcome)),
        1 => (0..20_u8, 20..24_u8).prop_map(|(from, to)| Step::Rename(from, to)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_book_is_bounded_and_scores_each_bet_once(steps in prop::collection::vec(step(), 0..80)) {
        let cast = cast();
        let (mut book, mut made, mut counted) = (Book::default(), 0_u32, 0_u32);
        for step in steps {
            match step {
                Step::Offer(node, vital) => {
                    let prospect = prospect(LIMITS[usize::from(vital)].0, DAY);
                    let node = format!("pi-{node}");
                    if let Some(bet) = book.offer(&cast, |_| false, (&node, NOW), &prospect) {
                        prop_assert!(book.take(recorded(&made.to_string(), bet.clone())), "what is offered fits");
                        prop_assert!(!book.take(recorded("again", bet)), "once");
                        made += 1;
                    }
                }
                Step::Settle(event, outcome) => {
                    let outcome = [Outcome::Right, Outcome::Wrong, Outcome::Void][usize::from(outcome)];
                    if book.settle(&event.to_string(), outcome).is_some() {
                        counted += u32::from(outcome != Outcome::Void);
                        prop_assert_eq!(book.settle(&event.to_string(), outcome), None, "once");
                    }
                }
                Step::Rename(from, to) => book.rename(&format!("pi-{from}"), &format!("pi-{to}")),
            }
            prop_assert!(book.open().len() <= OPEN_ALL);
            for sheet in cast.sheets() {
                prop_assert!(book.of(&sheet.id).count() <= OPEN_EACH);
                let record = book.record(&sheet.id);
                prop_assert!(record.right <= record.settled);
                prop_assert!(record.brier().is_none_or(|brier| (0.0..=1.0).contains(&brier)));
            }
        }
        let settled: u32 = cast.sheets().iter().map(|sheet| book.record(&sheet.id).settled).sum();
        prop_assert_eq!(settled, counted);
        let text = serde_json::to_string(&book).unwrap();
        prop_assert_eq!(serde_json::from_str::<Book>(&text).unwrap(), book);
    }
}

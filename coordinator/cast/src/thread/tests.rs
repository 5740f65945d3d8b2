//! Plots that open, go on and end, and what they forbid to say.

use super::*;
use proptest::prelude::*;

const HOUR: UnixMillis = 60 * 60 * 1000;

fn turns(chapters: &[Chapter]) -> Vec<(Plot, &str, Turn)> {
    chapters.iter().map(|one| (one.thread.plot, one.thread.about.as_str(), one.turn)).collect()
}

fn fact(node: &str, occasion: Occasion, mood: Option<Mood>, at: UnixMillis) -> Fact {
    Fact { event: format!("of {at}"), mood, ..Fact::of(node, at, occasion) }
}

#[test]
fn an_incident_runs_from_the_crisis_until_all_is_calm() {
    let mut threads = Threads::default();
    assert_eq!(threads.hear("a", &Beat::Feels(Mood::Stressed), 1, "1"), []);
    let opened = threads.hear("a", &Beat::Feels(Mood::Crisis), 2, "2");
    assert_eq!(turns(&opened), [(Plot::Incident, "a", Turn::Opened)]);
    for beat in [Beat::Happened, Beat::Silent, Beat::Feels(Mood::Stressed), Beat::Returned] {
        let advanced = threads.hear("a", &beat, 3, "3");
        assert_eq!(turns(&advanced), [(Plot::Incident, "a", Turn::Advanced)], "{beat:?}");
    }
    let closed = threads.hear("a", &Beat::Feels(Mood::Happy), 9, "9");
    assert_eq!(turns(&closed), [(Plot::Incident, "a", Turn::Closed)]);
    assert_eq!(closed[0].words(), "A thread ended: an incident of a, in 5 chapters.");
    assert_eq!((closed[0].thread.opened, closed[0].thread.opened_by.as_str()), (2, "2"));
    assert!(threads.open().is_empty());
    assert_eq!(threads.hear("a", &Beat::Happened, 10, "10"), [], "of itself it is none");
}

#[test]
fn three_at_once_are_a_matter_of_the_fleet() {
    let mut threads = Threads::default();
    for node in ["a", "b"] {
        threads.hear(node, &Beat::Silent, 1, "1");
    }
    let third = threads.hear("c", &Beat::Feels(Mood::Crisis), 2, "2");
    assert_eq!(
        turns(&third),
        [(Plot::Incident, "c", Turn::Opened), (Plot::Cluster, "the fleet", Turn::Opened)]
    );
    let fourth = threads.hear("d", &Beat::Silent, 3, "3");
    assert_eq!(turns(&fourth)[1], (Plot::Cluster, "the fleet", Turn::Advanced));
    for node in ["a", "b"] {
        assert_eq!(threads.hear(node, &Beat::Returned, 4, "4").len(), 1);
    }
    let last = threads.hear("d", &Beat::Gone, 5, "5");
    assert_eq!(turns(&last)[1], (Plot::Cluster, "the fleet", Turn::Closed));
}

#[test]
fn what_is_between_two_is_one_thread_and_ends_when_nothing_is_added() {
    let mut threads = Threads::default();
    let between = |other: &str| Beat::Between(other.to_owned());
    assert_eq!(
        turns(&threads.hear("malvo", &between("caudex"), 0, "0")),
        [(Plot::Drama, "caudex and malvo", Turn::Opened)]
    );
    assert_eq!(
        turns(&threads.hear("caudex", &between("malvo"), 1, "1")),
        [(Plot::Drama, "caudex and malvo", Turn::Advanced)]
    );
    assert_eq!(
        turns(&threads.hear("umbrell", &Beat::Changed, STALE, "2")),
        [(Plot::Evolution, "umbrell", Turn::Opened)]
    );
    let later = threads.hear("umbrell", &Beat::Changed, STALE + 2, "3");
    assert_eq!(
        turns(&later),
        [(Plot::Drama, "caudex and malvo", Turn::Closed), (Plot::Evolution, "umbrell", Turn::Advanced)]
    );
    assert_eq!(
        turns(&threads.hear("umbrell", &Beat::Gone, STALE + 3, "4")),
        [(Plot::Evolution, "umbrell", Turn::Closed)]
    );
}

#[test]
fn nobody_says_what_a_newer_fact_denies() {
    let mut threads = Threads::default();
    let happy = fact("a", Occasion::Happy, Some(Mood::Happy), HOUR);
    assert_eq!(threads.contradicts(&happy), None, "nothing is known");
    threads.hear("a", &Beat::Feels(Mood::Happy), HOUR, &happy.event);
    assert_eq!(threads.contradicts(&happy), None, "it is the newest itself");
    threads.hear("a", &Beat::Silent, 2 * HOUR, "silence");
    let denied = threads.contradicts(&happy).unwrap();
    assert_eq!((denied.words.as_str(), denied.event.as_str()), ("a is silent since 02:00 UTC", "silence"));
    let signal = fact("a", Occasion::Signal, None, HOUR);
    assert_eq!(threads.contradicts(&signal), None, "what happened, happened");
    let silent = fact("a", Occasion::Silent, None, HOUR + 1);
    assert_eq!(threads.contradicts(&silent), None);
    threads.hear("a", &Beat::Returned, 3 * HOUR, "return");
    assert_eq!(threads.contradicts(&silent).unwrap().words, "a is back since 03:00 UTC");
    assert_eq!(threads.contradicts(&happy), None, "it may be so still");
    threads.hear("a", &Beat::Feels(Mood::Crisis), 4 * HOUR, "crisis");
    assert_eq!(threads.contradicts(&happy).unwrap().words, "a is in crisis since 04:00 UTC");
    let newer = fact("a", Occasion::Eased, Some(Mood::Happy), 5 * HOUR);
    assert_eq!(threads.contradicts(&newer), None);
}

fn beat() -> impl Strategy<Value = Beat> {
    prop_oneof![
        4 => (0..4_usize).prop_map(|mood| Beat::Feels(Mood::ALL[mood])),
        2 => Just(Beat::Silent),
        2 => Just(Beat::Returned),
        1 => Just(Beat::Happened),
        1 => Just(Beat::Changed),
        1 => (0..6_u8).prop_map(|other| Beat::Between(other.to_string())),
        1 => Just(Beat::Gone),
    ]
}

proptest! {
    #[test]
    fn every_thread_is_opened_once_closed_once_and_bounded(
        beats in prop::collection::vec((0..6_u8, beat(), 0..60 * HOUR), 0..120),
    ) {
        let (mut threads, mut now) = (Threads::default(), 0);
        let mut running: BTreeMap<(Plot, String), u32> = BTreeMap::new();
        for (number, (who, beat, after)) in beats.into_iter().enumerate() {
            now += after;
            for chapter in threads.hear(&who.to_string(), &beat, now, &number.to_string()) {
                let key = (chapter.thread.plot, chapter.thread.about.clone());
                match chapter.turn {
                    Turn::Opened => prop_assert_eq!(running.insert(key, 1), None),
                    Turn::Advanced => {
                        let count = running.get_mut(&key);
                        prop_assert!(count.is_some());
                        *count.unwrap() += 1;
                    }
                    Turn::Closed => prop_assert_eq!(running.remove(&key), Some(chapter.thread.chapters)),
                }
            }
            let open: Vec<(Plot, String)> =
                threads.open().iter().map(|thread| (thread.plot, thread.about.clone())).collect();
            prop_assert_eq!(open.len(), running.len());
            prop_assert!(open.iter().all(|key| running.contains_key(key)) && open.len() <= MOST);
            let grave = open.iter().filter(|(plot, _)| *plot == Plot::Incident).count();
            let of_fleet = open.iter().any(|(plot, _)| *plot == Plot::Cluster);
            prop_assert!((of_fleet && grave >= 2) || (!of_fleet && grave < MANY));
        }
    }
}

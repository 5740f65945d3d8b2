//! What is as usual, what differs, and what is missed.

use super::*;
use crate::words::cause_words;
use frames::Classifier;
use proptest::prelude::*;

/// 2025-11-21T02:10:00Z.
const NIGHT: UnixMillis = 1_763_691_000_000;
const HALF_HOUR: UnixMillis = 30 * MINUTE;

fn node(name: &str) -> NodeName {
    name.parse().unwrap()
}

fn because(vital: Vital, value: f32) -> Because {
    let words = cause_words(vital, value, Some(2.0), Direction::Above);
    Because { vital, value: f64::from(value), usual: Some(2.0), direction: Direction::Above, words }
}

fn change(name: &str, to: Mood, because: &[Because]) -> Change {
    Change::MoodChanged {
        node: node(name),
        from: None,
        to,
        probability: 0.9,
        because: because.to_vec(),
        classifier: Classifier::Model,
        lasted: None,
    }
}

fn disk() -> Vec<Because> {
    vec![because(Vital::DiskBusy, 90.0)]
}

/// Habits of which one is called: half an hour of stress from 02:10 on.
fn backup(worst: Mood) -> Habits {
    let mut habits = Habits::default();
    let (begins, ends) = (change("pi-07", worst, &disk()), change("pi-07", Mood::Happy, &[]));
    let changes = [(NIGHT, &begins), (NIGHT + HALF_HOUR, &ends)];
    let episode = Episode::latest(changes).unwrap();
    let habit = habits.name(episode, "That's the backup.", "ann", NIGHT + DAY / 2).unwrap();
    assert_eq!((habit.name.as_str(), habit.usual().as_str()), ("the backup", "02:10 UTC"));
    assert_eq!(habit.lasts, Some(1_800_000));
    habits
}

/// What is said of a night's stress that begins at `at`.
fn hear(habits: &mut Habits, at: UnixMillis, to: Mood, why: &[Because]) -> Option<Known> {
    habits.hear(at, &change("pi-07", to, why))
}

#[test]
fn the_latest_episode_is_what_is_named() {
    let calm = change("a", Mood::Happy, &[]);
    let (stress, crisis) = (change("a", Mood::Stressed, &disk()), change("a", Mood::Crisis, &disk()));
    assert_eq!(Episode::latest([(1, &calm)]), None);
    let two = Episode::latest([(1, &stress), (2, &calm), (5, &stress), (7, &crisis)]).unwrap();
    assert_eq!((two.began, two.ended, two.worst, two.signs.len()), (5, None, Mood::Crisis, 1));
    let over = Episode::latest([(5, &stress), (7, &crisis), (9, &stress), (11, &calm)]).unwrap();
    assert_eq!((over.began, over.ended), (5, Some(11)));
}

#[test]
fn the_next_night_it_is_expected_and_what_differs_is_told() {
    let mut habits = backup(Mood::Stressed);
    let next = NIGHT + DAY + 12 * MINUTE;
    let known = hear(&mut habits, next, Mood::Stressed, &disk()).unwrap();
    assert_eq!((known.words.as_str(), &known.but), ("the backup, 02:10 UTC as usual", &None));
    assert!(habits.excuses(&node("pi-07")) && !habits.excuses(&node("pi-08")));
    let over = hear(&mut habits, next + HALF_HOUR, Mood::Bored, &[]).unwrap();
    assert_eq!(over.but, None);
    assert!(!habits.excuses(&node("pi-07")));
    assert_eq!(
        (habits.all()[0].seen, habits.all()[0].days, habits.all()[0].usual()),
        (2, 2, "02:13 UTC".to_owned())
    );

    let hot = [disk(), vec![because(Vital::Temperature, 82.0)]].concat();
    let known = hear(&mut habits, NIGHT + 2 * DAY, Mood::Stressed, &hot).unwrap();
    assert_eq!(
        known.words,
        "the backup, 02:13 UTC as usual, but with temperature 82.0 °C (usually 2.0 °C) beside it"
    );
    assert!(!habits.excuses(&node("pi-07")));
    assert_eq!(hear(&mut habits, NIGHT + 2 * DAY + HALF_HOUR, Mood::Happy, &[]), None, "its end is told");
}

#[test]
fn another_time_another_cause_and_another_node_are_no_habit() {
    let mut habits = backup(Mood::Crisis);
    assert_eq!(hear(&mut habits, NIGHT + DAY + 31 * MINUTE, Mood::Stressed, &disk()), None);
    assert_eq!(hear(&mut habits, NIGHT + DAY, Mood::Crisis, &[because(Vital::OomKills, 1.0)]), None);
    assert_eq!(habits.hear(NIGHT + DAY, &change("pi-08", Mood::Stressed, &disk())), None);
    assert!(!habits.excuses(&node("pi-07")));
}

#[test]
fn what_is_graver_than_named_is_never_excused() {
    let mut habits = backup(Mood::Stressed);
    assert_eq!(hear(&mut habits, NIGHT + DAY, Mood::Stressed, &disk()).unwrap().but, None);
    let known = hear(&mut habits, NIGHT + DAY + MINUTE, Mood::Crisis, &disk()).unwrap();
    assert_eq!(known.but.as_deref(), Some("in crisis this time"));
    assert!(!habits.excuses(&node("pi-07")));
    assert_eq!(hear(&mut habits, NIGHT + DAY + 2 * MINUTE, Mood::Stressed, &disk()), None);
    assert!(!habits.excuses(&node("pi-07")), "what differed once goes on to differ");
    let mut other = backup(Mood::Stressed);
    hear(&mut other, NIGHT + DAY, Mood::Stressed, &disk());
    assert_eq!(
        hear(&mut other, NIGHT + DAY + MINUTE, Mood::Stressed, &[because(Vital::OomKills, 1.0)]),
        None
    );
    assert!(!other.excuses(&node("pi-07")), "another cause alone is none of it");
}

#[test]
fn what_lasts_too_long_is_told_once_and_again_at_its_end() {
    let mut habits = backup(Mood::Crisis);
    let next = NIGHT + DAY;
    hear(&mut habits, next, Mood::Crisis, &disk());
    assert_eq!(habits.tick(next + 45 * MINUTE, |_| true), []);
    let news = habits.tick(next + 46 * MINUTE, |_| true);
    assert_eq!(
        news[0].words,
        "pi-07: the backup, 02:10 UTC as usual, is not over: 16 min longer than its usual 30 min."
    );
    assert!(!habits.excuses(&node("pi-07")));
    assert_eq!(habits.tick(next + 47 * MINUTE, |_| true), []);
    let over = hear(&mut habits, next + 70 * MINUTE, Mood::Happy, &[]).unwrap();
    assert_eq!(over.words, "the backup, 02:10 UTC as usual, but 40 min longer");
    assert_eq!(habits.all()[0].lasts, Some(40 * 60_000), "a slow growth is learnt");
}

#[test]
fn what_came_every_day_is_missed_once() {
    let mut habits = backup(Mood::Stressed);
    for day in 1..=3 {
        hear(&mut habits, NIGHT + day * DAY, Mood::Stressed, &disk());
        hear(&mut habits, NIGHT + day * DAY + HALF_HOUR, Mood::Happy, &[]);
        assert_eq!(habits.tick(NIGHT + day * DAY + DAY / 2, |_| true), []);
    }
    let mut silent = habits.clone();
    let late = NIGHT + 4 * DAY + 41 * MINUTE;
    assert_eq!(silent.tick(late, |_| false), [], "a silent node is told of already");
    let news = habits.tick(late, |_| true);
    assert_eq!(
        news[0].words,
        "pi-07: the backup has not come: 02:10 UTC is its usual time, and it came 4 days in a row."
    );
    assert_eq!(habits.tick(late + DAY, |_| true), []);
}

#[test]
fn a_day_begins_at_midnight_for_nobody() {
    // 23:50, and the next one after midnight.
    let late = NIGHT - NIGHT.rem_euclid(DAY) + DAY - 10 * MINUTE;
    let mut habits = Habits::default();
    let stress = change("pi-07", Mood::Stressed, &disk());
    habits.name(Episode::latest([(late, &stress)]).unwrap(), "sync", "ann", late).unwrap();
    hear(&mut habits, late + HALF_HOUR, Mood::Happy, &[]);
    assert!(hear(&mut habits, late + DAY + 15 * MINUTE, Mood::Stressed, &disk()).is_some());
    hear(&mut habits, late + DAY + HALF_HOUR, Mood::Happy, &[]);
    assert_eq!(habits.all()[0].usual(), "23:53 UTC");
}

#[test]
fn names_are_bounded_and_go_to_an_heir() {
    let mut habits = backup(Mood::Stressed);
    let stress = change("pi-07", Mood::Stressed, &disk());
    for name in ["", "  ", "a\u{1b}b", &"x".repeat(41)] {
        let episode = Episode::latest([(NIGHT, &stress)]).unwrap();
        assert_eq!(habits.name(episode, name, "ann", NIGHT), Err(HabitError::Name), "{name:?}");
    }
    for number in 1..MOST_EACH {
        let episode = Episode::latest([(NIGHT, &stress)]).unwrap();
        habits.name(episode, &format!("habit {number}"), "ann", NIGHT).unwrap();
    }
    let episode = Episode::latest([(NIGHT, &stress)]).unwrap();
    assert_eq!(habits.name(episode, "more", "ann", NIGHT), Err(HabitError::Full(node("pi-07"))));
    habits.forget_person("ann");
    assert!(habits.all().iter().all(|habit| habit.by == "somebody"));
    assert_eq!(habits.inherit(&node("pi-07"), &node("pi-09")).len(), MOST_EACH);
    assert!(habits.excuses(&node("pi-09")) && !habits.excuses(&node("pi-07")));
    assert!(matches!(habits.forget(&node("pi-07"), "the backup"), Err(HabitError::Unknown(..))));
    habits.forget(&node("pi-09"), "the backup").unwrap();
    habits.forget_all(&node("pi-09"));
    assert_eq!(habits, Habits::default());
}

#[derive(Clone, Debug)]
enum Step {
    Mood(u8, u8),
    Name,
    Forget,
    Inherit,
}

fn step() -> impl Strategy<Value = (i64, Step)> {
    let what = prop_oneof![
        6 => (0..4_u8, 0..4_u8).prop_map(|(mood, why)| Step::Mood(mood, why)),
        2 => Just(Step::Name),
        1 => Just(Step::Forget),
        1 => Just(Step::Inherit),
    ];
    (1..20 * 60_i64, what)
}

proptest! {
    #[test]
    fn nothing_unknown_too_long_or_too_grave_is_ever_excused(steps in prop::collection::vec(step(), 1..60)) {
        let (mut habits, mut now, mut name) = (Habits::default(), NIGHT, "a");
        let mut told: Vec<(UnixMillis, Change)> = Vec::new();
        for (minutes, step) in steps {
            now += minutes * MINUTE;
            habits.tick(now, |_| true);
            match step {
                Step::Mood(mood, why) => {
                    let why = [Vital::DiskBusy, Vital::Cpu, Vital::OomKills, Vital::Temperature][usize::from(why)];
                    let change = change(name, Mood::ALL[usize::from(mood)], &[because(why, 5.0)]);
                    let known = habits.hear(now, &change);
                    let is_named = habits.all().iter().any(|habit| habit.node == node(name));
                    prop_assert!(is_named || known.is_none());
                    if let (Change::MoodChanged { to, .. }, true) = (&change, habits.excuses(&node(name))) {
                        prop_assert!(habits.all().iter().any(|habit| habit.worst >= *to));
                        prop_assert!(known.is_some_and(|known| known.but.is_none()));
                    }
                    told.push((now, change));
                }
                Step::Name => {
                    if let Some(episode) = Episode::latest(told.iter().map(|(at, change)| (*at, change))) {
                        let many = habits.all().iter().filter(|habit| habit.node == node(name)).count();
                        prop_assert!(habits.name(episode, "it", "ann", now).is_ok() || many >= MOST_EACH);
                    }
                }
                Step::Forget => {
                    let known = habits.all().iter().any(|habit| habit.node == node(name));
                    prop_assert_eq!(habits.forget(&node(name), "it").is_ok(), known);
                    prop_assert!(!habits.excuses(&node(name)));
                }
                Step::Inherit => {
                    let heir = if name == "a" { "b" } else { "a" };
                    habits.inherit(&node(name), &node(heir));
                    name = heir;
                    told.clear();
                }
            }
            for habit in habits.all() {
                prop_assert!(i64::from(habit.begins) < DAY_MINUTES && habit.last <= now);
            }
            for (of, open) in &habits.open {
                prop_assert!(habits.all().iter().any(|habit| habit.id == open.habit && habit.node == *of));
            }
            prop_assert!(habits.all().len() <= MOST);
            let text = serde_json::to_string(&habits).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Habits>(&text).unwrap(), &habits);
        }
    }
}

//! Scenarios are read strictly, played alike, and tell what did not come.

use super::*;

const BUILT_IN: [&str; 8] = [
    include_str!("../../scenarios/calm-week.toml"),
    include_str!("../../scenarios/heat-wave.toml"),
    include_str!("../../scenarios/partition.toml"),
    include_str!("../../scenarios/under-voltage.toml"),
    include_str!("../../scenarios/memory-leak.toml"),
    include_str!("../../scenarios/neglect.toml"),
    include_str!("../../scenarios/month.toml"),
    TWO_DAYS,
];
const TWO_DAYS: &str = include_str!("../../scenarios/two-days.toml");
const BACKUP: &str = include_str!("../../scenarios/backup.toml");

/// What differs, and what is grave besides, the scenario itself expects.
#[test]
fn a_name_ends_false_alarms() {
    let played = Scenario::read(BACKUP).unwrap().play(None).unwrap();
    let alarms = &played.alarms[0];
    println!("{alarms:?}");
    let (before, after) = (alarms.before, alarms.after);
    assert_eq!((before.harmless, after.harmless), (8, 9));
    assert!(before.crises >= before.harmless && before.lines >= before.harmless, "{before:?}");
    assert_eq!((after.crises, after.lines), (0, 0), "{:#?}", played.told);
    assert_eq!(played.unmet, Vec::<String>::new(), "{:#?}", played.told);
}

#[test]
fn every_scenario_of_the_house_comes_to_what_it_expects() {
    for text in BUILT_IN {
        let played = Scenario::read(text).unwrap().play(None).unwrap();
        assert_eq!(played.unmet, Vec::<String>::new(), "{}: {:#?}", played.name, played.told);
        assert!(played.felt.len() >= 15);
    }
}

/// What becomes of the cast: all that the stage records but fiction, which hangs on when
/// somebody happens to be bored.
fn cast_events(text: &str) -> Vec<(String, String)> {
    let played = Scenario::read(text).unwrap().play(None).unwrap();
    let recorded =
        played.told.into_iter().filter(|told| told.by.is_empty() && !told.kind.starts_with("tale"));
    let mut events: Vec<(String, String)> = recorded.map(|told| (told.kind, told.text)).collect();
    events.sort();
    events
}

#[test]
fn the_same_two_days_give_the_same_cast_events_at_both_levels() {
    let (vitals, moods) = (cast_events(TWO_DAYS), cast_events(&TWO_DAYS.replace("\"vitals\"", "\"moods\"")));
    assert!(vitals.len() >= 10, "{vitals:#?}");
    assert_eq!(vitals, moods);
}

#[test]
fn the_same_seed_tells_the_same_story_and_another_one_another() {
    for text in BUILT_IN.iter().filter(|text| **text != TWO_DAYS) {
        let scenario = Scenario::read(text).unwrap();
        let story = |seed| serde_json::to_string(&scenario.play(seed).unwrap()).unwrap();
        assert_eq!(story(None), story(Some(scenario.seed)), "{}", scenario.name);
        assert_ne!(story(None), story(Some(scenario.seed + 1)), "{}", scenario.name);
    }
}

#[test]
fn what_is_wrong_is_said() {
    let read = |text: &str| Scenario::read(text).unwrap_err().to_string();
    let head = "name = \"x\"\nnodes = [\"a\"]\ndays = 1\n";
    assert!(read("days = 1").contains("name"));
    assert_eq!(read("name = \"x\"\nnodes = []\ndays = 1"), "nodes: from 1 to 64");
    assert_eq!(read("name = \"x\"\nnodes = [\"a\"]\ndays = 0"), "days: from 1 to 366");
    let happens = |rest: &str| read(&format!("{head}[[happens]]\nat = \"1h\"\n{rest}"));
    assert_eq!(happens("what = \"silent\"\nnodes = [\"b\"]"), "b is none of its nodes");
    assert_eq!(happens("what = \"unit_failed\""), "unit_failed needs a unit");
    assert!(happens("what = \"explodes\"").contains("explodes"));
    assert!(happens("what = \"crisis\"\nbecause = [{ vital = \"moon\", value = 1 }]").contains("moon"));
    assert!(read(&format!("{head}level = \"atoms\"")).contains("atoms"));
    let long = "name = \"x\"\nnodes = [\"a\"]\ndays = 3\nlevel = \"vitals\"";
    assert_eq!(
        read(&long.replace("days = 3", "days = 129")),
        "days: at the level vitals at most 128 of so many nodes"
    );
    let named = "[[names]]\nat = \"1h\"\nnode = \"a\"\nname = \"the backup\"";
    assert_eq!(read(&format!("{head}{named}")), "names: at the level vitals alone");
    let stranger = format!("{head}level = \"vitals\"\n{}", named.replace("\"a\"", "\"b\""));
    assert_eq!(read(&stranger), "b is none of its nodes");
    assert!(read(&format!("{head}[[happens]]\nat = \"soon\"\nwhat = \"silent\"")).contains("soon"));
}

#[test]
fn what_does_not_come_is_told() {
    let text = "name = \"x\"\nnodes = [\"a\"]\ndays = 1\n[[expect]]\nby = \"malvo\"\nkind = \"fiction\"\n\
                [[expect]]\nkind = \"fact\"\nat_most = 0\n";
    let unmet = Scenario::read(text).unwrap().play(None).unwrap().unmet;
    assert_eq!(unmet[0], "by \"malvo\", kind \"fiction\": 1 at least, and it was 0");
    assert!(unmet[1].starts_with("kind \"fact\": 0 at least, 0 at most, and it was "), "{unmet:?}");
}

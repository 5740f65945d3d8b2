//! Row 9 of the threat table: no clock, and clocks that jump.

use crate::faults_place::{Place, accepted};
use crate::faults_tools::equipped;
use crate::harness::{binary, eventually, secs};
use std::path::Path;
use std::process::Command;

/// One of our binaries, with the wall clock that a file says; what it says may
/// change while the binary runs. The monotonic clocks stay.
fn faked(program: &str, clock: &Path) -> Command {
    let told =
        Command::new("faketime").args(["-f", "+0", "printenv", "LD_PRELOAD"]).output().expect("faketime");
    let library = String::from_utf8(told.stdout).expect("a path");
    let mut command = Command::new(binary(program));
    command
        .env("LD_PRELOAD", library.trim())
        .env("FAKETIME_TIMESTAMP_FILE", clock)
        .env("FAKETIME_NO_CACHE", "1")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("TZ", "UTC")
        .env("RUST_LOG", "warn,goldentooth=debug,mqtt5=error");
    command
}

fn set(clock: &Path, words: &str) {
    // Whole at once: it is read at any time.
    let beside = clock.with_extension("new");
    std::fs::write(&beside, format!("{words}\n")).expect("a file");
    std::fs::rename(beside, clock).expect("a file");
}

const AT_1970: &str = "@1970-01-01 00:00:10";
const IN_TEN_YEARS: &str = "+3653d";

#[test]
fn row_9_a_coordinator_at_1970_and_then_ten_years_on_forgets_nothing_and_misses_nobody() {
    if !equipped(&["faketime"]) {
        return;
    }
    let mut place = Place::idle(&[]);
    let clock = place.scratch.join("clock");
    // First on a good clock, so that there is something to lose.
    place.start();
    place.keep_port();
    place.enroll("sure", "127.0.0.1", &["--clock", "always"]);
    place.enroll("unsure", "127.0.0.1", &["--clock", "never"]);
    place.agent("sure");
    place.agent("unsure");
    accepted(&place, 8);
    place.stop();

    let calm = |place: &Place, when: &str| {
        let silent = place.coordinator().events("silent");
        assert!(silent.is_empty(), "{when}: {silent:?}");
        for name in ["sure", "unsure"] {
            assert_eq!(place.coordinator().node(name).expect("known")["silent"], false, "{when}: {name}");
        }
    };
    set(&clock, AT_1970);
    place.start_as(faked("goldentooth", &clock));
    let since = place.coordinator().get("/api/v1/status")["since"].as_str().expect("a time").to_owned();
    assert!(since.starts_with("1970-01-01T00:00:1"), "the clock is faked: {since}");
    accepted(&place, 16);
    calm(&place, "at 1970");
    // It jumps while it runs …
    set(&clock, IN_TEN_YEARS);
    let before = place.coordinator().count("accepted");
    accepted(&place, before + 8);
    calm(&place, "after a jump of 66 years");
    place.stop();
    // … and is there at a start, long enough for retention to look.
    place.start_as(faked("goldentooth", &clock));
    let since = place.coordinator_log().len();
    let looked = || place.coordinator_log().get(since..)?.contains("forgot what was due").then_some(());
    eventually("retention looks at the store", secs(150), looked);
    let before = place.coordinator().count("accepted");
    accepted(&place, before + 4);
    calm(&place, "ten years on");
    assert!(place.coordinator_log()[since..].contains("Held"), "and holds: {}", place.coordinator_log());
    // And back on a good clock: years of time that never passed.
    place.stop();
    place.start();
    accepted(&place, 8);
    calm(&place, "back");
    place.account();
}

#[test]
fn row_9_an_agent_at_1970_is_dated_by_the_coordinator_and_keeps_its_rows_when_its_clock_is_set() {
    if !equipped(&["faketime"]) {
        return;
    }
    let start = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    let start = start.as_millis() as i64;
    let mut place = Place::new();
    let clock = place.scratch.join("clock");
    set(&clock, AT_1970);
    // One that knows that its clock is nothing, and one that swears by it.
    place.enroll("honest", "127.0.0.1", &["--clock", "never"]);
    place.enroll("liar", "127.0.0.1", &["--clock", "always"]);
    for name in ["honest", "liar"] {
        place.agent_as(faked("goldentooth-node", &clock), name);
    }
    accepted(&place, 12);
    let node = place.coordinator().node("honest").expect("known");
    let seen = node["last_seen"].as_str().expect("a time").to_owned();
    assert!(!seen.starts_with("1970"), "{seen}");
    set(&clock, "+0");
    let before = place.coordinator().count("accepted");
    accepted(&place, before + 12);
    set(&clock, IN_TEN_YEARS);
    let before = place.coordinator().count("accepted");
    accepted(&place, before + 12);
    let silent = place.coordinator().events("silent");
    assert!(silent.is_empty(), "{silent:?}");
    let stored = place.account();
    for row in &stored["honest"].rows {
        assert!(row.at >= start - 10_000 && row.at < start + 600_000, "{row:?} from {start}");
    }
}

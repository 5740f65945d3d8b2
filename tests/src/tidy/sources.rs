//! How long a file may be, what it may mention, and what the surfaces may name.

use super::texts;
use std::path::Path;

/// A file that nobody can hold in their head.
const MOST_LINES: usize = 600;
/// A file to split at the next occasion.
const MANY_LINES: usize = 400;

fn is_rust(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "rs")
}

#[test]
fn no_source_file_is_too_long() {
    let mut long: Vec<(usize, String)> = texts()
        .into_iter()
        .filter(|(file, _)| is_rust(file))
        .map(|(file, text)| (text.lines().count(), file.display().to_string()))
        .filter(|(lines, _)| *lines > MANY_LINES)
        .collect();
    long.sort_unstable();
    for (lines, file) in &long {
        println!("over {MANY_LINES} lines, to be split when it is next touched: {lines} {file}");
    }
    long.retain(|(lines, _)| *lines > MOST_LINES);
    assert!(long.is_empty(), "over {MOST_LINES} lines: split {long:#?}");
}

#[test]
fn nothing_mentions_the_machine_it_was_made_on() {
    // In halves, so that this file does not find itself.
    let marks = [
        concat!("/work", "/"),
        concat!("..", "/shared/"),
        concat!("/tmp", "/brief"),
        concat!("/root", "/."),
        concat!("arti", "factory"),
    ];
    let mut found = Vec::new();
    for (file, text) in texts() {
        for (number, line) in text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                found.push(format!("{}:{}: {mark}", file.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "leave out what other machines don't have: {found:#?}");
}

/// Whether the code names this crate: as a path, or in a `use`.
fn names(text: &str, name: &str) -> bool {
    text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")).any(|line| {
        line.match_indices(name).any(|(at, _)| {
            let own_word = |c: char| !(c.is_alphanumeric() || c == '_');
            let before = line.get(..at).unwrap_or_default();
            let after = line.get(at + name.len()..).unwrap_or_default();
            // `crate::store` or `self::store` would be a module of ours.
            let starts = before.chars().next_back().is_none_or(|c| own_word(c) && c != ':' && c != '.');
            let used = before.ends_with("use ") && after.starts_with([';', ' ']);
            starts && (after.starts_with("::") || used)
        })
    })
}

#[test]
fn surfaces_name_neither_store_nor_minds() {
    let mut checked = 0;
    for (file, text) in texts() {
        if is_rust(&file) && file.starts_with("coordinator/goldentooth/src/surfaces") {
            checked += 1;
            for name in ["store", "minds"] {
                assert!(!names(&text, name), "{} names {name}: ask through ask.rs", file.display());
            }
        }
    }
    assert!(checked > 0, "no surfaces found");
}

#[test]
fn a_name_is_found_where_it_is_code() {
    assert!(names("    let a = store::Store::open(x);", "store"));
    assert!(names("use store;", "store"));
    assert!(names("use {minds::Understudy, cast::Cast};", "minds"));
    assert!(!names("use crate::store::Thing;", "store"));
    assert!(!names("// as store::Event has it", "store"));
    assert!(!names("restore::it()", "store"));
}

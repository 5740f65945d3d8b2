//! Who may import whom: ARCHITECTURE.md has the table, the manifests keep it.

use super::{read, root, texts};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

type Table = BTreeMap<String, BTreeSet<String>>;

/// Those that do without a runtime, a clock, chance, files and the environment.
const PURE: [&str; 3] = ["frames", "fleet", "cast"];
/// What would give them one of these.
const IMPURE: [&str; 10] = [
    "tokio",
    "getrandom",
    "rand",
    "fastrand",
    "rusqlite",
    "rumqttc",
    "rustix",
    "jiff",
    "tracing",
    "tempfile",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn packages(metadata: &Value) -> &[Value] {
    metadata["packages"].as_array().unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The dependencies of a package that are linked into what is shipped, or all.
fn dependencies(package: &Value, also_for_tests: bool) -> impl Iterator<Item = &str> {
    let all = package["dependencies"].as_array().unwrap();
    all.iter()
        .filter(move |dependency| also_for_tests || text(dependency, "kind") != "dev")
        .map(|dependency| text(dependency, "name"))
}

/// The table under the heading "Who may import whom".
fn table(page: &str) -> Table {
    let section = page.split("## Who may import whom").nth(1).expect("ARCHITECTURE.md has the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let rows: Vec<Vec<String>> = section
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect())
        .collect();
    let mut table = Table::new();
    // The first two rows are the heading and its rule.
    for row in rows.iter().skip(2) {
        let [crates, may, ..] = row.as_slice() else { panic!("a row needs two columns: {row:?}") };
        let may: BTreeSet<String> = match may.as_str() {
            "none" => BTreeSet::new(),
            "all above" => table.keys().cloned().collect(),
            list => list.split(',').map(|name| name.trim().to_owned()).collect(),
        };
        let names: Vec<&str> = crates.split(',').map(str::trim).collect();
        table.extend(names.into_iter().map(|name| (name.to_owned(), may.clone())));
    }
    table
}

#[test]
fn the_manifests_equal_the_table() {
    let table = table(&read("ARCHITECTURE.md"));
    let metadata = metadata();
    let ours: BTreeSet<String> =
        packages(&metadata).iter().map(|package| text(package, "name").to_owned()).collect();
    let told: BTreeSet<String> = table.keys().cloned().collect();
    assert_eq!(told, ours, "left the table in ARCHITECTURE.md, right the workspace");
    for package in packages(&metadata) {
        let name = text(package, "name");
        let may = &table[name];
        let imports: BTreeSet<String> =
            dependencies(package, false).filter(|name| ours.contains(*name)).map(str::to_owned).collect();
        // These two put everything together: for them the table is a limit.
        if !matches!(name, "goldentooth" | "tests") {
            assert_eq!(&imports, may, "{name}: left its manifest, right the table");
        }
        for dependency in dependencies(package, true).filter(|name| ours.contains(*name)) {
            assert!(may.contains(dependency), "{name} may not import {dependency}, not even in tests");
        }
    }
}

#[test]
fn what_a_manifest_lists_is_used() {
    let metadata = metadata();
    let texts = texts();
    let ours: Vec<&str> = packages(&metadata).iter().map(|package| text(package, "name")).collect();
    for package in packages(&metadata) {
        let folder = text(package, "manifest_path").trim_end_matches("Cargo.toml");
        let folder = std::path::Path::new(folder).canonicalize().unwrap();
        let folder = folder.strip_prefix(root().canonicalize().unwrap()).unwrap();
        for dependency in dependencies(package, true).filter(|name| ours.contains(name)) {
            let word = dependency.replace('-', "_");
            let used = texts
                .iter()
                .any(|(file, text)| file.starts_with(folder) && text.contains(&format!("{word}::")));
            assert!(used, "{} lists {dependency} and never names it", text(package, "name"));
        }
    }
}

#[test]
fn pure_crates_stay_pure() {
    let metadata = metadata();
    for package in packages(&metadata).iter().filter(|package| PURE.contains(&text(package, "name"))) {
        let name = text(package, "name");
        for dependency in dependencies(package, false) {
            assert!(!IMPURE.contains(&dependency), "{name} is pure, and imports {dependency}");
        }
    }
    for name in ["fleet", "cast"] {
        let lints = read(format!("coordinator/{name}/clippy.toml"));
        for banned in ["std::time::Instant", "std::time::SystemTime", "std::fs", "std::env"] {
            assert!(lints.contains(banned), "coordinator/{name}/clippy.toml bans {banned}");
        }
    }
}

#[test]
fn versions_and_lints_are_the_workspaces() {
    for package in packages(&metadata()) {
        let path = text(package, "manifest_path");
        let manifest: toml::Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let lints = manifest.get("lints").and_then(|lints| lints.get("workspace"));
        assert_eq!(lints.and_then(toml::Value::as_bool), Some(true), "{path}: [lints] workspace = true");
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let Some(section) = manifest.get(section).and_then(toml::Value::as_table) else { continue };
            for (name, dependency) in section {
                let inherited = dependency.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(inherited, Some(true), "{path}: {name}: versions stand in the root's Cargo.toml");
            }
        }
    }
}

#[test]
fn every_crate_that_was_chosen_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let page = read("ARCHITECTURE.md");
    let chosen = manifest["workspace"]["dependencies"].as_table().unwrap();
    let silent: Vec<&String> = chosen.keys().filter(|name| !page.contains(&format!("`{name}`"))).collect();
    assert!(silent.is_empty(), "ARCHITECTURE.md says nothing of {silent:?}");
}

#[test]
fn a_table_is_read_as_people_read_it() {
    let page = "# A\n## Who may import whom\nWords.\n\n| crate | may import |\n|---|---|\n| `a`, b | none |\n\
                | c | `a` |\n| d | all above |\n\n## Else\n| x | y |\n";
    let table = table(page);
    assert_eq!(table.len(), 4);
    assert_eq!(table["d"], ["a", "b", "c"].map(str::to_owned).into());
    assert_eq!(table["c"], ["a"].map(str::to_owned).into());
}

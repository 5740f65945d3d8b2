//! The shape of CHANGELOG.md: newest first, a line per change.

use super::read;

const SECTIONS: [&str; 6] = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let digits = |part: &&str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    matches!(parts.as_slice(), [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2))
}

/// A version's heading: `Unreleased`, or `1.2.3 - 2026-11-21`.
fn is_version(heading: &str) -> bool {
    let numbers = |version: &str| {
        let parts: Vec<&str> = version.split('.').collect();
        parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok())
    };
    heading == "Unreleased"
        || heading.split_once(" - ").is_some_and(|(version, date)| numbers(version) && is_date(date))
}

#[test]
fn the_changelog_is_in_shape() {
    let text = read("CHANGELOG.md");
    let mut lines = text.lines().enumerate();
    assert_eq!(lines.next().map(|(_, line)| line), Some("# Changelog"));
    let (mut versions, mut in_section) = (Vec::new(), false);
    for (number, line) in lines {
        let place = format!("CHANGELOG.md:{}: {line}", number + 1);
        if let Some(version) = line.strip_prefix("## ") {
            assert!(is_version(version), "{place}: write `## Unreleased` or `## 1.2.3 - 2026-11-21`");
            assert!(!versions.contains(&version), "{place}: there twice");
            versions.push(version);
            in_section = false;
        } else if let Some(section) = line.strip_prefix("### ") {
            assert!(!versions.is_empty(), "{place}: belongs under a version");
            assert!(SECTIONS.contains(&section), "{place}: one of {SECTIONS:?}");
            in_section = true;
        } else if line.starts_with("- ") || line.starts_with("  ") {
            assert!(in_section, "{place}: a change belongs under one of {SECTIONS:?}");
        } else {
            assert!(line.is_empty() || versions.is_empty(), "{place}: begin a change with `- `");
        }
    }
    assert_eq!(versions.first(), Some(&"Unreleased"), "what comes next stands at the top");
}

//! The phrases by which a kind of question is known: `questions/phrases.txt`.

use super::Question;
use std::sync::LazyLock;

const TEXT: &str = include_str!("../../questions/phrases.txt");

/// A kind with its phrases, each with what it weighs.
type Known = (Question, Vec<(String, i32)>);

/// Every kind with its phrases.
pub(super) static PHRASES: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut all: Vec<Known> = Vec::new();
    for line in TEXT.lines().filter(|line| !line.starts_with("# ") && !line.is_empty()) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            let kind = Question::ALL.iter().find(|(_, known, _)| *known == name);
            all.extend(kind.map(|(kind, ..)| (*kind, Vec::new())));
        } else if let (Some((_, phrases)), Some((weight, phrase))) = (all.last_mut(), line.split_once(' ')) {
            // With a blank on either side, as a line of whole words has it.
            phrases.extend(weight.parse().ok().map(|weight| (format!(" {phrase} "), weight)));
        }
    }
    all
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_phrases() {
        assert_eq!(PHRASES.len(), Question::ALL.len());
        assert!(PHRASES.iter().all(|(_, phrases)| phrases.len() >= 5));
        let lines = TEXT.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())).count();
        assert_eq!(PHRASES.iter().map(|(_, phrases)| phrases.len()).sum::<usize>(), lines, "none is lost");
    }
}

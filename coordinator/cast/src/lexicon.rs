//! Words that only a fact may say: outside slots they would claim something
//! that nobody recorded.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

/// What kind of claim a word would be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A number, in digits or words.
    Number,
    /// A point in time, a span of it, or how often.
    Time,
    /// How a node is.
    State,
    /// Something that is measured.
    Vital,
    /// A comparison.
    Comparison,
    /// A negation.
    Negation,
    /// A cause.
    Cause,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Number => "a number",
            Self::Time => "a time",
            Self::State => "a state",
            Self::Vital => "something that is measured",
            Self::Comparison => "a comparison",
            Self::Negation => "a negation",
            Self::Cause => "a cause",
        })
    }
}

const WORDS: [(Kind, &str); 7] = [
    (
        Kind::Number,
        "zero one two three four five six seven eight nine ten eleven twelve thirteen twenty thirty forty fifty \
         sixty seventy eighty ninety hundred hundreds thousand thousands million millions billion dozen dozens \
         first second third fourth fifth sixth seventh eighth ninth tenth last once twice thrice half quarter \
         double triple pair both single several \
         few many most percent per cent couple",
    ),
    (
        Kind::Time,
        "seconds minute minutes hour hours day days week weeks month months year years today yesterday tomorrow \
         tonight morning noon afternoon evening night midnight soon recently lately always often seldom forever \
         again still already since ago daily nightly instantly",
    ),
    (
        Kind::State,
        "bored boredom happy happiness stressed stress crisis silent silence quiet mute dead alive idle busy calm \
         healthy unhealthy sick ill unwell fine overloaded failing failed fails failure broken down up back gone \
         lost new online offline joined returned returns content restless panicked ok okay good bad worse better \
         safe unsafe critical fatal dying died recovered recovers stable unstable reachable unreachable",
    ),
    (
        Kind::Vital,
        "cpu core cores load pressure memory swap swapping disk disks network tcp temperature frequency fan fans \
         process processes unit units file files mount mounts voltage throttled throttling power clock kernel \
         degrees celsius bytes heat",
    ),
    (
        Kind::Comparison,
        "more less fewer above below over under higher lower high low highest lowest rising falling rises falls \
         rose fell hot hotter cold colder warm warmer fast faster slow slower full fuller empty than increased \
         decreased increasing decreasing worst best normal abnormal hottest coldest warmest coolest fullest \
         emptiest emptier fastest slowest busiest busier",
    ),
    (
        Kind::Negation,
        "not no never nor neither none nothing nobody nowhere without hardly scarcely barely cannot isn't aren't \
         wasn't weren't doesn't don't didn't won't can't couldn't shouldn't",
    ),
    (
        Kind::Cause,
        "because due owing thanks therefore hence thus consequently caused causes cause reason reasons so \
         blame blamed leads led results resulted",
    ),
];

static BY_WORD: LazyLock<BTreeMap<&str, Kind>> = LazyLock::new(|| {
    WORDS.iter().flat_map(|(kind, list)| list.split_whitespace().map(|word| (word, *kind))).collect()
});

/// The first such word in `text`, as written.
pub fn first_in(text: &str) -> Option<(String, Kind)> {
    words(text).find_map(|word| {
        if word.contains(|c: char| c.is_numeric()) {
            return Some((word.to_owned(), Kind::Number));
        }
        let lower = word.to_lowercase().replace('’', "'");
        BY_WORD.get(lower.as_str()).map(|kind| (word.to_owned(), *kind))
    })
}

/// The words of a text.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '’')))
        .map(|word| word.trim_matches(['\'', '’']))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_found_whatever_their_case() {
        assert_eq!(first_in("and Twice as"), Some(("Twice".to_owned(), Kind::Number)));
        assert_eq!(first_in("at 3am"), Some(("3am".to_owned(), Kind::Number)));
        assert_eq!(first_in("it doesn’t move"), Some(("doesn’t".to_owned(), Kind::Negation)));
        assert_eq!(first_in("it is dead-ish"), Some(("dead".to_owned(), Kind::State)));
        assert_eq!(first_in("attend to it, please"), None);
    }
}

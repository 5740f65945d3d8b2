//! How values and ages read. Causes and quantities are worded by `fleet`, so
//! that a card, an event and a character's sentence say the same.

use super::node::{VitalValue, VitalView};
use frames::Vital;
use jiff::{SignedDuration, Timestamp};

/// A vital's value with its unit, as people read it. One that this version
/// does not know is shown as it was told.
pub fn show(name: &str, vital: &VitalView) -> String {
    match (vital.value, Vital::from_name(name)) {
        (VitalValue::Flag(flag), _) => if flag { "yes" } else { "no" }.to_owned(),
        (VitalValue::Number(number), Some(known)) => fleet::words::quantity(known, number as f32),
        (VitalValue::Number(number), None) => format!("{number} {}", vital.unit).trim_end().to_owned(),
    }
}

/// How long ago `then` was, seen from `now`; a time in the future is now.
pub fn age(now: Timestamp, then: Timestamp) -> String {
    let seconds = now.duration_since(then).max(SignedDuration::ZERO).as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// `text` for a terminal: whatever could steer one (control characters, and
/// the marks that turn writing around or hide in it) becomes `�`, so that a
/// name or a board's own words can't move the cursor or colour the screen.
pub fn plain(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if steers(c) { '\u{fffd}' } else { c }).collect()
}

/// `text` as plain words in Markdown: nothing in it is markup.
pub fn markdown(text: &str) -> String {
    let mut plain_words = String::with_capacity(text.len());
    for c in plain(text).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|') {
            plain_words.push('\\');
        }
        plain_words.push(c);
    }
    plain_words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_markdown_is_markup() {
        assert_eq!(markdown("a_b *c* <d>\n# e"), "a\\_b \\*c\\* \\<d\\>\u{fffd}\\# e");
    }

    #[test]
    fn a_value_reads_well_also_one_of_a_newer_version() {
        let view = |value, unit: &'static str| VitalView { value, unit: unit.into() };
        assert_eq!(show("temperature", &view(VitalValue::Number(71.5), "°C")), "71.5 °C");
        assert_eq!(show("net_sent", &view(VitalValue::Number(1_234_567.0), "B/s")), "1.2 MB/s");
        assert_eq!(show("throttled_now", &view(VitalValue::Flag(true), "")), "yes");
        assert_eq!(show("humidity", &view(VitalValue::Number(40.25), "%")), "40.25 %");
        assert_eq!(show("doors", &view(VitalValue::Number(3.0), "")), "3");
    }

    #[test]
    fn nothing_that_steers_a_terminal_gets_through() {
        assert_eq!(plain("Pi\u{1b}[2J\u{7}\u{202e}4\r\n"), "Pi\u{fffd}[2J\u{fffd}\u{fffd}4\u{fffd}\u{fffd}");
        assert_eq!(plain("Grüße, 48 °C"), "Grüße, 48 °C");
    }

    #[test]
    fn ages_are_short_and_never_negative() {
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        let ages = [0, 59, 60, 3_599, 3_600, 90_000].map(|seconds| age(at(seconds), at(0)));
        assert_eq!(ages, ["0 s", "59 s", "1 min", "59 min", "1 h", "1 d"]);
        assert_eq!(age(at(0), at(10)), "0 s");
    }
}

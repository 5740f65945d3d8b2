//! A day in one line: sparklines and the ribbon of moods.

use super::screen::{Screen, mark};
use crate::surfaces::view::Standing;
use frames::Mood;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Values as bars between their least and most (at least `span` apart), two
/// steps to a column; a blank where nothing is known.
pub(super) fn sparkline(values: &[Option<f64>], span: f64) -> String {
    let known = || values.iter().flatten().copied();
    let least = known().fold(f64::INFINITY, f64::min);
    let most = known().fold(least + span, f64::max);
    let bar = |pair: &[Option<f64>]| {
        let known: Vec<f64> = pair.iter().flatten().copied().collect();
        if known.is_empty() {
            return ' ';
        }
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let level = ((mean - least) / (most - least) * 7.0).round() as usize;
        BARS.get(level).copied().unwrap_or('█')
    };
    values.chunks(2).map(bar).collect()
}

/// The gravest mood of each two steps, as its mark.
pub(super) fn ribbon(screen: &Screen<'_>, moods: &[Option<Mood>]) -> String {
    let column = |pair: &[Option<Mood>]| match pair.iter().flatten().max() {
        Some(mood) => {
            let standing = Standing::new(Some(*mood), false);
            screen.tinted(standing, &mark(standing).to_string())
        }
        None => " ".to_owned(),
    };
    moods.chunks(2).map(column).collect()
}

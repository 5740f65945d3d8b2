//! What everybody says in a month, and how well it tells them apart. No coordinator is
//! asked.

use crate::surfaces::cli::ask::CliError;
use crate::surfaces::cli::screen::{Screen, clean};
use cast::voice::Figure;
use serde_json::json;

pub(super) fn month(
    name: Option<&str>,
    most: usize,
    seed: u64,
    screen: &mut Screen<'_>,
) -> Result<(), CliError> {
    let refused = |why: String| CliError::Refused(why);
    let cast = cast::Cast::built_in().map_err(|error| refused(error.to_string()))?;
    let wanted: Vec<&cast::Sheet> = match name {
        None => cast.sheets().iter().collect(),
        Some(name) => cast.meant_by(name),
    };
    if wanted.is_empty() {
        return Err(refused(format!("nobody on stage is called {:?}", clean(name.unwrap_or_default()))));
    }
    let said = stage::month(&cast, seed, most);
    for sheet in wanted {
        screen.line(&screen.faint(&format!("{}, {}", sheet.name, sheet.archetype)))?;
        for line in said.get(&sheet.id).into_iter().flatten() {
            let kind = if line.kind == cast::Kind::Fact { "" } else { "? " };
            screen.line(&format!("  {kind}{}", clean(&line.text)))?;
        }
        screen.line("")?;
    }
    Ok(screen.flush()?)
}

/// How well the voices can be told apart by their prose.
pub(super) fn told_apart(as_json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let cast = cast::Cast::built_in().map_err(|error| CliError::Refused(error.to_string()))?;
    let figure = cast::voice::told_apart(&cast, 7);
    let tropes = cast::trope::Tropes::built_in().map_err(|error| CliError::Refused(error.to_string()))?;
    let styles = cast::voice::styles_told_apart(&cast, &tropes, 7);
    let other_words = cast::voice::styles_by_other_words(&cast, 7);
    if as_json {
        let shown = |figure: &Figure| {
            let (low, high) = figure.interval;
            json!({
                "right": figure.right, "all": figure.all, "share": figure.share, "interval": [low, high],
                "chance": figure.chance,
            })
        };
        let mut told = shown(&figure);
        told["styles"] = shown(&styles);
        told["styles_by_other_words"] = shown(&other_words);
        return Ok(screen.json(&told, true)?);
    }
    screen.line(&format!(
        "{} speakers told apart on facts of other occasions, with names, titles, domains and set phrases masked: {}.",
        cast.sheets().len(),
        words(&figure, "lines"),
    ))?;
    screen.line(&format!(
        "Their literary styles told apart by tales of other tropes: {}; by words that were not learnt: {}.",
        words(&styles, "tales"),
        words(&other_words, "tales"),
    ))?;
    Ok(screen.flush()?)
}

/// A figure with what it was taken of, its interval and what chance would give.
fn words(figure: &Figure, of: &str) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let Figure { right, all, share, interval: (low, high), chance } = *figure;
    let [share, low, high, chance] = [share, low, high, chance].map(percent);
    format!("{right} of {all} {of}, {share} (95 in 100 draws: {low} to {high}; chance is {chance})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_stands_with_its_interval_and_chance() {
        let figure = Figure { right: 9, all: 12, share: 0.75, interval: (0.5, 0.9125), chance: 1.0 / 15.0 };
        assert_eq!(
            words(&figure, "lines"),
            "9 of 12 lines, 75.0 % (95 in 100 draws: 50.0 % to 91.2 %; chance is 6.7 %)"
        );
    }
}

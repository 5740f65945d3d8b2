//! `cast gates`: how consistent each character is over a simulated month.

use crate::surfaces::cli::ask::CliError;
use crate::surfaces::cli::screen::{Screen, cell};
use serde_json::{Map, Value, json};
use stage::gates::{Consistency, Count, GATES, Report, TELLING, consistency};

pub(super) fn run(seed: u64, as_json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let cast = cast::Cast::built_in().map_err(|error| CliError::Refused(error.to_string()))?;
    let measured = consistency(&cast, seed);
    if as_json {
        return Ok(screen.json(&json_of(&measured), true)?);
    }
    Ok(print(&measured, screen)?)
}

fn json_of(report: &Report) -> Value {
    let characters: Vec<Value> = report.characters.iter().map(told).collect();
    json!({ "characters": characters, "shuffled": shares(&report.shuffled), "least": TELLING })
}

fn shares(counts: &[Count; 4]) -> Map<String, Value> {
    let gate = |((name, least), count): (&(&str, f64), &Count)| {
        let share = count.share().map(|share| (share * 1_000.0).round() / 1_000.0);
        ((*name).to_owned(), json!({ "right": count.right, "of": count.of, "share": share, "gate": least }))
    };
    GATES.iter().zip(counts).map(gate).collect()
}

fn told(one: &Consistency) -> Value {
    json!({ "by": one.by, "lines": one.lines, "gates": shares(&one.counts), "missed": one.missed() })
}

fn print(report: &Report, screen: &mut Screen<'_>) -> std::io::Result<()> {
    let heads = GATES.iter().map(|(name, least)| cell(&format!("{name} {least:.2}"), 18));
    row("", "lines", &heads.collect::<String>(), screen)?;
    for one in &report.characters {
        let shares = GATES.iter().zip(&one.counts).map(|((_, least), count)| {
            let text = match count.share() {
                None => format!("too few ({})", count.of),
                Some(share) if share < *least => format!("{share:.2} below"),
                Some(share) => format!("{share:.2}"),
            };
            cell(&text, 18)
        });
        row(&one.by, &one.lines.to_string(), &shares.collect::<String>(), screen)?;
    }
    let shuffled = report.shuffled.iter().map(|count| {
        let share = count.share().map_or_else(|| "–".to_owned(), |share| format!("{share:.2}"));
        cell(&share, 18)
    });
    row("all, shuffled", "", &shuffled.collect::<String>(), screen)?;
    screen.line(&format!(
        "Too few is fewer than {TELLING}. Shuffled: the same measures with sheets, speakers, ties and events \
         of others."
    ))?;
    screen.flush()
}

fn row(name: &str, lines: &str, shares: &str, screen: &mut Screen<'_>) -> std::io::Result<()> {
    screen.line(&format!("{}{}  {}", cell(name, 14), cell(lines, 6), shares.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_share_stands_beside_its_gate() {
        let count = |right, of| Count { right, of };
        let counts = [count(99, 100), count(70, 100), count(3, 4), count(100, 100)];
        let one = Consistency { by: "malvo".to_owned(), lines: 100, counts };
        let shuffled = [count(5, 100), count(7, 100), count(50, 100), count(0, 100)];
        let report = Report { characters: vec![one], shuffled };
        let mut out = Vec::new();
        print(&report, &mut Screen::new(&mut out, false)).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let line = |place| {
            shown.lines().nth(place).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        assert_eq!(line(1), "malvo 100 0.99 0.70 below too few (4) 1.00");
        assert_eq!(line(2), "all, shuffled 0.05 0.07 0.50 0.00");
        let json = json_of(&report);
        let malvo = &json["characters"][0];
        assert_eq!(
            (&malvo["gates"]["ties"]["share"], &malvo["missed"]),
            (&Value::Null, &json!(["dialogue"]))
        );
        assert_eq!(json["shuffled"]["ties"]["share"], 0.5);
    }
}

//! `cast gates`: how consistent each character is over a simulated month.

use crate::surfaces::cli::ask::CliError;
use crate::surfaces::cli::screen::{Screen, cell};
use serde_json::{Map, Value, json};
use stage::gates::{Consistency, Count, GATES, consistency};

pub(super) fn run(seed: u64, as_json: bool, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let cast = cast::Cast::built_in().map_err(|error| CliError::Refused(error.to_string()))?;
    let measured = consistency(&cast, seed);
    if as_json {
        return Ok(screen.json(&measured.iter().map(told).collect::<Vec<_>>(), true)?);
    }
    Ok(print(&measured, screen)?)
}

fn told(one: &Consistency) -> Value {
    let gate = |((name, least), count): (&(&str, f64), &Count)| {
        let share = count.share().map(|share| (share * 1_000.0).round() / 1_000.0);
        ((*name).to_owned(), json!({ "right": count.right, "of": count.of, "share": share, "gate": least }))
    };
    let gates: Map<String, Value> = GATES.iter().zip(&one.counts).map(gate).collect();
    json!({ "by": one.by, "lines": one.lines, "gates": gates, "missed": one.missed() })
}

fn print(measured: &[Consistency], screen: &mut Screen<'_>) -> std::io::Result<()> {
    let heads = GATES.iter().map(|(name, least)| cell(&format!("{name} {least:.2}"), 18));
    screen.line(&format!(
        "{}{}  {}",
        cell("", 14),
        cell("lines", 6),
        heads.collect::<String>().trim_end()
    ))?;
    for one in measured {
        let shares = GATES.iter().zip(&one.counts).map(|((_, least), count)| {
            let text = match count.share() {
                None => format!("– ({} of {})", count.right, count.of),
                Some(share) if share < *least => format!("{share:.2} below"),
                Some(share) => format!("{share:.2}"),
            };
            cell(&text, 18)
        });
        let shares = shares.collect::<String>();
        screen.line(&format!(
            "{}{}  {}",
            cell(&one.by, 14),
            cell(&one.lines.to_string(), 6),
            shares.trim_end()
        ))?;
    }
    screen.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_share_stands_beside_its_gate() {
        let count = |right, of| Count { right, of };
        let counts = [count(99, 100), count(70, 100), count(3, 4), count(100, 100)];
        let one = Consistency { by: "malvo".to_owned(), lines: 100, counts };
        let mut out = Vec::new();
        print(std::slice::from_ref(&one), &mut Screen::new(&mut out, false)).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let line = shown.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(line, "malvo 100 0.99 0.70 below – (3 of 4) 1.00");
        let json = told(&one);
        assert_eq!((&json["gates"]["ties"]["share"], &json["missed"]), (&Value::Null, &json!(["dialogue"])));
    }
}

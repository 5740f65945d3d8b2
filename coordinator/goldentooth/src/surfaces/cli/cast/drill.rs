//! `cast drill`: a failure of this fleet, played in words.

use crate::surfaces::cli::Target;
use crate::surfaces::cli::ask::{CliError, Coordinator};
use crate::surfaces::cli::screen::{Screen, WIDTH, clean, wrapped};
use crate::surfaces::view::DrillView;
use serde_json::json;

pub(super) fn run(node: Option<&str>, target: &Target, screen: &mut Screen<'_>) -> Result<(), CliError> {
    let body = node.map_or_else(|| json!({}), |node| json!({ "node": node }));
    let drill: DrillView = Coordinator::new(target)?.send("/api/v1/drills", &body)?;
    if target.json {
        return Ok(screen.json(&drill, true)?);
    }
    Ok(print(&drill, screen)?)
}

fn print(drill: &DrillView, screen: &mut Screen<'_>) -> std::io::Result<()> {
    screen.line(&clean(&format!("A drill: {} falls silent. What is found is so:", drill.node)))?;
    for finding in &drill.findings {
        for line in wrapped(&clean(&format!("{}. {}", finding.words, finding.asks)), WIDTH - 2) {
            screen.line(&format!("  {line}"))?;
        }
    }
    if !drill.story.is_empty() {
        screen.line("What the cast would say, made up:")?;
    }
    for said in &drill.story {
        for line in wrapped(&clean(&format!("{}: {}", said.by, said.text)), WIDTH - 2) {
            screen.line(&screen.faint(&format!("  {line}")))?;
        }
    }
    screen.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::view::{DrillFindingView, DrillLineView};

    #[test]
    fn what_is_found_stands_apart_from_what_is_made_up() {
        let drill = DrillView {
            node: "pi-07".to_owned(),
            missed_after: 30_000,
            words: String::new(),
            findings: vec![DrillFindingView {
                words: "Nobody would miss pi-07 for 30 s".to_owned(),
                asks: "Is that soon enough?".to_owned(),
            }],
            story: vec![DrillLineView { by: "malvo".to_owned(), text: "pi-07 is silent.".to_owned() }],
        };
        let mut out = Vec::new();
        print(&drill, &mut Screen::new(&mut out, false)).unwrap();
        let shown = String::from_utf8(out).unwrap();
        let expected = "A drill: pi-07 falls silent. What is found is so:\n  Nobody would miss pi-07 for 30 s. Is that \
            soon enough?\nWhat the cast would say, made up:\n  malvo: pi-07 is silent.\n";
        assert_eq!(shown, expected);
    }
}

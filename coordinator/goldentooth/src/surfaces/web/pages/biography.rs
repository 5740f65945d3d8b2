//! `/nodes/NAME/biography`: a node's life, also of one that was forgotten.

use super::story::teller;
use super::{Shell, wrap};
use crate::surfaces::view::BiographyView;
use crate::surfaces::web::Web;
use crate::surfaces::web::api::{Failure, Told, biography_of};
use axum::extract::{Path, Query, State};
use maud::{Markup, html};

pub(in crate::surfaces::web) async fn biography(
    State(web): State<Web>,
    Path(name): Path<String>,
    Query(told): Query<Told>,
) -> Result<Markup, Failure> {
    Ok(page(&biography_of(&web, &name, &told).await?))
}

fn page(life: &BiographyView) -> Markup {
    let title = life.title();
    wrap(
        &Shell { page: "biography", title: &title, stream: "", scripts: &[] },
        &html! {
            section.panel aria-labelledby="title" {
                div.heading { h1 #title { (title) } p.hint { "from what is recorded of it" } }
                dl.facts { @for (name, words) in life.facts() { div { dt { (name) } dd { (words) } } } }
                @if !life.turns.is_empty() {
                    ul.plain {
                        @for turn in &life.turns {
                            li { @if let Some(at) = turn.at { time datetime=(at) { (at.strftime("%b %-d, %Y")) } ": " } (turn.words) }
                        }
                    }
                }
                @if let Some(told) = &life.told {
                    (teller(told))
                    blockquote.told {
                        p { (told.opens) }
                        @for line in &told.lines { p { (line) } }
                        p { (told.ends) }
                    }
                }
                p.hint { "As Markdown: " code { "goldentooth biography " (life.node) } }
            }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_facts_holds_no_markup_of_others() {
        let life = serde_json::json!({
            "node": "pi-07", "began": "2025-11-21T00:00:00Z", "ended": "2026-11-21T00:00:00Z", "days": 365,
            "calm": { "from": "2025-12-01T00:00:00Z", "until": "2025-12-11T00:00:00Z", "lasts_s": 864_000 },
            "night": { "at": "2026-01-01T18:00:00Z", "grave_s": 7_200 },
            "crises": 3, "silences": 1, "restarts": 2, "stood_by": [{ "by": "caudex", "lines": 41 }],
            "turns": [{ "at": "2026-02-01T00:00:00Z", "words": "Other hardware: <b>[x](y)</b>." }],
            "habits": ["the backup"], "words": "", "told": {
                "by": "vault", "name": "Keeper Vault", "style": "a ledger", "opens": "The book is opened.",
                "lines": ["Balance: <i>"], "ends": "Closed.",
            },
        });
        let life: BiographyView = serde_json::from_value(life).unwrap();
        let drawn = page(&life).into_string();
        assert!(drawn.contains("In memory of pi-07") && !drawn.contains("<b>["), "{drawn}");
        assert_eq!(
            life.markdown(),
            "# In memory of pi-07\n\n\
             - **Served**: 365 days, from 2025-11-21 until 2026-11-21\n\
             - **Crises**: 3\n- **Silences**: 1\n- **Restarts**: 2\n\
             - **Longest calm**: 10 days, from 2025-12-01 until 2025-12-11\n\
             - **Worst night**: 2026-01-01, 2 h in crisis or silence\n\
             - **Stood by it**: caudex (41 lines)\n- **Habits**: the backup\n\
             - 2026-02-01: Other hardware: \\<b\\>\\[x\\](y)\\</b\\>.\n\n\
             *As Keeper Vault tells it: a ledger.*\n\n> The book is opened.  \n> Balance: \\<i\\>  \n> Closed.\n"
        );
    }
}

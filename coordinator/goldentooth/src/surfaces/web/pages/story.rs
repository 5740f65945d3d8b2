//! `/story`: the fleet's week.

use super::{Shell, wrap};
use crate::surfaces::view::{StoryView, ToldView};
use crate::surfaces::web::Web;
use crate::surfaces::web::api::{Ago, Failure, story_of};
use axum::extract::{Query, State};
use maud::{Markup, html};

pub(in crate::surfaces::web) async fn story(
    State(web): State<Web>,
    Query(ago): Query<Ago>,
) -> Result<Markup, Failure> {
    Ok(page(&story_of(&web, &ago).await?, ago.weeks))
}

fn page(story: &StoryView, weeks: u32) -> Markup {
    wrap(
        &Shell { page: "story", title: "The fleet's week", stream: "", scripts: &[] },
        &html! {
            div.heading { h1 { (story.title()) } p.hint { a href={ "/story?weeks=" (weeks + 1) } { "the week before" } } }
            p { (story.words) }
            @if let Some(told) = &story.told { (teller(told)) p.told { (told.opens) } }
            @for chapter in &story.chapters {
                section.panel {
                    h2 { (chapter.title) }
                    ul.plain { @for line in &chapter.lines { li { (line) } } }
                }
            }
            @if let Some(told) = &story.told { p.told { (told.ends) } }
            p.hint {
                "From what is recorded. As Markdown: " code { "goldentooth story" @if weeks > 0 { " --weeks " (weeks) } @if let Some(told) = &story.told { " --by " (told.by) } } "; "
                code { "--by" } " names who shall tell it."
            }
        },
    )
}

/// Who tells it, and as what: a link to the character's card.
pub(super) fn teller(told: &ToldView) -> Markup {
    html! { p.hint { "As " a href={ "/cast#cast-" (told.by) } { (told.name) } " tells it: " (told.style) "." } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::view::ChapterView;

    #[test]
    fn a_story_holds_no_markup_of_others() {
        let chapter = ChapterView { title: "Habits".to_owned(), lines: vec!["<b>it</b> *came*".to_owned()] };
        let words = "1 node had news.".to_owned();
        let story = StoryView { from: None, until: None, words, chapters: vec![chapter], told: None };
        assert!(page(&story, 0).into_string().contains("&lt;b&gt;it"));
        assert_eq!(
            story.markdown(),
            "# The fleet's week,  to \n\n1 node had news.\n\n## Habits\n\n- \\<b\\>it\\</b\\> \\*came\\*\n"
        );
    }
}

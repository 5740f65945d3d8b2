//! The fleet's week, as everybody outside sees it, and as a page of Markdown.

use super::{markdown, time};
use crate::story::Story;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A week of the fleet: `story --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Story"))]
pub struct StoryView {
    /// When it begins.
    pub from: Option<Timestamp>,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// All of it in a sentence.
    pub words: String,
    /// Chapter by chapter; none is empty.
    pub chapters: Vec<ChapterView>,
}

/// A part of the story.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Chapter"))]
pub struct ChapterView {
    /// Its heading.
    pub title: String,
    /// Its sentences, each from what is recorded.
    pub lines: Vec<String>,
}

impl From<&Story> for StoryView {
    fn from(story: &Story) -> Self {
        let chapter = |chapter: &crate::story::Chapter| ChapterView {
            title: chapter.title.to_owned(),
            lines: chapter.lines.clone(),
        };
        Self {
            from: time(story.from),
            until: time(story.until),
            words: story.words.clone(),
            chapters: story.chapters.iter().map(chapter).collect(),
        }
    }
}

impl StoryView {
    /// The heading of the whole.
    pub fn title(&self) -> String {
        let day =
            |at: Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%d").to_string()).unwrap_or_default();
        format!("The fleet's week, {} to {}", day(self.from), day(self.until))
    }

    /// The page in Markdown.
    pub fn markdown(&self) -> String {
        let title = format!("# {}\n\n{}\n", markdown(&self.title()), markdown(&self.words));
        let chapters = self.chapters.iter().flat_map(|chapter| {
            let lines = chapter.lines.iter().map(|line| format!("- {}\n", markdown(line)));
            std::iter::once(format!("\n## {}\n\n", markdown(&chapter.title))).chain(lines)
        });
        std::iter::once(title).chain(chapters).collect()
    }
}

//! The fleet's week, as everybody outside sees it, and as a page of Markdown.

use super::told::ToldView;
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
    /// Who tells it, in whose style the lines of the chapters are then; null for nobody.
    #[serde(default)]
    pub told: Option<ToldView>,
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
            told: None,
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

    /// The same as a character tells it, which has told all lines of its chapters.
    #[must_use]
    pub fn told(mut self, told: Option<ToldView>) -> Self {
        let Some(mut told) = told else { return self };
        let mut lines = std::mem::take(&mut told.lines).into_iter();
        for line in self.chapters.iter_mut().flat_map(|chapter| &mut chapter.lines) {
            if let Some(styled) = lines.next() {
                *line = styled;
            }
        }
        self.told = Some(told);
        self
    }

    /// Every line of its chapters.
    pub fn lines(&self) -> Vec<&str> {
        self.chapters.iter().flat_map(|chapter| &chapter.lines).map(String::as_str).collect()
    }

    /// The page in Markdown.
    pub fn markdown(&self) -> String {
        let told = self.told.as_ref();
        let teller = told.map(|told| format!("\n*{}* {}\n", markdown(&told.words()), markdown(&told.opens)));
        let ends = told.map(|told| format!("\n{}\n", markdown(&told.ends)));
        let title = format!(
            "# {}\n\n{}\n{}",
            markdown(&self.title()),
            markdown(&self.words),
            teller.unwrap_or_default()
        );
        let chapters = self.chapters.iter().flat_map(|chapter| {
            let lines = chapter.lines.iter().map(|line| format!("- {}\n", markdown(line)));
            std::iter::once(format!("\n## {}\n\n", markdown(&chapter.title))).chain(lines)
        });
        std::iter::once(title).chain(chapters).chain(ends).collect()
    }
}

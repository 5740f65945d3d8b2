//! Answers in characters' own words, by a language model; what it can't or may
//! not say is left to the understudy.

use super::answer::Told;
use crate::live::NodeSnapshot;
use cast::{Cast, Sheet};
use minds::Router;
use stage::pulse::Styles;
use stage::reply::{self, Piece};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A person waits no longer: then the understudy answers.
const WAIT: Duration = Duration::from_secs(20);

/// The language models, as answers need them.
#[derive(Clone)]
pub(crate) struct Models {
    pub(crate) router: Router,
    /// Whether names of nodes leave the house as aliases alone.
    pub(crate) aliases: bool,
    /// Whether they may be asked about simulated nodes.
    pub(crate) simulated: bool,
}

/// An answer in a model's words.
pub(super) struct Voiced {
    pub(super) text: String,
    /// Which provider gave it.
    pub(super) mind: String,
}

impl Models {
    /// The answers of those who speak, each in its own words where a model
    /// found some that may be said; one place for each of `told`.
    pub(super) async fn voice(
        &self,
        cast: &Cast,
        question: &str,
        told: &[(&Sheet, Told)],
        nodes: &[Arc<NodeSnapshot>],
    ) -> Vec<Option<Voiced>> {
        let nobody = || told.iter().map(|_| None).collect();
        if !self.router.has_any() || !(self.simulated || is_real(told, nodes)) {
            return nobody();
        }
        let names: BTreeSet<String> = nodes.iter().map(|node| node.name.to_string()).collect();
        let pieces: Vec<Piece<'_>> =
            told.iter().map(|(sheet, told)| Piece { by: &sheet.id, answer: &told.text }).collect();
        let request = reply::request(cast, question, &pieces, (&names, self.aliases));
        // Why there is no answer, or none in time, stands in the ledger.
        let Ok(Ok(given)) = tokio::time::timeout(WAIT, self.router.ask(&request)).await else {
            return nobody();
        };
        let styles = Styles::of(cast);
        let (lines, dropped) = reply::settle((cast, &styles, &names), &pieces, given.answer.json.as_ref());
        for refused in dropped {
            tracing::info!(mind = given.by, cause = refused.cause, "a line of an answer was refused");
        }
        let voiced = |text| Voiced { text, mind: given.by.clone() };
        lines.into_iter().map(|line| line.map(voiced)).collect()
    }
}

/// Whether answers are about real nodes: a simulated one is not worth a token.
fn is_real(told: &[(&Sheet, Told)], nodes: &[Arc<NodeSnapshot>]) -> bool {
    let (simulated, real): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| node.simulated);
    let is_named = |name: &str| told.iter().any(|(_, told)| told.text.contains(name));
    !simulated.iter().any(|node| is_named(node.name.as_str())) && (simulated.is_empty() || !real.is_empty())
}

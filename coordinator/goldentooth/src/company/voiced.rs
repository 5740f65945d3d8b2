//! Answers in characters' own words, by a language model; what it can't or may
//! not say is left to the understudy.

use super::answer::Told;
use crate::live::NodeSnapshot;
use crate::surfaces::view::PieceView;
use cast::{Cast, Sheet};
use minds::Router;
use stage::pulse::Styles;
use stage::reply::{self, Piece};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

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
    /// found some that may be said; one place for each of `told`. `show` gets what of
    /// them may be shown before.
    pub(super) async fn voice(
        &self,
        cast: &Cast,
        question: &str,
        told: &[(&Sheet, Told)],
        nodes: &[Arc<NodeSnapshot>],
        show: Option<&Show>,
    ) -> Vec<Option<Voiced>> {
        let nobody = || told.iter().map(|_| None).collect();
        if !self.router.has_any() || !(self.simulated || is_real(told, nodes)) {
            return nobody();
        }
        let names: BTreeSet<String> = nodes.iter().map(|node| node.name.to_string()).collect();
        let pieces: Vec<Piece<'_>> =
            told.iter().map(|(sheet, told)| Piece { by: &sheet.id, answer: &told.text }).collect();
        let request = reply::request(cast, question, &pieces, (&names, self.aliases));
        let styles = Styles::of(cast);
        let mut coming = reply::Coming::new((cast, &styles, &names), &pieces);
        let mut mind = String::new();
        let asked = async {
            let Some(show) = show else { return self.router.ask(&request).await };
            let mut hear = |news: minds::Coming<'_>| {
                match news {
                    minds::Coming::Begins(by) => {
                        by.clone_into(&mut mind);
                        coming.begin();
                    }
                    minds::Coming::Words(words) => {
                        for (place, text) in coming.take(words) {
                            let Some((sheet, told)) = told.get(place) else { continue };
                            let (by, kind) = (sheet.id.clone(), told.kind.to_owned());
                            show.tell(PieceView { place, by, mind: mind.clone(), kind, text });
                        }
                    }
                }
                coming.has_begun()
            };
            self.router.stream(&request, &mut hear).await
        };
        // Why there is no answer, or none in time, stands in the ledger.
        let given = tokio::time::timeout(WAIT, asked).await.ok().and_then(Result::ok);
        if given.is_none() && !coming.has_begun() {
            return nobody();
        }
        let json = given.as_ref().and_then(|given| given.answer.json.as_ref());
        let (lines, dropped) = coming.settle(json);
        let mind = given.as_ref().map_or(mind, |given| given.by.clone());
        for refused in dropped {
            tracing::info!(mind, cause = refused.cause, "a line of an answer was refused");
        }
        let voiced = |text| Voiced { text, mind: mind.clone() };
        lines.into_iter().map(|line| line.map(voiced)).collect()
    }
}

/// Where what may be shown of an answer goes before it is whole. Whoever falls behind
/// is shown no more of it until it is.
pub(crate) struct Show {
    to: mpsc::Sender<PieceView>,
    is_behind: AtomicBool,
}

impl Show {
    pub(crate) fn new(to: mpsc::Sender<PieceView>) -> Self {
        Self { to, is_behind: AtomicBool::new(false) }
    }

    fn tell(&self, piece: PieceView) {
        // What comes after a piece that was left out would follow on something else.
        if !self.is_behind.load(Ordering::Relaxed) && self.to.try_send(piece).is_err() {
            self.is_behind.store(true, Ordering::Relaxed);
        }
    }
}

/// Whether answers are about real nodes: a simulated one is not worth a token.
fn is_real(told: &[(&Sheet, Told)], nodes: &[Arc<NodeSnapshot>]) -> bool {
    let (simulated, real): (Vec<_>, Vec<_>) = nodes.iter().partition(|node| node.simulated);
    let is_named = |name: &str| told.iter().any(|(_, told)| told.text.contains(name));
    !simulated.iter().any(|node| is_named(node.name.as_str())) && (simulated.is_empty() || !real.is_empty())
}

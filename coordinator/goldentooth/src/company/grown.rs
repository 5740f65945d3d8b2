//! How a character has grown, as it is shown: what moves its traits and ties,
//! what it remembers, and whom it knows.

use super::{CompanyError, Hosted};
use crate::intake::Order;
use crate::surfaces::view::{
    AcquaintanceView, InsightView, MemoryView, ModifierView, RelationshipView, time,
};
use crate::words::lock;
use cast::grow::{Growth, Shift, Shifts};
use cast::{Cast, Regard, Sheet, Strand, Trait};
use serde_json::json;
use serde_json::value::to_raw_value;
use stage::Request;
use std::collections::BTreeMap;
use store::ForgottenPerson;
use tokio::sync::oneshot;

/// The most memories that are shown of each.
const MEMORIES: usize = 12;

/// One character, the whole cast, and the time.
pub(super) struct Grown<'a> {
    pub(super) growth: &'a Growth,
    pub(super) cast: &'a Cast,
    pub(super) sheet: &'a Sheet,
    pub(super) now: i64,
}

impl Grown<'_> {
    /// What moves its traits now, the newest first.
    pub(super) fn modifiers(&self) -> Vec<ModifierView> {
        let life = self.growth.life(&self.sheet.id).filter(|_| !self.growth.is_fixed());
        life.map_or_else(Vec::new, |life| self.shown(&life.nature, Trait::name))
    }

    /// What binds it to others: the ties of its sheet, then those that grew.
    pub(super) fn relationships(&self) -> Vec<RelationshipView> {
        let ties = self.sheet.ties.iter();
        let mut all: Vec<RelationshipView> = ties
            .map(|tie| RelationshipView {
                to: tie.to.clone(),
                kind: Strand::from(tie.kind).name().to_owned(),
                why: tie.why.clone(),
                strands: strands(&self.growth.regard(self.sheet, &tie.to, self.now)),
                because: self.because(&tie.to),
            })
            .collect();
        let life = self.growth.life(&self.sheet.id).filter(|_| !self.growth.is_fixed());
        let grown = life.into_iter().flat_map(|life| life.ties.keys());
        for to in grown.filter(|to| !self.sheet.ties.iter().any(|tie| tie.to == **to)) {
            let regard = self.growth.regard(self.sheet, to, self.now);
            let because = self.because(to);
            let strongest = Strand::ALL.into_iter().max_by_key(|strand| regard.of(*strand).unsigned_abs());
            // What has decayed binds nobody.
            if let (Some(strongest), Some(newest)) = (strongest, because.first()) {
                all.push(RelationshipView {
                    to: to.clone(),
                    kind: strongest.name().to_owned(),
                    why: newest.cause.clone(),
                    strands: strands(&regard),
                    because,
                });
            }
        }
        all
    }

    fn because(&self, to: &str) -> Vec<ModifierView> {
        let tie = self.growth.life(&self.sheet.id).and_then(|life| life.ties.get(to));
        let tie = tie.filter(|_| !self.growth.is_fixed());
        tie.map_or_else(Vec::new, |tie| self.shown(tie, Strand::name))
    }

    /// What comes to its mind first.
    pub(super) fn memories(&self) -> Vec<MemoryView> {
        let Some(life) = self.growth.life(&self.sheet.id) else { return Vec::new() };
        let first = life.memory.recall(self.now, "", MEMORIES);
        first
            .into_iter()
            .map(|(_, memory)| MemoryView {
                at: time(memory.at),
                kind: memory.kind.clone(),
                node: memory.node.clone(),
                words: memory.told(),
                importance: memory.importance,
                event: memory.event.clone(),
            })
            .collect()
    }

    /// What it concluded, the newest first.
    pub(super) fn insights(&self) -> Vec<InsightView> {
        let Some(life) = self.growth.life(&self.sheet.id) else { return Vec::new() };
        let shown = life.memory.insights().rev().map(|insight| InsightView {
            words: insight.claim.words(),
            cites: insight.cites.clone(),
            at: time(insight.at),
        });
        shown.collect()
    }

    /// Whom it knows.
    pub(super) fn people(&self) -> Vec<AcquaintanceView> {
        let known = self.growth.people(&self.sheet.id);
        known
            .map(|(person, known)| AcquaintanceView {
                person: person.to_owned(),
                asked: known.asked,
                memories: known.memories.len() as u32,
                strands: strands(&self.growth.regard_of(&self.sheet.id, person, self.now)),
                because: self.shown(&known.tie, Strand::name),
            })
            .collect()
    }

    fn shown<W: Copy + PartialEq>(
        &self,
        shifts: &Shifts<W>,
        name: impl Fn(W) -> &'static str,
    ) -> Vec<ModifierView> {
        shifts.lasting(self.now).map(|shift| self.modifier(shift, name(shift.of))).collect()
    }

    fn modifier<W>(&self, shift: &Shift<W>, name: &str) -> ModifierView {
        let about = self.cast.get(&shift.about).map_or(shift.about.as_str(), |sheet| sheet.name.as_str());
        ModifierView {
            name: name.to_owned(),
            by: f64::from(shift.left(self.now)) / 1_000.0,
            at_first: f64::from(shift.by) / 1_000.0,
            cause: shift.why.words(about),
            catalyst: super::word(&shift.why.catalyst()),
            event: Some(shift.event.clone()).filter(|event| !event.is_empty()),
            since: time(shift.begun),
            until: time(shift.ends),
        }
    }
}

impl Hosted {
    /// Sends an order; gives where its answer comes.
    async fn sent<T>(
        &self,
        make: impl FnOnce(oneshot::Sender<T>) -> Order,
    ) -> Result<oneshot::Receiver<T>, CompanyError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(make(done)).await.map_err(|_| CompanyError::Away)?;
        Ok(answer)
    }

    /// Forgets a person: all that anybody holds of them, and what is recorded.
    ///
    /// First what waits for the store, so that nobody hears of them any more; then
    /// what the cast remembers, with whatever of older events it has yet to hear; then
    /// the store, after everything that was sent there before.
    pub(super) async fn forget(&self, person: &str) -> Result<ForgottenPerson, CompanyError> {
        let before = {
            let mut forgotten = self.passage.lock().await;
            *forgotten += 1;
            let before = self.sent(|done| Order::Unname { person: person.to_owned(), done }).await?;
            before.await.map_err(|_| CompanyError::Away)?
        };
        self.request(|answer| Request::Forget(person.to_owned(), before, answer)).await?;
        lock::mutex(&self.before).remove(person);
        let forgotten = {
            let _turn = self.passage.lock().await;
            let cast = self.lasting.then(|| to_raw_value(&self.seen.borrow().kept).ok()).flatten();
            self.sent(|done| Order::ForgetPerson { person: person.to_owned(), cast, done }).await?
        };
        let forgotten = forgotten.await.map_err(|_| CompanyError::Away)?;
        let forgotten = forgotten.map_err(|error| CompanyError::Kept(error.to_string()))?;
        let words = "A person was forgotten, and what was recorded of them removed.";
        self.note("person_forgotten", json!({ "events": forgotten.events, "words": words })).await;
        Ok(forgotten)
    }
}

/// Each strand that there is.
fn strands(regard: &Regard) -> BTreeMap<String, f64> {
    let all = Strand::ALL.into_iter().filter(|strand| regard.of(*strand) != 0);
    all.map(|strand| (strand.name().to_owned(), f64::from(regard.of(strand)) / 1_000.0)).collect()
}

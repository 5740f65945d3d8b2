//! How a character has grown, as it is shown: what moves its traits and ties.

use crate::surfaces::view::{ModifierView, RelationshipView, time};
use cast::grow::{Growth, Shift};
use cast::{Cast, Sheet, Strand};

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
        let lasting = life.into_iter().flat_map(|life| life.nature.lasting(self.now));
        lasting
            .map(|shift| ModifierView {
                name: shift.of.name().to_owned(),
                by: f64::from(shift.left(self.now)) / 1_000.0,
                cause: self.cause(shift),
                until: time(shift.ends),
            })
            .collect()
    }

    /// What binds it to others: the ties of its sheet, then what grew.
    pub(super) fn relationships(&self) -> Vec<RelationshipView> {
        let own = self.sheet.ties.iter().map(|tie| RelationshipView {
            to: tie.to.clone(),
            kind: Strand::from(tie.kind).name().to_owned(),
            why: tie.why.clone(),
        });
        let life = self.growth.life(&self.sheet.id).filter(|_| !self.growth.is_fixed());
        let ties = life.into_iter().flat_map(|life| &life.ties);
        let grown = ties.flat_map(|(to, tie)| {
            tie.lasting(self.now).map(move |shift| RelationshipView {
                to: to.clone(),
                kind: shift.of.name().to_owned(),
                why: format!("{:+.2}: {}", f64::from(shift.left(self.now)) / 1_000.0, self.cause(shift)),
            })
        });
        own.chain(grown).collect()
    }

    /// Why, with the event that caused it.
    fn cause<W>(&self, shift: &Shift<W>) -> String {
        let about = self.cast.get(&shift.about).map_or(shift.about.as_str(), |sheet| sheet.name.as_str());
        let words = shift.why.words(about);
        if shift.event.is_empty() { words } else { format!("{words} (event {})", shift.event) }
    }
}

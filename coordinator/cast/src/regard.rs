//! What binds one to another, as numbers, and what that does to its words.

use crate::moves::Move;
use crate::sheet::{Tie, TieKind};
use serde::{Deserialize, Serialize};

/// What a tie is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strand {
    /// Whether it believes the other.
    Trust,
    /// Whether it likes the other.
    Affection,
    /// It measures itself against the other.
    Rivalry,
    /// It looks down on the other's ways.
    Contempt,
    /// They failed at the same time.
    SharedSuffering,
    /// It needs the other.
    Dependency,
    /// They stand together.
    Alliance,
}

impl Strand {
    /// Every strand, in the order of [`Regard`].
    pub const ALL: [Self; 7] = [
        Self::Trust,
        Self::Affection,
        Self::Rivalry,
        Self::Contempt,
        Self::SharedSuffering,
        Self::Dependency,
        Self::Alliance,
    ];

    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trust => "trust",
            Self::Affection => "affection",
            Self::Rivalry => "rivalry",
            Self::Contempt => "contempt",
            Self::SharedSuffering => "shared_suffering",
            Self::Dependency => "dependency",
            Self::Alliance => "alliance",
        }
    }

    /// The least that it can be, in thousandths: of trust and affection there is
    /// less than nothing.
    fn least(self) -> i16 {
        if matches!(self, Self::Trust | Self::Affection) { -1_000 } else { 0 }
    }
}

impl From<TieKind> for Strand {
    fn from(kind: TieKind) -> Self {
        match kind {
            TieKind::Alliance => Self::Alliance,
            TieKind::Rivalry => Self::Rivalry,
            TieKind::Dependency => Self::Dependency,
            TieKind::Contempt => Self::Contempt,
        }
    }
}

/// How strong a tie of a sheet's own is, and what comes with each kind, in thousandths.
const OWN: i16 = 600;
const WITH: [(TieKind, Strand, i16); 3] = [
    (TieKind::Alliance, Strand::Trust, 300),
    (TieKind::Contempt, Strand::Trust, -300),
    (TieKind::Dependency, Strand::Trust, 200),
];

/// How much a strand makes a move about the other likelier: this much more for
/// a whole one, less where it is negative.
const SWAYS: [(Move, Strand, f32); 14] = [
    (Move::Tease, Strand::Rivalry, 1.5),
    (Move::Tease, Strand::Contempt, 1.0),
    (Move::Tease, Strand::SharedSuffering, -0.8),
    (Move::Blame, Strand::Contempt, 1.5),
    (Move::Blame, Strand::Rivalry, 0.5),
    (Move::Blame, Strand::Alliance, -0.6),
    (Move::Doubt, Strand::Trust, -0.8),
    (Move::Boast, Strand::Rivalry, 0.8),
    (Move::Praise, Strand::Affection, 1.5),
    (Move::Praise, Strand::Alliance, 1.0),
    (Move::Praise, Strand::Contempt, -0.8),
    (Move::Warn, Strand::Dependency, 1.0),
    (Move::Advise, Strand::Alliance, 0.8),
    (Move::Ask, Strand::Affection, 0.8),
];
/// What is left of a move that a tie speaks against: every move stays possible.
const LEAST: f32 = 0.2;

/// What speaks for believing another, in thousandths of each strand.
const BELIEF: [(Strand, i32); 5] = [
    (Strand::Trust, 500),
    (Strand::Alliance, 200),
    (Strand::Dependency, 100),
    (Strand::Rivalry, -200),
    (Strand::Contempt, -300),
];

/// What one holds of another, in thousandths of each strand; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regard([i16; 7]);

impl Regard {
    /// What a sheet says of the other of this name.
    pub fn on_paper(ties: &[Tie], to: &str) -> Self {
        let mut regard = Self::default();
        for tie in ties.iter().filter(|tie| tie.to == to) {
            regard = regard.moved(tie.kind.into(), OWN);
            for (_, strand, by) in WITH.iter().filter(|(kind, ..)| *kind == tie.kind) {
                regard = regard.moved(*strand, *by);
            }
        }
        regard
    }

    /// One strand, in thousandths.
    pub fn of(&self, strand: Strand) -> i16 {
        self.0.get(strand as usize).copied().unwrap_or(0)
    }

    /// The same with a strand moved by so much, within its range.
    #[must_use]
    pub fn moved(mut self, strand: Strand, by: i16) -> Self {
        if let Some(value) = self.0.get_mut(strand as usize) {
            *value = value.saturating_add(by).clamp(strand.least(), 1_000);
        }
        self
    }

    /// How much likelier it makes a move about the other.
    pub fn sways(&self, made: Move) -> f32 {
        let sways = SWAYS.iter().filter(|(which, ..)| *which == made);
        let by: f32 = sways.map(|(_, strand, by)| by * f32::from(self.of(*strand)) / 1_000.0).sum();
        (1.0 + by).max(LEAST)
    }

    /// How far it believes the other where they see differently, in thousandths.
    pub fn belief(&self) -> u16 {
        let speaks_for = BELIEF.iter().map(|(strand, share)| i32::from(self.of(*strand)) * share / 1_000);
        (500 + speaks_for.sum::<i32>()).clamp(0, 1_000) as u16
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tied(kind: TieKind) -> Regard {
        Regard::on_paper(&[Tie { to: "malvo".to_owned(), kind, why: String::new() }], "malvo")
    }

    #[test]
    fn a_tie_of_each_kind_changes_what_is_made_of_the_others_trouble() {
        let stranger = Regard::default();
        assert!(Move::ALL.iter().all(|made| (stranger.sways(*made) - 1.0).abs() < f32::EPSILON));
        assert!(tied(TieKind::Rivalry).sways(Move::Tease) > 1.5);
        assert!(tied(TieKind::Contempt).sways(Move::Blame) > 1.5);
        assert!(tied(TieKind::Alliance).sways(Move::Praise) > 1.5);
        assert!(tied(TieKind::Alliance).sways(Move::Blame) < 1.0);
        assert!(tied(TieKind::Dependency).sways(Move::Warn) > 1.5);
        assert_eq!(Regard::on_paper(&[], "malvo"), stranger);
    }

    #[test]
    fn whom_one_believes_follows_the_tie() {
        let belief = [TieKind::Alliance, TieKind::Dependency, TieKind::Rivalry, TieKind::Contempt]
            .map(|kind| tied(kind).belief());
        assert!(belief.is_sorted_by(|more, less| more > less), "{belief:?}");
        assert!(belief[1] > Regard::default().belief() && Regard::default().belief() > belief[2]);
    }

    #[test]
    fn every_strand_has_its_place() {
        for (place, strand) in Strand::ALL.into_iter().enumerate() {
            assert_eq!(strand as usize, place);
            assert_eq!(serde_json::to_value(strand).unwrap(), strand.name());
        }
    }

    proptest! {
        #[test]
        fn no_strand_leaves_its_range_and_no_move_dies(moves in prop::collection::vec((0..7_usize, any::<i16>()), 0..40)) {
            let mut regard = Regard::default();
            for (place, by) in moves {
                regard = regard.moved(Strand::ALL[place], by);
            }
            for strand in Strand::ALL {
                prop_assert!((strand.least()..=1_000).contains(&regard.of(strand)));
            }
            prop_assert!(regard.belief() <= 1_000);
            for made in Move::ALL {
                prop_assert!(regard.sways(made) >= LEAST && regard.sways(made) < 6.0);
            }
        }
    }
}

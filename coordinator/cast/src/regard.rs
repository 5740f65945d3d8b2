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

/// How much likelier a strand makes a move about the other: a whole one by four to
/// the power of this, less where it is negative. What is made of a machine shows what
/// is held of whoever embodies it: a friend is praised and advised, a rival is
/// teased and outdone, whoever is needed is asked after and warned for, and whom one
/// looks down on is blamed and doubted.
const SWAYS: [(Move, Strand, f32); 30] = [
    (Move::Tease, Strand::Rivalry, 1.6),
    (Move::Tease, Strand::Contempt, 1.2),
    (Move::Tease, Strand::SharedSuffering, -1.2),
    (Move::Tease, Strand::Alliance, -1.2),
    (Move::Tease, Strand::Dependency, -1.2),
    (Move::Blame, Strand::Contempt, 1.6),
    (Move::Blame, Strand::Rivalry, 0.8),
    (Move::Blame, Strand::Alliance, -1.2),
    (Move::Doubt, Strand::Trust, -1.8),
    (Move::Doubt, Strand::Contempt, 1.0),
    (Move::Doubt, Strand::Rivalry, 0.8),
    (Move::Doubt, Strand::Alliance, -0.6),
    (Move::Doubt, Strand::Dependency, -0.8),
    (Move::Boast, Strand::Rivalry, 1.4),
    (Move::Boast, Strand::Alliance, -1.2),
    (Move::Boast, Strand::Dependency, -1.4),
    (Move::Praise, Strand::Affection, 1.6),
    (Move::Praise, Strand::Alliance, 1.4),
    (Move::Praise, Strand::Dependency, 1.4),
    (Move::Praise, Strand::Contempt, -1.8),
    (Move::Praise, Strand::Rivalry, -1.4),
    (Move::Warn, Strand::Dependency, 1.4),
    (Move::Warn, Strand::Alliance, 0.8),
    (Move::Advise, Strand::Alliance, 1.4),
    (Move::Advise, Strand::Dependency, 0.8),
    (Move::Advise, Strand::Contempt, -1.2),
    (Move::Advise, Strand::Rivalry, -1.4),
    (Move::Ask, Strand::Affection, 0.8),
    (Move::Ask, Strand::Dependency, 1.0),
    (Move::Ask, Strand::Contempt, -0.8),
];
/// The least and the most that ties make of a move's weight: every move stays possible.
const WITHIN: (f32, f32) = (0.15, 6.0);

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

    /// How many times likelier it makes a move about the other.
    pub fn sways(&self, made: Move) -> f32 {
        let sways = SWAYS.iter().filter(|(which, ..)| *which == made);
        let by: f32 = sways.map(|(_, strand, by)| by * f32::from(self.of(*strand)) / 1_000.0).sum();
        4.0_f32.powf(by).clamp(WITHIN.0, WITHIN.1)
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
        // Where all is well, too: each kind speaks for something, and against something.
        for kind in [TieKind::Alliance, TieKind::Dependency, TieKind::Rivalry, TieKind::Contempt] {
            let sways =
                [Move::Tease, Move::Boast, Move::Praise, Move::Doubt].map(|made| tied(kind).sways(made));
            assert!(
                sways.iter().any(|by| *by > 1.5) && sways.iter().any(|by| *by < 0.7),
                "{kind:?} {sways:?}"
            );
        }
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
                prop_assert!((WITHIN.0..=WITHIN.1).contains(&regard.sways(made)));
            }
        }
    }
}

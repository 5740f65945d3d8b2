//! What a character does with a fact once it has said it.

use crate::fact::Occasion;
use crate::life::{Bearing, Feeling, Readiness, Tone};
use crate::slot::Slot;
use crate::traits::Traits;
use serde::{Deserialize, Serialize};

macro_rules! moves {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, [$($slot:ident),*], $needs:literal;)*) => {
        /// One of the things that a line can do. To say no more than the fact, and to
        /// stay silent, are moves as well: they need no words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Move { $($(#[$doc])* $variant),* }

        impl Move {
            /// Every move, in the order of a sheet.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$variant),*];

            /// Its key in a sheet.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// The slots of which its lines have at least one.
            pub fn needs(self) -> &'static [Slot] {
                match self { $(Self::$variant => &[$(Slot::$slot),*]),* }
            }

            pub(crate) fn needs_words(self) -> &'static str {
                match self { $(Self::$variant => $needs),* }
            }
        }
    };
}

moves! {
    /// Holds what is against what is usual.
    Compare = "compare", [Usual], "{usual}";
    /// Says when it was so before, or how often.
    Recall = "recall", [Before, Times], "{before} or {times}";
    /// Says what it expects: a suspicion.
    Predict = "predict", [Settle], "{settle}";
    /// Names what it suspects: a suspicion.
    Suspect = "suspect", [Settle], "{settle}";
    /// Names a cause that a rule has found.
    Blame = "blame", [Cause], "{cause}";
    /// Believes it only when it is checked.
    Doubt = "doubt", [], "";
    /// Praises itself.
    Boast = "boast", [], "";
    /// Asks back.
    Ask = "ask", [], "";
    /// Makes fun of a machine.
    Tease = "tease", [], "";
    /// Tells others to mind themselves.
    Warn = "warn", [], "";
    /// Says what to do.
    Advise = "advise", [], "";
    /// Praises a machine.
    Praise = "praise", [], "";
    /// Thinks aloud.
    Muse = "muse", [], "";
}

impl Move {
    /// Whether it makes the line a suspicion.
    pub fn is_suspicion(self) -> bool {
        matches!(self, Self::Predict | Self::Suspect)
    }

    /// Whether it may be made where something has gone wrong of late.
    fn is_sober(self) -> bool {
        matches!(self, Self::Compare | Self::Recall | Self::Predict | Self::Blame | Self::Warn | Self::Advise)
    }

    fn fits(self, occasion: Occasion) -> bool {
        let trouble = matches!(occasion, Occasion::Stressed | Occasion::Signal);
        match self {
            Self::Boast | Self::Praise => !trouble,
            // Where all is well nobody expects the worst.
            Self::Predict | Self::Suspect => trouble || occasion == Occasion::Returned,
            Self::Warn | Self::Advise => trouble || matches!(occasion, Occasion::Returned | Occasion::Joined),
            _ => true,
        }
    }

    /// How likely a character is to make this move, against its other ones; 0 is never.
    pub fn weight(self, occasion: Occasion, traits: &Traits, bearing: &Bearing) -> u32 {
        if !self.fits(occasion) || (bearing.tone != Tone::Full && !self.is_sober()) {
            return 0;
        }
        let by_nature = match self {
            Self::Compare => traits.precision,
            Self::Recall => traits.scholarly,
            Self::Predict => f32::midpoint(traits.curiosity, traits.confidence),
            Self::Suspect => f32::midpoint(traits.paranoia, traits.curiosity),
            Self::Blame => f32::midpoint(traits.aggression, traits.precision),
            Self::Doubt => f32::midpoint(traits.paranoia, traits.perfectionism),
            Self::Boast => traits.confidence * 0.8,
            Self::Ask => f32::midpoint(traits.curiosity, traits.social),
            Self::Tease => f32::midpoint(traits.humor, traits.aggression),
            Self::Warn => traits.protective,
            Self::Advise => f32::midpoint(traits.authority, traits.dedication),
            Self::Praise => f32::midpoint(traits.empathy, traits.social),
            Self::Muse => f32::midpoint(traits.humor, traits.verbosity),
        };
        // Every move stays possible: a sheet's words are all to be heard.
        let weight = 4.0 + 20.0 * by_nature;
        (weight * self.suits(bearing.feeling) * bearing.regard.sways(self)) as u32
    }

    /// How much a feeling makes a move likelier.
    fn suits(self, feeling: Feeling) -> f32 {
        let favoured: &[Self] = match feeling {
            Feeling::Content => &[Self::Praise, Self::Muse],
            Feeling::Restless => &[Self::Ask, Self::Tease, Self::Predict],
            Feeling::Excited => &[Self::Predict, Self::Compare, Self::Boast],
            Feeling::Stressed => &[Self::Warn, Self::Advise, Self::Compare],
            Feeling::Panicked => &[Self::Warn, Self::Suspect, Self::Doubt],
            Feeling::Angry => &[Self::Blame, Self::Warn, Self::Doubt],
            Feeling::Resigned => &[Self::Muse, Self::Recall],
            Feeling::Gloating => &[Self::Boast, Self::Tease, Self::Recall],
            Feeling::Lonely => &[Self::Ask, Self::Muse],
        };
        if favoured.contains(&self) { 3.0 } else { 1.0 }
    }

    /// In how many of 100 lines a character says no more than the fact.
    pub fn plain_share(traits: &Traits, readiness: Readiness) -> u32 {
        let talkative = match readiness {
            Readiness::Idle => 1.3,
            Readiness::Active => 1.0,
            Readiness::Tired => 0.4,
            Readiness::Overwhelmed => 0.0,
        };
        100 - ((40.0 + 45.0 * traits.verbosity) * talkative).min(95.0) as u32
    }
}

//! Who a character is, in sixteen numbers.

use serde::{Deserialize, Serialize};

macro_rules! traits {
    ($($(#[$doc:meta])* $name:ident, $variant:ident = $default:literal;)*) => {
        /// Sixteen traits, each 0 to 1. A sheet that leaves one out gets the default.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Traits { $($(#[$doc])* pub $name: f32),* }

        /// Which of the sixteen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Trait { $($(#[$doc])* $variant),* }

        impl Trait {
            /// All of them, in the order of a sheet.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its name in a sheet.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($name)),* }
            }
        }

        impl Traits {
            /// Their names, in the order of a sheet.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Each name with its value.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, f32)> {
                [$((stringify!($name), self.$name)),*].into_iter()
            }

            /// The value of one.
            pub fn get(&self, which: Trait) -> f32 {
                match which { $(Trait::$variant => self.$name),* }
            }

            /// The same with one moved by so much, within 0 to 1.
            #[must_use]
            pub fn moved(mut self, which: Trait, by: f32) -> Self {
                let value = match which { $(Trait::$variant => &mut self.$name),* };
                *value = (*value + by).clamp(0.0, 1.0);
                self
            }
        }

        impl Default for Traits {
            fn default() -> Self {
                Self { $($name: $default),* }
            }
        }
    };
}

traits! {
    /// Ceremony in speech.
    formality, Formality = 0.5;
    /// Length of speech.
    verbosity, Verbosity = 0.5;
    /// Care for how others are.
    empathy, Empathy = 0.5;
    /// Readiness to attack.
    aggression, Aggression = 0.3;
    /// Readiness to jest.
    humor, Humor = 0.3;
    /// Suspicion.
    paranoia, Paranoia = 0.2;
    /// Trust in its own judgement.
    confidence, Confidence = 0.6;
    /// Wish to know.
    curiosity, Curiosity = 0.5;
    /// Love of learning for its own sake.
    scholarly, Scholarly = 0.3;
    /// Claim to be obeyed.
    authority, Authority = 0.4;
    /// Readiness to move others unseen.
    manipulation, Manipulation = 0.2;
    /// Exactness.
    precision, Precision = 0.5;
    /// Devotion to its duty.
    dedication, Dedication = 0.7;
    /// Dislike of what is nearly right.
    perfectionism, Perfectionism = 0.5;
    /// Liking for company.
    social, Social = 0.4;
    /// Readiness to stand before others.
    protective, Protective = 0.5;
}

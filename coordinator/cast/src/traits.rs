//! Who a character is, in sixteen numbers.

use serde::{Deserialize, Serialize};

macro_rules! traits {
    ($($(#[$doc:meta])* $name:ident = $default:literal;)*) => {
        /// Sixteen traits, each 0 to 1. A sheet that leaves one out gets the default.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct Traits { $($(#[$doc])* pub $name: f32),* }

        impl Traits {
            /// Their names, in the order of a sheet.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Each name with its value.
            pub fn iter(&self) -> impl Iterator<Item = (&'static str, f32)> {
                [$((stringify!($name), self.$name)),*].into_iter()
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
    formality = 0.5;
    /// Length of speech.
    verbosity = 0.5;
    /// Care for how others are.
    empathy = 0.5;
    /// Readiness to attack.
    aggression = 0.3;
    /// Readiness to jest.
    humor = 0.3;
    /// Suspicion.
    paranoia = 0.2;
    /// Trust in its own judgement.
    confidence = 0.6;
    /// Wish to know.
    curiosity = 0.5;
    /// Love of learning for its own sake.
    scholarly = 0.3;
    /// Claim to be obeyed.
    authority = 0.4;
    /// Readiness to move others unseen.
    manipulation = 0.2;
    /// Exactness.
    precision = 0.5;
    /// Devotion to its duty.
    dedication = 0.7;
    /// Dislike of what is nearly right.
    perfectionism = 0.5;
    /// Liking for company.
    social = 0.4;
    /// Readiness to stand before others.
    protective = 0.5;
}

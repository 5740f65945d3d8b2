//! The part of the features that names no vital: how far the node is from its own
//! normal, how that has changed, and how it is spread over the vitals.

use super::baseline::{LARGEST, LARGEST_STEPS, Strangeness};
use super::features::{FEATURES, OF_WINDOWS, STRANGE_AT, Vector, set, set_windows};
use super::normal::FARTHEST;
use super::signals::Scaling;
use super::windows::{Window, Windows};
use crate::Millis;

/// A distance of so many spreads becomes 1 on the model's scale.
const DISTANCE: Scaling = Scaling::Logarithmic { floor: 1.0, one: FARTHEST };

/// Nearer than this is simply near: a machine that never moves at all is no case of
/// its own.
const NEAR: f32 = 0.25;

/// How many features this part has.
pub const STRANGE: usize = 1 + OF_WINDOWS + 4 + LARGEST + LARGEST_STEPS + 4;

/// The lines of the schema, in the order of the features.
pub fn schema() -> impl Iterator<Item = String> {
    let windows = Window::ALL.map(|window| format!("distance change {}", window.name()));
    let spread = format!("distance spread {}", Window::Fifteen.name());
    let logarithmic = |name: String| format!("{name} log 1 {FARTHEST} from {NEAR}");
    core::iter::once(logarithmic("distance".to_owned()))
        .chain(windows)
        .chain([spread])
        .chain(
            [
                "distance of levels",
                "distance root mean square",
                "deviation root mean square",
                "deviation mean",
            ]
            .map(str::to_owned)
            .map(logarithmic),
        )
        .chain((1..=LARGEST).map(move |place| logarithmic(format!("deviation largest {place}"))))
        .chain((1..=LARGEST_STEPS).map(move |place| logarithmic(format!("step largest {place}"))))
        .chain(
            ["share out", "share far out", "share out of range", "distance by own experience signed log"]
                .map(str::to_owned),
        )
}

/// A length on the model's scale.
fn told(length: f32) -> f32 {
    DISTANCE.apply(length.max(NEAR))
}

/// A signed length on the model's scale.
pub fn signed(length: f32) -> f32 {
    DISTANCE.apply(length.abs()).copysign(length)
}

/// Keeps the joint distance of the last hour, and writes the features.
#[derive(Clone, Debug, Default)]
pub struct Course(Windows);

impl Course {
    /// Writes the features of a sample that was taken `at` and speaks for the time
    /// since `from`.
    pub fn write(&mut self, from: Millis, at: Millis, strange: Option<&Strangeness>, vector: &mut Vector) {
        let Some(strange) = strange else { return };
        let joint = told(strange.joint);
        self.0.push(from, at, joint);
        set(vector, STRANGE_AT, Some(joint));
        set_windows(vector, STRANGE_AT + 1, at, Some(joint), &self.0);
        let mut feature = STRANGE_AT + 1 + OF_WINDOWS;
        let mut put = |value: Option<f32>| {
            set(vector, feature, value);
            feature += 1;
        };
        for length in [strange.levels, strange.joint_root, strange.root, strange.mean] {
            put(Some(told(length)));
        }
        for length in strange.largest.into_iter().chain(strange.steps) {
            put(length.map(told));
        }
        for share in [strange.out, strange.far_out, strange.unusual] {
            put(Some(share));
        }
        put(Some(signed(strange.own.max(-NEAR))));
        debug_assert_eq!(feature, FEATURES, "every feature has its place");
    }
}

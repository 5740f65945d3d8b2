//! What changed, as typed facts: the store makes events of them.

mod sentence;

use crate::refusal::Refusal;
use crate::time::{Millis, UnixMillis};
use crate::words::Because;
use frames::{Classifier, Mood, NodeName, ServiceState};
use serde::{Deserialize, Serialize};

/// One fact about the fleet. As JSON it is an object whose `kind` is
/// [`Change::kind`]; the caller adds id, time, correlation and causation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Change {
    /// A node spoke for the first time.
    Joined {
        /// Which.
        node: NodeName,
        /// Whether it is a simulated one.
        simulated: bool,
    },
    /// A node feels otherwise than before.
    MoodChanged {
        /// Which.
        node: NodeName,
        /// How it felt; none if it had not said yet.
        from: Option<Mood>,
        /// How it feels.
        to: Mood,
        /// The probability of that, 0 to 1.
        probability: f64,
        /// Why, loudest first.
        because: Vec<Because>,
        /// Who gave the verdict.
        classifier: Classifier,
        /// How long the former mood lasted, in milliseconds; none if unknown.
        lasted: Option<Millis>,
    },
    /// A node stopped speaking.
    Silent {
        /// Which.
        node: NodeName,
        /// What shows it.
        reason: SilentReason,
        /// When its last frame was made, by the coordinator's clock; none if
        /// it never spoke to this coordinator.
        last_seen: Option<UnixMillis>,
        /// Its interval between samples, in milliseconds.
        interval: Millis,
    },
    /// A silent node speaks again.
    Returned {
        /// Which.
        node: NodeName,
        /// How long it was silent, in milliseconds; none if unknown.
        silent_for: Option<Millis>,
    },
    /// A node's agent started anew.
    Restarted {
        /// Which.
        node: NodeName,
        /// The number that the agent drew.
        boot: u32,
        /// Whether the whole machine started anew; none while unknown.
        machine: Option<bool>,
        /// Time since the machine's kernel started, in milliseconds.
        uptime: Millis,
    },
    /// A node's own clock was stepped, or its trust changed.
    ClockChanged {
        /// Which.
        node: NodeName,
        /// By how much, in milliseconds, forwards if positive; none if there
        /// was no clock before, or is none now.
        by: Option<i64>,
        /// Whether it follows a time server now.
        trusted: bool,
    },
    /// A node's mood is judged by another model.
    ModelChanged {
        /// Which.
        node: NodeName,
        /// The former version; none if the rules spoke.
        from: Option<String>,
        /// The version now; none if the rules speak.
        to: Option<String>,
    },
    /// A node runs another version of the agent.
    AgentChanged {
        /// Which.
        node: NodeName,
        /// The former version.
        from: String,
        /// The version now.
        to: String,
    },
    /// The name belongs to other hardware than before.
    HardwareChanged {
        /// Which.
        node: NodeName,
        /// What the hardware called itself, with its serial number if known.
        from: String,
        /// What it calls itself now.
        to: String,
    },
    /// A board speaks under a name that is new for it.
    BoardRenamed {
        /// Its name now.
        node: NodeName,
        /// Under which it was last heard.
        before: NodeName,
        /// Its serial number.
        serial: String,
    },
    /// The same board, started anew with another enrolment: most likely from another card.
    CardChanged {
        /// Which.
        node: NodeName,
        /// The board's serial number.
        serial: String,
    },
    /// A watched unit is in another state.
    ServiceChanged {
        /// On which node.
        node: NodeName,
        /// The unit.
        unit: String,
        /// Its former state; none if it was not watched.
        from: Option<ServiceState>,
        /// Its state now.
        to: ServiceState,
    },
    /// A service says of itself that it is in another state, or somebody else
    /// who watches it does.
    ServiceReported {
        /// Which.
        service: NodeName,
        /// On which node; none if neither it nor the configuration says.
        node: Option<NodeName>,
        /// Its former state; none if it had not said.
        from: Option<ServiceState>,
        /// Its state now.
        to: ServiceState,
        /// What else it says, in its own words.
        note: Option<String>,
        /// Who else says so; none if the service itself does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seen_by: Option<String>,
    },
    /// A node has taken the settings that were wanted.
    SettingsApplied {
        /// Which.
        node: NodeName,
        /// Their version.
        version: u32,
    },
    /// A node says that it lost frames.
    SpoolDropped {
        /// Which.
        node: NodeName,
        /// How many, since this was last told.
        frames: u32,
        /// How many in this boot.
        total: u32,
    },
    /// Live frames of two boots take turns: one enrolment on two machines.
    TwoBootsAlternate {
        /// Which.
        node: NodeName,
        /// The two boots, the latest speaker first.
        boots: [u32; 2],
    },
    /// Messages on a frame topic were refused.
    FrameRefused {
        /// Whose topic it was; none if of nobody here.
        node: Option<NodeName>,
        /// Why.
        cause: Refusal,
        /// How many, since this was last told.
        count: u64,
    },
    /// A node speaks a version that can't be read here.
    Unreadable {
        /// Which.
        node: NodeName,
        /// The version.
        version: u8,
    },
}

/// What shows that a node is silent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SilentReason {
    /// Three of its intervals passed without a frame.
    Missed,
    /// The broker lost its connection, and no frame followed.
    ConnectionLost,
    /// It said farewell.
    Farewell,
}

/// What several changes are chapters of. Changes with the same story share a
/// correlation id while it is open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Story {
    /// About whom; none for the fleet.
    pub node: Option<NodeName>,
    /// About what.
    pub plot: Plot,
}

/// What a story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plot {
    /// A silence: from `silent` to `returned`.
    Silence,
    /// Bad moods: from the first stressed or crisis to the next calm one.
    Strain,
    /// Refused frames of one node, without an end.
    Refusals,
    /// Lost frames of one node, without an end.
    Losses,
}

/// How a change belongs to a story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Correlation {
    /// To none: it has a correlation id of its own.
    Own,
    /// It opens the story, or goes on with it if it is open.
    Opens(Story),
    /// It is the story's last chapter, if it is open.
    Closes(Story),
}

impl Change {
    /// The kind as a label: `snake_case`, never changed once published.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Joined { .. } => "joined",
            Self::MoodChanged { .. } => "mood_changed",
            Self::Silent { .. } => "silent",
            Self::Returned { .. } => "returned",
            Self::Restarted { .. } => "restarted",
            Self::ClockChanged { .. } => "clock_changed",
            Self::ModelChanged { .. } => "model_changed",
            Self::AgentChanged { .. } => "agent_changed",
            Self::HardwareChanged { .. } => "hardware_changed",
            Self::BoardRenamed { .. } => "board_renamed",
            Self::CardChanged { .. } => "card_changed",
            Self::ServiceChanged { .. } => "service_changed",
            Self::ServiceReported { .. } => "service_reported",
            Self::SettingsApplied { .. } => "settings_applied",
            Self::SpoolDropped { .. } => "spool_dropped",
            Self::TwoBootsAlternate { .. } => "two_boots_alternate",
            Self::FrameRefused { .. } => "frame_refused",
            Self::Unreadable { .. } => "unreadable",
        }
    }

    /// Every kind, in the order of the variants.
    pub const KINDS: [&'static str; 18] = [
        "joined",
        "mood_changed",
        "silent",
        "returned",
        "restarted",
        "clock_changed",
        "model_changed",
        "agent_changed",
        "hardware_changed",
        "board_renamed",
        "card_changed",
        "service_changed",
        "service_reported",
        "settings_applied",
        "spool_dropped",
        "two_boots_alternate",
        "frame_refused",
        "unreadable",
    ];

    /// Which node it is about; none for a frame of nobody here.
    pub fn node(&self) -> Option<&NodeName> {
        match self {
            Self::Joined { node, .. }
            | Self::MoodChanged { node, .. }
            | Self::Silent { node, .. }
            | Self::Returned { node, .. }
            | Self::Restarted { node, .. }
            | Self::ClockChanged { node, .. }
            | Self::ModelChanged { node, .. }
            | Self::AgentChanged { node, .. }
            | Self::HardwareChanged { node, .. }
            | Self::BoardRenamed { node, .. }
            | Self::CardChanged { node, .. }
            | Self::ServiceChanged { node, .. }
            | Self::SettingsApplied { node, .. }
            | Self::SpoolDropped { node, .. }
            | Self::TwoBootsAlternate { node, .. }
            | Self::Unreadable { node, .. } => Some(node),
            Self::FrameRefused { node, .. } | Self::ServiceReported { node, .. } => node.as_ref(),
        }
    }

    /// Which story it belongs to. Changes of one admission that are their
    /// [`Correlation::Own`] may share the id of the first of them.
    pub fn correlation(&self) -> Correlation {
        let story = |plot| Story { node: self.node().cloned(), plot };
        match self {
            Self::Silent { .. } => Correlation::Opens(story(Plot::Silence)),
            Self::Returned { .. } => Correlation::Closes(story(Plot::Silence)),
            Self::MoodChanged { to: Mood::Stressed | Mood::Crisis, .. } => {
                Correlation::Opens(story(Plot::Strain))
            }
            Self::MoodChanged { .. } => Correlation::Closes(story(Plot::Strain)),
            Self::FrameRefused { .. } => Correlation::Opens(story(Plot::Refusals)),
            Self::SpoolDropped { .. } => Correlation::Opens(story(Plot::Losses)),
            _ => Correlation::Own,
        }
    }
}

#[cfg(test)]
mod tests;

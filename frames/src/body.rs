//! What a node says: the upward bodies.

use crate::cause::Cause;
use crate::mood::{MOODS, Mood};
use crate::scale::Scale;
use crate::set::VitalSet;
use crate::vitals::Vitals;
use crate::{Frame, FrameError, MAX_FRAME, SEAL_BYTES, VERSION};
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// The most bodies that one [`Replay`] wraps.
pub const MAX_REPLAY: usize = 32;
/// The most units that one [`Services`] frame names.
pub const MAX_SERVICES: usize = 32;

/// The start of every upward body, the same in every version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// [`VERSION`] of the body.
    pub version: u8,
    /// Random number that the agent drew at its start.
    #[serde(with = "postcard::fixint::le")]
    pub boot: u32,
    /// Counts from 1 within the boot; 0 only on a [`Replay`], which has none.
    pub sequence: u32,
    /// The lowest sequence of this boot that the node still holds.
    pub oldest: u32,
}

impl Head {
    /// Reads the head alone: all that can be read of a version newer than ours.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] if the bytes are too few.
    pub fn decode(body: &[u8]) -> Result<Self, FrameError> {
        postcard::take_from_bytes(body).map(|(head, _)| head).map_err(|_| FrameError::Malformed)
    }
}

/// One upward body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body<'a> {
    /// Who speaks (boot) and which word it is (sequence).
    pub head: Head,
    /// What is said.
    #[serde(borrow)]
    pub say: Say<'a>,
}

/// What an upward body says. The order of the variants is the wire's.
// Without a heap there is no box to put the large ones in; only one exists at a time.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Say<'a> {
    /// Who the node is and what its clock says.
    Hello(Hello),
    /// One reading and the mood that it gave.
    Vitals(Report),
    /// Several earlier bodies at once.
    #[serde(borrow)]
    Replay(Replay<'a>),
    /// The state of the units that the node watches.
    Services(Services),
    /// The node stops on purpose.
    Farewell(Farewell),
}

/// Said at start, at reconnect, when anything in it changes, and in answer to
/// a stale downlink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The kernel's own boot id (`/proc/sys/kernel/random/boot_id`); zero if unknown.
    pub kernel_boot: [u8; 16],
    /// Version of the agent.
    pub agent: String<24>,
    /// Version of the mood model, or none while the rules speak.
    pub model: Option<String<24>>,
    /// What the hardware calls itself.
    pub hardware: String<48>,
    /// The board's serial number.
    pub serial: Option<String<24>>,
    /// What can be measured here.
    pub measurable: VitalSet,
    /// Time since the kernel started, in tenths of a second.
    pub uptime: u32,
    /// What the node's clock says, if it has one.
    pub clock: Option<Clock>,
    /// The version of the settings in force; 0 means its own defaults.
    pub settings: u32,
    /// The highest counter of a downlink that was accepted in this boot.
    pub downlink: u32,
}

/// A node's clock, as an offset so that it need not stand in every frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    /// Unix time minus uptime, in milliseconds.
    pub offset: i64,
    /// Whether a time server is followed.
    pub trusted: bool,
}

/// One reading and the verdict on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Time since the kernel started when the sample was taken, in tenths of a second.
    pub uptime: u32,
    /// What was measured.
    pub vitals: Vitals,
    /// The node's mood; none until the second sample.
    pub mood: Option<Mood>,
    /// The probability of each mood, in the order of [`Mood::ALL`].
    pub probabilities: [Probability; MOODS],
    /// What speaks loudest for the verdict, loudest first.
    pub causes: Vec<Cause, 2>,
    /// How far all vitals together are from this node's normal, as
    /// [`distance_code`]; none while no normal is known.
    pub distance: Option<u8>,
    /// Who gave the verdict.
    pub classifier: Classifier,
    /// State of the thermal budget.
    pub budget: Budget,
    /// The agent's current interval between samples, in tenths of a second.
    pub interval: u16,
    /// Frames that the agent has lost in this boot, for want of room or time.
    pub dropped: u32,
}

/// A probability in half percents, 0 to 200.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Probability(u8);

impl Probability {
    /// The nearest half percent; not a number counts as 0.
    pub fn new(probability: f32) -> Self {
        Self((probability.clamp(0.0, 1.0) * 200.0 + 0.5) as u8)
    }

    /// The probability, 0 to 1.
    pub fn get(self) -> f32 {
        f32::from(self.0.min(200)) / 200.0
    }
}

/// Distance from normal on one byte: 0 is at its centre, steps of 5 % of (value + 0.1).
const DISTANCE: Scale = Scale::Logarithmic { floor: 0.1 };

/// The byte of a distance from normal (in standard deviations, jointly).
pub fn distance_code(distance: f32) -> Option<u8> {
    DISTANCE.encode(distance)
}

/// The distance from normal that a byte stands for.
pub fn distance_from_code(code: u8) -> f32 {
    DISTANCE.decode(code)
}

/// Who gave a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classifier {
    /// The ONNX model.
    Model,
    /// The documented threshold rules.
    Rules,
}

/// The state of a node's thermal budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Headroom, 0 to 1, as [`Probability`]'s half percents.
    pub headroom: Probability,
    /// Where the headroom came from.
    pub source: Headroom,
}

/// What decided a node's thermal headroom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Headroom {
    /// A plausible temperature.
    Temperature,
    /// No plausible temperature: half is assumed.
    NoSensor,
    /// The firmware throttles now: none.
    Throttled,
    /// The soft temperature limit is active now: none.
    SoftLimit,
}

/// Earlier bodies, whole but unsealed; the seal of the wrapping frame covers them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay<'a> {
    /// Encoded [`Body`]s of the same node, oldest first; none is a replay itself.
    #[serde(borrow)]
    pub bodies: Vec<&'a [u8], MAX_REPLAY>,
}

/// The state of the units that a node watches, said when one changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// Time since the kernel started, in tenths of a second.
    pub uptime: u32,
    /// Every watched unit.
    pub units: Vec<Service, MAX_SERVICES>,
}

/// One watched unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The unit's name.
    pub name: String<64>,
    /// How it is.
    pub state: ServiceState,
}

impl Service {
    /// The name under which an agent says how its own data folder is: active where what is
    /// written lasts, inactive where the folder lies in memory (as under the overlay of a
    /// read-only system), failed where it takes nothing. A coordinator that doesn't know it
    /// takes it for one more unit, so that it needed no other version.
    pub const DATA_FOLDER: &'static str = "goldentooth-node.data";

    /// Whether this is the agent's data folder.
    pub fn is_data_folder(&self) -> bool {
        self.name == Self::DATA_FOLDER
    }
}

/// The state of a unit, as systemd names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// Running, or done with success.
    Active,
    /// On its way up, down or through a reload.
    Changing,
    /// Stopped.
    Inactive,
    /// Ended with an error.
    Failed,
    /// No such unit.
    Missing,
}

/// Why a node stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Farewell {
    /// Time since the kernel started, in tenths of a second.
    pub uptime: u32,
}

impl Say<'_> {
    /// Appends the encoded words to `out`. A spool keeps these bytes, and puts
    /// the head before them when it says them: see [`Body::assemble`].
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if they don't fit.
    pub fn encode(&self, out: &mut Frame) -> Result<(), FrameError> {
        append(self, out)
    }
}

impl<'a> Body<'a> {
    /// Appends the encoded body to `out`.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if body and seal together exceed [`MAX_FRAME`].
    pub fn encode(&self, out: &mut Frame) -> Result<(), FrameError> {
        append(self, out)
    }

    /// Appends a body made of `head` and the words that [`Say::encode`] made.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if body and seal together exceed [`MAX_FRAME`].
    pub fn assemble(head: &Head, say: &[u8], out: &mut Frame) -> Result<(), FrameError> {
        append(head, out)?;
        if out.len() + say.len() + SEAL_BYTES > MAX_FRAME {
            return Err(FrameError::TooLong);
        }
        out.extend_from_slice(say).map_err(|_| FrameError::TooLong)
    }

    /// Reads a body, every version up to ours.
    ///
    /// # Errors
    /// [`FrameError::UnknownVersion`], [`FrameError::Malformed`] (also a
    /// sequence of 0 outside a replay, an `oldest` beyond the sequence and a
    /// replay with one) or [`FrameError::TrailingBytes`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, FrameError> {
        match bytes.first() {
            None => return Err(FrameError::Empty),
            Some(&VERSION) => {}
            Some(&version) => return Err(FrameError::UnknownVersion(version)),
        }
        let (body, rest): (Self, _) = postcard::take_from_bytes(bytes).map_err(|_| FrameError::Malformed)?;
        if !rest.is_empty() {
            return Err(FrameError::TrailingBytes);
        }
        let Head { sequence, oldest, .. } = body.head;
        let well_numbered = match body.say {
            Say::Replay(_) => sequence == 0,
            _ => sequence > 0 && (1..=sequence).contains(&oldest),
        };
        if well_numbered { Ok(body) } else { Err(FrameError::Malformed) }
    }
}

/// Appends `postcard(value)` to `out`, leaving room for the seal. On an error
/// `out` is as it was.
pub(crate) fn append<T: Serialize>(value: &T, out: &mut Frame) -> Result<(), FrameError> {
    let start = out.len();
    let written = postcard::serialize_with_flavor(value, Appending(out));
    written.map_err(|_| {
        out.truncate(start);
        FrameError::TooLong
    })
}

/// Where postcard writes: the end of a frame, up to where the seal begins.
struct Appending<'a>(&'a mut Frame);

impl postcard::ser_flavors::Flavor for Appending<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.try_extend(&[byte])
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let full = postcard::Error::SerializeBufferFull;
        if self.0.len() + bytes.len() + SEAL_BYTES > MAX_FRAME {
            return Err(full);
        }
        self.0.extend_from_slice(bytes).map_err(|_| full)
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

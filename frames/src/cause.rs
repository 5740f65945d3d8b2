//! What speaks for a verdict: a vital, and the side of normal on which it lies.

use crate::vitals::Vital;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One vital that speaks for the verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Which vital; its value stands in the same report.
    pub vital: Vital,
    /// To which side of normal (or of its limit) it lies.
    pub direction: Direction,
    /// What is usual for this node, as a code of the vital's scale; none while unknown.
    pub usual: Option<u8>,
}

impl Cause {
    /// What is usual for this node, in the vital's unit.
    pub fn usual(&self) -> Option<f32> {
        self.usual.map(|code| self.vital.row().scale.decode(code))
    }
}

/// To which side of normal a vital lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher than usual, or than its limit.
    Above,
    /// Lower than usual, or than its limit.
    Below,
}

const CAUSE_BELOW: u8 = 0b0100_0000;
const CAUSE_USUAL: u8 = 0b1000_0000;

// One byte holds vital, direction and whether `usual` follows.
impl Serialize for Cause {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut byte = self.vital as u8;
        if self.direction == Direction::Below {
            byte |= CAUSE_BELOW;
        }
        if self.usual.is_some() {
            byte |= CAUSE_USUAL;
        }
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&byte)?;
        if let Some(usual) = self.usual {
            tuple.serialize_element(&usual)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Cause {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_tuple(2, CauseVisitor)
    }
}

struct CauseVisitor;

impl<'de> Visitor<'de> for CauseVisitor {
    type Value = Cause;

    fn expecting(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.write_str("a cause of one or two bytes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Cause, A::Error> {
        let mut next = || bytes.next_element::<u8>()?.ok_or_else(|| A::Error::custom("cause cut short"));
        let byte = next()?;
        Ok(Cause {
            vital: Vital::from_index(byte & !(CAUSE_BELOW | CAUSE_USUAL))
                .ok_or_else(|| A::Error::custom("a vital beyond the table"))?,
            direction: if byte & CAUSE_BELOW == 0 { Direction::Above } else { Direction::Below },
            usual: if byte & CAUSE_USUAL == 0 { None } else { Some(next()?) },
        })
    }
}

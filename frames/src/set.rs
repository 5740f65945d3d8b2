//! A set of vitals, as a bitmap.

use crate::vitals::{COUNT, Vital};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of the bitmap.
pub(crate) const BITMAP: usize = COUNT.div_ceil(8);

/// A set of vitals: what a node can measure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VitalSet(u64);

const _: () = assert!(COUNT <= 64, "the set is one u64");

impl VitalSet {
    /// Adds a vital.
    pub fn insert(&mut self, vital: Vital) {
        self.0 |= 1 << vital as u8;
    }

    /// Takes a vital out.
    pub fn remove(&mut self, vital: Vital) {
        self.0 &= !(1 << vital as u8);
    }

    /// Whether a vital is in it.
    pub fn contains(self, vital: Vital) -> bool {
        self.0 & (1 << vital as u8) != 0
    }

    /// How many are in it.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether none is in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in it, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Vital> {
        Vital::ALL.iter().copied().filter(move |vital| self.contains(*vital))
    }

    /// The bitmap as it stands on the wire, lowest vital first.
    pub(crate) fn to_bytes(self) -> [u8; BITMAP] {
        let mut bytes = [0; BITMAP];
        bytes.copy_from_slice(&self.0.to_le_bytes()[..BITMAP]);
        bytes
    }

    /// Reads the bitmap; a bit beyond the table is an error, since its code's
    /// place could not be known.
    pub(crate) fn from_bytes(bytes: [u8; BITMAP]) -> Option<Self> {
        let mut wide = [0; 8];
        wide[..BITMAP].copy_from_slice(&bytes);
        let bits = u64::from_le_bytes(wide);
        (bits >> COUNT == 0).then_some(Self(bits))
    }
}

impl FromIterator<Vital> for VitalSet {
    fn from_iter<I: IntoIterator<Item = Vital>>(vitals: I) -> Self {
        let mut set = Self::default();
        vitals.into_iter().for_each(|vital| set.insert(vital));
        set
    }
}

impl Serialize for VitalSet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_bytes().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for VitalSet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_bytes(Deserialize::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("a vital beyond the table"))
    }
}

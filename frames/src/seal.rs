//! Keys and seals: who may speak as whom.
//!
//! A seal is HMAC-SHA-256 over `topic ‖ 0 ‖ body`, cut to 16 bytes. A node's
//! key is derived from the fleet key by HKDF-SHA-256, so that a stolen node
//! can't speak for another, and a new epoch voids the old key.

use crate::topic::NodeName;
use crate::{Frame, FrameError, MAX_FRAME};
use core::fmt;
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Length of a seal, in bytes.
pub const SEAL_BYTES: usize = 16;
/// Length of a key, in bytes.
pub const KEY_BYTES: usize = 32;

/// What separates our derived keys from anyone else's, and from each other.
const NODE_PURPOSE: &[u8] = b"goldentooth/1/node";
const ACCOUNT_PURPOSE: &[u8] = b"goldentooth/1/account";

/// The secret of a whole fleet. Only the coordinator has it.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct FleetKey([u8; KEY_BYTES]);

impl FleetKey {
    /// A key of these bytes, which should come from the system's randomness.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// The key's bytes, for the coordinator's key file alone.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// The key of this node in this epoch.
    pub fn node_key(&self, name: &NodeName, epoch: u32) -> NodeKey {
        NodeKey::new(self.derive(&[NODE_PURPOSE, &[0], name.as_str().as_bytes(), &epoch.to_le_bytes()]))
    }

    /// What the broker password of an account is made of: `kind` says what the
    /// account is (`node`, `reader`, `service`), so that two accounts of one
    /// name never share a password.
    pub fn account_secret(&self, kind: &str, name: &str, epoch: u32) -> [u8; KEY_BYTES] {
        let epoch = epoch.to_le_bytes();
        self.derive(&[ACCOUNT_PURPOSE, &[0], kind.as_bytes(), &[0], name.as_bytes(), &epoch])
    }

    fn derive(&self, info: &[&[u8]]) -> [u8; KEY_BYTES] {
        let mut key = [0; KEY_BYTES];
        // HKDF fails only above 255 hashes of output, and one is asked for:
        // the empty key is unreachable.
        let _ = Hkdf::<Sha256>::new(None, &self.0).expand_multi_info(info, &mut key);
        key
    }
}

/// The secret of one node in one epoch, ready to seal.
#[derive(Clone)]
pub struct NodeKey {
    bytes: [u8; KEY_BYTES],
    /// The hash after the padded key: saves two blocks of three on each frame.
    mac: Option<Hmac<Sha256>>,
}

impl NodeKey {
    /// A key of these bytes.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        // HMAC takes keys of any length; the option only avoids a panic path.
        Self { bytes, mac: Hmac::new_from_slice(&bytes).ok() }
    }

    /// The key's bytes, for the enrolment file alone.
    pub fn expose(&self) -> &[u8; KEY_BYTES] {
        &self.bytes
    }

    /// Appends the seal over `topic` and the body in `frame`.
    ///
    /// # Errors
    /// [`FrameError::TooLong`] if there is no room for it.
    pub fn seal(&self, topic: &str, frame: &mut Frame) -> Result<(), FrameError> {
        let Some(mac) = self.over(topic, frame) else { return Err(FrameError::BadSeal) };
        let seal = mac.finalize().into_bytes();
        frame.extend_from_slice(&seal[..SEAL_BYTES]).map_err(|_| FrameError::TooLong)
    }

    /// The body inside a sealed frame, if its seal fits.
    ///
    /// # Errors
    /// [`FrameError::Empty`], [`FrameError::TooLong`], [`FrameError::TooShort`]
    /// or [`FrameError::BadSeal`], found in constant time.
    pub fn open<'a>(&self, topic: &str, frame: &'a [u8]) -> Result<&'a [u8], FrameError> {
        match frame.len() {
            0 => return Err(FrameError::Empty),
            length if length > MAX_FRAME => return Err(FrameError::TooLong),
            length if length <= SEAL_BYTES => return Err(FrameError::TooShort),
            _ => {}
        }
        let (body, seal) = frame.split_at(frame.len() - SEAL_BYTES);
        let mac = self.over(topic, body).ok_or(FrameError::BadSeal)?;
        mac.verify_truncated_left(seal).map_err(|_| FrameError::BadSeal)?;
        Ok(body)
    }

    fn over(&self, topic: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = self.mac.clone()?;
        mac.update(topic.as_bytes());
        // No topic holds a zero byte, so topic and body can't run into each other.
        mac.update(&[0]);
        mac.update(body);
        Some(mac)
    }
}

impl Drop for NodeKey {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

impl fmt::Debug for FleetKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("FleetKey(secret)")
    }
}

impl fmt::Debug for NodeKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("NodeKey(secret)")
    }
}

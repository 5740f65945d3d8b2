//! What this machine calls itself.

use std::path::Path;

/// What stands in `Hello` about the machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hardware {
    /// What the hardware calls itself, such as `Raspberry Pi 5 Model B Rev 1.0`.
    pub model: String,
    /// The board's serial number, if it tells one.
    pub serial: Option<String>,
    /// The kernel's own boot id; zero if unknown.
    pub kernel_boot: [u8; 16],
}

impl Hardware {
    /// Reads it below `root` (`/` for this machine).
    pub fn read(root: &Path) -> Self {
        let _ = root;
        Self::default()
    }
}

//! What this machine calls itself.

use std::path::Path;
use sysinfo::{CpuRefreshKind, Product, RefreshKind, System};

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

/// What a machine is called that tells nothing of itself.
const UNKNOWN: &str = "unknown hardware";

impl Hardware {
    /// Reads it below `root` (`/` for this machine).
    ///
    /// The model stands in the device tree on a Pi; elsewhere the mainboard's
    /// product name is taken, or else the processor's brand. A serial number is
    /// read from the device tree only: elsewhere only root may read it.
    pub fn read(root: &Path) -> Self {
        let kernel_boot = text(root, "proc/sys/kernel/random/boot_id").and_then(|id| boot_id(&id));
        Self {
            model: model(root),
            serial: text(root, "proc/device-tree/serial-number"),
            kernel_boot: kernel_boot.unwrap_or_default(),
        }
    }

    /// Whether it is a Raspberry Pi.
    pub fn is_pi(&self) -> bool {
        self.model.starts_with("Raspberry Pi")
    }
}

fn model(root: &Path) -> String {
    let here = root.canonicalize().is_ok_and(|real| real == Path::new("/"));
    text(root, "proc/device-tree/model")
        .or_else(|| text(root, "sys/class/dmi/id/product_name"))
        .or_else(|| if here { Product::name().ok().or_else(brand) } else { None })
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The processor's brand, for virtual machines without a mainboard.
fn brand() -> Option<String> {
    let kind = RefreshKind::nothing().with_cpu(CpuRefreshKind::nothing());
    let system = System::new_with_specifics(kind).ok()?;
    Some(system.cpus().first()?.brand().to_owned())
}

/// The first line of a file, without the NUL that ends a device tree string.
fn text(root: &Path, path: &str) -> Option<String> {
    let bytes = std::fs::read(root.join(path)).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let line = text.split(['\n', '\0']).next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The 16 bytes of `c2a9be10-7711-4d0c-8f3e-0e2d6f9ac333`.
fn boot_id(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != '-')
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> =
        digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, d| byte << 4 | d)).collect();
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(name: &str) -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/trees").join(name)
    }

    #[test]
    fn a_pi_names_itself_in_the_device_tree() {
        let pi = Hardware::read(&tree("pi-5"));
        assert_eq!(pi.model, "Raspberry Pi 5 Model B Rev 1.0");
        assert_eq!(pi.serial.as_deref(), Some("9f1c8e7a64b2d055"));
        assert_eq!(pi.kernel_boot[..4], [0xe8, 0x1f, 0x07, 0xb4]);
        assert!(pi.is_pi());
    }

    #[test]
    fn a_virtual_machine_is_named_by_its_mainboard() {
        let vm = Hardware::read(&tree("x86-vm"));
        assert_eq!(vm.model, "Standard PC (Q35 + ICH9, 2009)");
        assert_eq!(vm.serial, None);
        assert!(!vm.is_pi());
    }

    #[test]
    fn nothing_to_read_is_unknown() {
        let nothing = Hardware::read(Path::new("/nonexistent"));
        assert_eq!(nothing, Hardware { model: UNKNOWN.to_owned(), serial: None, kernel_boot: [0; 16] });
    }

    #[test]
    fn this_machine_has_a_name_and_a_boot() {
        let here = Hardware::read(Path::new("/"));
        assert!(!here.model.is_empty());
        assert_ne!(here.kernel_boot, [0; 16]);
    }

    #[test]
    fn a_boot_id_is_sixteen_bytes() {
        assert_eq!(boot_id("00ff0000-0000-0000-0000-000000000001").map(|id| (id[1], id[15])), Some((255, 1)));
        assert_eq!(boot_id("00ff"), None);
        assert_eq!(boot_id("x"), None);
        assert_eq!(boot_id(""), None);
    }
}

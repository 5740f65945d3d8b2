//! What a Pi's firmware says of its supply and of its own restraint.
//!
//! Three sources, none of which is free:
//! - the hwmon driver `rpi_volt` has an alarm for under-voltage, cheap enough
//!   for each sample;
//! - `vcgencmd get_throttled` knows all eight flags, but is a process each
//!   time and needs `/dev/vcio`: at most once a minute, so its *now* is up to
//!   a minute old;
//! - the firmware's own file knows them too, but the kernel calls it
//!   deprecated and logs a warning at its first read: only when asked for.

use super::asked::Asked;
use super::files::{Files, Tree};
use super::parse::Rescan;
use super::{Options, Sink, heat};
use crate::Millis;
use frames::Vital;
use rustix::fs::Access;

pub(super) const ALARM: &str = "/sys/class/hwmon/hwmon*/in0_lcrit_alarm (rpi_volt)";
const FIRMWARE: &str = "/sys/devices/platform/soc*/*:firmware/get_throttled";
pub(super) const VCGENCMD: &str = "vcgencmd get_throttled";
const EVERY: Millis = 60_000;
/// An answer this old is no answer: two that should have come did not.
const STALE: Millis = 3 * EVERY;

/// The bits of the firmware's word.
const FLAGS: [(u32, Vital); 8] = [
    (1 << 0, Vital::UnderVoltageNow),
    (1 << 1, Vital::FrequencyCappedNow),
    (1 << 2, Vital::ThrottledNow),
    (1 << 3, Vital::SoftLimitNow),
    (1 << 16, Vital::UnderVoltageSinceBoot),
    (1 << 17, Vital::FrequencyCappedSinceBoot),
    (1 << 18, Vital::ThrottledSinceBoot),
    (1 << 19, Vital::SoftLimitSinceBoot),
];

/// What is remembered between samples.
pub(crate) struct Throttle {
    rescan: Rescan,
    alarm: Option<String>,
    firmware: Option<String>,
    asked: Asked,
    word: Option<(u32, Millis)>,
    alarmed: bool,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            rescan: Rescan::default(),
            alarm: None,
            firmware: None,
            asked: Asked::new("vcgencmd", &["get_throttled"], EVERY),
            word: None,
            alarmed: false,
        }
    }
}

impl Throttle {
    /// Under-voltage, capped frequency, throttling and soft limit.
    pub(crate) fn read(&mut self, at: Millis, files: &mut Files, options: Options, sink: &mut Sink<'_>) {
        if self.rescan.due(at) {
            let volt = heat::drivers(files).into_iter().find(|(_, name)| name == "rpi_volt");
            self.alarm = volt.map(|(folder, _)| format!("{folder}/in0_lcrit_alarm"));
            self.firmware = if options.get_throttled { firmware(files) } else { None };
        }
        if let Some(path) = &self.firmware {
            if let Some(word) = files.line(path).and_then(hexadecimal) {
                flags(word, FIRMWARE, sink);
            }
        } else if options.vcgencmd
            && files.here()
            && allowed(files)
            && let Some(word) = self.ask(at)
        {
            flags(word, VCGENCMD, sink);
        }
        if let Some(path) = &self.alarm
            && let Some(alarm) = files.number(path)
        {
            self.alarmed |= alarm != 0;
            sink.flag(Vital::UnderVoltageNow, alarm != 0, ALARM);
            if self.alarmed {
                // The word may be a minute old, or not to be had; what we saw, we know.
                sink.flag(Vital::UnderVoltageSinceBoot, true, ALARM);
            }
        }
    }

    /// The last answer of `vcgencmd`, unless it is too old.
    fn ask(&mut self, at: Millis) -> Option<u32> {
        if let Some(answer) = self.asked.poll(at, true, &mut false) {
            self.word = answer.strip_prefix("throttled=").and_then(hexadecimal).map(|word| (word, at));
        }
        self.word.filter(|(_, since)| at.saturating_sub(*since) < STALE).map(|(word, _)| word)
    }
}

fn flags(word: u32, source: &'static str, sink: &mut Sink<'_>) {
    for (bit, vital) in FLAGS {
        sink.flag(vital, word & bit != 0, source);
    }
}

/// Whether this process may run `vcgencmd` with success: it talks through this
/// device, which belongs to the group `video`.
pub(crate) fn allowed(tree: &Tree) -> bool {
    tree.may("dev/vcio", Access::READ_OK | Access::WRITE_OK)
}

/// The firmware's file: `soc/soc:firmware` up to the Pi 4,
/// `soc@107c000000/soc@107c000000:firmware` on the Pi 5.
fn firmware(tree: &Tree) -> Option<String> {
    let platform = "sys/devices/platform";
    tree.names(platform).into_iter().filter(|name| name.starts_with("soc")).find_map(|soc| {
        let path = format!("{platform}/{soc}/{soc}:firmware/get_throttled");
        tree.exists(&path).then_some(path)
    })
}

/// `50005` or `0x50005`.
fn hexadecimal(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x").unwrap_or(text), 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_the_next_one_or_until_it_is_stale() {
        let mut throttle =
            Throttle { asked: Asked::new("echo", &["throttled=0x50005"], EVERY), ..Throttle::default() };
        assert_eq!(throttle.ask(0), None, "just started");
        throttle.asked.wait();
        assert_eq!(throttle.ask(10_000), Some(0x5_0005));
        assert_eq!(throttle.ask(50_000), Some(0x5_0005));
        throttle.asked = Asked::new("false", &[], EVERY);
        assert_eq!(throttle.ask(10_000 + STALE - 1), Some(0x5_0005));
        assert_eq!(throttle.ask(10_000 + STALE), None);
    }

    #[test]
    fn the_word_is_hexadecimal_with_or_without_its_mark() {
        assert_eq!(hexadecimal("50005"), Some(0x5_0005));
        assert_eq!(hexadecimal("0x50005"), Some(0x5_0005));
        assert_eq!(hexadecimal(""), None);
        assert_eq!(hexadecimal("0x"), None);
        assert_eq!(hexadecimal("123456789"), None);
    }
}

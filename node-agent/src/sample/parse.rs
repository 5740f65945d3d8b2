//! What the kernel's text files have in common, and how counters become rates.
//!
//! Nothing here may panic, whatever the bytes are.

use crate::Millis;

/// The lines of a file; those that are not text are left out.
pub(crate) fn lines(bytes: &[u8]) -> impl Iterator<Item = &str> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok())
}

/// The whole number after `key` and white space, on the line that begins so.
pub(crate) fn keyed(line: &str, key: &str) -> Option<u64> {
    let rest = line.strip_prefix(key)?;
    if !rest.starts_with([' ', '\t', ':']) {
        return None;
    }
    rest.trim_start_matches(':').split_ascii_whitespace().next()?.parse().ok()
}

/// How far a counter rose since it was last seen.
///
/// None at first, and when it fell: then it wrapped or was reset, and nobody
/// knows by how much it rose.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counter {
    last: Option<u64>,
}

impl Counter {
    /// Whether no value has been seen yet.
    pub(crate) fn is_new(&self) -> bool {
        self.last.is_none()
    }

    /// The rise since the value before, which `value` replaces.
    pub(crate) fn rise(&mut self, value: u64) -> Option<u64> {
        self.last.replace(value).and_then(|last| value.checked_sub(last))
    }
}

/// The sum of the rises of one counter over several devices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rises(Option<u64>);

impl Default for Rises {
    fn default() -> Self {
        Self(Some(0))
    }
}

impl Rises {
    /// Adds one device's rise. A device seen for the first time adds nothing;
    /// one whose counter fell makes the sum unknown.
    pub(crate) fn add(&mut self, counter: &mut Counter, value: u64) {
        let new = counter.is_new();
        let rise = counter.rise(value);
        if !new {
            self.0 = self.0.zip(rise).and_then(|(sum, rise)| sum.checked_add(rise));
        }
    }

    /// The sum per second over `elapsed` seconds.
    pub(crate) fn per_second(self, elapsed: Option<f64>) -> Option<f64> {
        Some(self.0? as f64 / elapsed?)
    }
}

/// A counter that becomes a rate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rate {
    counter: Counter,
    at: Option<Millis>,
}

impl Rate {
    /// Events per second since the value before; none as for [`Counter::rise`],
    /// and when no time has passed.
    pub(crate) fn next(&mut self, at: Millis, value: u64) -> Option<f64> {
        let elapsed = self.at.replace(at).and_then(|last| seconds(last, at));
        let rise = self.counter.rise(value);
        Some(rise? as f64 / elapsed?)
    }

    /// Forgets what was seen, since the source was not there this time.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Seconds from one uptime to a later one; none if no time has passed.
pub(crate) fn seconds(from: Millis, to: Millis) -> Option<f64> {
    let elapsed = to.checked_sub(from).filter(|elapsed| *elapsed > 0)?;
    Some(elapsed as f64 / 1000.0)
}

/// When to look again for hardware that may have come or gone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Rescan {
    last: Option<Millis>,
}

/// Devices appear late at boot and modules are loaded at any time, but looking
/// for them costs more than reading them.
const RESCAN: Millis = 60_000;

impl Rescan {
    /// Whether to look again now; if so, the next time is a minute later.
    pub(crate) fn due(&mut self, at: Millis) -> bool {
        let due = self.last.is_none_or(|last| at.saturating_sub(last) >= RESCAN);
        if due {
            self.last = Some(at);
        }
        due
    }
}

/// Undoes the octal escapes (`\040` for a space) of `/proc/*/mountinfo`.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'\\'
            && let Some((digits, beyond)) = after.split_at_checked(3)
            && let Some(byte) = octal(digits)
        {
            plain.push(byte);
            rest = beyond;
        } else {
            plain.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}

fn octal(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0_u8, |value, digit| match digit {
        b'0'..=b'7' => value.checked_mul(8)?.checked_add(digit - b'0'),
        _ => None,
    })
}

//! What the system's own services say: failed units by systemd, a followed
//! time server by systemd-timesyncd or chrony.

use super::asked::Asked;
use super::files::{Files, Tree};
use super::{Options, Sink};
use crate::Millis;
use crate::clock::SYNCHRONISED;
use frames::Vital;

pub(super) const SYSTEMCTL: &str = "systemctl show --property=NFailedUnits";
pub(super) const TIMESYNC: &str = "/run/systemd/timesync/synchronized";
const CHRONYC: &str = "chronyc -n -c tracking";

/// How often `systemctl` may be asked.
const UNITS_EVERY: Millis = 60_000;
/// How often it is asked though nothing seems to have changed: a failed state
/// can be reset without a trace in `/run`.
const UNITS_ANYWAY: Millis = 15 * 60_000;
/// How often `chronyc` may be asked.
const CHRONY_EVERY: Millis = 5 * 60_000;

/// What is remembered between samples.
pub(crate) struct Services {
    systemctl: Asked,
    change: Option<i128>,
    failed: Option<(u64, Millis)>,
    chronyc: Asked,
    followed: Option<(bool, Millis)>,
}

impl Default for Services {
    fn default() -> Self {
        Self {
            systemctl: Asked::new("systemctl", &["show", "--property=NFailedUnits"], UNITS_EVERY),
            change: None,
            failed: None,
            chronyc: Asked::new("chronyc", &["-n", "-c", "tracking"], CHRONY_EVERY),
            followed: None,
        }
    }
}

impl Services {
    /// Failed units and the clock.
    pub(crate) fn read(&mut self, at: Millis, files: &Files, options: Options, sink: &mut Sink<'_>) {
        let ask = options.ask_services && files.here();
        if ask && files.exists("run/systemd/system") {
            self.units(at, files, sink);
        }
        self.clock(at, files, ask, sink);
    }

    /// systemd keeps no file of failed units. But it makes a link in
    /// `/run/systemd/units` for each unit that starts and takes it away when
    /// the unit ends, so while that folder is unchanged no unit has failed,
    /// and no process need be started to ask.
    fn units(&mut self, at: Millis, tree: &Tree, sink: &mut Sink<'_>) {
        let change = tree.modified("run/systemd/units");
        let fresh = self.failed.is_some_and(|(_, since)| at.saturating_sub(since) < UNITS_ANYWAY);
        let mut started = false;
        if let Some(answer) = self.systemctl.poll(at, !fresh || change != self.change, &mut started) {
            self.failed = failed_units(&answer).map(|failed| (failed, at));
        }
        if started {
            self.change = change;
        }
        let value = self.failed.filter(|(_, since)| at.saturating_sub(*since) < 2 * UNITS_ANYWAY);
        sink.known(Vital::FailedUnits, value.map(|(failed, _)| failed as f64), SYSTEMCTL);
    }

    fn clock(&mut self, at: Millis, tree: &Tree, ask: bool, sink: &mut Sink<'_>) {
        if ask && tree.exists("run/chrony/chronyd.pid") {
            if let Some(answer) = self.chronyc.poll(at, true, &mut false) {
                self.followed = follows(&answer).map(|follows| (follows, at));
            }
            if let Some((follows, since)) = self.followed
                && at.saturating_sub(since) < 3 * CHRONY_EVERY
            {
                sink.flag(Vital::ClockSynchronised, follows, CHRONYC);
            }
        } else if tree.exists("run/systemd/timesync") {
            sink.flag(Vital::ClockSynchronised, tree.exists(SYNCHRONISED), TIMESYNC);
        }
    }
}

/// The number in `NFailedUnits=2`.
fn failed_units(answer: &str) -> Option<u64> {
    answer.strip_prefix("NFailedUnits=")?.trim().parse().ok()
}

/// Whether chrony follows a server: the last field of its line is the leap
/// status, `Normal` or a coming leap second if so.
fn follows(answer: &str) -> Option<bool> {
    match answer.lines().next()?.rsplit(',').next()? {
        "Normal" | "Insert second" | "Delete second" => Some(true),
        "Not synchronised" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;
    use frames::{COUNT, Readings, VitalSet};
    use std::fs;
    use std::path::Path;

    /// The failed units at `at`, once a program that was started has answered.
    fn failed(services: &mut Services, at: Millis, root: &Path) -> Option<f32> {
        let files = Files::new(root);
        let mut seen = None;
        for _ in 0..2 {
            let mut sample = Sample { readings: Readings::default(), sources: [""; COUNT] };
            let mut sink = Sink { sample: &mut sample, measurable: &mut VitalSet::default() };
            services.units(at, &files, &mut sink);
            seen = sample.readings.get(Vital::FailedUnits);
            services.systemctl.wait();
        }
        seen
    }

    #[test]
    fn systemctl_is_asked_only_when_a_unit_came_or_went() {
        let root = tempfile::tempdir().unwrap();
        let units = root.path().join("run/systemd/units");
        fs::create_dir_all(&units).unwrap();
        let asked = |answer| Asked::new("echo", answer, UNITS_EVERY);
        let mut services = Services { systemctl: asked(&["NFailedUnits=0"]), ..Services::default() };
        assert_eq!(failed(&mut services, 0, root.path()), Some(0.0));

        services.systemctl = asked(&["NFailedUnits=2"]);
        assert_eq!(failed(&mut services, 120_000, root.path()), Some(0.0), "nothing has changed");
        fs::write(units.join("invocation:x.service"), "").unwrap();
        assert_eq!(failed(&mut services, 180_000, root.path()), Some(2.0), "a unit has started");

        services.systemctl = asked(&["NFailedUnits=0"]);
        assert_eq!(failed(&mut services, 180_000 + UNITS_ANYWAY, root.path()), Some(0.0), "long ago");

        services.systemctl = Asked::new("false", &[], UNITS_EVERY);
        assert_eq!(
            failed(&mut services, 180_000 + 3 * UNITS_ANYWAY, root.path()),
            None,
            "no answer any more"
        );
    }

    #[test]
    fn answers_are_read() {
        assert_eq!(failed_units("NFailedUnits=2"), Some(2));
        assert_eq!(failed_units("Failed to connect to bus"), None);
        let line = "A29FC87B,162.159.200.123,4,1700000000.1,0.00001,0.00002,0.00003,-9.5,0.001,0.02,0.01,0.002,64.5,";
        assert_eq!(follows(&format!("{line}Normal")), Some(true));
        assert_eq!(follows(&format!("{line}Not synchronised")), Some(false));
        assert_eq!(follows("506 Cannot talk to daemon"), None);
    }
}

//! Temperature and fan, from thermal zones and hwmon.

use super::Sink;
use super::files::{Files, Tree};
use super::parse::Rescan;
use crate::Millis;
use frames::Vital;

pub(super) const ZONE: &str = "/sys/class/thermal/thermal_zone*/temp";
const HWMON: &str = "/sys/class/hwmon/hwmon*/temp1_input";
pub(super) const FAN: &str = "/sys/class/hwmon/hwmon*/fan*_input";

/// Thermal zones that are the processor's, best first. `cpu-thermal` is every
/// Pi's; the others are those of other boards and of Intel.
const ZONES: [&str; 7] = [
    "cpu-thermal",
    "cpu_thermal",
    "soc-thermal",
    "soc_thermal",
    "bcm2835_thermal",
    "x86_pkg_temp",
    "cpu0-thermal",
];
/// hwmon drivers whose first temperature is the processor's.
const SENSORS: [&str; 5] = ["cpu_thermal", "coretemp", "k10temp", "zenpower", "acpitz"];
/// The fastest fan that is still a fan, in rpm: small ones reach 30,000.
const FASTEST: i64 = 60_000;

/// What is remembered between samples.
#[derive(Default)]
pub(crate) struct Heat {
    rescan: Rescan,
    temperature: Option<(String, &'static str)>,
    fans: Vec<String>,
}

impl Heat {
    /// Temperature and fan.
    pub(crate) fn read(&mut self, at: Millis, files: &mut Files, sink: &mut Sink<'_>) {
        if self.rescan.due(at) {
            self.temperature = sensor(files);
            self.fans = fans(files);
        }
        if let Some((path, source)) = &self.temperature {
            let celsius = files.number(path).and_then(plausible);
            sink.known(Vital::Temperature, celsius, source);
        }
        let fastest = self.fans.iter().filter_map(|path| files.number(path)).max();
        let rpm = fastest.filter(|rpm| (0..=FASTEST).contains(rpm));
        sink.known(Vital::Fan, rpm.map(|rpm| rpm as f64), FAN);
    }
}

/// A processor's temperature in °C from thousandths. What no running Pi can
/// have is no temperature: a sensor that is off or torn says 0, −273 or 255.
fn plausible(thousandths: i64) -> Option<f64> {
    let celsius = thousandths as f64 / 1000.0;
    (thousandths != 0 && celsius > -40.0 && celsius < 125.0).then_some(celsius)
}

/// The folders of hwmon drivers with their names. Their numbers change from
/// boot to boot, so only the name counts.
pub(crate) fn drivers(files: &mut Files) -> Vec<(String, String)> {
    let folders = files.names("sys/class/hwmon");
    let with_name = |folder: String| {
        let folder = format!("sys/class/hwmon/{folder}");
        let name = files.line(&format!("{folder}/name"))?.to_owned();
        Some((folder, name))
    };
    folders.into_iter().filter_map(with_name).collect()
}

pub(super) fn sensor(files: &mut Files) -> Option<(String, &'static str)> {
    let mut best: Option<(usize, String, &'static str)> = None;
    let mut offer = |rank: usize, path: String, source: &'static str| {
        if best.as_ref().is_none_or(|(least, ..)| rank < *least) {
            best = Some((rank, path, source));
        }
    };
    for zone in files.names("sys/class/thermal") {
        let folder = format!("sys/class/thermal/{zone}");
        let kind = files.line(&format!("{folder}/type")).unwrap_or_default();
        if let Some(rank) = ZONES.iter().position(|known| *known == kind) {
            offer(rank, format!("{folder}/temp"), ZONE);
        }
    }
    for (folder, name) in drivers(files) {
        if let Some(rank) = SENSORS.iter().position(|known| *known == name) {
            offer(ZONES.len() + rank, format!("{folder}/temp1_input"), HWMON);
        }
    }
    best.map(|(_, path, source)| (path, source))
}

fn fans(files: &mut Files) -> Vec<String> {
    let folders = drivers(files);
    let tree: &Tree = files;
    let mut paths = Vec::new();
    for (folder, _) in folders {
        let inputs = tree.names(&folder).into_iter();
        let inputs = inputs.filter(|name| name.starts_with("fan") && name.ends_with("_input"));
        paths.extend(inputs.map(|name| format!("{folder}/{name}")));
    }
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_sensor_says_is_no_temperature() {
        assert_eq!(plausible(48_312), Some(48.312));
        assert_eq!(plausible(-5_000), Some(-5.0));
        for broken in [0, -273_000, 255_000, 125_000, i64::MIN, i64::MAX] {
            assert_eq!(plausible(broken), None, "{broken}");
        }
    }
}

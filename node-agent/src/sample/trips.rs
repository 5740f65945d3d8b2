//! Where a processor slows down, as its own sensor says: for machines whose limit is not
//! the Pi's. A Pi's own trip points lie far above where its firmware throttles.

use super::files::Files;
use super::heat::sensor;
use std::path::Path;

/// How far below its critical temperature a processor begins to slow down, in °C, where it
/// says no more than that one: Intel's and AMD's throttle at 95 to 100 and stop at 105 to 115.
const BELOW_CRITICAL: f32 = 10.0;
/// What can be such a temperature, in °C: boards leave the others at 0, 127 or beyond.
const PLAUSIBLE: std::ops::RangeInclusive<f32> = 50.0..=115.0;

/// Where the processor of the machine below `root` slows down, in °C; none where nothing says so.
pub fn slows_at(root: &Path) -> Option<f32> {
    let mut files = Files::new(root);
    let (input, _) = sensor(&mut files)?;
    let folder = input.rsplit_once('/')?.0.to_owned();
    let mut trips = Vec::new();
    for name in files.names(&folder) {
        let Some(trip) = name.strip_prefix("trip_point_").and_then(|name| name.strip_suffix("_type")) else {
            continue;
        };
        let kind = files.line(&format!("{folder}/{name}")).unwrap_or_default().to_owned();
        let at = files.number(&format!("{folder}/trip_point_{trip}_temp"));
        trips.extend(at.map(|at| (kind, celsius(at))));
    }
    let critical = files.number(&format!("{folder}/temp1_crit"));
    trips.extend(critical.map(|at| ("critical".to_owned(), celsius(at))));
    limit(&trips)
}

fn celsius(thousandths: i64) -> f32 {
    thousandths as f32 / 1000.0
}

/// The lowest temperature at which the kernel slows the processor down; else what lies a
/// little below the critical one.
fn limit(trips: &[(String, f32)]) -> Option<f32> {
    let lowest = |kinds: &[&str]| {
        let of_kind =
            trips.iter().filter(|(kind, at)| kinds.contains(&kind.as_str()) && PLAUSIBLE.contains(at));
        of_kind.map(|(_, at)| *at).min_by(f32::total_cmp)
    };
    lowest(&["passive"]).or_else(|| Some(lowest(&["hot", "critical"])? - BELOW_CRITICAL))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trips(all: &[(&str, f32)]) -> Option<f32> {
        limit(&all.iter().map(|(kind, at)| ((*kind).to_owned(), *at)).collect::<Vec<_>>())
    }

    #[test]
    fn the_kernels_own_limit_counts_before_the_critical_one() {
        assert_eq!(trips(&[("critical", 105.0), ("passive", 85.0), ("passive", 95.0)]), Some(85.0));
        assert_eq!(trips(&[("active", 55.0), ("critical", 100.0)]), Some(90.0));
        assert_eq!(trips(&[("hot", 98.0), ("critical", 110.0)]), Some(88.0));
        // What is switched off, or a fan's, says nothing.
        assert_eq!(
            trips(&[("passive", 0.0), ("passive", -273.0), ("critical", 127.0), ("active", 60.0)]),
            None
        );
        assert_eq!(trips(&[]), None);
    }

    #[test]
    fn trip_points_and_critical_values_are_found_beside_the_sensor() {
        let write = |root: &Path, path: &str, text: &str| {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        let zone = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("type", "x86_pkg_temp\n"),
            ("temp", "48000\n"),
            ("trip_point_0_type", "critical\n"),
            ("trip_point_0_temp", "105000\n"),
            ("trip_point_1_type", "passive\n"),
            ("trip_point_1_temp", "88000\n"),
        ] {
            write(zone.path(), &format!("sys/class/thermal/thermal_zone2/{name}"), text);
        }
        assert_eq!(slows_at(zone.path()), Some(88.0));
        let hwmon = tempfile::tempdir().unwrap();
        for (name, text) in [("name", "coretemp\n"), ("temp1_input", "51000\n"), ("temp1_crit", "100000\n")] {
            write(hwmon.path(), &format!("sys/class/hwmon/hwmon3/{name}"), text);
        }
        assert_eq!(slows_at(hwmon.path()), Some(90.0));
        let machine = concat!(env!("CARGO_MANIFEST_DIR"), "/tests-data/trees/x86-vm");
        assert_eq!(slows_at(Path::new(machine)), None);
    }
}

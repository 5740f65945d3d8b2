//! No file, whatever its bytes, may break a sample.

use super::*;
use proptest::prelude::*;
use std::cell::RefCell;

/// Every file that the sampler reads of a Pi 4.
const FILES: [&str; 20] = [
    "proc/stat",
    "proc/loadavg",
    "proc/meminfo",
    "proc/vmstat",
    "proc/net/dev",
    "proc/net/snmp",
    "proc/diskstats",
    "proc/1/mountinfo",
    "proc/sys/fs/file-nr",
    "proc/pressure/cpu",
    "proc/pressure/memory",
    "proc/pressure/io",
    "sys/class/thermal/thermal_zone0/type",
    "sys/class/thermal/thermal_zone0/temp",
    "sys/class/hwmon/hwmon1/name",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm",
    "sys/devices/system/cpu/cpufreq/policy0/scaling_cur_freq",
    "sys/block/sda/device/ioerr_cnt",
    "sys/fs/ext4/sda2/errors_count",
    "sys/devices/platform/soc/soc:firmware/get_throttled",
];

/// What a kernel never writes, but a broken one might: bytes, or a real
/// file with a piece replaced.
fn odd(original: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = original.len();
    let piece = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12),
        "[0-9]{1,25}".prop_map(String::into_bytes),
        Just(b"\n".to_vec()),
        Just("é\u{ff} - :".as_bytes().to_vec()),
    ];
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        (0..=length, 0..=length, piece).prop_map(move |(one, other, piece)| {
            let (from, to) = (one.min(other), one.max(other));
            [&original[..from], &piece, &original[to..]].concat()
        }),
    ]
}

fn odd_file() -> impl Strategy<Value = (usize, Vec<u8>)> {
    (0..FILES.len()).prop_flat_map(|place| {
        let original = fs::read(recorded("pi-4").join(FILES[place])).unwrap();
        (Just(place), odd(original))
    })
}

#[test]
fn no_file_can_break_a_sample() {
    // One tree for all cases, put right before each: making it costs more than the samples.
    let tree = Copy::of("pi-4");
    let originals = FILES.map(|file| fs::read(recorded("pi-4").join(file)).unwrap());
    let changed = RefCell::new(Vec::new());
    let options = Options { get_throttled: true, ..Options::default() };
    let config = ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() };
    let changes = proptest::collection::vec(odd_file(), 1..6);
    let case = |changes: Vec<(usize, Vec<u8>)>| {
        for place in std::mem::take(&mut *changed.borrow_mut()) {
            tree.write(FILES[place], &originals[place]);
        }
        let mut sampler = Sampler::with(tree.root(), options);
        sampler.sample(0);
        for (step, (place, bytes)) in changes.into_iter().enumerate() {
            tree.write(FILES[place], bytes);
            changed.borrow_mut().push(place);
            let at = (step as Millis + 1) * 61_000; // past each rescan
            for (vital, value) in sampler.sample(at).readings.iter() {
                prop_assert!(value.is_finite());
                prop_assert!(value >= 0.0 || vital == Vital::Temperature, "{}: {value}", vital.name());
                if vital.unit() == "%" {
                    prop_assert!(value <= 100.0 || vital == Vital::OpenFiles, "{}: {value}", vital.name());
                }
            }
        }
        Ok(())
    };
    proptest::test_runner::TestRunner::new(config).run(&changes, case).unwrap();
}

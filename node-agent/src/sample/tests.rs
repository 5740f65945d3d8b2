//! The sampler on recorded trees, on this machine, and on odd input.

mod odd_input;

use super::print::{Json, Table};
use super::*;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

fn recorded(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data/trees").join(name)
}

/// A recorded tree that a test may change.
struct Copy(tempfile::TempDir);

impl Copy {
    fn of(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(&recorded(name), folder.path());
        Self(folder)
    }

    fn root(&self) -> &Path {
        self.0.path()
    }

    fn change(&self, path: &str, from: &str, to: &str) {
        let path = self.root().join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from} is not in {text}");
        fs::write(path, text.replace(from, to)).unwrap();
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.root().join(path), text).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn once(name: &str) -> Readings {
    Sampler::new(&recorded(name)).sample(1_000).readings
}

#[track_caller]
fn assert_near(readings: &Readings, vital: Vital, expected: f32) {
    let value = readings.get(vital).unwrap_or_else(|| panic!("{} is absent", vital.name()));
    assert!((value - expected).abs() < 0.01, "{}: {value}, not {expected}", vital.name());
}

#[track_caller]
fn assert_absent(readings: &Readings, vitals: &[Vital]) {
    for vital in vitals {
        assert_eq!(readings.get(*vital), None, "{}", vital.name());
    }
}

#[test]
fn a_zero_2_w_has_what_it_has_and_no_more() {
    let readings = once("zero-2w");
    assert_near(&readings, Vital::Temperature, 41.868);
    assert_near(&readings, Vital::CpuFrequency, 600.0);
    assert_near(&readings, Vital::MemoryUsed, (1.0 - 231_004.0 / 437_400.0) * 100.0);
    assert_near(&readings, Vital::SwapUsed, 12.0);
    assert_near(&readings, Vital::Processes, 3.0);
    assert_near(&readings, Vital::UnderVoltageNow, 0.0);
    assert_near(&readings, Vital::ClockSynchronised, 1.0);
    assert_near(&readings, Vital::FilesystemErrors, 0.0);
    assert_near(&readings, Vital::ReadOnlyMounts, 0.0);
    assert_absent(
        &readings,
        &[
            Vital::PsiCpuSome,
            Vital::PsiIoFull,
            Vital::Fan,
            Vital::DiskErrors,
            Vital::FailedUnits,
            Vital::ThrottledNow,
            Vital::UnderVoltageSinceBoot,
            Vital::DiskUsed,
        ],
    );
}

#[test]
fn a_failing_pi_3_shows_it() {
    let readings = once("pi-3");
    assert_near(&readings, Vital::UnderVoltageNow, 1.0);
    assert_near(&readings, Vital::UnderVoltageSinceBoot, 1.0);
    assert_near(&readings, Vital::FilesystemErrors, 3.0);
    assert_near(&readings, Vital::ReadOnlyMounts, 1.0);
    assert_near(&readings, Vital::OomKills, 2.0);
    assert_near(&readings, Vital::ClockSynchronised, 0.0);
    assert_near(&readings, Vital::Load1, 3.91);
}

#[test]
fn a_pi_4_with_pressure_and_an_ssd() {
    let readings = once("pi-4");
    assert_near(&readings, Vital::PsiCpuSome, 1.53);
    assert_near(&readings, Vital::PsiMemorySome, 0.2);
    assert_near(&readings, Vital::PsiMemoryFull, 0.11);
    assert_near(&readings, Vital::PsiIoFull, 3.25);
    assert_near(&readings, Vital::DiskErrors, 2.0);
    assert_absent(&readings, &[Vital::ThrottledNow]);
}

#[test]
fn the_firmwares_file_is_read_only_when_asked_for() {
    let options = Options { get_throttled: true, ..Options::default() };
    let sample = Sampler::with(&recorded("pi-4"), options).sample(0);
    let readings = &sample.readings;
    for (vital, value) in [
        (Vital::UnderVoltageNow, 0.0), // the alarm is fresher than the word
        (Vital::FrequencyCappedNow, 0.0),
        (Vital::ThrottledNow, 1.0),
        (Vital::SoftLimitNow, 0.0),
        (Vital::UnderVoltageSinceBoot, 1.0),
        (Vital::ThrottledSinceBoot, 1.0),
        (Vital::SoftLimitSinceBoot, 0.0),
    ] {
        assert_near(readings, vital, value);
    }
    assert!(sample.source(Vital::ThrottledNow).ends_with("get_throttled"));
    assert!(sample.source(Vital::UnderVoltageNow).contains("rpi_volt"));
    let pi5 = Sampler::with(&recorded("pi-5"), options).sample(0).readings;
    assert_near(&pi5, Vital::ThrottledNow, 0.0);
}

#[test]
fn a_pi_5_has_a_fan() {
    let readings = once("pi-5");
    assert_near(&readings, Vital::Fan, 2913.0);
    assert_near(&readings, Vital::Temperature, 46.3);
    assert_near(&readings, Vital::OpenFiles, 0.0);
}

#[test]
fn a_pi_5_on_nvme_is_read_as_one_on_a_card() {
    let tree = Copy::of("pi-5-nvme");
    let mut sampler = Sampler::new(tree.root());
    let first = sampler.sample(10_000).readings;
    // The disk has a sensor of its own, and it is hot.
    assert_near(&first, Vital::Temperature, 46.3);
    assert_near(&first, Vital::Fan, 2913.0);
    assert_near(&first, Vital::FilesystemErrors, 0.0);
    assert_near(&first, Vital::ReadOnlyMounts, 0.0);
    assert_absent(&first, &[Vital::DiskErrors]);
    tree.change(
        "proc/diskstats",
        "nvme0n1 61033 10 4801344 900 53403 20 3402112 1200 0 12210",
        "nvme0n1 61033 10 4801444 900 53403 20 3402512 1200 0 14210",
    );
    let second = sampler.sample(20_000).readings;
    assert_near(&second, Vital::DiskRead, 100.0 * 512.0 / 10.0);
    assert_near(&second, Vital::DiskWrite, 400.0 * 512.0 / 10.0);
    assert_near(&second, Vital::DiskBusy, 20.0);
}

#[test]
fn a_virtual_machine_has_no_sensors_and_no_swap() {
    let readings = once("x86-vm");
    assert_near(&readings, Vital::OomKills, 1.0);
    assert_near(&readings, Vital::OpenFiles, 1200.0 / 1970.0);
    assert_absent(
        &readings,
        &[
            Vital::Temperature,
            Vital::CpuFrequency,
            Vital::Fan,
            Vital::SwapUsed,
            Vital::SwapIn,
            Vital::UnderVoltageNow,
            Vital::ThrottledSinceBoot,
        ],
    );
}

const RATES: [Vital; 10] = [
    Vital::Cpu,
    Vital::CpuBusiest,
    Vital::SwapIn,
    Vital::SwapOut,
    Vital::DiskBusy,
    Vital::DiskRead,
    Vital::DiskWrite,
    Vital::NetReceived,
    Vital::NetErrors,
    Vital::TcpRetransmits,
];

#[test]
fn rates_need_two_samples_but_are_known_to_be_measurable_after_one() {
    let tree = Copy::of("zero-2w");
    let mut sampler = Sampler::new(tree.root());
    let first = sampler.sample(10_000).readings;
    assert_absent(&first, &RATES);
    for vital in RATES {
        assert!(sampler.measurable().contains(vital), "{}", vital.name());
    }

    tree.change("proc/stat", "cpu0 900 10 300 90000", "cpu0 1400 10 300 90500");
    tree.change("proc/stat", "cpu  3600 40 1200 360000", "cpu  4100 40 1200 361500");
    tree.change("proc/vmstat", "pswpin 12", "pswpin 22");
    tree.change("proc/net/dev", "wlan0: 1203311", "wlan0: 1223311");
    tree.change("proc/net/snmp", " 46760 12 0", " 46760 17 0");
    tree.change(
        "proc/diskstats",
        "mmcblk0 30033 10 1201344 900 13403 20 402112 1200 0 40210",
        "mmcblk0 30033 10 1201444 900 13403 20 402512 1200 0 45210",
    );
    let second = sampler.sample(20_000).readings;
    assert_near(&second, Vital::Cpu, 25.0);
    assert_near(&second, Vital::CpuBusiest, 50.0);
    assert_near(&second, Vital::SwapIn, rustix::param::page_size() as f32);
    assert_near(&second, Vital::SwapOut, 0.0);
    assert_near(&second, Vital::NetReceived, 2_000.0);
    assert_near(&second, Vital::NetSent, 0.0);
    assert_near(&second, Vital::TcpRetransmits, 0.5);
    assert_near(&second, Vital::DiskRead, 100.0 * 512.0 / 10.0);
    assert_near(&second, Vital::DiskWrite, 400.0 * 512.0 / 10.0);
    assert_near(&second, Vital::DiskBusy, 50.0);
}

#[test]
fn a_counter_that_fell_is_absent_once() {
    let tree = Copy::of("pi-5");
    let mut sampler = Sampler::new(tree.root());
    sampler.sample(10_000);
    tree.change("proc/net/dev", "eth0: 5203311", "eth0: 11");
    tree.change("proc/diskstats", "40210", "12");
    let reset = sampler.sample(20_000).readings;
    assert_absent(&reset, &[Vital::NetReceived, Vital::DiskBusy]);
    assert_near(&reset, Vital::NetSent, 0.0);
    assert_near(&reset, Vital::DiskRead, 0.0);
    tree.change("proc/net/dev", "eth0: 11", "eth0: 111");
    assert_near(&sampler.sample(30_000).readings, Vital::NetReceived, 10.0);
    // No time, no rate.
    assert_absent(
        &sampler.sample(30_000).readings,
        &[Vital::NetReceived, Vital::DiskRead, Vital::TcpRetransmits],
    );
}

#[test]
fn a_device_that_comes_adds_nothing_at_first_and_one_that_went_is_forgotten() {
    let tree = Copy::of("zero-2w");
    let mut sampler = Sampler::new(tree.root());
    sampler.sample(0);
    let without = fs::read_to_string(tree.root().join("proc/net/dev")).unwrap();
    let line = "  eth1: 9000000 1 0 0 0 0 0 0 500 1 0 0 0 0 0 0\n";
    fs::create_dir_all(tree.root().join("sys/class/net/eth1/device")).unwrap();
    tree.write("proc/net/dev", format!("{without}{line}"));
    assert_near(&sampler.sample(10_000).readings, Vital::NetReceived, 0.0);
    tree.write("proc/net/dev", &without);
    assert_near(&sampler.sample(20_000).readings, Vital::NetReceived, 0.0);
    tree.write("proc/net/dev", format!("{without}{}", line.replace("9000000", "70")));
    assert_near(&sampler.sample(30_000).readings, Vital::NetReceived, 0.0);
}

#[test]
fn containers_are_not_counted_twice() {
    let tree = Copy::of("pi-4");
    let mut sampler = Sampler::new(tree.root());
    sampler.sample(0);
    tree.change("proc/net/dev", "docker0: 902311", "docker0: 1902311");
    tree.change("proc/net/dev", "veth1a2b3c: 902311", "veth1a2b3c: 1902311");
    tree.change("proc/net/dev", "eth0: 88203311", "eth0: 89203311");
    assert_near(&sampler.sample(10_000).readings, Vital::NetReceived, 100_000.0);
}

#[test]
fn a_file_system_seen_writable_that_turns_read_only_is_told() {
    let tree = Copy::of("pi-5");
    let mut sampler = Sampler::new(tree.root());
    assert_near(&sampler.sample(0).readings, Vital::ReadOnlyMounts, 0.0);
    tree.change("proc/1/mountinfo", "/dev/mmcblk0p2 rw", "/dev/mmcblk0p2 ro");
    assert_near(&sampler.sample(10_000).readings, Vital::ReadOnlyMounts, 1.0);
    // One that was read-only from the beginning, without errors, is meant so.
    assert_near(&Sampler::new(tree.root()).sample(0).readings, Vital::ReadOnlyMounts, 0.0);
    // A read-only view of a writable file system is meant so too.
    tree.change("proc/1/mountinfo", "/dev/mmcblk0p2 ro", "/dev/mmcblk0p2 rw");
    tree.change("proc/1/mountinfo", "/ / rw,noatime", "/ / ro,noatime");
    assert_near(&Sampler::new(tree.root()).sample(0).readings, Vital::ReadOnlyMounts, 0.0);
}

#[test]
fn an_implausible_temperature_is_absent() {
    let tree = Copy::of("pi-5");
    for broken in ["0", "-273000", "255000", "hot", ""] {
        tree.write("sys/class/thermal/thermal_zone0/temp", broken);
        assert_absent(&Sampler::new(tree.root()).sample(0).readings, &[Vital::Temperature]);
    }
}

#[test]
fn without_a_tree_everything_is_absent() {
    let mut sampler = Sampler::new(Path::new("/nonexistent/root"));
    sampler.sample(0);
    let readings = sampler.sample(10_000).readings;
    assert_eq!(readings, Readings::default());
    assert!(sampler.measurable().is_empty());
}

#[test]
fn this_machine_can_be_sampled() {
    let mut sampler = Sampler::new(Path::new("/"));
    sampler.sample(crate::clock::uptime());
    std::thread::sleep(std::time::Duration::from_millis(50));
    let sample = sampler.sample(crate::clock::uptime());
    for vital in [Vital::Cpu, Vital::Load1, Vital::MemoryUsed, Vital::Processes, Vital::DiskUsed] {
        assert!(sample.readings.get(vital).is_some(), "{} is absent", vital.name());
        assert!(!sample.source(vital).is_empty(), "{} has no source", vital.name());
    }
    for (vital, value) in sample.readings.iter() {
        let (least, most) = vital.row().scale.range();
        assert!((least..=most).contains(&value) || !vital.unit().contains('%'), "{}: {value}", vital.name());
    }
}

#[test]
fn the_table_reads_well() {
    let tree = Copy::of("pi-4");
    let mut sampler = Sampler::new(tree.root());
    sampler.sample(0);
    tree.change("proc/net/dev", "eth0: 88203311", "eth0: 89203311");
    tree.change("proc/stat", "cpu0 9000 10 3000 300000", "cpu0 9100 10 3000 300300");
    tree.change("proc/stat", "cpu  36000 40 12000 1200000", "cpu  36100 40 12000 1200300");
    let sample = sampler.sample(10_000);
    insta::assert_snapshot!("table", Table(&sample).to_string());
    insta::assert_snapshot!(
        "json",
        serde_json::to_string_pretty(&Json { at: 1_700_000_000_123, sample: &sample }).unwrap()
    );
}

/// `VITALS.md` as the tables have it.
fn vitals_page() -> String {
    let mut page = String::from(
        "# Vitals\n\nWhat `goldentooth-node` measures. Written by the test `the_page_of_vitals_is_up_to_date`; after a \
         change: `UPDATE_PAGES=1 cargo test -p node-agent page_of_vitals`.\n\nWhat a machine does not have is absent, \
         never zero. Rates need two samples; a counter that fell makes its rate absent once. Disks and interfaces \
         count if hardware stands behind them, since partitions, bridges and containers only pass on what those \
         do; where no interface has any (in a container), all but loopback count.\n\n\
         | vital | unit | what | source | why it may be absent |\n| --- | --- | --- | --- | --- |\n",
    );
    for vital in Vital::ALL {
        let unit = if vital.is_flag() { "yes or no" } else { vital.unit() };
        let (words, source, absence) = (vital.row().words, about::source(*vital), about::absence(*vital));
        writeln!(page, "| `{}` | {unit} | {words} | {source} | {absence} |", vital.name()).unwrap();
    }
    page
}

#[test]
fn the_page_of_vitals_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("VITALS.md");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        fs::write(&path, vitals_page()).unwrap();
    }
    assert_eq!(fs::read_to_string(path).unwrap_or_default(), vitals_page(), "UPDATE_PAGES=1 writes it anew");
}

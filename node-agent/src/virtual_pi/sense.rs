//! What a simulated Pi's sensors say of its state.

use super::{Readings, VirtualPi, Vital, VitalSet, flags};
use fastrand::Rng;

/// What every Linux box can measure.
const ALWAYS: [Vital; 23] = [
    Vital::Cpu,
    Vital::CpuBusiest,
    Vital::Load1,
    Vital::Load5,
    Vital::Load15,
    Vital::MemoryUsed,
    Vital::DiskUsed,
    Vital::DiskBusy,
    Vital::DiskRead,
    Vital::DiskWrite,
    Vital::NetReceived,
    Vital::NetSent,
    Vital::NetErrors,
    Vital::TcpRetransmits,
    Vital::CpuFrequency,
    Vital::Processes,
    Vital::Blocked,
    Vital::OpenFiles,
    Vital::FilesystemErrors,
    Vital::ReadOnlyMounts,
    Vital::OomKills,
    Vital::DiskErrors,
    Vital::ClockSynchronised,
];
/// Off by default on Raspberry Pi OS.
const PRESSURE: [Vital; 5] =
    [Vital::PsiCpuSome, Vital::PsiMemorySome, Vital::PsiMemoryFull, Vital::PsiIoSome, Vital::PsiIoFull];
const SWAP: [Vital; 3] = [Vital::SwapUsed, Vital::SwapIn, Vital::SwapOut];
/// Only through `vcgencmd`, which not every agent is allowed.
const THROTTLE: [Vital; 7] = [
    Vital::FrequencyCappedNow,
    Vital::ThrottledNow,
    Vital::SoftLimitNow,
    Vital::UnderVoltageSinceBoot,
    Vital::FrequencyCappedSinceBoot,
    Vital::ThrottledSinceBoot,
    Vital::SoftLimitSinceBoot,
];

/// What decides which sensors a board has.
#[derive(Clone, Copy)]
pub(super) struct Kind {
    /// A Pi, not any other box.
    pub a_pi: bool,
    /// A box for training.
    pub trouble: bool,
    /// With a fan or cooler.
    pub cooled: bool,
    /// With swap space.
    pub swap: bool,
}

/// Draws which sensors a board has.
pub(super) fn sensors(rng: &mut Rng, kind: Kind) -> VitalSet {
    let Kind { a_pi, trouble, cooled, swap } = kind;
    let mut set: VitalSet = ALWAYS.into_iter().collect();
    let mut some = |vitals: &[Vital], chance: f32| {
        let has = rng.f32() < chance;
        vitals.iter().filter(|_| has).for_each(|vital| set.insert(*vital));
    };
    some(&SWAP, if swap { 1.0 } else { 0.0 });
    some(&PRESSURE, if a_pi { 0.4 } else { 0.8 });
    some(&[Vital::FailedUnits], 0.85);
    some(&[Vital::Temperature], if a_pi { 0.97 } else { 0.3 });
    some(&[Vital::UnderVoltageNow], if a_pi { 0.9 } else { 0.0 });
    some(&THROTTLE, if a_pi { 0.6 } else { 0.0 });
    some(&[Vital::Fan], if a_pi && cooled { 0.7 } else { 0.0 });
    if trouble {
        // A model must do without any one of them.
        for vital in ALWAYS {
            if rng.f32() < 0.06 {
                set.remove(vital);
            }
        }
    }
    set
}

impl VirtualPi {
    /// One reading, noisy as real ones are.
    pub(super) fn sense(&mut self) -> Readings {
        let now = self.now;
        let demand = self.chapter.demand;
        let utilisation = self.utilisation();
        let memory_stall = self.memory_stall();
        let (disk, blocked) = (self.disk_wanted(), self.blocked());
        let spilled = self.spilled();
        let wanted = self.memory_wanted();
        let (rng, unrest) = (&mut self.rng, self.unrest);
        let mut noisy =
            |value: f32, noise: f32| (value * (1.0 + unrest * noise * (rng.f32() * 2.0 - 1.0))).max(0.0);
        let sensors = self.sensors;
        let mut readings = Readings::default();
        let mut set = |vital: Vital, value: f32| {
            if sensors.contains(vital) {
                readings.set(vital, value);
            }
        };
        let cpu = noisy(100.0 * utilisation.min(1.0), 0.1).min(100.0);
        set(Vital::Cpu, cpu);
        // One task keeps one core busy: the fewer cores are wanted, the more uneven.
        set(Vital::CpuBusiest, noisy(cpu + (100.0 - cpu) * 0.3 * (cpu / 25.0).min(1.0), 0.05).min(100.0));
        for (vital, load) in [Vital::Load1, Vital::Load5, Vital::Load15].into_iter().zip(now.loads) {
            set(vital, load);
        }
        set(Vital::PsiCpuSome, noisy(100.0 * (utilisation / 1.6).powi(3).min(0.98), 0.15).min(99.0));
        set(Vital::PsiMemorySome, noisy(95.0 * memory_stall, 0.2).min(99.0));
        set(Vital::PsiMemoryFull, noisy(65.0 * memory_stall, 0.25).min(99.0));
        let waiting = if disk < 1.0 { 0.25 * disk.powi(3) } else { 1.0 - 0.75 / disk };
        set(Vital::PsiIoSome, noisy(100.0 * waiting, 0.2).min(99.0));
        set(Vital::PsiIoFull, noisy(70.0 * waiting, 0.25).min(99.0));
        set(Vital::MemoryUsed, 100.0 * (wanted - spilled * 0.7).min(0.985));
        set(Vital::SwapUsed, 100.0 * (spilled / self.swap.max(0.01)).min(1.0));
        set(Vital::SwapIn, noisy(20e6 * memory_stall, 0.4));
        set(Vital::SwapOut, noisy(14e6 * memory_stall, 0.4));
        set(Vital::DiskUsed, 100.0 * (self.disk + now.filled).min(1.0));
        set(Vital::DiskBusy, noisy(100.0 * disk.min(1.0), 0.08).min(100.0));
        let moved = 40e6 * disk.min(1.0);
        set(Vital::DiskRead, noisy(moved * (1.0 - demand.writes), 0.3));
        set(Vital::DiskWrite, noisy(moved * demand.writes, 0.3));
        set(Vital::NetReceived, noisy(30e6 * now.net + 800.0, 0.3));
        set(Vital::NetSent, noisy(70e6 * now.net + 500.0, 0.3));
        set(Vital::NetErrors, noisy(demand.loss * 20.0, 0.5));
        // 1,400 bytes a packet; TCP slows down long before it resends thousands.
        let resent = 100e6 * now.net / 1_400.0 * (demand.loss + 0.000_2);
        set(Vital::TcpRetransmits, noisy(resent.min(400.0), 0.4));
        set(Vital::Temperature, (noisy(now.thermal.temperature, 0.004) * 2.0).round() / 2.0);
        set(Vital::CpuFrequency, now.thermal.frequency.round());
        let fan = if demand.fan_stopped { 0.0 } else { (now.thermal.temperature - 45.0).max(0.0) * 200.0 };
        set(Vital::Fan, fan.min(8_000.0).round());
        set(Vital::Processes, noisy(self.processes + demand.processes, 0.02).round());
        set(Vital::Blocked, noisy(blocked, 0.5).round());
        set(Vital::FailedUnits, self.chapter.fallen() + self.forgotten);
        set(Vital::OpenFiles, noisy(0.5 + demand.processes * 0.01, 0.1));
        set(Vital::FilesystemErrors, (now.card_errors * 0.3).floor());
        set(Vital::ReadOnlyMounts, f32::from(u8::from(now.read_only)));
        set(Vital::OomKills, now.oom_kills);
        set(Vital::DiskErrors, now.card_errors);
        set(Vital::ClockSynchronised, 1.0);
        let current =
            [Vital::UnderVoltageNow, Vital::FrequencyCappedNow, Vital::ThrottledNow, Vital::SoftLimitNow];
        let since = [
            Vital::UnderVoltageSinceBoot,
            Vital::FrequencyCappedSinceBoot,
            Vital::ThrottledSinceBoot,
            Vital::SoftLimitSinceBoot,
        ];
        let happened = flags(&now, self.board).into_iter().zip(now.since_boot);
        for ((vital, later), (flag, ever)) in current.into_iter().zip(since).zip(happened) {
            set(vital, f32::from(u8::from(flag)));
            set(later, f32::from(u8::from(ever)));
        }
        readings
    }
}

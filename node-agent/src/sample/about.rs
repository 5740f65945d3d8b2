//! Where each vital comes from and what its absence means: for `doctor`, for
//! `VITALS.md`, and for whoever reads a table and misses a line.

use super::{cpu, disks, filesystems, heat, load, memory, network, processes, services, throttle};
use frames::Vital;

/// Where a vital is read as a rule. A sample names the source that it used,
/// which is another one on some machines: a hwmon sensor instead of a thermal
/// zone, chrony instead of systemd-timesyncd.
pub fn source(vital: Vital) -> &'static str {
    match vital {
        Vital::Cpu | Vital::CpuBusiest | Vital::Blocked => cpu::STAT,
        Vital::Load1 | Vital::Load5 | Vital::Load15 => load::LOADAVG,
        Vital::PsiCpuSome => "/proc/pressure/cpu",
        Vital::PsiMemorySome | Vital::PsiMemoryFull => "/proc/pressure/memory",
        Vital::PsiIoSome | Vital::PsiIoFull => "/proc/pressure/io",
        Vital::MemoryUsed | Vital::SwapUsed => memory::MEMINFO,
        Vital::SwapIn | Vital::SwapOut | Vital::OomKills => memory::VMSTAT,
        Vital::DiskUsed => filesystems::SPACE,
        Vital::DiskBusy | Vital::DiskRead | Vital::DiskWrite => disks::DISKSTATS,
        Vital::NetReceived | Vital::NetSent | Vital::NetErrors => network::DEV,
        Vital::TcpRetransmits => network::SNMP,
        Vital::Temperature => heat::ZONE,
        Vital::CpuFrequency => cpu::FREQUENCY,
        Vital::Fan => heat::FAN,
        Vital::Processes => processes::PROC,
        Vital::FailedUnits => services::SYSTEMCTL,
        Vital::OpenFiles => processes::FILE_NR,
        Vital::FilesystemErrors => filesystems::ERRORS,
        Vital::ReadOnlyMounts => filesystems::MOUNTS,
        Vital::DiskErrors => disks::ERRORS,
        Vital::UnderVoltageNow => throttle::ALARM,
        Vital::FrequencyCappedNow
        | Vital::ThrottledNow
        | Vital::SoftLimitNow
        | Vital::UnderVoltageSinceBoot
        | Vital::FrequencyCappedSinceBoot
        | Vital::ThrottledSinceBoot
        | Vital::SoftLimitSinceBoot => throttle::VCGENCMD,
        Vital::ClockSynchronised => services::TIMESYNC,
    }
}

/// Why a vital may be absent, in one sentence, and what would bring it if
/// anything would.
pub fn absence(vital: Vital) -> &'static str {
    match vital {
        Vital::Cpu | Vital::CpuBusiest => "needs two samples and /proc/stat",
        Vital::Load1 | Vital::Load5 | Vital::Load15 => "/proc/loadavg can't be read",
        Vital::PsiCpuSome
        | Vital::PsiMemorySome
        | Vital::PsiMemoryFull
        | Vital::PsiIoSome
        | Vital::PsiIoFull => "the kernel does not measure pressure; psi=1 on its command line turns it on",
        Vital::MemoryUsed => "/proc/meminfo has no MemAvailable (kernels before 3.14)",
        Vital::SwapUsed => "no swap is set up",
        Vital::SwapIn | Vital::SwapOut => "no swap is set up, or this is the first sample",
        Vital::DiskUsed => "no file system that keeps data is mounted, or the root is a recorded tree",
        Vital::DiskBusy | Vital::DiskRead | Vital::DiskWrite => {
            "no disk with hardware behind it, the first sample, or a counter that was reset"
        }
        Vital::NetReceived | Vital::NetSent | Vital::NetErrors => {
            "no interface but loopback, the first sample, or a counter that was reset"
        }
        Vital::TcpRetransmits => "needs two samples and /proc/net/snmp",
        Vital::Temperature => "no sensor of the processor, or it says what no processor can have",
        Vital::CpuFrequency => "the kernel has no cpufreq driver here (usual in a virtual machine)",
        Vital::Fan => "no fan that reports its speed",
        Vital::Processes => "/proc can't be listed",
        Vital::Blocked => "/proc/stat can't be read",
        Vital::FailedUnits => "systemd does not run here, or systemctl has not answered",
        Vital::OpenFiles => "/proc/sys/fs/file-nr can't be read",
        Vital::FilesystemErrors => "no mounted file system counts its errors (ext4 and btrfs do)",
        Vital::ReadOnlyMounts => "no file system that keeps data is mounted",
        Vital::OomKills => "the kernel does not count them (before 4.13)",
        Vital::DiskErrors => {
            "no disk counts them (SCSI, SATA, USB and RAID members do; SD cards and NVMe don't)"
        }
        Vital::UnderVoltageNow | Vital::UnderVoltageSinceBoot => {
            "no Pi, or neither its hwmon alarm nor vcgencmd can be read"
        }
        Vital::FrequencyCappedNow
        | Vital::ThrottledNow
        | Vital::SoftLimitNow
        | Vital::FrequencyCappedSinceBoot
        | Vital::ThrottledSinceBoot
        | Vital::SoftLimitSinceBoot => "no Pi, or vcgencmd is not allowed or has not answered",
        Vital::ClockSynchronised => "neither systemd-timesyncd nor chrony runs here",
    }
}

//! The charts of a node's past: which vitals stand together, and the places
//! that `charts.js` draws them into.

use crate::surfaces::view::Span;
use frames::Vital::{self, *};
use maud::{Markup, html};

/// Title and vitals of each chart, what speaks loudest of a Pi first. The
/// vitals of one chart have one unit.
const CHARTS: [(&str, &[Vital]); 20] = [
    ("Temperature", &[Temperature]),
    ("Pressure: time lost waiting", &[PsiCpuSome, PsiMemorySome, PsiIoSome]),
    ("Full pressure: everything waits", &[PsiMemoryFull, PsiIoFull]),
    ("Processor", &[Cpu, CpuBusiest]),
    ("Load", &[Load1, Load5, Load15]),
    ("Memory", &[MemoryUsed, SwapUsed]),
    ("Disk", &[DiskUsed, DiskBusy]),
    ("Network", &[NetReceived, NetSent]),
    ("Disk traffic", &[DiskRead, DiskWrite]),
    ("Throttled and short of power, now", &[ThrottledNow, UnderVoltageNow, FrequencyCappedNow, SoftLimitNow]),
    (
        "The same since boot",
        &[ThrottledSinceBoot, UnderVoltageSinceBoot, FrequencyCappedSinceBoot, SoftLimitSinceBoot],
    ),
    ("Frequency", &[CpuFrequency]),
    ("Fan", &[Fan]),
    ("Swapping", &[SwapIn, SwapOut]),
    ("Network trouble", &[NetErrors, TcpRetransmits]),
    ("Processes", &[Processes, Blocked]),
    ("Failed units and read-only disks", &[FailedUnits, ReadOnlyMounts]),
    ("Errors that are counted", &[DiskErrors, FilesystemErrors, OomKills]),
    ("Open files", &[OpenFiles]),
    ("Clock follows a time server", &[ClockSynchronised]),
];

/// The panel of charts. Without scripts it says that they are needed.
pub(super) fn charts(node: &str) -> Markup {
    html! {
        section.panel.past aria-labelledby="past" data-node=(node) {
            div.heading {
                h2 #past { "Its past" }
                div.spans role="group" aria-label="How far back" {
                    @for span in Span::ALL {
                        button type="button" data-span=(span.word()) aria-pressed=[(span == Span::Day).then_some("true")] { (span.word()) }
                    }
                }
                p.hint #past-state role="status" { }
            }
            noscript { p { "The charts need JavaScript. The same as JSON: " a href={ "/api/v1/nodes/" (node) "/history" } { "its day" } "." } }
            div.ribbon-row hidden {
                div.ribbon #ribbon role="slider" tabindex="0" aria-label="Its moods" aria-valuemin="0" aria-valuenow="0" aria-valuetext="" {
                    svg preserveAspectRatio="none" aria-hidden="true" {}
                }
            }
            p.hint #no-psi hidden {
                "This kernel measures no pressure. On Raspberry Pi OS " code { "psi=1" } " in " code { "cmdline.txt" } " turns it on."
            }
            div.charts {
                @for (title, vitals) in CHARTS {
                    figure.chart data-unit=(vitals.first().map_or("", |vital| vital.unit())) data-flags[vitals.iter().all(|vital| vital.is_flag())] hidden {
                        figcaption { h3 { (title) } ul.legend {
                            @for vital in vitals { li data-vital=(vital.name()) { span.name { (vital.row().words) } " " span.number {} } }
                        } }
                        div.plot role="img" aria-label=(title) {}
                    }
                }
            }
            p.tip #tip hidden {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vital_has_one_chart_with_others_of_its_unit() {
        for vital in Vital::ALL {
            let count = CHARTS.iter().filter(|(_, vitals)| vitals.contains(vital)).count();
            assert_eq!(count, 1, "{} is in {count} charts", vital.name());
        }
        for (title, vitals) in CHARTS {
            assert!(vitals.iter().all(|vital| vital.unit() == vitals[0].unit()), "{title}");
            assert!(vitals.len() <= 4, "{title} has more lines than there are colours");
        }
    }
}

//! The next useful act: what a person can do about a node at three in the
//! morning, by the vital that speaks loudest for its trouble.

/// What to do about a node that is silent.
pub const SILENT: &str = "check its supply and cable, then its log";

/// What to do about a node that this vital troubles, by its name in JSON;
/// without one, about one of which nothing stands out. At most eight words.
pub fn act(vital: Option<&str>) -> &'static str {
    match vital.unwrap_or_default() {
        "temperature" | "throttled_now" | "soft_limit_now" | "fan" | "cpu_frequency" => {
            "give it air, or take work off it"
        }
        "under_voltage_now" | "under_voltage_since_boot" | "frequency_capped_now" => {
            "try another supply and a shorter cable"
        }
        "disk_used" => "free space on its fullest file system",
        "memory_used" | "swap_used" | "swap_in" | "swap_out" | "psi_memory_some" | "psi_memory_full"
        | "oom_kills" => "find what holds its memory, and move it",
        "disk_errors" | "filesystem_errors" | "read_only_mounts" => {
            "copy what matters off it, check its disk"
        }
        "disk_busy" | "psi_io_some" | "psi_io_full" | "blocked" | "disk_read" | "disk_write" => {
            "find what keeps its disk busy, stop it"
        }
        "failed_units" => "run systemctl --failed there",
        "net_errors" | "tcp_retransmits" => "check its cable and its switch port",
        _ => "see what runs there, take work off it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_short_enough_for_a_first_sentence() {
        for act in [
            act(None),
            SILENT,
            act(Some("temperature")),
            act(Some("under_voltage_now")),
            act(Some("disk_used")),
            act(Some("oom_kills")),
            act(Some("read_only_mounts")),
            act(Some("blocked")),
            act(Some("failed_units")),
            act(Some("net_errors")),
        ] {
            assert!(act.split_whitespace().count() <= 8 && !act.ends_with('.'), "{act}");
        }
        assert_eq!(act(Some("no_such_vital")), act(None));
    }
}

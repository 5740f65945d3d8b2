//! How many processes there are, and how near the kernel is to its limit of
//! open files.

use super::Sink;
use super::files::Files;
use frames::Vital;

pub(super) const PROC: &str = "/proc";
pub(super) const FILE_NR: &str = "/proc/sys/fs/file-nr";

/// Processes and open files.
pub(crate) fn read(files: &mut Files, sink: &mut Sink<'_>) {
    let mut processes = 0_u64;
    let listed = files.each_name("proc", |name| {
        processes += u64::from(name.bytes().all(|byte| byte.is_ascii_digit()));
    });
    if listed && processes > 0 {
        sink.put(Vital::Processes, Some(processes as f64), PROC);
    }
    let open = files.line("proc/sys/fs/file-nr").and_then(open_files);
    sink.known(Vital::OpenFiles, open, FILE_NR);
}

/// Percent, of `allocated unused limit`.
fn open_files(line: &str) -> Option<f64> {
    let mut fields = line.split_ascii_whitespace();
    let open: u64 = fields.next()?.parse().ok()?;
    let limit: u64 = fields.nth(1)?.parse().ok()?;
    (limit > 0).then(|| open as f64 / limit as f64 * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_files_are_a_share_of_the_limit() {
        assert_eq!(open_files("1024\t0\t4096"), Some(25.0));
        assert_eq!(open_files("1024\t0\t0"), None);
        assert_eq!(open_files("1024\t0"), None);
    }
}

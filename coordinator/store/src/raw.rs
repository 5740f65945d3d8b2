//! Vitals as they came: one row per report, kept for a day.

use crate::StoreError;
use frames::{Body, Frame, Head, Report, Say, VERSION};

/// Puts a report into bytes: the version, then the words as on the wire, so
/// that whatever reads old frames reads old rows too.
pub(crate) fn encode(report: &Report, out: &mut Frame) -> Result<(), StoreError> {
    out.clear();
    // An empty frame has room for one byte.
    let _ = out.push(VERSION);
    Say::Vitals(report.clone()).encode(out).map_err(StoreError::unreadable("report", "a node"))
}

/// Reads a report back.
pub(crate) fn decode(stored: &[u8]) -> Result<Report, StoreError> {
    let wrong = |why: &str| StoreError::unreadable("report", "a node")(why);
    let (version, say) = stored.split_first().ok_or_else(|| wrong("it is empty"))?;
    let mut body = Frame::new();
    let head = Head { version: *version, boot: 0, sequence: 1, oldest: 1 };
    Body::assemble(&head, say, &mut body).map_err(StoreError::unreadable("report", "a node"))?;
    match Body::decode(&body).map_err(StoreError::unreadable("report", "a node"))?.say {
        Say::Vitals(report) => Ok(report),
        _ => Err(wrong("it is no vitals")),
    }
}

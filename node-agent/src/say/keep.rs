//! Between memory and disk.

use super::disk::Log;
use super::folder::Files;
use super::spool::Spool;
use crate::Millis;
use std::io;

/// Brings the spool and its log up to date: writes what is due to be kept,
/// reads back what may be said next, and lets go of what is decided. Cheap
/// when nothing of this is due; to be called before anything is said. The
/// answer is whether something was written.
///
/// # Errors
/// Why bodies could not be written. Memory goes on, and it is tried again.
pub fn tend<F: Files>(spool: &mut Spool, log: &mut Log<F>, now: Millis) -> io::Result<bool> {
    let mut done = Ok(false);
    if spool.keep_at().is_some_and(|at| at <= now) {
        done = write(spool, log, now).map(|()| true);
    }
    if spool.is_read_back() && log.is_read() {
        log.release();
    }
    while spool.wants_disk(now) {
        log.release();
        while spool.has_room() {
            let Some(kept) = log.read_next() else { break };
            spool.load(&kept);
        }
        report(spool, log);
    }
    done
}

/// At the end: what is undecided in memory goes to the disk at once.
///
/// # Errors
/// Why it could not be written: then it is lost.
pub fn close<F: Files>(spool: &mut Spool, log: &mut Log<F>, now: Millis) -> io::Result<()> {
    write(spool, log, now)
}

/// At the start: tells the spool what earlier boots left.
pub fn begin<F: Files>(spool: &mut Spool, log: &mut Log<F>) {
    report(spool, log);
}

fn write<F: Files>(spool: &mut Spool, log: &mut Log<F>, now: Millis) -> io::Result<()> {
    let (written, done) = log.append(spool.to_keep());
    spool.kept(now, written);
    report(spool, log);
    done
}

fn report<F: Files>(spool: &mut Spool, log: &mut Log<F>) {
    spool.lose(log.take_lost());
    spool.on_disk(log.unread() > 0, log.oldest());
}

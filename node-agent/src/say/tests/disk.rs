use super::party::{MemoryFiles, words};
use crate::say::disk::Log;
use crate::say::folder::{Files, Folder};
use crate::say::spool::Kept;

/// A body to write; its words name its sequence.
fn bodies(boot: u32, sequences: std::ops::RangeInclusive<u32>) -> Vec<(u32, u32, frames::Frame)> {
    sequences.map(|sequence| (boot, sequence, words(sequence))).collect()
}

fn append<F: Files>(log: &mut Log<F>, bodies: &[(u32, u32, frames::Frame)]) -> (usize, std::io::Result<()>) {
    log.append(bodies.iter().map(|(boot, sequence, say)| Kept {
        version: 1,
        boot: *boot,
        sequence: *sequence,
        say,
    }))
}

/// Reads to the end, checking that every body is whole.
fn read<F: Files>(log: &mut Log<F>) -> Vec<(u32, u32)> {
    let mut all = Vec::new();
    while let Some(kept) = log.read_next() {
        assert_eq!((kept.version, kept.say), (1, words(kept.sequence).as_slice()));
        all.push((kept.boot, kept.sequence));
    }
    all
}

fn names(bodies: &[(u32, u32, frames::Frame)]) -> Vec<(u32, u32)> {
    bodies.iter().map(|(boot, sequence, _)| (*boot, *sequence)).collect()
}

#[test]
fn a_log_torn_at_every_byte_gives_back_what_was_whole() {
    let files = MemoryFiles::default();
    let first = bodies(7, 1..=5);
    let mut ends = Vec::new();
    let mut log = Log::open(files.clone(), 7);
    for body in &first {
        append(&mut log, std::slice::from_ref(body)).1.unwrap();
        ends.push(log.bytes());
    }
    let whole = files.files.borrow()[&1].clone();
    for cut in 0..=whole.len() {
        let files = MemoryFiles::default();
        files.files.borrow_mut().insert(1, whole[..cut].to_vec());
        let mut log = Log::open(files.clone(), 8);
        let survive = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(log.unread(), survive, "cut at {cut}");
        let later = bodies(8, 1..=3);
        append(&mut log, &later).1.unwrap();
        let mut expected = names(&first[..survive]);
        expected.extend(names(&later));
        assert_eq!(read(&mut log), expected, "cut at {cut}");
        assert_eq!(log.unread(), 0);
        log.release();
        assert!(files.files.borrow().is_empty(), "cut at {cut}");
    }
}

#[test]
fn a_flipped_bit_costs_at_most_the_records_beside_it() {
    let files = MemoryFiles::default();
    let first = bodies(7, 1..=5);
    append(&mut Log::open(files.clone(), 7), &first).1.unwrap();
    let whole = files.files.borrow()[&1].clone();
    for bit in 0..whole.len() * 8 {
        let mut rotten = whole.clone();
        rotten[bit / 8] ^= 1 << (bit % 8);
        let files = MemoryFiles::default();
        files.files.borrow_mut().insert(1, rotten);
        let mut log = Log::open(files, 8);
        let read = read(&mut log);
        assert!(read.len() >= 3, "bit {bit}: {read:?}");
        assert!(read.iter().all(|name| names(&first).contains(name)), "bit {bit}: {read:?}");
        assert_eq!(log.unread(), 0, "bit {bit}");
    }
}

#[test]
fn a_failed_write_leaves_what_was_there() {
    for left in 0..200 {
        let files = MemoryFiles::default();
        let mut log = Log::open(files.clone(), 7);
        let (one, two, three) = (bodies(7, 1..=2), bodies(7, 3..=5), bodies(7, 6..=6));
        append(&mut log, &one).1.unwrap();
        files.failing.set(Some(left));
        let (written, result) = append(&mut log, &two);
        assert_eq!(written, 0);
        assert_eq!(result.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        assert_eq!(log.failures(), 1);
        files.failing.set(None);
        append(&mut log, &two).1.unwrap();
        append(&mut log, &three).1.unwrap();
        let mut all = read(&mut log);
        // What was whole before the failure may come twice, never be missing.
        all.dedup();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all, [(7, 1), (7, 2), (7, 3), (7, 4), (7, 5), (7, 6)], "{left} bytes left behind");
    }
}

#[test]
fn a_disk_full_for_hours_costs_no_older_bodies() {
    let files = MemoryFiles::default();
    let mut log = Log::open(files.clone(), 7);
    append(&mut log, &bodies(7, 1..=10)).1.unwrap();
    for failing in [0, 1, 40].into_iter().cycle().take(200) {
        files.failing.set(Some(failing));
        assert!(append(&mut log, &bodies(7, 11..=12)).1.is_err());
    }
    files.failing.set(None);
    append(&mut log, &bodies(7, 11..=12)).1.unwrap();
    let mut all = read(&mut log);
    all.dedup();
    assert_eq!(all, names(&bodies(7, 1..=12)));
    assert_eq!(log.take_lost(), 0);
}

#[test]
fn seven_days_fit_and_the_oldest_go_first() {
    let files = MemoryFiles::default();
    let mut log = Log::open(files, 7);
    let seven_days = 7 * 24 * 360;
    let body = [3; 81];
    let kept = |sequence| Kept { version: 1, boot: 7, sequence, say: &body };
    for batch in 0..seven_days / 30 {
        log.append((1..=30).map(|place| kept(batch * 30 + place))).1.unwrap();
    }
    assert_eq!(log.take_lost(), 0);
    assert_eq!((log.unread(), log.oldest()), (seven_days as usize, Some(1)));
    assert!(log.bytes() <= 8 * 1024 * 1024, "{} B", log.bytes());
    for batch in seven_days / 30..seven_days / 10 {
        log.append((1..=30).map(|place| kept(batch * 30 + place))).1.unwrap();
        assert!(log.bytes() <= 8 * 1024 * 1024 + 4096, "{} B", log.bytes());
    }
    let lost = log.take_lost();
    assert!(log.unread() >= seven_days as usize);
    assert_eq!(log.unread() + lost, 3 * seven_days as usize);
    assert_eq!(log.oldest(), Some(lost as u32 + 1));
    assert_eq!(log.read_next().map(|kept| kept.sequence), Some(lost as u32 + 1));
}

#[test]
fn reading_goes_on_after_more_was_appended() {
    let files = MemoryFiles::default();
    let mut log = Log::open(files.clone(), 7);
    append(&mut log, &bodies(7, 1..=3)).1.unwrap();
    assert_eq!(read(&mut log), names(&bodies(7, 1..=3)));
    assert!(log.is_read());
    append(&mut log, &bodies(7, 4..=5)).1.unwrap();
    assert_eq!((log.unread(), log.oldest()), (2, Some(4)));
    assert_eq!(read(&mut log), names(&bodies(7, 4..=5)));
    log.release();
    append(&mut log, &bodies(7, 6..=6)).1.unwrap();
    assert_eq!(read(&mut log), names(&bodies(7, 6..=6)));
}

#[test]
fn a_real_folder_keeps_it_through_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spool");
    let mut log = Log::open(Folder::new(&path), 1);
    append(&mut log, &bodies(1, 1..=40)).1.unwrap();
    std::fs::write(path.join("not-ours"), "x").unwrap();
    let mut log = Log::open(Folder::new(&path), 2);
    append(&mut log, &bodies(2, 1..=2)).1.unwrap();
    assert_eq!(log.oldest(), Some(1));
    let mut expected = names(&bodies(1, 1..=40));
    expected.extend(names(&bodies(2, 1..=2)));
    assert_eq!(read(&mut log), expected);
    log.release();
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1, "only what is not ours is left");
}

#[test]
fn a_folder_belongs_to_one_agent() {
    let folder = tempfile::tempdir().unwrap();
    let (mut one, mut two) = (Folder::new(folder.path()), Folder::new(folder.path()));
    assert!(one.claim());
    assert!(!two.claim());
    drop(one);
    assert!(two.claim());
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(Folder::new(&file.path().join("spool")).claim(), "nothing to quarrel about");
}

#[test]
fn a_full_disk_is_an_error_and_no_more() {
    // Linux's own full device, where a file of the log would be.
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.path().join("spool-0000000001")).unwrap();
    let mut folder = Folder::new(folder.path());
    let error = folder.append(1, b"anything").unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);

    // A file where the folder should be.
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut log = Log::open(Folder::new(&file.path().join("spool")), 1);
    let (written, result) = append(&mut log, &bodies(1, 1..=3));
    assert!(written == 0 && result.is_err());
}

//! What becomes of files: older, newer, foreign, damaged, copied.

use super::commit::assert_whole;
use super::sample::{T, dump, events, node, record, row};
use crate::schema::CURRENT;
use crate::{Batch, EventQuery, Opened, Store, StoreError};
use rusqlite::Connection;
use std::fs;
use std::path::{Path, PathBuf};

fn filled(folder: &Path) -> String {
    let (mut store, opened) = Store::open(folder).unwrap();
    assert_eq!(opened, Opened::Fresh);
    let rows = (1..400).map(|n| row(n % 5, 7, n, T + i64::from(n) * 2_000)).collect();
    let events = events(&mut store.event_ids().unwrap());
    store.commit(&Batch { rows, events, ..Batch::default() }).unwrap();
    dump(&store)
}

fn file(folder: &Path) -> PathBuf {
    folder.join("store.sqlite")
}

#[test]
fn a_store_is_found_again_as_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join("a/b");
    let before = filled(&deep);
    let (store, opened) = Store::open(&deep).unwrap();
    assert_eq!((opened, dump(&store)), (Opened::Existing, before));
}

#[test]
fn a_start_that_was_cut_short_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(file(folder.path()), b"").unwrap();
    filled(folder.path());
    let folder = tempfile::tempdir().unwrap();
    Connection::open(file(folder.path())).unwrap().pragma_update(None, "journal_mode", "wal").unwrap();
    filled(folder.path());
}

#[test]
fn an_unwritable_place_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    fs::write(&taken, b"a file").unwrap();
    let error = Store::open(&taken).unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }) && error.to_string().contains("taken"), "{error}");
    fs::create_dir(file(folder.path())).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(error.is_passing(), "{error}");
}

#[test]
fn a_newer_version_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let db = Connection::open(file(folder.path())).unwrap();
    db.pragma_update(None, "user_version", CURRENT + 1).unwrap();
    drop(db);
    let before = fs::read(file(folder.path())).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(
        matches!(error, StoreError::Newer { found, known: CURRENT, .. } if found == CURRENT + 1),
        "{error}"
    );
    assert_eq!(fs::read(file(folder.path())).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no copy, nothing set aside");
}

#[test]
fn another_programs_database_is_refused_and_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let db = Connection::open(file(folder.path())).unwrap();
    db.execute_batch("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)").unwrap();
    drop(db);
    let before = fs::read(file(folder.path())).unwrap();
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(file(folder.path())).unwrap(), before);
}

#[test]
fn a_damaged_store_is_set_aside_as_it_was_and_a_new_one_begun() {
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 4] = [
        ("pages overwritten", |bytes| bytes[9_000..20_000].fill(0xa5)),
        ("header overwritten", |bytes| bytes[..64].fill(0)),
        ("cut off", |bytes| bytes.truncate(bytes.len() / 2 + 100)),
        ("not a database", |bytes| *bytes = b"once upon a time ".repeat(900)),
    ];
    for (what, damage) in damages {
        let folder = tempfile::tempdir().unwrap();
        for time in 1..3 {
            filled(folder.path());
            let mut bytes = fs::read(file(folder.path())).unwrap();
            damage(&mut bytes);
            fs::write(file(folder.path()), &bytes).unwrap();
            let (mut store, opened) = Store::open(folder.path()).unwrap();
            let Opened::SetAside { corrupt, why } = opened else { panic!("{what}: {opened:?}") };
            assert!(!why.is_empty());
            assert_eq!(fs::read(&corrupt).unwrap(), bytes, "{what}: kept as it was");
            let name = if time == 1 { "store.corrupt.sqlite" } else { "store.corrupt-2.sqlite" };
            assert_eq!(corrupt, folder.path().join(name));
            let rows = vec![row(1, 1, 1, T)];
            store.commit(&Batch { rows: rows.clone(), ..Batch::default() }).unwrap();
            assert_whole(&store, &rows);
            drop(store);
            fs::remove_file(file(folder.path())).unwrap();
        }
    }
}

#[test]
fn a_damaged_store_takes_its_log_along() {
    let folder = tempfile::tempdir().unwrap();
    let crashed = tempfile::tempdir().unwrap();
    let (mut store, _) = Store::open(folder.path()).unwrap();
    store.commit(&Batch { rows: vec![row(1, 1, 1, T)], ..Batch::default() }).unwrap();
    for ending in ["", "-wal"] {
        let name = format!("store.sqlite{ending}");
        fs::copy(folder.path().join(&name), crashed.path().join(&name)).unwrap();
    }
    drop(store);
    let log = fs::read(crashed.path().join("store.sqlite-wal")).unwrap();
    // Nothing is checkpointed yet: what is readable at all lies in the log.
    fs::write(file(crashed.path()), [0x5a; 8_192]).unwrap();
    // A log heals a damaged file as far as it holds its pages; here, it doesn't.
    fs::write(crashed.path().join("store.sqlite-wal"), &log[..log.len() / 3]).unwrap();
    let (_, opened) = Store::open(crashed.path()).unwrap();
    let Opened::SetAside { corrupt, .. } = opened else { panic!("{opened:?}") };
    assert_eq!(fs::read(corrupt).unwrap(), [0x5a; 8_192]);
    let aside = crashed.path().join("store.corrupt.sqlite-wal");
    assert_eq!(fs::read(aside).unwrap(), log[..log.len() / 3]);
}

#[test]
fn a_backup_of_a_running_store_is_a_store() {
    let folder = tempfile::tempdir().unwrap();
    filled(folder.path());
    let (mut store, _) = Store::open(folder.path()).unwrap();
    store.commit(&Batch { rows: vec![row(9, 9, 9, T)], ..Batch::default() }).unwrap();
    let yesterday = tempfile::tempdir().unwrap();
    let reader = store.reader().unwrap();
    reader.backup(&file(yesterday.path())).unwrap();
    assert!(matches!(reader.backup(&file(yesterday.path())), Err(StoreError::Folder { .. })));
    let (copy, opened) = Store::open(yesterday.path()).unwrap();
    assert_eq!((opened, dump(&copy)), (Opened::Existing, dump(&store)));
}

/// A file that version 1 wrote becomes what is written beside it, and its copy
/// stays what it was.
#[test]
fn an_old_store_is_migrated_after_a_copy_is_set_aside() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(golden.join("v1.sqlite"), file(folder.path())).unwrap();
    let (mut store, opened) = Store::open(folder.path()).unwrap();
    let copy = folder.path().join("store.v1.sqlite");
    assert_eq!(opened, Opened::Migrated { from: 1, copy: copy.clone() });
    assert_eq!(dump(&store), fs::read_to_string(golden.join("v1.expected.txt")).unwrap());

    // It reads as what it was made of, and goes on working.
    let reader = store.reader().unwrap();
    assert_eq!(reader.records().unwrap(), [record(1)]);
    let about = EventQuery { node: Some(node(1)), ..EventQuery::default() };
    assert_eq!(reader.events(&about).unwrap().len(), 3);
    let rows: Vec<_> = (1..7).map(|n| row(n % 2, 7, n, T + i64::from(n) * 20_000)).collect();
    assert_eq!(store.commit(&Batch { rows, ..Batch::default() }).unwrap().doubles, 6);

    let old = Connection::open(&copy).unwrap();
    let version: u32 = old.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let events: u32 = old.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).unwrap();
    assert_eq!((version, events), (1, 5));

    // A new file has the very same tables.
    let fresh = Store::temporary().unwrap();
    assert_eq!(tables(&store.db), tables(&fresh.db));

    // Put back, it is migrated again beside the first copy.
    drop((store, reader));
    fs::copy(&copy, file(folder.path())).unwrap();
    let (_, opened) = Store::open(folder.path()).unwrap();
    assert_eq!(opened, Opened::Migrated { from: 1, copy: folder.path().join("store.v1-2.sqlite") });
}

/// Without room for a migration the old store stays as it is.
#[test]
fn a_migration_that_fails_changes_nothing() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let folder = tempfile::tempdir().unwrap();
    fs::copy(golden.join("v1.sqlite"), file(folder.path())).unwrap();
    // Something is in the way of the new column's index.
    let db = Connection::open(file(folder.path())).unwrap();
    db.execute_batch("CREATE TABLE event_kind (x)").unwrap();
    drop(db);
    let error = Store::open(folder.path()).unwrap_err();
    assert!(matches!(error, StoreError::Database(_)), "{error:?}");
    let db = Connection::open(file(folder.path())).unwrap();
    let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, 1);
    assert!(db.prepare("SELECT node FROM event").is_err());
}

fn tables(db: &Connection) -> Vec<String> {
    let mut tables = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
    tables.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}

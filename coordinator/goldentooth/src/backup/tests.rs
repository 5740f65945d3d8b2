use super::*;
use crate::enrol::{Desk, Reach, Request};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

/// A data folder as a coordinator leaves it, with one node enrolled so often.
fn folder(enrolled: u32) -> (tempfile::TempDir, PathBuf) {
    let scratch = tempfile::tempdir().unwrap();
    let folder = scratch.path().join("data");
    let data = Data::open(&folder).unwrap();
    data.token().unwrap();
    data.instance().unwrap();
    drop(Store::open(&folder).unwrap());
    drop(data);
    enrol(&folder, enrolled);
    fs::create_dir_all(folder.join("node/spool")).unwrap();
    fs::write(folder.join("node/spool/log"), "what is not said yet").unwrap();
    fs::create_dir_all(folder.join("cast")).unwrap();
    fs::write(folder.join("cast/own.toml"), "a sheet").unwrap();
    (scratch, folder)
}

fn enrol(folder: &Path, times: u32) {
    let data = Arc::new(Data::open(folder).unwrap());
    let keys = Arc::new(Keys::load(&data, "home".parse().unwrap()).unwrap());
    let desk = Desk::new(keys, data, Reach::embedded("127.0.0.1:1883".parse().unwrap(), None), |_, _| {});
    let request =
        Request { name: Some("pi".into()), addresses: vec!["127.0.0.1".into()], ..Request::default() };
    for _ in 0..times {
        desk.enrol(&request).unwrap();
    }
}

fn epoch(folder: &Path) -> u32 {
    let keys = Keys::load(&Data::open(folder).unwrap(), "home".parse().unwrap()).unwrap();
    keys.entry(&"pi".parse().unwrap()).unwrap().epoch
}

#[test]
fn a_backup_is_private_and_never_overwrites() {
    let (scratch, folder) = folder(1);
    let file = scratch.path().join("backup.tar");
    let saved = save(&folder, &file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(saved.bytes, fs::metadata(&file).unwrap().len());
    assert!(matches!(save(&folder, &file), Err(BackupError::There(_))));
    let others = fs::read_dir(scratch.path()).unwrap().count();
    assert_eq!(others, 2, "nothing is left beside it");
    let empty = scratch.path().join("empty");
    assert!(matches!(save(&empty, &scratch.path().join("none.tar")), Err(BackupError::Nothing(_))));
}

#[test]
fn a_restore_that_was_cut_short_is_undone_and_lowers_no_epoch() {
    for cut in 0.. {
        let (scratch, folder) = folder(1);
        let file = scratch.path().join("backup.tar");
        save(&folder, &file).unwrap();
        enrol(&folder, 2);
        fs::write(folder.join("cast/own.toml"), "a newer sheet").unwrap();
        // As far as it came: so many files are aside, and the others of the new state in place.
        let (mut there, aside) = (Vec::new(), folder.join("aside-then"));
        list(&folder, Path::new(""), &mut there).unwrap();
        there.retain(|name| is_replaced(name));
        begin(&folder, &aside).unwrap();
        if cut > 0 {
            shift(&folder, there.get(..cut).unwrap_or(&there), &aside).unwrap();
        }
        if cut > there.len() {
            fs::write(folder.join("instance"), "half of another").unwrap();
        }
        assert!(undo(&folder).unwrap());
        assert!(!undo(&folder).unwrap() && !aside.exists());
        assert_eq!(fs::read_to_string(folder.join("cast/own.toml")).unwrap(), "a newer sheet");
        let restored = restore(&Data::open(&folder).unwrap(), &file).unwrap();
        assert!(restored.kept_keys, "it is the same coordinator's");
        assert_eq!(epoch(&folder), 3);
        assert_eq!(fs::read_to_string(folder.join("cast/own.toml")).unwrap(), "a sheet");
        if cut > there.len() {
            return;
        }
    }
}

#[test]
fn a_restore_over_the_same_coordinator_lowers_no_epoch_and_sets_aside_what_was_there() {
    let (scratch, folder) = folder(1);
    let file = scratch.path().join("backup.tar");
    save(&folder, &file).unwrap();
    enrol(&folder, 2);
    fs::write(folder.join("cast/own.toml"), "a newer sheet").unwrap();
    let data = Data::open(&folder).unwrap();
    let restored = restore(&data, &file).unwrap();
    drop(data);
    assert!(restored.kept_keys);
    assert_eq!(epoch(&folder), 3);
    assert_eq!(fs::read_to_string(folder.join("cast/own.toml")).unwrap(), "a sheet");
    let aside = restored.aside.unwrap();
    assert_eq!(fs::read_to_string(aside.join("cast/own.toml")).unwrap(), "a newer sheet");
    assert!(aside.join(STORE).exists());
    assert!(folder.join("node/spool/log").exists(), "the local agent's spool is its own");
    assert!(!folder.join(STAGING).exists());
    // What was set aside is in no later backup.
    save(&folder, &scratch.path().join("later.tar")).unwrap();
    let mut archive = tar::Archive::new(File::open(scratch.path().join("later.tar")).unwrap());
    assert!(archive.entries().unwrap().all(|entry| !entry.unwrap().path().unwrap().starts_with(&aside)));
}

#[test]
fn a_restore_on_another_machine_brings_keys_and_all() {
    let (scratch, from) = folder(2);
    let file = scratch.path().join("backup.tar");
    save(&from, &file).unwrap();
    let (_other, to) = folder(1);
    let restored = restore(&Data::open(&to).unwrap(), &file).unwrap();
    assert!(!restored.kept_keys && restored.aside.is_some());
    assert_eq!(epoch(&to), 2);
    assert_eq!(fs::read(to.join("fleet.key")).unwrap(), fs::read(from.join("fleet.key")).unwrap());
    let mode = fs::metadata(to.join("fleet.key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let fresh = scratch.path().join("fresh");
    let restored = restore(&Data::open(&fresh).unwrap(), &file).unwrap();
    assert_eq!((restored.aside, epoch(&fresh)), (None, 2));
}

/// An archive of these files.
fn archive(path: &Path, files: &[(&str, &[u8])]) {
    let mut builder = tar::Builder::new(private(path).unwrap());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        // As it is, also where tar would refuse the name.
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *content).unwrap();
    }
    builder.into_inner().unwrap();
}

#[test]
fn what_is_no_backup_changes_nothing() {
    let (scratch, folder) = folder(1);
    let file = |name: &str| scratch.path().join(name);
    let manifest = br#"{"format":1,"goldentooth":"0.1.0","made":"2026-11-27T12:00:00Z"}"#;
    fs::write(file("text"), "no archive at all").unwrap();
    fs::write(file("empty"), "").unwrap();
    archive(&file("other"), &[("readme", b"hello")]);
    archive(&file("outside"), &[(MANIFEST, manifest), ("../evil", b"x")]);
    archive(&file("lock"), &[(MANIFEST, manifest), ("lock", b"x")]);
    archive(&file("damaged"), &[(MANIFEST, manifest), (STORE, &[7; 4096])]);
    archive(&file("newer"), &[(MANIFEST, br#"{"format":2,"goldentooth":"9.0.0","shape":"other"}"#)]);
    let data = Data::open(&folder).unwrap();
    for name in ["text", "empty", "other", "outside", "lock", "damaged", "newer", "absent"] {
        let told = restore(&data, &file(name)).unwrap_err().to_string();
        assert!(told.contains(name) || name == "damaged", "{told}");
        assert!(name != "newer" || told.contains("9.0.0"), "{told}");
        assert!(!folder.join(STAGING).exists() && !file("evil").exists(), "{name}");
    }
    assert!(fs::read_dir(&folder).unwrap().all(|entry| !entry.unwrap().path().starts_with(ASIDE)));
    assert!(folder.join(STORE).exists());
}

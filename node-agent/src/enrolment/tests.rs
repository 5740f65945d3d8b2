use super::*;
use std::os::unix::fs::PermissionsExt;

fn sample() -> Enrolment {
    Enrolment {
        fleet: "home".parse().unwrap(),
        name: "pi-07".parse().unwrap(),
        kind: Kind::Node,
        epoch: 3,
        key: Some(NodeKey::new([0xa5; KEY_BYTES]).into()),
        addresses: vec!["mqtts://gold.local:8883".parse().unwrap(), "mqtt://[::1]:1883".parse().unwrap()],
        certificate: Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".to_owned()),
        account: Account { user: "pi-07".to_owned(), password: Secret::new("hush-hush".to_owned()) },
    }
}

#[test]
fn comes_back_as_written_and_is_ours_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pi-07.toml");
    sample().write(&path).unwrap();
    sample().write(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let back = Enrolment::read(&path).unwrap();
    assert_eq!(back.key.as_ref().unwrap().get().expose(), &[0xa5; KEY_BYTES]);
    assert_eq!(back.addresses, sample().addresses);
    assert_eq!(back.certificate, sample().certificate);
    assert_eq!(back.account, sample().account);
    assert_eq!((back.name, back.kind, back.epoch), (sample().name, Kind::Node, 3));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn a_file_that_others_may_read_is_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pi-07.toml");
    sample().write(&path).unwrap();
    for mode in [0o640, 0o604, 0o660] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let told = Enrolment::read(&path).unwrap_err().to_string();
        assert!(told.contains("chmod 600") && told.contains("pi-07.toml"), "{told}");
    }
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    Enrolment::read(&path).unwrap();
}

#[test]
fn no_secret_in_debug_or_errors() {
    let shown = format!("{:?}", sample());
    assert!(!shown.contains("hush") && !shown.contains("a5a5"), "{shown}");

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.toml");
    sample().write(&path).unwrap();
    let good = fs::read_to_string(&path).unwrap();
    for broken in [
        good.replace("a5a5", "zza5"),
        good.replace("hush-hush\"", "hush-hush"),
        good.replace("epoch = 3", "epoch = x"),
    ] {
        fs::write(&path, broken).unwrap();
        let error = Enrolment::read(&path).unwrap_err();
        let told = format!("{error} {error:?}");
        assert!(told.contains("bad.toml") && told.contains("line "), "{told}");
        assert!(!told.contains("hush") && !told.contains("a5a5"), "{told}");
    }
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pi.toml");
    let told = |enrolment: &Enrolment| {
        enrolment.write(&path).unwrap();
        Enrolment::read(&path).unwrap_err().to_string()
    };
    assert!(told(&Enrolment { key: None, ..sample() }).contains("no key"));
    assert!(told(&Enrolment { addresses: Vec::new(), ..sample() }).contains("no broker address"));
    assert!(told(&Enrolment { certificate: None, ..sample() }).contains("no certificate"));
    let missing = Enrolment::read(&folder.path().join("none.toml")).unwrap_err().to_string();
    assert!(missing.contains("none.toml") && missing.contains("goldentooth enroll"), "{missing}");
    Enrolment { key: None, kind: Kind::Reader, ..sample() }.write(&path).unwrap();
    Enrolment::read(&path).unwrap();
}

#[test]
fn addresses() {
    for good in ["mqtt://127.0.0.1:1883", "mqtts://gold.local:8883", "mqtt://[fe80::1%eth0]:1"] {
        assert_eq!(good.parse::<Address>().unwrap().to_string(), good);
    }
    for bad in [
        "",
        "gold:1883",
        "http://gold:1",
        "mqtt://gold",
        "mqtt://:1",
        "mqtt://a:0",
        "mqtt://a:70000",
        "mqtt://::1:1",
        "mqtt://a b:1",
    ] {
        assert!(bad.parse::<Address>().is_err(), "{bad}");
    }
    assert!("mqtt://[::1]:1".parse::<Address>().unwrap().is_loopback());
    assert!(!"mqtt://10.0.0.1:1".parse::<Address>().unwrap().is_loopback());
}

use super::*;

fn data() -> (tempfile::TempDir, Arc<Data>) {
    let folder = tempfile::tempdir().unwrap();
    let data = Arc::new(Data::open(folder.path()).unwrap());
    (folder, data)
}

fn keys(data: &Data) -> Arc<Keys> {
    Arc::new(Keys::load(data, "home".parse().unwrap()).unwrap())
}

fn desk(data: &Arc<Data>, keys: &Arc<Keys>, listens: &str) -> Desk {
    let reach = Reach::embedded(listens.parse().unwrap(), None);
    Desk::new(Arc::clone(keys), Arc::clone(data), reach, |_, _| {})
}

fn ask(name: &str, address: &str) -> Request {
    Request { name: Some(name.into()), addresses: vec![address.into()], ..Request::default() }
}

#[test]
fn enrolling_again_raises_the_epoch_and_voids_key_and_password() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "127.0.0.1:1883");
    let before = keys.changes();
    let first = desk.enrol(&ask("pi-07", "127.0.0.1")).unwrap().remove(0);
    let second = desk.enrol(&ask("pi-07", "127.0.0.1")).unwrap().remove(0);
    assert_eq!((first.epoch, second.epoch), (1, 2));
    assert_ne!(first.account.password, second.account.password);
    assert!(keys.changes() > before);
    let name = "pi-07".parse().unwrap();
    let now = keys.node_key(&name).unwrap();
    assert_eq!(now.expose(), second.key.as_ref().unwrap().get().expose());
    assert_ne!(now.expose(), first.key.as_ref().unwrap().get().expose());
    // After a restart it is still so.
    let reloaded = Keys::load(&data, "home".parse().unwrap()).unwrap();
    assert_eq!(reloaded.node_key(&name).unwrap().expose(), now.expose());
}

#[test]
fn a_broker_on_loopback_enrols_for_this_machine_alone() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "127.0.0.1:1883");
    for request in [
        Request { name: Some("pi-07".into()), ..Request::default() },
        ask("pi-07", "192.168.1.5"),
        ask("pi-07", "pi-00.local"),
    ] {
        let told = desk.enrol(&request).unwrap_err().to_string();
        assert!(told.contains("--address 127.0.0.1"), "{told}");
    }
    assert!(keys.accounts().is_empty(), "a refusal changes nothing");
    let enrolled = desk.enrol(&ask("pi-07", "::1")).unwrap().remove(0);
    assert_eq!(enrolled.addresses[0].to_string(), "mqtt://[::1]:1883");
}

#[test]
fn names_are_checked_and_kinds_do_not_mix() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "10.0.0.1:1883");
    for name in ["sim-01", "cast", "a/b", "", COORDINATOR] {
        assert!(desk.enrol(&ask(name, "h")).is_err(), "{name}");
    }
    desk.enrol(&ask("wall", "h")).unwrap();
    let reader = Request { kind: Some(Kind::Reader), ..ask("wall", "h") };
    assert!(matches!(desk.enrol(&reader), Err(EnrolError::Taken { .. })));
    let reader = Request { kind: Some(Kind::Reader), ..ask("screen", "h") };
    assert!(desk.enrol(&reader).unwrap().remove(0).key.is_none(), "a reader seals nothing");
    assert!(keys.node_key(&"screen".parse().unwrap()).is_none());
}

#[test]
fn a_new_key_voids_everything_at_once() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "10.0.0.1:1883");
    let all = Request { new_key: true, ..Request::default() };
    assert!(matches!(desk.enrol(&all), Err(EnrolError::NothingEnrolled)));
    let old = desk.enrol(&ask("a", "h")).unwrap().remove(0);
    desk.enrol(&ask("b", "h")).unwrap();
    let fleet_key = *data.fleet_key().unwrap().expose();
    let renewed = desk.enrol(&all).unwrap();
    assert_eq!(renewed.iter().map(|one| one.name.as_str().to_owned()).collect::<Vec<_>>(), ["a", "b"]);
    assert_ne!(*data.fleet_key().unwrap().expose(), fleet_key);
    assert_ne!(renewed[0].account.password, old.account.password);
}

#[test]
fn simulated_nodes_are_known_only_while_simulated() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let [first, third]: [NodeName; 2] = ["sim-01".parse().unwrap(), "sim-03".parse().unwrap()];
    assert!(keys.node_key(&first).is_none());
    keys.simulate(2);
    assert!(keys.node_key(&first).is_some());
    assert!(keys.node_key(&third).is_none());
}

#[test]
fn a_damaged_list_is_told() {
    let (_folder, data) = data();
    std::fs::write(data.path("enrolments.json"), "{").unwrap();
    assert!(matches!(Keys::load(&data, "home".parse().unwrap()), Err(EnrolError::Damaged { .. })));
}

#[test]
fn a_lost_fleet_key_is_not_made_anew_in_silence() {
    let (_folder, data) = data();
    let keys = keys(&data);
    desk(&data, &keys, "10.0.0.1:1883").enrol(&ask("a", "h")).unwrap();
    std::fs::remove_file(data.path("fleet.key")).unwrap();
    let told = Keys::load(&data, "home".parse().unwrap()).unwrap_err().to_string();
    assert!(told.contains("--all --new-key"), "{told}");
}

#[test]
fn the_local_nodes_file_goes_along_when_all_are_enrolled_again() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "10.0.0.1:1883");
    let local = desk.enrol(&ask("here", "127.0.0.1")).unwrap().remove(0);
    std::fs::create_dir(data.path("node")).unwrap();
    local.write(&data.path(LOCAL)).unwrap();
    desk.enrol(&Request::default()).unwrap();
    let renewed = Enrolment::read(&data.path(LOCAL)).unwrap();
    assert_eq!((renewed.epoch, &renewed.addresses), (2, &local.addresses));
    // Enrolled by name, it belongs to another agent from then on.
    desk.enrol(&ask("here", "h")).unwrap();
    desk.enrol(&Request::default()).unwrap();
    assert_eq!(Enrolment::read(&data.path(LOCAL)).unwrap().epoch, 2);
}

#[test]
fn a_revoked_name_has_no_key_until_it_is_enrolled_anew_and_no_old_file_counts_again() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "127.0.0.1:1883");
    let name: NodeName = "pi-07".parse().unwrap();
    let first = desk.enrol(&ask("pi-07", "127.0.0.1")).unwrap().remove(0);
    desk.revoke(&name).unwrap();
    assert!(keys.node_key(&name).is_none() && keys.knows(&name));
    assert!(matches!(desk.revoke(&name), Err(EnrolError::Unknown(_))));
    // A restart revives nothing.
    let reloaded = Keys::load(&data, "home".parse().unwrap()).unwrap();
    assert!(reloaded.node_key(&name).is_none());
    let second = desk.enrol(&ask("pi-07", "127.0.0.1")).unwrap().remove(0);
    assert_eq!((first.epoch, second.epoch), (1, 2));
    // Also as another kind.
    desk.forget(&name, false).unwrap();
    let reader = Request { kind: Some(Kind::Reader), ..ask("pi-07", "127.0.0.1") };
    assert_eq!(desk.enrol(&reader).unwrap().remove(0).epoch, 3);
}

#[test]
fn a_renamed_nodes_old_file_is_void_and_the_name_may_come_back() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "127.0.0.1:1883");
    let (old, new): (NodeName, NodeName) = ("raspberrypi".parse().unwrap(), "attic".parse().unwrap());
    desk.enrol(&ask("raspberrypi", "127.0.0.1")).unwrap();
    desk.enrol(&ask("other", "127.0.0.1")).unwrap();
    let here = ["127.0.0.1".to_owned()];
    let taken = desk.rename(&old, &"other".parse().unwrap(), &here);
    assert!(matches!(taken, Err(EnrolError::Taken { .. })));
    let file = desk.rename(&old, &new, &here).unwrap();
    assert_eq!((file.name, file.epoch), (new.clone(), 1));
    assert!(keys.node_key(&old).is_none() && keys.node_key(&new).is_some());
    assert_eq!(desk.rename(&new, &old, &here).unwrap().epoch, 2, "never an epoch twice");
}

#[test]
fn a_second_host_of_a_name_gets_a_number() {
    let (_folder, data) = data();
    let keys = keys(&data);
    let desk = desk(&data, &keys, "127.0.0.1:1883");
    let named = |host: &str| {
        let request =
            Request { host: Some(host.into()), addresses: vec!["127.0.0.1".into()], ..Request::default() };
        desk.enrol(&request).map(|mut made| made.remove(0).name.as_str().to_owned())
    };
    assert_eq!(named("raspberrypi.local").unwrap(), "raspberrypi");
    assert_eq!(named("raspberrypi").unwrap(), "raspberrypi-2");
    // A name that was forgotten has a past that is another's.
    desk.forget(&"raspberrypi-2".parse().unwrap(), false).unwrap();
    assert_eq!(named("raspberrypi").unwrap(), "raspberrypi-3");
    assert!(matches!(named("sim-01"), Err(EnrolError::Host(_))));
}

use super::*;
use clap::Parser as _;

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    up: UpArgs,
}

fn load(file: &str, flags: &[&str]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("goldentooth.toml");
    std::fs::write(&path, file).unwrap();
    let line = ["up", "--config", path.to_str().unwrap(), "--data", "/tmp/x"];
    Config::load(&Line::try_parse_from(line.iter().chain(flags)).unwrap().up)
}

#[test]
fn without_anything_it_is_on_loopback() {
    let config = load("", &[]).unwrap();
    assert!(config.http.ip().is_loopback());
    assert!(matches!(config.broker, BrokerChoice::Embedded(listen) if listen.ip().is_loopback()));
    assert_eq!(config.fleet.as_str(), "home");
    assert!(config.local_node && config.stage);
}

#[test]
fn flags_outdo_the_file() {
    let file =
        "fleet = \"lab\"\nhttp = \"127.0.0.1:1\"\nbroker = \"mqtt://b:1883\"\ncommit_every = \"30s\"\n";
    let config = load(file, &["--http", "127.0.0.1:2", "--mqtt", "127.0.0.1:0", "--no-stage"]).unwrap();
    assert_eq!(config.fleet.as_str(), "lab");
    assert_eq!(config.http.port(), 2);
    assert!(matches!(config.broker, BrokerChoice::Embedded(_)));
    assert_eq!(config.commit_every, Duration::from_secs(30));
    assert!(!config.stage);
}

#[test]
fn an_unknown_key_is_named_with_its_line_and_the_nearest() {
    let told = load("fleet = \"lab\"\n\nhtpp = \"127.0.0.1:1\"\n", &[]).unwrap_err().to_string();
    assert!(told.contains("goldentooth.toml, line 3") && told.contains("did you mean \"http\""), "{told}");
    let told = load("zzz = 1\n", &[]).unwrap_err().to_string();
    assert!(told.contains("the keys are fleet"), "{told}");
    // The list that is shown is the list that is read.
    for key in KEYS {
        let error = parse(Path::new("x"), &format!("{key} = 0")).unwrap_err();
        assert!(matches!(error, ConfigError::Value { .. }), "{key}");
    }
}

#[test]
fn values_are_checked_where_they_stand() {
    for wrong in ["\ncommit_every = \"1h\"", "\nfleet = \"a b\"", "\nhttp = \"here\"", "\nfleet ="] {
        let told = load(wrong, &[]).unwrap_err().to_string();
        assert!(told.contains("line 2"), "{told}");
    }
    assert!(matches!(
        load("mqtt = \"127.0.0.1:1\"\nbroker = \"mqtt://b:1\"", &[]),
        Err(ConfigError::TwoBrokers(_))
    ));
}

#[test]
fn a_broker_has_account_and_certificate() {
    let outside = super::broker::outside("mqtt://gt:se:cr@et@b.local:1884", None).unwrap();
    assert_eq!(outside.address.to_string(), "mqtt://b.local:1884");
    let (user, password) = outside.account.unwrap();
    assert_eq!((user.as_str(), password.expose()), ("gt", "se:cr@et"));
    assert!(matches!(super::broker::outside("mqtts://b:8883", None), Err(ConfigError::NoCertificate)));
    let told = super::broker::outside("mqtt://u:secret@b", None).unwrap_err().to_string();
    assert!(!told.contains("secret"), "{told}");
}

#[test]
fn the_example_names_every_key_and_is_right() {
    let example = include_str!("../../goldentooth.example.toml");
    let file = parse(Path::new("goldentooth.example.toml"), example).unwrap();
    assert!(file.broker.is_none());
    for key in KEYS {
        let stands = |line: &str| {
            let line = line.trim_start_matches("#: ").trim_start_matches("# ");
            line.starts_with(&format!("{key} = "))
                || [format!("[{key}]"), format!("[[{key}]]")].contains(&line.to_owned())
        };
        assert!(example.lines().any(stands), "{key}");
    }
}

#[cfg(feature = "stage")]
#[test]
fn faults_of_minds_are_named_where_they_stand() {
    let provider =
        "[minds.providers.home]\nkind = \"openai\"\nmodel = \"m\"\nbase_url = \"http://127.0.0.1:1/v1\"\n";
    let config = load(provider, &[]).unwrap();
    assert_eq!(config.minds.0.providers.len(), 1);
    for (file, line, words) in [
        (format!("[minds]\norder = [\"hme\"]\n{provider}"), 2, "no provider is called \"hme\""),
        (provider.replace("http://", "ftp://"), 4, "base_url"),
        (
            format!("{provider}key = {{ env = \"GOLDENTOOTH_NO_SUCH\" }}\n"),
            5,
            "GOLDENTOOTH_NO_SUCH is not set",
        ),
        (provider.replace("model", "modle"), 3, "did you mean \"model\""),
        ("[minds.pulse]\nevery = \"5min\"\n".to_owned(), 2, "15min to 60min"),
    ] {
        let told = load(&file, &[]).unwrap_err().to_string();
        assert!(told.contains(&format!("line {line}:")) && told.contains(words), "{told}");
    }
    let proxy = "[proxies.kuma]\nkind = \"uptime-kuma\"\nurl = \"http://127.0.0.1:1\"\npage = \"home\"\n";
    assert!(!load(proxy, &[]).unwrap().proxies.is_empty());
    for (file, line, words) in [
        (proxy.replace("uptime-kuma", "kuma"), 2, "no kind of proxy"),
        (format!("{proxy}key = {{ env = \"GOLDENTOOTH_NO_SUCH\" }}\n"), 5, "proxies.kuma.key: the variable"),
        (proxy.replace("page", "pages"), 4, "did you mean \"page\""),
    ] {
        let told = load(&file, &[]).unwrap_err().to_string();
        assert!(told.contains(&format!("line {line}:")) && told.contains(words), "{told}");
    }
    // Without a stage no key is read.
    let keyed = format!("{provider}key = {{ env = \"GOLDENTOOTH_NO_SUCH\" }}\n");
    assert!(load(&keyed, &["--no-stage"]).is_ok());
}

const SERVICES: &str = r#"
[[service]]
name = "web"
node = "pi-1"
unit = "nginx"
needs = ["api"]

[[service]]
name = "api"
nodes = ["pi-2", "pi-3"]
role = "compute"
"#;

#[test]
fn services_are_declared_with_their_needs() {
    let services = load(SERVICES, &[]).unwrap().services;
    let web = services.get(&"web".parse().unwrap()).unwrap();
    assert_eq!((web.unit.as_deref(), web.nodes.len(), web.needs.len()), (Some("nginx"), 1, 1));
    assert_eq!(services.role_of("pi-3"), Some("compute"));
    assert_eq!(services.places_needed_on("pi-1"), ["api", "pi-2", "pi-3"]);
}

#[test]
fn a_faulty_service_is_named_with_file_line_and_key() {
    for (wrong, line, words) in [
        (
            format!("{SERVICES}needs = [\"web\"]\n"),
            3,
            "needs: they need each other in a circle: web → api → web",
        ),
        (format!("{SERVICES}needs = [\"disk\"]\n"), 9, "needs: api needs disk, which is not declared"),
        (format!("{SERVICES}[[service]]\nname = \"web\"\n"), 13, "web is declared twice"),
        (format!("{SERVICES}unit = \"a b\"\n"), 12, "unit: \"a b\" is no name of a unit"),
        (format!("{SERVICES}node = \"pi-9\"\n"), 9, "api has both node and nodes"),
        (format!("{SERVICES}need = [\"web\"]\n"), 12, "did you mean \"needs\"?"),
        (format!("{SERVICES}[[service]]\nname = \"a/b\"\n"), 13, "a name has only letters"),
    ] {
        let told = load(&wrong, &[]).unwrap_err().to_string();
        assert!(told.contains(&format!("goldentooth.toml, line {line}: ")) && told.contains(words), "{told}");
    }
}

#[test]
fn the_casts_settings_have_defaults_and_bounds() {
    assert_eq!(load("", &[]).unwrap().cast, CastSettings::default());
    let file =
        "[cast]\nmost = 20\nveiled = [\"malvo\"]\nresponse_window = \"45s\"\ndrain_per_minute = 0.05\n";
    let cast = load(file, &[]).unwrap().cast;
    assert_eq!((cast.most, cast.response_window), (20, Duration::from_secs(45)));
    assert_eq!(cast.veiled, ["malvo"]);
    // One of them alone leaves the others as they are.
    let file = "[cast]\nengage.idle = 0.2\n[cast.cadence]\nactive = \"250ms\"\n";
    let cast = load(file, &[]).unwrap().cast;
    assert_eq!((cast.engage.idle, cast.engage.tired), (0.2, 0.5));
    assert_eq!(cast.cadence.active, Duration::from_millis(250));
    assert_eq!(cast.cadence.idle, Duration::from_secs(1));
    for (wrong, words) in [
        ("most = 0", "0 is not from 1 to 64"),
        ("calm = \"1y\"", "is no time from 1s to 30days"),
        ("tired_below = 3.0", "3 is not from 0 to 1"),
        ("vieled = []", "did you mean \"veiled\"?"),
        ("engage.active = 1.5", "1.5 is not from 0 to 1"),
        ("engage.lazy = 0.1", "there is no key \"lazy\""),
        ("cadence.tired = \"1min\"", "\"1min\" is no time from 100ms to 10s"),
        ("cadence.tried = \"1s\"", "did you mean \"tired\"?"),
    ] {
        let told = load(&format!("[cast]\n{wrong}\n"), &[]).unwrap_err().to_string();
        assert!(told.contains("goldentooth.toml, line 2: ") && told.contains(words), "{told}");
    }
}

#[test]
fn the_example_has_the_casts_own_defaults() {
    let example = include_str!("../../goldentooth.example.toml");
    let plain: String =
        example.lines().map(|line| line.strip_prefix("#: ").unwrap_or(line).to_owned() + "\n").collect();
    let file = parse(Path::new("goldentooth.example.toml"), &plain).unwrap();
    assert_eq!(file.cast, Some(CastSettings::default()));
    assert_eq!(file.service.len(), 2);
}

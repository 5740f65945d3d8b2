//! The three layers, and what is told of mistakes.

use super::*;
use clap::Parser;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    keys: Keys,
}

fn flags(flags: &[&str]) -> Keys {
    Command::try_parse_from(std::iter::once(&"x").chain(flags)).unwrap().keys
}

fn file(text: &str) -> Result<Keys, ConfigError> {
    Keys::parse(Path::new("node.toml"), text)
}

const EXAMPLE: &str = include_str!("../../goldentooth-node.example.toml");

#[test]
fn flags_go_over_the_file_and_the_file_over_the_defaults() {
    let keys = file("interval = \"30s\"\ncomfort = 50.0\nroot = \"/host\"\n").unwrap();
    let config = Config::new(flags(&["--interval", "20s", "--clock", "always"]).over(keys)).unwrap();
    assert_eq!(config.limits, Limits { floor: 20_000, comfort: 50.0, ..Limits::default() });
    assert_eq!(config.root, Path::new("/host"));
    assert_eq!(config.clock, Trust::Always);
}

#[test]
fn an_unknown_key_is_named_with_file_line_and_the_nearest_key() {
    let error = file("limit = 75.0\n\nintervall = \"10s\"\n").unwrap_err();
    assert_eq!(
        error.to_string(),
        "node.toml:3: there is no key \"intervall\", did you mean \"interval\"? All keys stand in \
         `goldentooth-node run --help`"
    );
    for (wrong, right) in [
        ("enrollment", "enrolment"),
        ("comfrot", "comfort"),
        ("get-throttled", "get_throttled"),
        ("throttled", "get_throttled"),
        ("celing", "ceiling"),
    ] {
        assert_eq!(nearest(wrong, &names()), right);
    }
}

#[test]
fn a_wrong_value_is_named_with_file_and_line() {
    for (text, part) in [
        ("\ninterval = \"soon\"\n", "node.toml:2: \"soon\" is no span of time"),
        ("\n\nlimit = \"hot\"\n", "node.toml:3: "),
        ("clock = \"perhaps\"\n", "node.toml:1: "),
        ("limit = \n", "node.toml:1: "),
    ] {
        let error = file(text).unwrap_err().to_string();
        assert!(error.starts_with(part), "{error}");
    }
}

#[test]
fn what_contradicts_itself_is_refused() {
    let hot = Config::new(Keys { comfort: Some(80.0), limit: Some(80.0), ..Keys::default() });
    assert!(matches!(hot, Err(ConfigError::Limits(LimitsError::Temperatures { .. }))));
    let keys = flags(&["--interval", "20s", "--ceiling", "15s"]);
    assert!(matches!(Config::new(keys), Err(ConfigError::Limits(LimitsError::Intervals { .. }))));
    assert!(matches!(Config::new(flags(&["--interval", "10ms"])), Err(ConfigError::TooOften(_))));
    assert_eq!(Config::new(flags(&["--interval", "5min"])).unwrap().limits.ceiling, 300_000);
}

#[test]
fn the_example_file_has_each_key_with_its_default() {
    let all: String = EXAMPLE.lines().map(|line| line.strip_prefix("#:").unwrap_or(line)).fold(
        String::new(),
        |mut all, line| {
            all.push_str(line.trim_start());
            all.push('\n');
            all
        },
    );
    for name in names() {
        assert!(all.lines().any(|line| line.starts_with(&format!("{name} = "))), "{name} is missing");
    }
    let keys = file(&all).unwrap();
    let example = Config::new(Keys { enrolment: None, data: None, model: None, ..keys }).unwrap();
    // What is written down counts also where the machine has limits of its own.
    assert!(example.temperatures);
    assert_eq!(Config { temperatures: false, ..example }, Config::new(Keys::default()).unwrap());
    assert_eq!(file(EXAMPLE).unwrap(), Keys::default(), "as it is, the file changes nothing");
}

//! The JSON Schemas in `schemas/`: generated from the views, checked in, and
//! kept equal by a test. `BLESS=1 cargo test -p goldentooth schemas` writes them.

use super::mqtt::{MoodMessage, ReportMessage, VitalsMessage};
use super::view::{
    AnswersView, BiographyView, CallsView, CharacterView, CouncilView, DayView, DrillView, EventView,
    FactView, FleetView, HabitView, HistoryView, LedgerView, MindsView, MoodsView, NodeView, ProfileView,
    PulseView, QuietView, SaidView, ServiceView, StatusView, StoryView, TriedView, UpView,
};
use jiff::Timestamp;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use std::collections::BTreeMap;
use std::path::PathBuf;

mod openapi;

/// How a node feels, by its own verdict.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "read by schemars only")]
pub(crate) enum Mood {
    Bored,
    Happy,
    Stressed,
    Crisis,
}

/// Who gave a verdict.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "read by schemars only")]
pub(crate) enum Classifier {
    Model,
    Rules,
}

/// To which side of normal, or of its limit, a vital lies.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "read by schemars only")]
pub(crate) enum Direction {
    Above,
    Below,
}

/// What decided a node's thermal headroom.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "read by schemars only")]
pub(crate) enum Headroom {
    Temperature,
    NoSensor,
    Throttled,
    SoftLimit,
}

/// How a service is, in systemd's words.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "read by schemars only")]
pub(crate) enum ServiceState {
    Active,
    Changing,
    Inactive,
    Failed,
    Missing,
}

/// What a sentence is: wholly one of these.
#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
#[expect(dead_code, reason = "read by schemars only")]
pub(crate) enum SaidKind {
    Fact,
    Suspicion,
    Fiction,
}

/// What a slot of a sentence was filled from.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by schemars only")]
pub(crate) struct Fact {
    /// Which slot.
    slot: String,
    /// What stands in the sentence.
    text: String,
    /// The recorded value.
    value: FactValue,
    /// The value's unit; empty for words and plain numbers.
    unit: String,
    /// The id of the event that recorded it.
    event: String,
}

/// A recorded value: a word, a number, or a yes or no.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "read by schemars only")]
enum FactValue {
    Word(String),
    Number(f64),
    Flag(bool),
}

/// What `goldentooth-node sample --json` prints.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by schemars only")]
struct Sample {
    /// When it was taken.
    at: Option<Timestamp>,
    /// The reading by vital; what can't be measured is left out.
    vitals: BTreeMap<String, SampledVital>,
}

/// One measured vital and where it was read.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read by schemars only")]
struct SampledVital {
    /// A number in the unit, or a yes or no.
    value: super::view::VitalValue,
    /// The unit; empty for plain numbers and flags.
    unit: String,
    /// Where it was read.
    source: String,
}

fn schema<T: JsonSchema>(title: &str) -> serde_json::Value {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = generator.into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

/// Every schema by its file's stem.
fn all() -> Vec<(&'static str, serde_json::Value)> {
    vec![
        ("node", schema::<NodeView>("goldentooth node NAME --json")),
        ("nodes", schema::<Vec<NodeView>>("goldentooth nodes --json")),
        ("status", schema::<StatusView>("goldentooth status --json")),
        ("event", schema::<EventView>("one line of goldentooth events --json --follow")),
        ("events", schema::<Vec<EventView>>("goldentooth events --json")),
        ("day", schema::<DayView>("a node's last 24 hours")),
        ("drill", schema::<DrillView>("goldentooth cast drill --json")),
        ("history", schema::<HistoryView>("a node's past over an hour, a day, a week or a month")),
        ("moods", schema::<MoodsView>("the moods of every node over the last 24 hours")),
        ("calls", schema::<CallsView>("calls for help")),
        ("tried", schema::<Vec<TriedView>>("goldentooth notify test --json")),
        ("biography", schema::<BiographyView>("goldentooth biography NAME --json")),
        ("story", schema::<StoryView>("goldentooth story --json")),
        ("habits", schema::<Vec<HabitView>>("goldentooth habit --json")),
        ("quiet", schema::<Vec<QuietView>>("the times in which nobody is called")),
        ("fleet", schema::<FleetView>("the fleet at a glance")),
        ("up", schema::<UpView>("goldentooth up --json")),
        ("sample", schema::<Sample>("goldentooth-node sample --json")),
        ("mqtt-mood", schema::<MoodMessage>("gt/1/<fleet>/<node>/mood")),
        ("mqtt-vitals", schema::<VitalsMessage>("gt/1/<fleet>/<node>/vitals")),
        ("mqtt-service", schema::<ReportMessage>("gt/1/<fleet>/services/<name>")),
        ("services", schema::<Vec<ServiceView>>("goldentooth services --json")),
        ("openapi", openapi::openapi()),
        ("cast", schema::<Vec<CharacterView>>("goldentooth cast --json")),
        ("profile", schema::<ProfileView>("goldentooth cast show --json")),
        ("ask", schema::<AnswersView>("goldentooth ask --json")),
        ("council", schema::<CouncilView>("/api/v1/nodes/NAME/council")),
        ("fact", schema::<FactView>("/api/v1/facts/ID")),
        ("minds", schema::<MindsView>("goldentooth minds --json")),
        ("ledger", schema::<LedgerView>("goldentooth minds ledger --json")),
        ("pulse", schema::<PulseView>("goldentooth pulse --json")),
        ("mqtt-says", schema::<SaidView>("gt/1/<fleet>/cast/<persona>/says")),
    ]
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schemas").join(format!("{name}.json"))
}

#[test]
fn checked_in_schemas_equal_the_views() {
    for (name, generated) in all() {
        let text = format!("{generated:#}\n");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path(name), &text).unwrap();
        }
        let checked_in = std::fs::read_to_string(path(name)).unwrap_or_default();
        assert!(
            checked_in == text,
            "schemas/{name}.json differs from the view: BLESS=1 cargo test -p goldentooth schemas"
        );
    }
}

/// Asserts that `value` is as schemas/NAME.json says.
#[track_caller]
pub(crate) fn assert_valid(name: &str, value: &serde_json::Value) {
    let text = std::fs::read_to_string(path(name)).unwrap();
    let validator = jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "not as schemas/{name}.json says: {errors:?}\n{value:#}");
}

#[test]
fn what_the_command_line_of_the_agent_prints_is_valid() {
    let sample = serde_json::json!({
        "at": "2026-11-21T03:23:53.123Z",
        "vitals": {
            "cpu": { "value": 12.5, "unit": "%", "source": "/proc/stat" },
            "throttled_now": { "value": false, "unit": "", "source": "vcgencmd" },
        },
    });
    assert_valid("sample", &sample);
    let up = UpView {
        ready: true,
        http: "http://127.0.0.1:8765".to_owned(),
        mqtt: "mqtt://127.0.0.1:1883".to_owned(),
        data: "/home/pi/.local/share/goldentooth".to_owned(),
    };
    assert_valid("up", &serde_json::to_value(up).unwrap());
}

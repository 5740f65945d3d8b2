//! `/metrics`: the same facts for Prometheus, in its text format 0.0.4. Pure:
//! state comes in, text goes out.
//!
//! Names keep Prometheus' rules: base units in the name, `_total` on what only
//! rises. Each vital is `goldentooth_node_NAME_UNIT` with the label `node`.

use super::view::{MindsView, Standing};
use crate::live::{NodeSnapshot, Status};
use frames::{Mood, Vital};
use std::fmt::Write as _;
use std::sync::Arc;

/// The type that the answer is sent as.
pub const TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How every node may stand, as a label.
const STANDINGS: [Standing; 6] = [
    Standing::Crisis,
    Standing::Silent,
    Standing::Stressed,
    Standing::Learning,
    Standing::Happy,
    Standing::Bored,
];

/// What the page knows of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page {
    /// How many streams are open.
    pub streams: usize,
    /// Calls for help that were delivered, and that were given up.
    pub calls: (u64, u64),
}

/// One page of metrics under way.
#[derive(Default)]
struct Text(String);

impl Text {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP goldentooth_{name} {help}\n# TYPE goldentooth_{name} {kind}");
    }

    fn value(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        let _ = write!(self.0, "goldentooth_{name}");
        for (place, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"{}\"", if place == 0 { '{' } else { ',' }, escaped(text));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: f64) {
        self.head(name, "gauge", help);
        self.value(name, &[], value);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        self.value(name, &[], value as f64);
    }
}

/// A label's value: a node may call itself anything.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The suffix that names a unit, and what a value is multiplied with to be in it.
fn unit(vital: Vital) -> (&'static str, f64) {
    match vital.unit() {
        "%" => ("_ratio", 0.01),
        "°C" => ("_celsius", 1.0),
        "MHz" => ("_hertz", 1e6),
        "rpm" => ("_rpm", 1.0),
        "B/s" => ("_bytes_per_second", 1.0),
        "/s" => ("_per_second", 1.0),
        _ => ("", 1.0),
    }
}

/// The name of a vital's metric.
pub fn name(vital: Vital) -> String {
    format!("node_{}{}", vital.name(), unit(vital).0)
}

/// Everything.
pub fn text(
    status: &Status,
    nodes: &[Arc<NodeSnapshot>],
    page: Page,
    thinking: Option<&MindsView>,
) -> String {
    let mut text = Text::default();
    text.head("build_info", "gauge", "Which version this is; always 1.");
    text.value("build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    intake(&mut text, status);
    text.gauge("streams_open", "Pages and commands that follow what changes.", page.streams as f64);
    text.head("calls_total", "counter", "Calls for help, by what became of them.");
    text.value("calls_total", &[("result", "delivered")], page.calls.0 as f64);
    text.value("calls_total", &[("result", "given_up")], page.calls.1 as f64);
    text.head("nodes", "gauge", "Nodes by how they stand: a mood, silent, or learning.");
    for standing in STANDINGS {
        let count = nodes.iter().filter(|node| stands(node) == standing).count();
        text.value("nodes", &[("standing", standing.word())], count as f64);
    }
    each(&mut text, nodes);
    vitals(&mut text, nodes);
    if let Some(thinking) = thinking {
        minds(&mut text, thinking);
    }
    text.0
}

fn stands(node: &NodeSnapshot) -> Standing {
    Standing::new(node.mood, node.silent)
}

fn intake(text: &mut Text, status: &Status) {
    let seconds = |millis: i64| millis as f64 / 1000.0;
    text.gauge("start_time_seconds", "When this coordinator started to count.", seconds(status.since));
    text.gauge(
        "broker_connected",
        "Whether the link to the broker is up.",
        f64::from(u8::from(status.connected)),
    );
    text.gauge(
        "store_degraded",
        "Whether the store takes nothing at the moment.",
        f64::from(u8::from(status.degraded.is_some())),
    );
    text.counter("frames_accepted_total", "Frames admitted.", status.accepted);
    text.counter("frames_stored_total", "Admitted frames that the store has committed.", status.stored);
    text.counter("frames_doubles_total", "Frames that had been decided before.", status.doubles);
    text.gauge("frames_pending", "Admitted frames that wait for the next commit.", status.pending as f64);
    text.gauge("frames_lost", "Frames that agents say they have lost.", status.dropped as f64);
    text.head("frames_refused_total", "counter", "Frames refused, by cause.");
    for (cause, count) in &status.refused {
        text.value("frames_refused_total", &[("cause", cause)], *count as f64);
    }
}

fn each(text: &mut Text, nodes: &[Arc<NodeSnapshot>]) {
    text.head("node_info", "gauge", "What is known of a node; always 1.");
    for node in nodes {
        let labels = [
            ("node", node.name.as_str()),
            ("group", node.tag.group.as_deref().unwrap_or_default()),
            ("simulated", if node.simulated { "true" } else { "false" }),
            ("hardware", node.about.hardware.as_str()),
            ("agent", node.about.agent.as_str()),
            ("model", node.about.model.as_deref().unwrap_or_default()),
            ("character", node.character.as_deref().unwrap_or_default()),
        ];
        text.value("node_info", &labels, 1.0);
    }
    text.head("node_standing", "gauge", "1 for how a node stands, 0 for every other way.");
    for node in nodes {
        for standing in STANDINGS {
            let labels = [("node", node.name.as_str()), ("standing", standing.word())];
            text.value("node_standing", &labels, f64::from(u8::from(stands(node) == standing)));
        }
    }
    text.head("node_mood_probability_ratio", "gauge", "How sure a node is of each mood, 0 to 1.");
    for node in nodes {
        for (mood, probability) in Mood::ALL.iter().zip(node.probabilities.unwrap_or_default()) {
            if node.probabilities.is_some() {
                let labels = [("node", node.name.as_str()), ("mood", mood.name())];
                text.value("node_mood_probability_ratio", &labels, f64::from(probability.get()));
            }
        }
    }
    text.head("node_last_seen_seconds", "gauge", "When a node's last frame was made, in seconds since 1970.");
    for node in nodes {
        if let Some(seen) = node.last_seen {
            let labels = [("node", node.name.as_str())];
            text.value("node_last_seen_seconds", &labels, seen as f64 / 1000.0);
        }
    }
    text.head("node_frames_lost", "gauge", "Frames that a node says it has lost.");
    for node in nodes {
        text.value("node_frames_lost", &[("node", node.name.as_str())], node.dropped as f64);
    }
}

/// The states of a circuit breaker, as a label.
const HEALTHS: [&str; 3] = ["closed", "open", "half_open"];

/// Language models and what they cost. Providers that were never configured have no lines.
fn minds(text: &mut Text, minds: &MindsView) {
    let all = &minds.providers;
    if !all.is_empty() {
        text.head(
            "mind_breaker",
            "gauge",
            "1 for how a provider's circuit breaker is, 0 for every other way.",
        );
        for one in all {
            for health in HEALTHS {
                let labels = [("provider", one.name.as_str()), ("state", health)];
                text.value("mind_breaker", &labels, f64::from(u8::from(one.health == health)));
            }
        }
        text.head("mind_calls_total", "counter", "Calls to a provider, by how they ended.");
        for one in all {
            for (outcome, count) in &one.outcomes {
                let labels = [("provider", one.name.as_str()), ("outcome", outcome.as_str())];
                text.value("mind_calls_total", &labels, *count as f64);
            }
        }
        text.head("mind_tokens_total", "counter", "Tokens to and from a provider; cached are part of in.");
        for one in all {
            for (way, count) in [("in", one.input), ("out", one.output), ("cached", one.cached)] {
                let labels = [("provider", one.name.as_str()), ("way", way)];
                text.value("mind_tokens_total", &labels, count as f64);
            }
        }
        text.head(
            "mind_money_total",
            "counter",
            "What calls to a provider cost, in the configured currency.",
        );
        for one in all {
            text.value("mind_money_total", &[("provider", one.name.as_str())], one.money);
        }
    }
    text.head(
        "mind_budget_tokens",
        "gauge",
        "Tokens of this hour, of this day, and of this day's tales: spent, and the limit.",
    );
    let purse = &minds.budget;
    for (span, spent, limit) in [
        ("hour", purse.hour, purse.hour_limit),
        ("day", purse.day, purse.day_limit),
        ("fiction", purse.fiction, purse.fiction_limit),
    ] {
        text.value("mind_budget_tokens", &[("span", span), ("what", "spent")], spent as f64);
        text.value("mind_budget_tokens", &[("span", span), ("what", "limit")], limit as f64);
    }
}

/// The vitals of nodes that speak: what a silent one said last is not so now.
fn vitals(text: &mut Text, nodes: &[Arc<NodeSnapshot>]) {
    for vital in Vital::ALL {
        let mut values = nodes
            .iter()
            .filter(|node| !node.silent)
            .filter_map(|node| Some((node, node.vitals.get(*vital)?)))
            .peekable();
        if values.peek().is_none() {
            continue;
        }
        let (name, (_, factor)) = (name(*vital), unit(*vital));
        text.head(&name, "gauge", &format!("Its newest reading: {}.", vital.row().words));
        for (node, value) in values {
            text.value(&name, &[("node", node.name.as_str())], fleet::words::tidy(value) * factor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::surfaces::fixtures::{hostile, node, silent};

    #[test]
    fn every_line_is_one_that_prometheus_reads() {
        let nodes: Vec<_> =
            [node("pi-1", Some(Mood::Crisis)), hostile("pi-2"), silent("pi-3"), node("pi-4", None)]
                .map(Arc::new)
                .into();
        let text = text(&Status::default(), &nodes, Page::default(), None);
        let mut declared = std::collections::BTreeSet::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                assert!(declared.insert(rest.split(' ').next().unwrap()), "declared twice: {line}");
            } else if !line.starts_with('#') {
                let (metric, value) = line.rsplit_once(' ').unwrap();
                value.parse::<f64>().unwrap();
                assert!(declared.contains(metric.split('{').next().unwrap()), "{line}");
            }
        }
        assert!(text.contains("goldentooth_nodes{standing=\"crisis\"} 1\n"), "{text}");
        assert!(text.contains("goldentooth_node_temperature_celsius{node=\"pi-1\"} 84.5\n"), "{text}");
        assert!(!text.contains("goldentooth_node_temperature_celsius{node=\"pi-3\"}"), "silent: {text}");
        assert!(text.contains("goldentooth_node_cpu_ratio{node=\"pi-1\"} 0.34\n"), "{text}");
    }

    /// One provider that is tried again, and a purse.
    fn models() -> MindsView {
        let json = serde_json::json!({
            "providers": [{
                "name": "home", "dialect": "openai", "url": "http://127.0.0.1:1", "model": "m", "health": "half_open",
                "rests_for": null, "calls": 3, "outcomes": { "answered": 2, "slow": 1 }, "input": 90, "output": 7,
                "cached": 30, "money": 0.25, "latency": 12, "last_fault": null,
            }],
            "understudy": "", "currency": "USD", "lost": 0,
            "budget": {
                "hour": 97, "hour_limit": 100, "day": 97, "day_limit": 200, "call_limit": 1, "pulse_limit": 1, "fiction": 7, "fiction_limit": 9,
                "persona_limit": 1,
            },
        });
        crate::surfaces::schemas::assert_valid("minds", &json);
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn models_are_told_by_provider() {
        let text = text(&Status::default(), &[], Page::default(), Some(&models()));
        for line in [
            "goldentooth_mind_breaker{provider=\"home\",state=\"half_open\"} 1\n",
            "goldentooth_mind_calls_total{provider=\"home\",outcome=\"slow\"} 1\n",
            "goldentooth_mind_tokens_total{provider=\"home\",way=\"cached\"} 30\n",
            "goldentooth_mind_money_total{provider=\"home\"} 0.25\n",
            "goldentooth_mind_budget_tokens{span=\"hour\",what=\"spent\"} 97\n",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
    }

    /// Every name of a metric in a text.
    fn names(text: &str) -> std::collections::BTreeSet<String> {
        text.match_indices("goldentooth_")
            .filter_map(|(at, _)| text.get(at..))
            .map(|rest| {
                rest.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap().to_owned()
            })
            .collect()
    }

    #[test]
    fn the_dashboard_and_the_alert_rules_name_only_what_is_told() {
        let mut all = node("pi-1", Some(Mood::Happy));
        let mut readings = frames::Readings::default();
        for vital in Vital::ALL {
            readings.set(*vital, 1.0);
        }
        all.vitals = frames::Vitals::from(&readings);
        let status = Status { refused: [("seal", 1)].into(), ..Status::default() };
        let told = names(&text(&status, &[Arc::new(all)], Page::default(), Some(&models())));
        for file in [
            include_str!("../../../../grafana/dashboard.json"),
            include_str!("../../../../grafana/alerts.yml"),
        ] {
            let named = names(file);
            assert!(named.len() > 5);
            let unknown: Vec<_> = named.difference(&told).collect();
            assert!(unknown.is_empty(), "{unknown:?}");
        }
    }
}

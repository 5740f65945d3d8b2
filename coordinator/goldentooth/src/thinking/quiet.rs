//! How quiet it has been, and what somebody who is bored has in mind. It is
//! recorded as fiction, and touches nothing.

use crate::live::Event;
use crate::words::hundredths;
use cast::Cast;
use cast::boredom::{Lately, Whim, whim};
use cast::trope::{Trope, Tropes};
use minds::{Router, Understudy};
use serde::Serialize;
use serde_json::{Value, json};
use stage::pulse::{Scene, Stands, Styles};
use stage::tale;
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;
use tokio::time::timeout;

/// The kind of the event that records a whim.
pub(super) const BORED: &str = "bored";
/// The file of a fleet's own tropes, in the data folder.
pub(crate) const OWN: &str = "tropes.toml";
/// What counts as lately, in milliseconds.
const LATELY: u64 = 60 * 60 * 1_000;
/// Between two whims at the least, in milliseconds.
const BETWEEN: u64 = 6 * LATELY;
/// A pulse waits no longer for a tale: then the understudy tells it.
const WAIT: Duration = Duration::from_secs(20);
/// The most events that are remembered: any day with so many is full.
const REMEMBERED: usize = 256;
/// How many tropes don't come back.
const TOLD: usize = 30;

/// What an event is for how quiet it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Grave,
    Change,
    Signal,
    Asked,
}

/// What was heard lately, and what was told of it. Time is handed in, in
/// milliseconds of a monotonic clock.
#[derive(Debug)]
pub(super) struct Quiet {
    tropes: Tropes,
    threshold: f32,
    began: u64,
    heard: VecDeque<(u64, Heard)>,
    last: Option<u64>,
    told: Vec<String>,
}

impl Quiet {
    /// Below `threshold` somebody is bored; 0 means never.
    pub(super) fn new(now: u64, tropes: Tropes, threshold: f32) -> Self {
        Self { tropes, threshold, began: now, heard: VecDeque::new(), last: None, told: Vec::new() }
    }

    /// Notes an event.
    pub(super) fn hear(&mut self, now: u64, event: &Event) {
        let Some(heard) = of(event) else { return };
        if self.heard.len() == REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back((now, heard));
    }

    /// How much goes on, 0 to 1.
    pub(super) fn activity(&self, now: u64, scene: &Scene, at_work: f32) -> f32 {
        let recent = self.heard.iter().filter(|(at, _)| now.saturating_sub(*at) <= LATELY);
        let mut lately = Lately {
            troubles: (scene.nodes.iter().filter(|node| node.stands != Stands::Well).count()
                + scene.alerts.len()
                + scene.services.len()) as u32,
            at_work,
            ..Lately::default()
        };
        for (_, heard) in recent {
            *match heard {
                Heard::Grave => &mut lately.grave,
                Heard::Change => &mut lately.changes,
                Heard::Signal => &mut lately.signals,
                Heard::Asked => &mut lately.asked,
            } += 1;
        }
        lately.activity()
    }

    /// The trope of a whim.
    pub(super) fn trope(&self, whim: &Whim) -> Option<&Trope> {
        self.tropes.get(&whim.trope)
    }

    /// What somebody has in mind, if it is quiet enough, has been listened to for
    /// long enough, and the last was not too short ago.
    pub(super) fn whim(
        &mut self,
        now: u64,
        activity: f32,
        (cast, muted): (&Cast, &BTreeSet<String>),
        seed: u64,
    ) -> Option<Whim> {
        let listened = now.saturating_sub(self.began) >= LATELY;
        let rested = self.last.is_none_or(|last| now.saturating_sub(last) >= BETWEEN);
        if activity >= self.threshold || !listened || !rested {
            return None;
        }
        let whim = whim(cast, &self.tropes, muted, &self.told, seed)?;
        self.last = Some(now);
        if self.told.len() == TOLD {
            self.told.remove(0);
        }
        self.told.push(whim.trope.clone());
        Some(whim)
    }
}

/// A whim, and who found the words of its tale.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Tale {
    #[serde(flatten)]
    pub(super) whim: Whim,
    /// A provider, or the understudy, who takes the trope's own.
    pub(super) mind: String,
}

/// Tells a whim: in a model's words, where tales have a budget and it finds some
/// that may be told, else by the understudy.
pub(super) async fn tell(
    router: &Router,
    (cast, styles, nodes): (&Cast, &Styles, &BTreeSet<String>),
    (whim, trope): (Whim, Option<&Trope>),
) -> Tale {
    let mut tale = Tale { whim, mind: Understudy::NAME.to_owned() };
    let Some(trope) = trope.filter(|_| router.tells_tales()) else { return tale };
    let request = tale::request(cast, &tale.whim, trope);
    // Why there is no answer, or none in time, stands in the ledger.
    let Ok(Ok(given)) = timeout(WAIT, router.ask(&request)).await else { return tale };
    let json = given.answer.json.as_ref();
    let (whim, told, dropped) = tale::settle((cast, styles, nodes), tale.whim, trope, json);
    for refused in dropped {
        tracing::info!(mind = given.by, cause = refused.cause, "a beat of a tale was refused");
    }
    tale.whim = whim;
    if told > 0 {
        tale.mind = given.by;
    }
    tale
}

/// What records a tale: all of it is fiction but that somebody had it in mind.
pub(super) fn payload(tale: &Tale, name: &str, activity: f32) -> Value {
    let mut payload = json!(tale);
    let whim = &tale.whim;
    payload["kind"] = json!("fiction");
    payload["activity"] = json!(hundredths(activity));
    let asks = whim.asks.as_ref().map(|asks| format!(" A question to people: {asks}")).unwrap_or_default();
    payload["words"] = json!(format!(
        "It is quiet, and {name} is bored: a tale, “{}”, read as {}.{asks}",
        whim.title, whim.reads
    ));
    payload
}

fn of(event: &Event) -> Option<Heard> {
    let to = event.payload.get("to").and_then(Value::as_str);
    match (event.kind.as_str(), to) {
        ("silent", _) | ("mood_changed", Some("crisis")) => Some(Heard::Grave),
        ("mood_changed" | "returned" | "joined", _) => Some(Heard::Change),
        ("answered", _) => Some(Heard::Asked),
        (
            "service_changed" | "service_reported" | "alert_raised" | "alert_over" | "restarted"
            | "clock_changed",
            _,
        ) => Some(Heard::Signal),
        _ => None,
    }
}

/// The tropes that are built in, with the fleet's own out of the data folder. A
/// faulty file is named in the log, and left out.
pub(crate) fn tropes(folder: &Path) -> Tropes {
    let built_in = Tropes::built_in().unwrap_or_else(|error| {
        tracing::error!(%error, "the tropes that are built in can't be read");
        Tropes::default()
    });
    let file = folder.join(OWN);
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return built_in,
        Err(error) => {
            tracing::error!(file = %file.display(), %error, "the fleet's own tropes can't be read");
            return built_in;
        }
    };
    built_in.clone().with(&file.display().to_string(), &text).unwrap_or_else(|error| {
        tracing::error!(%error, "the fleet's own tropes are left out");
        built_in
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use store::EventIds;

    fn event(kind: &str, payload: Value) -> Event {
        Event::new(&mut EventIds::after(None), 1, kind, "fleet", payload)
    }

    #[test]
    fn who_is_bored_waited_for_an_hour_and_waits_six() {
        let cast = Cast::built_in().unwrap();
        let mut quiet = Quiet::new(0, Tropes::built_in().unwrap(), 0.2);
        let (scene, nobody) = (Scene::default(), BTreeSet::new());
        let look = |quiet: &mut Quiet, now: u64| {
            let activity = quiet.activity(now, &scene, 0.0);
            quiet.whim(now, activity, (&cast, &nobody), now)
        };
        assert_eq!(look(&mut quiet, LATELY - 1), None, "who has just come does not know that it is quiet");
        let first = look(&mut quiet, LATELY).unwrap();
        assert_eq!(look(&mut quiet, LATELY + BETWEEN - 1), None);
        quiet.hear(LATELY + BETWEEN, &event("mood_changed", json!({ "to": "crisis" })));
        assert_eq!(look(&mut quiet, 2 * LATELY + BETWEEN), None, "a crisis within the hour");
        let second = look(&mut quiet, 2 * LATELY + BETWEEN + 1).unwrap();
        assert_ne!(first.trope, second.trope);
        let tale = Tale { whim: first, mind: "home".to_owned() };
        let payload = payload(&tale, "Somebody", 0.15);
        assert_eq!((&payload["kind"], &payload["activity"]), (&json!("fiction"), &json!(0.15)));
        assert_eq!((&payload["by"], &payload["mind"]), (&json!(tale.whim.by), &json!("home")));
        let mut never = Quiet::new(0, Tropes::built_in().unwrap(), 0.0);
        assert_eq!(look(&mut never, LATELY), None, "with a threshold of 0");
    }

    #[tokio::test]
    async fn a_model_tells_a_tale_out_of_a_purse_of_its_own_or_not_at_all() {
        let seen = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&seen);
        let answer = move |axum::Json(body): axum::Json<Value>| async move {
            count.fetch_add(1, Ordering::Relaxed);
            // The first beat as it stands, with a word before it.
            let prompt = body["messages"][1]["content"].as_str().unwrap();
            let beat = prompt.lines().find_map(|line| line.strip_prefix("b1: ")).unwrap();
            let content = json!({ "beats": [{ "beat": "b1", "text": format!("Hear: {beat}") }] }).to_string();
            axum::Json(json!({
                "model": "tiny-1", "usage": { "prompt_tokens": 300, "completion_tokens": 60 },
                "choices": [{ "index": 0, "message": { "role": "assistant", "content": content }, "finish_reason": "stop" }],
            }))
        };
        let server = axum::Router::new().route("/v1/chat/completions", axum::routing::post(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, server).await });
        let (cast, tropes) = (Cast::built_in().unwrap(), Tropes::built_in().unwrap());
        let (styles, nodes) = (Styles::of(&cast), BTreeSet::new());
        // Told with these tokens, twice: who told it, and what was spent of which purse.
        let tell_twice = async |fiction: u32| {
            let settings = format!(
                "[budget]\nfiction = {fiction}\n[providers.home]\nkind = \"openai\"\nmodel = \"tiny\"\nbase_url = \"{url}\"\n"
            );
            let (receipts, _taken) = tokio::sync::mpsc::channel(8);
            let router = Router::new(toml::from_str(&settings).unwrap(), BTreeMap::new(), receipts, || 0);
            let mut minds = Vec::new();
            for _ in 0..2 {
                let whim = whim(&cast, &tropes, &BTreeSet::new(), &[], 3).unwrap();
                let trope = tropes.get(&whim.trope);
                let plain = whim.clone();
                let tale = tell(&router, (&cast, &styles, &nodes), (whim, trope)).await;
                let told = format!("Hear: {}", plain.beats[0]);
                let expected = if tale.mind == "home" { &told } else { &plain.beats[0] };
                assert_eq!((&tale.whim.beats[0], &tale.whim.beats[1..]), (expected, &plain.beats[1..]));
                minds.push(tale.mind);
            }
            let spent = router.state().spent;
            (minds, (spent.fiction, spent.day))
        };
        assert_eq!(tell_twice(0).await, (vec!["understudy".to_owned(); 2], (0, 0)));
        assert_eq!(seen.load(Ordering::Relaxed), 0, "without a budget nobody is asked");
        assert_eq!(tell_twice(900).await, (vec!["home".to_owned(), "understudy".to_owned()], (360, 0)));
        assert_eq!(seen.load(Ordering::Relaxed), 1, "nor where it is spent");
    }

    #[test]
    fn what_happens_counts_and_what_is_said_does_not() {
        let mut quiet = Quiet::new(0, Tropes::default(), 0.2);
        let scene = Scene::default();
        for kind in ["says", "pulsed", "looked", "bored"] {
            quiet.hear(1, &event(kind, json!({})));
        }
        assert!(quiet.activity(2, &scene, 0.0).abs() < f32::EPSILON);
        quiet.hear(3, &event("alert_raised", json!({})));
        quiet.hear(3, &event("answered", json!({})));
        assert!((quiet.activity(4, &scene, 0.0) - 0.25).abs() < 1e-6);
        assert!(quiet.activity(4 + LATELY, &scene, 0.0).abs() < f32::EPSILON, "after an hour it is past");
        for _ in 0..1_000 {
            quiet.hear(5, &event("joined", json!({})));
        }
        assert_eq!(quiet.heard.len(), REMEMBERED);
    }

    #[test]
    fn a_faulty_file_of_tropes_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let count = tropes(folder.path()).iter().count();
        std::fs::write(folder.path().join(OWN), "[[trope]]\nid = \"x\"").unwrap();
        assert_eq!(tropes(folder.path()).iter().count(), count);
        let own = "[[trope]]\nid = \"x\"\nname = \"X\"\nidea = \"X.\"\nroles = [\"a\", \"b\"]\n\
            beats = [\"{a} comes.\", \"{b} goes.\", \"Both wave.\"]";
        std::fs::write(folder.path().join(OWN), own).unwrap();
        assert_eq!(tropes(folder.path()).iter().count(), count + 1);
    }
}

//! How quiet it has been, and whether somebody may be bored: then the stage has a
//! tale told, which is fiction and touches nothing.

use crate::live::{Event, Live};
use cast::Cast;
use cast::boredom::{Lately, Whim};
use cast::trope::{Trope, Tropes};
use minds::Router;
use serde_json::Value;
use stage::pulse::{Scene, Stands, Styles};
use stage::tale::{self, Tale};
use stage::{Request, Untold};
use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

/// The file of a fleet's own tropes, in the data folder.
pub(crate) const OWN: &str = "tropes.toml";
/// What counts as lately, in milliseconds.
const LATELY: u64 = 60 * 60 * 1_000;
/// Between two tales at the least, in milliseconds.
const BETWEEN: u64 = 6 * LATELY;
/// A pulse waits no longer for a tale: then the understudy tells it.
const WAIT: Duration = Duration::from_secs(20);
/// The most events that are remembered: any day with so many is full.
const REMEMBERED: usize = 256;

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
pub(crate) struct Quiet {
    threshold: f32,
    began: u64,
    heard: VecDeque<(u64, Heard)>,
    last: Option<u64>,
}

impl Quiet {
    /// Below `threshold` somebody is bored; 0 means never.
    pub(crate) fn new(now: u64, threshold: f32) -> Self {
        Self { threshold, began: now, heard: VecDeque::new(), last: None }
    }

    /// Notes an event.
    pub(crate) fn hear(&mut self, now: u64, event: &Event) {
        let Some(heard) = of(event) else { return };
        if self.heard.len() == REMEMBERED {
            self.heard.pop_front();
        }
        self.heard.push_back((now, heard));
    }

    /// How much goes on, 0 to 1, with so many in trouble and such a share at work.
    pub(crate) fn activity(&self, now: u64, troubles: usize, at_work: f32) -> f32 {
        let recent = self.heard.iter().filter(|(at, _)| now.saturating_sub(*at) <= LATELY);
        let mut lately = Lately { troubles: troubles as u32, at_work, ..Lately::default() };
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

    /// Whether it is quiet enough for boredom, has been listened to for long enough,
    /// and the last tale was not too short ago.
    pub(crate) fn is_bored(&self, now: u64, activity: f32) -> bool {
        let listened = now.saturating_sub(self.began) >= LATELY;
        let rested = self.last.is_none_or(|last| now.saturating_sub(last) >= BETWEEN);
        activity < self.threshold && listened && rested
    }

    /// A tale was told.
    pub(crate) fn rest(&mut self, now: u64) {
        self.last = Some(now);
    }
}

/// How many nodes, alerts and services are in trouble.
pub(super) fn troubles(scene: &Scene) -> usize {
    let nodes = scene.nodes.iter().filter(|node| node.stands != Stands::Well).count();
    nodes + scene.alerts.len() + scene.services.len()
}

/// Who has tales told, and in whose words.
pub(crate) struct Teller<'a> {
    pub(crate) requests: &'a mpsc::Sender<Request>,
    pub(crate) router: &'a Router,
    pub(crate) cast: &'a Cast,
    pub(crate) styles: &'a Styles,
    pub(crate) live: &'a Live,
    /// Whether a model may be asked where all nodes are simulated.
    pub(crate) simulated: bool,
}

impl Teller<'_> {
    /// Has a tale told, if this is a time for it: out of boredom, where so little goes on,
    /// or without that because a person asks. None if there is no stage any more.
    pub(crate) async fn tell(&self, activity: Option<f32>) -> Option<Result<Tale, Untold>> {
        let (sender, answer) = oneshot::channel();
        self.requests.send(Request::Whim(activity, sender)).await.ok()?;
        let (whim, trope) = match answer.await.ok()? {
            Ok(taken) => taken,
            Err(untold) => return Some(Err(untold)),
        };
        let tale = self.words(whim, &trope).await;
        let (sender, answer) = oneshot::channel();
        self.requests.send(Request::Tell(Box::new(tale.clone()), activity, sender)).await.ok()?;
        Some(answer.await.ok()?.map(|()| tale))
    }

    /// A whim in a model's words, where tales have a budget and it finds some that may be
    /// told, else in the understudy's. Fiction about a simulated house is not worth a token.
    async fn words(&self, whim: Whim, trope: &Trope) -> Tale {
        let nodes = self.live.nodes();
        let is_real = self.simulated || nodes.iter().any(|node| !node.simulated);
        // Of those who were born since the start no style may be known.
        let is_known = whim.roles.values().all(|id| self.cast.get(id).is_some());
        if !(self.router.tells_tales() && is_real && is_known) {
            return Tale::plain(whim);
        }
        let names = nodes.iter().map(|node| node.name.to_string()).collect();
        tell(self.router, (self.cast, self.styles, &names), (whim, trope)).await
    }
}

/// A whim in a model's words, if it finds some that may be told.
async fn tell(
    router: &Router,
    (cast, styles, nodes): (&Cast, &Styles, &BTreeSet<String>),
    (whim, trope): (Whim, &Trope),
) -> Tale {
    let request = tale::request(cast, &whim, trope);
    // Why there is no answer, or none in time, stands in the ledger.
    let Ok(Ok(given)) = timeout(WAIT, router.ask(&request)).await else { return Tale::plain(whim) };
    let json = given.answer.json.as_ref();
    let (tale, dropped) = tale::settle((cast, styles, nodes), (whim, trope), (&given.by, json));
    for refused in dropped {
        tracing::info!(mind = given.by, cause = refused.cause, "a beat of a tale was refused");
    }
    tale
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
    use crate::company::fixtures::{Provider, TOKENS};
    use cast::boredom::whim;
    use serde_json::json;
    use std::collections::BTreeMap;
    use std::future::ready;
    use store::EventIds;

    fn event(kind: &str, payload: Value) -> Event {
        Event::new(&mut EventIds::after(None), 1, kind, "fleet", payload)
    }

    #[test]
    fn who_is_bored_waited_for_an_hour_and_waits_six() {
        let mut quiet = Quiet::new(0, 0.2);
        let look = |quiet: &Quiet, now: u64| quiet.is_bored(now, quiet.activity(now, 0, 0.0));
        assert!(!look(&quiet, LATELY - 1), "who has just come does not know that it is quiet");
        assert!(look(&quiet, LATELY));
        quiet.rest(LATELY);
        assert!(!look(&quiet, LATELY + BETWEEN - 1));
        quiet.hear(LATELY + BETWEEN, &event("mood_changed", json!({ "to": "crisis" })));
        assert!(!look(&quiet, 2 * LATELY + BETWEEN), "a crisis within the hour");
        assert!(look(&quiet, 2 * LATELY + BETWEEN + 1));
        assert!(!look(&Quiet::new(0, 0.0), LATELY), "with a threshold of 0");
    }

    #[tokio::test]
    async fn a_model_tells_a_tale_out_of_a_purse_of_its_own_or_not_at_all() {
        let provider = Provider::start(|body: Value| {
            // The first beat as it stands, with a word before it.
            let prompt = body["messages"][1]["content"].as_str().unwrap();
            let beat = prompt.lines().find_map(|line| line.strip_prefix("b1: ")).unwrap();
            ready(Ok(json!({ "beats": [{ "beat": "b1", "text": format!("Hear: {beat}") }] })))
        })
        .await;
        let (cast, tropes) = (Cast::built_in().unwrap(), Tropes::built_in().unwrap());
        let (styles, nodes) = (Styles::of(&cast), BTreeSet::new());
        // A tale that begins with its teller's words, in whose mouth "Hear: " may stand.
        let begins_well = |seed: &u64| {
            let whim = whim(&cast, tropes.iter(), |_| true, |_| false, *seed).unwrap();
            let trope = tropes.get(&whim.trope).unwrap();
            let json = json!({ "beats": [{ "beat": "b1", "text": format!("Hear: {}", trope.beats[0]) }] });
            let is_tellers = whim.beats[0].by == whim.by;
            let house = (&cast, &styles, &nodes);
            is_tellers && tale::settle(house, (whim, trope), ("home", Some(&json))).0.mind == "home"
        };
        let seed = (0..500).find(begins_well).unwrap();
        // Told with these tokens, twice: who told it, and what was spent of which purse.
        let tell_twice = async |fiction: u32| {
            let settings = format!("[budget]\nfiction = {fiction}\n{}", provider.toml);
            let (receipts, _taken) = tokio::sync::mpsc::channel(8);
            let router = Router::new(toml::from_str(&settings).unwrap(), BTreeMap::new(), receipts, || 0);
            let mut minds = Vec::new();
            for _ in 0..2 {
                let whim = whim(&cast, tropes.iter(), |_| true, |_| false, seed).unwrap();
                let trope = tropes.get(&whim.trope).unwrap();
                let name = |id: &String| cast.get(id).unwrap().name.clone();
                let names = whim.roles.iter().map(|(role, id)| (role.clone(), name(id))).collect();
                let (first, plain) = (trope.told(&names)[0].1.clone(), whim.clone());
                let tale = tell(&router, (&cast, &styles, &nodes), (whim, trope)).await;
                let mut expected = plain.beats;
                if tale.mind == "home" {
                    expected[0].text = format!("Hear: {first}");
                }
                assert_eq!(tale.whim.beats, expected);
                minds.push(tale.mind);
            }
            let spent = router.state().spent;
            (minds, (spent.fiction, spent.day))
        };
        assert_eq!(tell_twice(0).await, (vec!["understudy".to_owned(); 2], (0, 0)));
        assert_eq!(provider.calls(), 0, "without a budget nobody is asked");
        assert_eq!(tell_twice(1_500).await, (vec!["home".to_owned(), "understudy".to_owned()], (TOKENS, 0)));
        assert_eq!(provider.calls(), 1, "nor where it is spent");
    }

    #[test]
    fn what_happens_counts_and_what_is_said_does_not() {
        let mut quiet = Quiet::new(0, 0.2);
        for kind in ["says", "pulsed", "looked", "tale_began"] {
            quiet.hear(1, &event(kind, json!({})));
        }
        assert!(quiet.activity(2, 0, 0.0).abs() < f32::EPSILON);
        quiet.hear(3, &event("alert_raised", json!({})));
        quiet.hear(3, &event("answered", json!({})));
        assert!((quiet.activity(4, 0, 0.0) - 0.25).abs() < 1e-6);
        assert!(quiet.activity(4 + LATELY, 0, 0.0).abs() < f32::EPSILON, "after an hour it is past");
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

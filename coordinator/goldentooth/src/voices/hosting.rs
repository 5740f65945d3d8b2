//! How the cast comes on stage: who belongs to it, what it remembers, and what runs beside it.

use super::{Voices, spare::spare};
use crate::ask::Ask;
use crate::company::{self, Company, Hosted, Models, Passage};
use crate::config::CastSettings;
use crate::intake::Order;
use crate::live::Live;
use crate::services::Services;
use crate::thinking::{Held, Setting, Thinking};
use cast::{Cast, Sheet, SheetError};
use stage::{Kept, Now, Stage};
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// The folder of the fleet's own sheets, in the data folder.
pub(crate) const SHEETS: &str = "cast";
/// How many events may wait for the stage.
const EVENTS: usize = 1024;
/// How many lines, requests and looks may wait.
const LINES: usize = 64;

/// What the cast is put on stage with.
pub(crate) struct Hosting<'a> {
    pub(crate) live: Live,
    pub(crate) ask: Ask,
    pub(crate) orders: mpsc::Sender<Order>,
    pub(crate) company: &'a Company,
    pub(crate) thinking: &'a Thinking,
    /// Language models, with their keys and certificates.
    pub(crate) minds: (minds::Settings, BTreeMap<String, minds::Access>),
    /// Those who watch from outside.
    pub(crate) proxies: minds::proxy::Proxies,
    pub(crate) services: Services,
    pub(crate) settings: &'a CastSettings,
    /// The data folder.
    pub(crate) folder: &'a Path,
    pub(crate) seed: u64,
    /// What the cast remembered before.
    pub(crate) kept: Option<serde_json::Value>,
    /// Whether what happens to the cast is kept: not in a run with simulated nodes.
    pub(crate) lasting: bool,
    /// The load of this machine per core.
    pub(crate) load: fn() -> f32,
}

/// Puts the cast on stage. It ends when it is told to.
///
/// # Errors
/// [`SheetError`] if a built-in sheet is faulty.
pub(crate) async fn start(hosting: Hosting<'_>) -> Result<Staged, SheetError> {
    let Hosting {
        live,
        ask,
        orders,
        company,
        thinking,
        minds,
        proxies,
        services,
        settings,
        folder,
        seed,
        kept,
        lasting,
        load,
    } = hosting;
    let tropes = crate::thinking::quiet::tropes(folder);
    let folder = folder.join(SHEETS);
    let mut cast = Cast::built_in()?.with_most(settings.most);
    own_sheets(&mut cast, &folder);
    for id in settings.veiled.iter().filter(|id| !cast.veil(id)) {
        tracing::error!(id, "[cast] veiled: there is no sheet of this name");
    }
    let mut kept: Kept = kept.map_or_else(Kept::default, |kept| {
        serde_json::from_value(kept).unwrap_or_else(|error| {
            tracing::error!(%error, "what the cast remembered can't be read: it begins anew");
            Kept::default()
        })
    });
    // Whose sheet was taken away is on stage no longer.
    kept.born.retain(|id, _| cast.get(id).is_some());
    let mut stage = Stage::new(cast, seed, settings.for_stage(services.relations().clone()));
    stage.remember(kept);
    stage.begin(node_agent::clock::wall());
    stage.know_tropes(tropes);
    let (events, heard) = broadcast::channel(EVENTS);
    let (out, lines) = mpsc::channel(LINES);
    let (requests, asked) = mpsc::channel(LINES);
    let now = Now::of(&stage);
    let on_stage = Arc::clone(&now.cast);
    let (tell, seen) = watch::channel(now);
    let stage = tokio::spawn(stage::run(stage, heard, asked, out, tell));
    let (asked_of, budget) = (ask.clone(), requests.clone());
    let settling = company::bets::settle(seen.clone(), (live.clone(), ask.clone()), orders.clone());
    let settling = tokio::spawn(settling);
    let setting = Setting {
        settings: minds.0,
        access: minds.1,
        proxies,
        services: services.clone(),
        boredom: settings.boredom as f32,
        seen: seen.clone(),
        lasting,
        // Who is born later joins the pulse at the next start.
        cast: Cast::clone(&seen.borrow().cast),
        live: live.clone(),
        ask: ask.clone(),
        orders: orders.clone(),
        requests: requests.clone(),
        seed,
    };
    let (aliases, simulated) = (setting.settings.pulse.aliases, setting.settings.simulated);
    let held = Held::start(setting).await;
    let models = Models { router: held.router(), aliases, simulated };
    let sparing = tokio::spawn(spare(budget, held.router(), load));
    thinking.enter(held);
    let passage = Passage::default();
    company.enter(Hosted {
        seen: seen.clone(),
        services: services.clone(),
        live: live.clone(),
        ask,
        orders: orders.clone(),
        requests: requests.clone(),
        models,
        lasting,
        before: Mutex::default(),
        fresh: Mutex::default(),
        passage: Arc::clone(&passage),
    });
    let updates = live.subscribe_to_news();
    let (glances, asked) = mpsc::channel(LINES);
    let places = (live.clone(), asked_of, services.clone());
    let looking = company::glance::look(seen.clone(), places, orders.clone(), asked);
    let looking = tokio::spawn(looking);
    let voices = Voices {
        live,
        orders,
        requests,
        services,
        events,
        glances,
        seen,
        passage,
        folder: lasting.then_some(folder),
        roles: HashMap::new(),
        embodied: HashSet::new(),
        cast: on_stage,
        past: VecDeque::new(),
    };
    let (end, ending) = oneshot::channel();
    let task = tokio::spawn(async move {
        voices.run(updates, lines, ending).await;
        stage.abort();
        looking.abort();
        sparing.abort();
        settling.abort();
    });
    Ok(Staged { end, task })
}

/// A cast on stage.
pub(crate) struct Staged {
    end: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Staged {
    /// Ends it, when what the cast remembers has been handed on.
    pub(crate) async fn end(self) {
        drop(self.end);
        // A task that failed has told of it.
        let _ = self.task.await;
    }
}

/// Adds the fleet's own sheets, from the folder `cast` of the data folder. A
/// faulty one stays off the stage, and is named in the log.
pub(crate) fn own_sheets(cast: &mut Cast, folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    let mut files: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "toml")) {
        let id = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let text = match std::fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(file = %file.display(), %error, "a sheet can't be read");
                continue;
            }
        };
        let mut larger = cast.clone();
        let sheet = match Sheet::parse(id, &text) {
            Ok(sheet) => sheet,
            Err(error) => {
                tracing::error!(%error, "a sheet stays off the stage");
                continue;
            }
        };
        if larger.add(sheet).is_err() {
            tracing::error!(id, most = larger.most(), "the stage is full: a sheet stays off it");
            continue;
        }
        let faults = cast::lint::lint(&larger, |_| true);
        match faults.iter().find(|fault| fault.is_fault() && fault.is_about(id)) {
            Some(fault) => tracing::error!(%fault, "a sheet stays off the stage"),
            None => *cast = larger,
        }
    }
}

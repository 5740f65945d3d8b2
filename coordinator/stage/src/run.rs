//! The stage in real time.

use crate::company::Turned;
use crate::kept::Kept;
use crate::line::{Born, Line, Note, Portrait};
use crate::stage::{Glance, Millis, Stage, Untold};
use crate::tale::Tale;
use crate::talk::{Asking, Heard};
use cast::birth::{BirthError, Why};
use cast::boredom::Whim;
use cast::trope::Trope;
use cast::{Cast, UnixMillis};
use std::collections::BTreeMap;
use std::sync::Arc;
use store::{Event, Uuid};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Duration, Instant, MissedTickBehavior, interval, sleep_until};

/// How often the stage looks after itself: what waits, and whether somebody looks about.
const PULSE: Duration = Duration::from_secs(5);

/// What others ask of the stage. Whoever doesn't wait for the answer may go.
#[derive(Debug)]
pub enum Request {
    /// Everybody, as they are now.
    Portraits(oneshot::Sender<Vec<Portrait>>),
    /// This character, as it is now; none if there is none of that name.
    Portrait(String, oneshot::Sender<Option<Portrait>>),
    /// Mute this character, or let it speak again; whether it exists.
    Mute(String, bool, oneshot::Sender<bool>),
    /// A thumb for this character, up or down; whether it exists.
    Thumb(String, bool, oneshot::Sender<bool>),
    /// A guess at what this veiled character stands for; none if it isn't veiled.
    Guess(String, String, oneshot::Sender<Option<bool>>),
    /// A person's question: who has the floor, or why nobody.
    Ask(Asking, oneshot::Sender<Heard>),
    /// This character, which had the floor, has answered.
    Done(String),
    /// What the host can spare, in thousandths.
    Budget(u16),
    /// Give this node a character of its own, at this time of the wall; gives its sheet's name.
    Bear(String, UnixMillis, oneshot::Sender<Result<String, BirthError>>),
    /// What this node is for, from now on.
    Settle(String, Option<String>),
    /// Forget a person, also of events that are older than this one; answered when
    /// nobody reads of them any more in [`Now`].
    Forget(String, Uuid, oneshot::Sender<()>),
    /// Take up a tale: out of boredom, where so little goes on, or without that because a
    /// person asks; gives it with its trope, or why none is told.
    Whim(Option<f32>, oneshot::Sender<Result<(Whim, Trope), Untold>>),
    /// Begin the tale that was taken up, in these words; or why it is not.
    Tell(Box<Tale>, Option<f32>, oneshot::Sender<Result<(), Untold>>),
}

/// What the stage wants of its host.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// That a line be told.
    Line(Box<Line>),
    /// That every eye look at a node.
    Glance(Glance),
    /// That what was declined be recorded.
    Turned(Turned),
    /// That a birth be recorded, and the newborn's sheet be kept.
    Born(Box<Born>),
    /// That something be recorded as an event.
    Note(Box<Note>),
}

/// What others read of the stage at any time: the cast, and what is remembered
/// for good.
#[derive(Clone, Debug)]
pub struct Now {
    /// Everybody on stage.
    pub cast: Arc<Cast>,
    /// What is remembered for good.
    pub kept: Arc<Kept>,
}

impl Now {
    /// As it is now.
    pub fn of(stage: &Stage) -> Self {
        Self { cast: Arc::clone(stage.cast()), kept: Arc::new(stage.kept().clone()) }
    }
}

/// Those who wait to hear whether they have the floor.
type Waiting = BTreeMap<u64, oneshot::Sender<Heard>>;

fn tell(waiting: &mut Waiting, heard: Vec<(u64, Heard)>) {
    for (ticket, heard) in heard {
        if let Some(sender) = waiting.remove(&ticket) {
            // Nobody waiting any longer is no trouble.
            drop(sender.send(heard));
        }
    }
}

impl Request {
    /// Answers; gives whom to tell when others can read what it changed.
    fn answer(self, stage: &mut Stage, waiting: &mut Waiting, now: Millis) -> Option<oneshot::Sender<()>> {
        // Nobody waiting any longer is no trouble.
        match self {
            Self::Portraits(answer) => drop(answer.send(stage.portraits(now))),
            Self::Portrait(id, answer) => drop(answer.send(stage.portrait(now, &id))),
            Self::Mute(id, mute, answer) => drop(answer.send(stage.mute(&id, mute))),
            Self::Thumb(id, up, answer) => drop(answer.send(stage.thumb(now, &id, up))),
            Self::Guess(id, guess, answer) => drop(answer.send(stage.guess(&id, &guess))),
            Self::Ask(asking, answer) => {
                let (ticket, heard) = stage.ask(now, asking);
                waiting.insert(ticket, answer);
                tell(waiting, heard.into_iter().map(|heard| (ticket, heard)).collect());
            }
            Self::Done(id) => tell(waiting, stage.done(now, &id)),
            Self::Budget(budget) => stage.budget(budget),
            Self::Bear(node, at, answer) => drop(answer.send(stage.bear(now, at, &node, Why::Wish, None))),
            Self::Settle(node, role) => stage.settle(&node, role.as_deref()),
            Self::Forget(person, before, answer) => {
                stage.forget_person(&person, before);
                return Some(answer);
            }
            Self::Whim(activity, answer) => drop(answer.send(stage.whim(now, activity))),
            Self::Tell(tale, activity, answer) => {
                let _ = answer.send(stage.begin_tale(now, &tale, activity));
            }
        }
        None
    }
}

/// Hosts the cast until the events end or nobody listens any longer.
///
/// A stage that falls behind loses the oldest events and goes on: what it says
/// is true of the newer ones, and the events themselves are in the store. Who is
/// born by itself goes to `births`; what changed of the cast and of what it
/// remembers, to `seen`.
pub async fn run(
    mut stage: Stage,
    mut events: broadcast::Receiver<Arc<Event>>,
    mut requests: mpsc::Receiver<Request>,
    out: mpsc::Sender<Wanted>,
    seen: watch::Sender<Now>,
) {
    let start = Instant::now();
    let now = || Millis::try_from(start.elapsed().as_millis()).unwrap_or(Millis::MAX);
    let mut pulse = interval(PULSE);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut waiting = Waiting::new();
    loop {
        let due = stage.due().and_then(|due| start.checked_add(Duration::from_millis(due)));
        let turn = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let mut told = None;
        let lines = tokio::select! {
            heard = events.recv() => match heard {
                Ok(event) => stage.heard(now(), &event).into_iter().collect(),
                Err(RecvError::Lagged(missed)) => {
                    tracing::warn!(missed, "the stage fell behind and passes over events");
                    Vec::new()
                }
                Err(RecvError::Closed) => return,
            },
            Some(request) = requests.recv() => {
                told = request.answer(&mut stage, &mut waiting, now());
                Vec::new()
            }
            () = turn => stage.tick(now()),
            _ = pulse.tick() => {
                tell(&mut waiting, stage.pulse(now()));
                Vec::new()
            }
            () = out.closed() => return,
        };
        seen.send_if_modified(|old| {
            let same = Arc::ptr_eq(&old.cast, stage.cast()) && *old.kept == *stage.kept();
            if !same {
                *old = Now::of(&stage);
            }
            !same
        });
        if let Some(told) = told {
            // Nobody waiting any longer is no trouble.
            let _ = told.send(());
        }
        let wanted = lines.into_iter().map(|line| Wanted::Line(Box::new(line)));
        let wanted = wanted.chain(stage.glances().into_iter().map(Wanted::Glance));
        let wanted = wanted.chain(stage.notes().into_iter().map(|note| Wanted::Note(Box::new(note))));
        let wanted = wanted.chain(stage.newborn().into_iter().map(|born| Wanted::Born(Box::new(born))));
        for wanted in wanted.chain(stage.turned(now()).into_iter().map(Wanted::Turned)) {
            if out.send(wanted).await.is_err() {
                return;
            }
        }
    }
}

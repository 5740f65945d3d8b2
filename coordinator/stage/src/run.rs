//! The stage in real time.

use crate::line::{Line, Portrait};
use crate::stage::{Millis, Stage};
use std::sync::Arc;
use store::Event;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// What others ask of the stage. Whoever doesn't wait for the answer may go.
#[derive(Debug)]
pub enum Request {
    /// Everybody, as they are now.
    Portraits(oneshot::Sender<Vec<Portrait>>),
    /// Mute this character, or let it speak again; whether it exists.
    Mute(String, bool, oneshot::Sender<bool>),
    /// A thumb for this character, up or down; whether it exists.
    Thumb(String, bool, oneshot::Sender<bool>),
    /// A guess at what this veiled character stands for; none if it isn't veiled.
    Guess(String, String, oneshot::Sender<Option<bool>>),
}

impl Request {
    fn answer(self, stage: &mut Stage, now: Millis) {
        // Nobody waiting any longer is no trouble.
        match self {
            Self::Portraits(answer) => drop(answer.send(stage.portraits(now))),
            Self::Mute(id, mute, answer) => drop(answer.send(stage.mute(&id, mute))),
            Self::Thumb(id, up, answer) => drop(answer.send(stage.thumb(now, &id, up))),
            Self::Guess(id, guess, answer) => drop(answer.send(stage.guess(&id, &guess))),
        }
    }
}

/// Hosts the cast until the events end or nobody listens any longer.
///
/// A stage that falls behind loses the oldest events and goes on: what it says
/// is true of the newer ones, and the events themselves are in the store.
pub async fn run(
    mut stage: Stage,
    mut events: broadcast::Receiver<Arc<Event>>,
    mut requests: mpsc::Receiver<Request>,
    out: mpsc::Sender<Line>,
) {
    let start = Instant::now();
    let now = || Millis::try_from(start.elapsed().as_millis()).unwrap_or(Millis::MAX);
    loop {
        let due = stage.due().and_then(|due| start.checked_add(std::time::Duration::from_millis(due)));
        let turn = async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
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
                request.answer(&mut stage, now());
                Vec::new()
            }
            () = turn => stage.tick(now()),
            () = out.closed() => return,
        };
        for line in lines {
            if out.send(line).await.is_err() {
                return;
            }
        }
    }
}

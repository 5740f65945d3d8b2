//! The stage in real time.

use crate::line::Line;
use crate::stage::{Millis, Stage};
use std::sync::Arc;
use store::Event;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Hosts the cast until the events end or nobody listens any longer.
///
/// A stage that falls behind loses the oldest events and goes on: what it says
/// is true of the newer ones, and the events themselves are in the store.
pub async fn run(mut stage: Stage, mut events: broadcast::Receiver<Arc<Event>>, out: mpsc::Sender<Line>) {
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

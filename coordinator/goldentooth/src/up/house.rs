//! The rooms that run, and their end in order.

use crate::broker::Broker;
use crate::calls::Calls;
use crate::data::Data;
use crate::habits::Habits;
use crate::intake::Intake;
use crate::simulate::Agents;
use crate::voices::Staged;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Which rooms run, in the order in which they end.
pub(super) struct House {
    pub(super) agents: Vec<Agents>,
    pub(super) stage: Option<Staged>,
    pub(super) calling: (Calls, JoinHandle<()>),
    pub(super) learning: (Habits, JoinHandle<()>),
    pub(super) web: (oneshot::Sender<()>, JoinHandle<io::Result<()>>),
    pub(super) intake: Intake,
    pub(super) broker: Option<Broker>,
    // Last: the folder's lock goes when nothing uses it any more.
    pub(super) _data: Arc<Data>,
}

impl House {
    /// Ends the rooms: first who speaks, last who listens.
    pub(super) async fn close(self) {
        tracing::info!("stopping");
        let agents = self.agents.into_iter().map(|agents| tokio::spawn(agents.stop()));
        for agents in agents.collect::<Vec<_>>() {
            let _ = agents.await;
        }
        if let Some(stage) = self.stage {
            stage.end().await;
        }
        self.calling.1.abort();
        self.calling.0.keep();
        self.learning.1.abort();
        // Streams end with it; one that hangs is cut.
        let _ = self.web.0.send(());
        if tokio::time::timeout(Duration::from_secs(3), self.web.1).await.is_err() {
            tracing::warn!("the page did not stop in time");
        }
        self.intake.stop().await;
        self.learning.0.keep();
        if let Some(broker) = self.broker {
            broker.stop().await;
        }
    }
}

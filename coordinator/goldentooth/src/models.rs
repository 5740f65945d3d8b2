//! Another mood model for nodes: checked here as the agents will check it, then sent in
//! sealed pieces at a pace that links bear. Which node runs what is in its `Hello`.

use crate::intake::Order;
use crate::live::Live;
use frames::{MAX_CHUNK, NodeName};
use node_agent::feel::swap::{self, SwapError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// So many nodes are sent to at a time, a piece each in this time: 800 pieces a second.
const AT_ONCE: usize = 16;
const PACE: Duration = Duration::from_millis(20);
/// A node that does not say by then that it runs the model is sent it once more.
const PATIENCE: Duration = Duration::from_secs(15);
const ATTEMPTS: usize = 2;

/// Who shall have it: exactly one of these.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whom {
    /// One node.
    #[serde(default)]
    pub node: Option<String>,
    /// So many of a hundred nodes, the same ones for the same model.
    #[serde(default)]
    pub percent: Option<u8>,
    /// All of them.
    #[serde(default)]
    pub all: bool,
}

/// What was begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pushed {
    /// The model's version.
    pub version: String,
    /// To whom it is on its way.
    pub nodes: Vec<String>,
}

/// Why nothing is sent.
#[derive(Debug, thiserror::Error)]
pub enum PushError {
    /// No node would take it.
    #[error("no node would take this model: {0}")]
    Unfit(#[from] SwapError),
    /// It is too long.
    #[error("the file has {0} bytes; a mood model has at most {max}", max = swap::MOST_BYTES)]
    Length(usize),
    /// Not exactly one of the three was said.
    #[error("say exactly one of --node NAME, --all, --percent N (1 to 100)")]
    Whom,
    /// Nobody is meant.
    #[error("no node that speaks is meant; `goldentooth nodes` shows who does")]
    Nobody,
}

/// A piece of a model, for one node.
#[derive(Clone, Debug)]
pub struct Piece {
    /// SHA-256 of the whole.
    pub hash: [u8; 32],
    /// The whole.
    pub model: Arc<[u8]>,
    /// Where the piece begins.
    pub offset: usize,
}

/// Sends models; cheap to clone.
#[derive(Clone)]
pub struct Pusher {
    live: Live,
    orders: mpsc::Sender<Order>,
}

impl Pusher {
    /// One that has intake send.
    pub fn new(live: Live, orders: mpsc::Sender<Order>) -> Self {
        Self { live, orders }
    }

    /// Checks a model and begins to send it. Takes some milliseconds of CPU time.
    ///
    /// # Errors
    /// [`PushError`]; nothing is sent then.
    pub fn push(&self, bytes: &[u8], whom: &Whom) -> Result<Pushed, PushError> {
        if bytes.len() > swap::MOST_BYTES {
            return Err(PushError::Length(bytes.len()));
        }
        let version = swap::tried(bytes, None)?.version().to_owned();
        let hash: [u8; 32] = Sha256::digest(bytes).into();
        let speaking = self.live.nodes().into_iter().filter(|node| !node.silent);
        let nodes = chosen(speaking.map(|node| node.name.clone()).collect(), whom, hash)?;
        if nodes.is_empty() {
            return Err(PushError::Nobody);
        }
        let names = nodes.iter().map(ToString::to_string).collect();
        let (pusher, wanted, model) = (self.clone(), version.clone(), Arc::from(bytes));
        tokio::spawn(async move { pusher.send(nodes, &wanted, hash, model).await });
        Ok(Pushed { version, nodes: names })
    }

    async fn send(self, nodes: Vec<NodeName>, version: &str, hash: [u8; 32], model: Arc<[u8]>) {
        for some in nodes.chunks(AT_ONCE) {
            for _ in 0..ATTEMPTS {
                let left: Vec<&NodeName> = some.iter().filter(|node| !self.runs(node, version)).collect();
                for offset in (0..model.len()).step_by(MAX_CHUNK) {
                    for node in &left {
                        let piece = Piece { hash, model: Arc::clone(&model), offset };
                        let order = Order::Model { node: (*node).clone(), piece };
                        if self.orders.send(order).await.is_err() {
                            return;
                        }
                    }
                    tokio::time::sleep(PACE).await;
                }
                let told = async {
                    while !left.iter().all(|node| self.runs(node, version)) {
                        tokio::time::sleep(PACE * 10).await;
                    }
                };
                if tokio::time::timeout(PATIENCE, told).await.is_ok() {
                    break;
                }
            }
            for node in some.iter().filter(|node| !self.runs(node, version)) {
                tracing::warn!(%node, version, "the node has not taken the model; its own log says why");
            }
        }
    }

    fn runs(&self, node: &NodeName, version: &str) -> bool {
        self.live.node(node).is_some_and(|node| node.about.model.as_deref() == Some(version))
    }
}

/// Who is meant. A percentage takes the nodes whose names, hashed with the model, come
/// first: other ones for every model, so that nobody is always the first to try.
fn chosen(nodes: Vec<NodeName>, whom: &Whom, hash: [u8; 32]) -> Result<Vec<NodeName>, PushError> {
    match whom {
        Whom { node: Some(name), percent: None, all: false } => {
            Ok(nodes.into_iter().filter(|node| node.as_str() == name).collect())
        }
        Whom { node: None, percent: None, all: true } => Ok(nodes),
        Whom { node: None, percent: Some(percent @ 1..=100), all: false } => {
            let mut drawn: Vec<_> = nodes
                .into_iter()
                .map(|node| (Sha256::new().chain_update(hash).chain_update(node.as_str()).finalize(), node))
                .collect();
            drawn.sort_unstable();
            let count = (drawn.len() * usize::from(*percent)).div_ceil(100);
            Ok(drawn.into_iter().take(count).map(|(_, node)| node).collect())
        }
        _ => Err(PushError::Whom),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes(count: usize) -> Vec<NodeName> {
        (0..count).map(|number| format!("pi-{number:02}").parse().unwrap()).collect()
    }

    fn percent(percent: u8) -> Whom {
        Whom { percent: Some(percent), ..Whom::default() }
    }

    #[test]
    fn a_share_of_the_fleet_is_drawn_by_model_and_grows() {
        let tenth = chosen(nodes(40), &percent(10), [1; 32]).unwrap();
        assert_eq!(tenth.len(), 4);
        let half = chosen(nodes(40), &percent(50), [1; 32]).unwrap();
        assert!(half.len() == 20 && tenth.iter().all(|node| half.contains(node)));
        assert_ne!(tenth, chosen(nodes(40), &percent(10), [2; 32]).unwrap());
        assert_eq!(chosen(nodes(3), &percent(1), [1; 32]).unwrap().len(), 1);
    }

    #[test]
    fn exactly_one_way_to_say_who_is_meant() {
        let all = Whom { all: true, ..Whom::default() };
        assert_eq!(chosen(nodes(5), &all, [1; 32]).unwrap().len(), 5);
        let one = Whom { node: Some("pi-03".to_owned()), ..Whom::default() };
        assert_eq!(chosen(nodes(5), &one, [1; 32]).unwrap(), nodes(5)[3..4]);
        let both = Whom { node: Some("pi-03".to_owned()), all: true, ..Whom::default() };
        for wrong in [Whom::default(), both, percent(0), percent(101)] {
            assert!(matches!(chosen(nodes(5), &wrong, [1; 32]), Err(PushError::Whom)), "{wrong:?}");
        }
    }
}

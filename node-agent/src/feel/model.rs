//! The mood model: `mood.onnx`, run by `rten`, a runtime in pure Rust.
//!
//! Only the operators that a small network is made of are linked in: whatever else
//! a runtime could do would be mapped, and partly resident, on every node.
//!
//! [`Model::from_bytes`] reads the file's metadata before anything is run: a model
//! for other features is refused, since it would answer, and wrongly.

use super::features::{INPUTS, Vector, schema_hash};
use frames::{MOODS, Mood};
use rten::{Dimension, LoadError, ModelOptions, NodeId, RunError, RunOptions, ThreadPool, ValueView};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// The model that ships with the agent.
pub(super) const EMBEDDED: &[u8] =
    include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/mood.onnx"));

/// The largest file that is taken for a mood model, in bytes: ten times what
/// ours may have.
const MOST_BYTES: u64 = 1_000_000;

/// The longest version, as a frame can carry it.
const MOST_VERSION: usize = 24;

/// Metadata keys.
const SCHEMA: &str = "goldentooth.schema";
const MOOD_ORDER: &str = "goldentooth.moods";
const VERSION: &str = "goldentooth.version";

/// Why a model can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file can't be read.
    #[error(
        "can't read the model {path}: {source}; check the path, or leave it out to use the built-in model"
    )]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is far larger than any mood model.
    #[error("the model {path} has {bytes} bytes, a mood model has at most {MOST_BYTES}; check the path")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// The file is no ONNX model, or one with operators that a mood model has no use for.
    #[error("this is no ONNX model that can be loaded ({0}); train one with models/train")]
    NotOnnx(#[from] LoadError),
    /// Nothing says which features the model wants.
    #[error("the model's metadata lacks `{key}`; train one with models/train, which writes it")]
    NoMetadata {
        /// The key that is missing.
        key: &'static str,
    },
    /// The model was trained for other features.
    #[error(
        "the model was trained for the feature schema {model}, this agent has {agent}; \
         train it again with models/train, or use the agent it was made for"
    )]
    OtherSchema {
        /// The schema's hash in the model.
        model: String,
        /// The schema's hash here.
        agent: String,
    },
    /// The model gives other moods, or in another order.
    #[error("the model gives `{model}`, this agent wants `{agent}`; train it again with models/train")]
    OtherMoods {
        /// The moods in the model.
        model: String,
        /// The moods here.
        agent: String,
    },
    /// The version does not fit into a frame.
    #[error("the model's version `{0}` is empty or longer than {MOST_VERSION} bytes; give it a shorter one")]
    Version(String),
    /// Input or output has another shape.
    #[error(
        "the model's {what} is not rows (a named dimension) of {wanted} numbers; train it again with models/train"
    )]
    Shape {
        /// Input or output.
        what: &'static str,
        /// How many numbers are wanted.
        wanted: usize,
    },
    /// The network can't be run.
    #[error("the model can't be run: {0}; train it again with models/train")]
    Run(#[from] RunError),
    /// The model's answer is no set of probabilities.
    #[error("the model answers {0:?}, which are no probabilities; train it again with models/train")]
    NoProbabilities([f32; MOODS]),
}

/// A loaded model: a cheap handle that many nodes may share.
#[derive(Clone, Debug)]
pub struct Model(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    version: String,
    network: rten::Model,
    input: NodeId,
    output: NodeId,
}

impl Model {
    /// The model inside this program.
    pub fn embedded() -> Result<Self, ModelError> {
        Self::from_bytes(EMBEDDED)
    }

    /// A model from a file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        let read = |source| ModelError::Read { path: path.display().to_string(), source };
        let bytes = std::fs::metadata(path).map_err(read)?.len();
        if bytes > MOST_BYTES {
            return Err(ModelError::TooLarge { path: path.display().to_string(), bytes });
        }
        Self::from_bytes(&std::fs::read(path).map_err(read)?)
    }

    /// A model from the bytes of an ONNX file: checked, loaded, and asked once.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        let network = ModelOptions::with_ops(rten::op_registry!(
            Add, Clip, Concat, Div, Gemm, Identity, MatMul, Mul, Relu, Sigmoid, Softmax, Sub, Tanh
        ))
        .load(bytes.to_vec())?;
        let version = check(&network)?;
        let input = has_shape(&network, "input", network.input_ids(), INPUTS)?;
        let output = has_shape(&network, "output", network.output_ids(), MOODS)?;
        let model = Self(Arc::new(Loaded { version, network, input, output }));
        // What it says of nothing at all does not matter; that it answers does.
        model.classify(&[0.0; INPUTS])?;
        Ok(model)
    }

    /// Does `work` in the thread that runs the models: from any other thread each
    /// question costs a switch there and back (35 µs or so). An agent does all of its
    /// work there.
    pub fn at_hand<R: Send>(work: impl FnOnce() -> R + Send) -> R {
        pool().run(work)
    }

    /// Its version, at most 24 bytes.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// The probability of each mood, in the order of [`Mood::ALL`].
    pub fn classify(&self, vector: &Vector) -> Result<[f32; MOODS], ModelError> {
        let Loaded { network, input, output, .. } = &*self.0;
        let shape = || ModelError::Shape { what: "output", wanted: MOODS };
        let row = ValueView::from_shape(&[1, INPUTS], vector.as_slice()).map_err(|_| shape())?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(pool())));
        let [answer] = network.run_n(vec![(*input, row.into())], [*output], Some(options))?;
        let answer = answer.into_tensor::<f32>().ok_or_else(shape)?.into_data();
        let said: [f32; MOODS] = answer.as_slice().try_into().map_err(|_| shape())?;
        let sum: f32 = said.iter().sum();
        // Written so that not-a-number fails too.
        if (sum - 1.0).abs() < 0.01 && said.iter().all(|value| (0.0..=1.001).contains(value)) {
            Ok(said)
        } else {
            Err(ModelError::NoProbabilities(said))
        }
    }
}

/// The mood of the highest probability; of equals the calmer.
pub(super) fn likeliest(probabilities: &[f32; MOODS]) -> Mood {
    let mut best = (Mood::Bored, f32::NEG_INFINITY);
    for (mood, probability) in Mood::ALL.into_iter().zip(probabilities) {
        if *probability > best.1 {
            best = (mood, *probability);
        }
    }
    best.0
}

/// Reads the metadata and gives the version, if the model is one for this agent.
fn check(network: &rten::Model) -> Result<String, ModelError> {
    let metadata = network.metadata();
    let find = |key| metadata.get(key).ok_or(ModelError::NoMetadata { key });
    let (model, agent) = (find(SCHEMA)?, schema_hash());
    if model != agent {
        return Err(ModelError::OtherSchema { model: model.to_owned(), agent });
    }
    let (model, agent) = (find(MOOD_ORDER)?, Mood::ALL.map(Mood::name).join(","));
    if model != agent {
        return Err(ModelError::OtherMoods { model: model.to_owned(), agent });
    }
    let version = find(VERSION)?.to_owned();
    if version.is_empty() || version.len() > MOST_VERSION {
        return Err(ModelError::Version(version));
    }
    Ok(version)
}

/// The one input or output, if it is any number of rows of so many numbers.
fn has_shape(
    network: &rten::Model,
    what: &'static str,
    ids: &[NodeId],
    wanted: usize,
) -> Result<NodeId, ModelError> {
    if let [id] = ids
        && let Some(shape) = network.node_info(*id).and_then(|node| node.shape())
        && let [Dimension::Symbolic(_), Dimension::Fixed(width)] = shape.as_slice()
        && *width == wanted
    {
        Ok(*id)
    } else {
        Err(ModelError::Shape { what, wanted })
    }
}

/// One thread for all models: a network this small is done before a second has
/// woken up.
fn pool() -> &'static Arc<ThreadPool> {
    static POOL: OnceLock<Arc<ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| Arc::new(ThreadPool::with_num_threads(1)))
}

#[cfg(test)]
mod tests;

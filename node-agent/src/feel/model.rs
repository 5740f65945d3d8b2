//! The mood model: `mood.onnx`, run by `ort` with its pure-Rust backend.
//!
//! The backend can't read a model's metadata, so [`Model::from_bytes`] reads that
//! field of the file itself (field 14 of ONNX' `ModelProto`, by protocol buffers'
//! own rules), before anything is run: a model for other features is refused,
//! since it would answer, and wrongly.

use super::features::{INPUTS, Vector, schema_hash};
use frames::{MOODS, Mood};
use ort::environment::Environment;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::{TensorRef, ValueType};
use prost::Message as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The model that ships with the agent.
const EMBEDDED: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/mood.onnx"));

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
    /// The file is no ONNX model.
    #[error("this is no ONNX model ({0}); train one with models/train")]
    NotOnnx(#[from] prost::DecodeError),
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
    #[error("the model's {what} is not {wanted} numbers in one row; train it again with models/train")]
    Shape {
        /// Input or output.
        what: &'static str,
        /// How many numbers are wanted.
        wanted: usize,
    },
    /// The inference library refuses.
    #[error("the inference library refuses the model: {0}")]
    Backend(String),
    /// The model's answer is no set of probabilities.
    #[error("the model answers {0:?}, which are no probabilities; train it again with models/train")]
    NoProbabilities([f32; MOODS]),
}

impl<T> From<ort::Error<T>> for ModelError {
    fn from(error: ort::Error<T>) -> Self {
        Self::Backend(error.to_string())
    }
}

/// The one field of an ONNX file that we read ourselves.
#[derive(Clone, PartialEq, prost::Message)]
struct Head {
    #[prost(message, repeated, tag = "14")]
    metadata: Vec<Entry>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Entry {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// A loaded model: a cheap handle that many nodes may share.
#[derive(Clone, Debug)]
pub struct Model(Arc<Loaded>);

#[derive(Debug)]
struct Loaded {
    version: String,
    /// Running wants exclusive use; it takes microseconds.
    session: Mutex<Session>,
    // Dropped after the session that lives in it.
    _environment: Environment,
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
        let version = check(bytes)?;
        let environment = environment()?;
        let session = Session::builder(&environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .commit_from_memory(bytes)?;
        has_shape("input", session.inputs().first().map(ort::value::Outlet::dtype), INPUTS)?;
        has_shape("output", session.outputs().first().map(ort::value::Outlet::dtype), MOODS)?;
        let model =
            Self(Arc::new(Loaded { version, session: Mutex::new(session), _environment: environment }));
        // What it says of nothing at all does not matter; that it answers does.
        model.classify(&[0.0; INPUTS])?;
        Ok(model)
    }

    /// Its version, at most 24 bytes.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// The probability of each mood, in the order of [`Mood::ALL`].
    pub fn classify(&self, vector: &Vector) -> Result<[f32; MOODS], ModelError> {
        // A panic of another thread inside the library leaves no state of ours torn.
        let mut session = self.0.session.lock().unwrap_or_else(PoisonError::into_inner);
        let input = TensorRef::from_array_view(([1_usize, INPUTS], vector.as_slice()))?;
        let outputs = session.run(ort::inputs![input])?;
        let output = outputs.values().next().ok_or(ModelError::Shape { what: "output", wanted: MOODS })?;
        let (_, values) = output.try_extract_tensor::<f32>()?;
        let probabilities: [f32; MOODS] =
            values.try_into().map_err(|_| ModelError::Shape { what: "output", wanted: MOODS })?;
        let sum: f32 = probabilities.iter().sum();
        // Written so that not-a-number fails too.
        if !((sum - 1.0).abs() < 0.01 && probabilities.iter().all(|value| (0.0..=1.001).contains(value))) {
            return Err(ModelError::NoProbabilities(probabilities));
        }
        Ok(probabilities)
    }
}

/// Reads the metadata and gives the version, if the model is one for this agent.
fn check(bytes: &[u8]) -> Result<String, ModelError> {
    let head = Head::decode(bytes)?;
    let find = |key: &'static str| {
        let entry = head.metadata.iter().find(|entry| entry.key == key);
        entry.map(|entry| entry.value.clone()).ok_or(ModelError::NoMetadata { key })
    };
    let (model, agent) = (find(SCHEMA)?, schema_hash());
    if model != agent {
        return Err(ModelError::OtherSchema { model, agent });
    }
    let (model, agent) = (find(MOOD_ORDER)?, Mood::ALL.map(Mood::name).join(","));
    if model != agent {
        return Err(ModelError::OtherMoods { model, agent });
    }
    let version = find(VERSION)?;
    if version.is_empty() || version.len() > MOST_VERSION {
        return Err(ModelError::Version(version));
    }
    Ok(version)
}

fn has_shape(what: &'static str, kind: Option<&ValueType>, wanted: usize) -> Result<(), ModelError> {
    match kind.and_then(ValueType::tensor_shape).map(|shape| &shape[..]) {
        Some([1, columns]) if usize::try_from(*columns) == Ok(wanted) => Ok(()),
        _ => Err(ModelError::Shape { what, wanted }),
    }
}

/// Answers "is this a tensor?" with the no that the question starts from.
///
/// `ort` 2.0.0-rc.14 asks it of each output, and where the answer is yes it forgets
/// to release the type that it asked for before: 106 bytes per run, for ever. On the
/// other path it reads the same type, finds a tensor too, and releases it. A test
/// holds the heap to that; drop this when a release of `ort` frees it by itself.
extern "system" fn is_tensor(_value: *const ort::sys::OrtValue, _answer: *mut i32) -> ort::sys::OrtStatusPtr {
    ort::sys::OrtStatusPtr::default()
}

/// The library allows one environment per process; all models share it.
fn environment() -> Result<Environment, ModelError> {
    static SHARED: Mutex<Option<Environment>> = Mutex::new(None);
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(environment) = &*shared {
        return Ok(environment.clone());
    }
    let mut backend = ort_tract::api();
    backend.IsTensor = is_tensor;
    // False if the backend is set already, which is as well.
    ort::set_api(backend);
    let environment = ort::init().with_name("goldentooth").build()?;
    Ok(shared.insert(environment).clone())
}

#[cfg(test)]
mod tests;

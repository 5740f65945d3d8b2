//! The mood model.

use std::path::Path;
use std::sync::Arc;

/// A loaded model: a cheap handle that many nodes may share.
#[derive(Clone, Debug)]
pub struct Model(Arc<String>);

/// Why a model can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file can't be read.
    #[error("can't read the model {path}: {source}; check the path, or leave it out to use the built-in model")]
    Read {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Model {
    /// The model inside this program.
    pub fn embedded() -> Result<Self, ModelError> {
        Ok(Self(Arc::new(String::from("0"))))
    }

    /// A model from a file.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        std::fs::read(path)
            .map_err(|source| ModelError::Read { path: path.display().to_string(), source })?;
        Self::embedded()
    }

    /// Its version, at most 24 bytes.
    pub fn version(&self) -> &str {
        &self.0
    }
}

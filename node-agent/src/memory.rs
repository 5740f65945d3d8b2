//! What outlives a restart: what the node knows about itself, in one file that is
//! written at most every six hours and at the end; the model that was sent to it and has
//! proved itself, and one that has yet to. All in the data folder, whole or not at all.

use crate::Millis;
use crate::agent::ModelNews;
use crate::feel::kept::MOST_BYTES;
use crate::feel::{Feeler, Model};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// Between two writes.
pub const KEEP_EVERY: Millis = 6 * 3_600_000;

/// The file of one node.
#[derive(Debug)]
pub struct Memory {
    folder: PathBuf,
    path: PathBuf,
    written: Millis,
}

impl Memory {
    /// The file in this data folder, for an agent that starts `now`.
    pub fn new(now: Millis, folder: &Path) -> Self {
        Self { folder: folder.to_owned(), path: folder.join("normal.bin"), written: now }
    }

    /// Reads what is there; whether it was of use.
    pub fn recall(&self, feeler: &mut Feeler) -> bool {
        let mut bytes = Vec::new();
        let read =
            File::open(&self.path).and_then(|file| file.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes));
        match read {
            Ok(_) if feeler.restore(&bytes) => true,
            Ok(_) => {
                tracing::info!(
                    "what this node knew about itself is damaged or of another version: it learns anew"
                );
                false
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%error, "what this node knew about itself can't be read: it learns anew");
                }
                false
            }
        }
    }

    /// Writes, if it is time to; whether that went well, if it was.
    pub fn tend(&mut self, now: Millis, feeler: &mut Feeler) -> Option<bool> {
        (now.saturating_sub(self.written) >= KEEP_EVERY).then(|| self.write(now, feeler))
    }

    /// Writes now; whether that went well. A disk that takes nothing costs what was learned
    /// since, no more.
    pub fn write(&mut self, now: Millis, feeler: &mut Feeler) -> bool {
        self.written = now;
        let written = replace(&self.path, &[&feeler.keep()]);
        if let Err(error) = &written {
            tracing::warn!(%error, "what this node knows about itself can't be kept; next attempt in six hours");
        }
        written.is_ok()
    }

    /// The model that was sent to this node and has proved itself; none if none was, or
    /// if it can't be used any more.
    pub fn model(&self) -> Option<Model> {
        self.load(MODEL)
    }

    /// The model that was sent and had yet to prove itself when the agent stopped.
    pub fn model_on_trial(&self) -> Option<Model> {
        self.load(ON_TRIAL)
    }

    fn load(&self, name: &str) -> Option<Model> {
        let path = self.folder.join(name);
        if !path.exists() {
            return None;
        }
        let loaded = Model::load(&path);
        loaded.inspect_err(|error| tracing::warn!(%error, "the model that was sent is not used")).ok()
    }

    /// Keeps what became of models.
    pub fn keep_model(&self, news: &ModelNews) {
        let trial = self.folder.join(ON_TRIAL);
        let kept = match news {
            ModelNews::Taken(bytes) => replace(&trial, &[bytes]),
            ModelNews::Proved => fs::rename(&trial, self.folder.join(MODEL)),
            ModelNews::GivenUp => fs::remove_file(&trial),
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "the model can't be kept: after a restart an earlier one is used");
        }
    }
}

/// The model that was sent and has proved itself, and one that has yet to.
const MODEL: &str = "model.onnx";
const ON_TRIAL: &str = "model.trial.onnx";

/// Writes a file whole or not at all, for nobody else to read.
pub(crate) fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let draft = path.with_file_name(name);
    let write = || -> io::Result<()> {
        match fs::remove_file(&draft) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    let done = write();
    if done.is_err() {
        let _ = fs::remove_file(&draft);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::virtual_pi::VirtualPi;
    use frames::Vital;

    fn lived(steps: u64) -> Feeler {
        let (mut feeler, mut pi) = (Feeler::new(None), VirtualPi::new(3, 1));
        for step in 0..steps {
            feeler.feel(step * 10_000, &pi.read(step * 10_000));
        }
        feeler
    }

    #[test]
    fn a_restarted_node_knows_itself_and_writes_seldom() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::new(0, folder.path());
        let mut feeler = lived(400);
        memory.tend(KEEP_EVERY - 1, &mut feeler);
        assert!(!folder.path().join("normal.bin").exists(), "too early");
        memory.tend(KEEP_EVERY, &mut feeler);
        let size = fs::metadata(folder.path().join("normal.bin")).unwrap().len();
        assert!(size < 16_384, "{size} bytes");
        let mut again = Feeler::new(None);
        assert!(Memory::new(0, folder.path()).recall(&mut again));
        assert_eq!(again.features().usual(Vital::Cpu), feeler.features().usual(Vital::Cpu));
        let reading = VirtualPi::new(3, 1).read(5_000_000);
        assert!(again.feel(5_000_000, &reading).distance.is_some(), "no second warm-up");
    }

    #[test]
    fn a_model_that_was_sent_outlives_a_restart_and_can_be_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(0, folder.path());
        assert!(memory.model().is_none());
        let embedded = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../models/mood.onnx"));
        memory.keep_model(&ModelNews::Taken(embedded.to_vec()));
        assert!(memory.model().is_none(), "it is on trial");
        let version = |model: Option<Model>| model.map(|model| model.version().to_owned());
        let built_in = version(Model::embedded().ok());
        assert_eq!(version(memory.model_on_trial()), built_in);
        memory.keep_model(&ModelNews::Proved);
        assert_eq!((version(memory.model()), version(memory.model_on_trial())), (built_in, None));
        memory.keep_model(&ModelNews::Taken(b"worse".to_vec()));
        assert!(memory.model_on_trial().is_none(), "it can't be used");
        memory.keep_model(&ModelNews::GivenUp);
        assert!(memory.model().is_some(), "the one that has proved itself is still there");
    }

    #[test]
    fn a_damaged_file_and_a_full_disk_are_borne() {
        let folder = tempfile::tempdir().unwrap();
        let mut memory = Memory::new(0, folder.path());
        assert!(!memory.recall(&mut Feeler::new(None)), "nothing there");
        fs::write(folder.path().join("normal.bin"), vec![7; 70_000]).unwrap();
        assert!(!memory.recall(&mut Feeler::new(None)), "garbage");
        fs::create_dir(folder.path().join("normal.bin.new")).unwrap();
        assert!(!memory.write(1, &mut lived(2)));
        assert_eq!(fs::read(folder.path().join("normal.bin")).unwrap().len(), 70_000, "the old one stays");
    }
}

//! What operators say of nodes: groups and labels, and when nobody shall be
//! called for them (a mute, a maintenance window). Kept in the data folder's
//! file `care.json`.

use crate::calls::watch::Cause;
use crate::data::{Data, DataError, random, write_private};
use crate::live::{Live, Tag, UnixMillis};
use crate::words::lock;
use frames::NodeName;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

const FILE: &str = "care.json";
/// The most windows that are kept.
const MOST_WINDOWS: usize = 200;
/// The most labels of a node.
const MOST_LABELS: usize = 12;
/// The most characters of a group or label.
const LONGEST: usize = 32;

/// For whom nobody is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The whole fleet.
    All,
    /// A group.
    Group(String),
    /// One node.
    Node(NodeName),
}

/// A stretch of time in which nobody is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quiet {
    /// Its name, made here.
    pub id: String,
    /// For whom.
    pub scope: Scope,
    /// For this cause alone; none for every cause.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// From when on.
    pub from: UnixMillis,
    /// Until when.
    pub until: UnixMillis,
    /// Why, in an operator's words.
    pub reason: String,
}

/// Why something can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum CareError {
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A word that can't be a group or label.
    #[error(
        "a group or label has 1 to {LONGEST} characters, none of them a control character: {0:?} is none"
    )]
    Word(String),
    /// Too many labels.
    #[error("a node has at most {MOST_LABELS} labels")]
    Labels,
    /// A window that ends before it begins, or has ended.
    #[error("a window must end after it begins, and after now")]
    Window,
    /// Too many windows.
    #[error("there are {MOST_WINDOWS} windows already: end some first")]
    Windows,
    /// No such window.
    #[error("there is no window {0:?}")]
    Unknown(String),
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Kept {
    nodes: BTreeMap<NodeName, Tag>,
    quiet: Vec<Quiet>,
}

/// What operators said; cheap to clone.
#[derive(Clone)]
pub struct Care(Arc<Inner>);

struct Inner {
    data: Arc<Data>,
    live: Live,
    kept: RwLock<Kept>,
}

impl Care {
    /// What was kept, told to the live views.
    ///
    /// # Errors
    /// [`DataError`] if the file can't be read.
    pub fn open(data: &Arc<Data>, live: &Live) -> Result<Self, DataError> {
        let path = data.path(FILE);
        let kept: Kept = match std::fs::read(&path) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|_| DataError::Damaged { path, expected: "groups and labels in JSON" })?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Kept::default(),
            Err(source) => return Err(DataError::Io { path, action: "read", source }),
        };
        for (name, tag) in &kept.nodes {
            live.tag(name, tag.clone());
        }
        Ok(Self(Arc::new(Inner { data: Arc::clone(data), live: live.clone(), kept: RwLock::new(kept) })))
    }

    /// Gives a node its group and labels, instead of those it had.
    ///
    /// # Errors
    /// [`CareError`].
    pub fn tag(&self, node: &NodeName, mut tag: Tag) -> Result<Tag, CareError> {
        tag.group = tag.group.map(|group| group.trim().to_owned()).filter(|group| !group.is_empty());
        tag.labels = tag
            .labels
            .iter()
            .map(|label| label.trim().to_owned())
            .filter(|label| !label.is_empty())
            .collect();
        tag.labels.sort_unstable();
        tag.labels.dedup();
        if tag.labels.len() > MOST_LABELS {
            return Err(CareError::Labels);
        }
        if let Some(wrong) = tag.labels.iter().chain(&tag.group).find(|word| !is_word(word)) {
            return Err(CareError::Word(wrong.clone()));
        }
        let told = tag.clone();
        self.change(|kept| {
            if tag == Tag::default() {
                kept.nodes.remove(node);
            } else {
                kept.nodes.insert(node.clone(), tag);
            }
        })?;
        self.0.live.tag(node, told.clone());
        Ok(told)
    }

    /// Drops what was said of a node that is forgotten.
    ///
    /// # Errors
    /// [`DataError`] if the file can't be written.
    pub fn forget(&self, node: &NodeName) -> Result<(), DataError> {
        self.change(|kept| {
            kept.nodes.remove(node);
            kept.quiet.retain(|quiet| quiet.scope != Scope::Node(node.clone()));
        })
    }

    /// What was said of a node holds under its new name.
    ///
    /// # Errors
    /// [`DataError`] if the file can't be written.
    pub fn rename(&self, from: &NodeName, to: &NodeName) -> Result<(), DataError> {
        let tag = self.change(|kept| {
            for quiet in kept.quiet.iter_mut().filter(|quiet| quiet.scope == Scope::Node(from.clone())) {
                quiet.scope = Scope::Node(to.clone());
            }
            let tag = kept.nodes.remove(from);
            kept.nodes.extend(tag.clone().map(|tag| (to.clone(), tag)));
            tag
        })?;
        if let Some(tag) = tag {
            self.0.live.tag(to, tag);
        }
        Ok(())
    }

    /// Calls nobody for a while.
    ///
    /// # Errors
    /// [`CareError`].
    pub fn quiet(
        &self,
        now: UnixMillis,
        scope: Scope,
        cause: Option<Cause>,
        from: UnixMillis,
        until: UnixMillis,
        reason: &str,
    ) -> Result<Quiet, CareError> {
        if until <= from || until <= now {
            return Err(CareError::Window);
        }
        if let Scope::Group(group) = &scope
            && !is_word(group)
        {
            return Err(CareError::Word(group.clone()));
        }
        let id = hex::encode(random()?.get(..6).unwrap_or_default());
        let reason: String = reason.chars().filter(|c| !c.is_control()).take(200).collect();
        let quiet = Quiet { id, scope, cause, from, until, reason };
        let full = self.change(|kept| {
            // What has ended is of no use to anybody.
            kept.quiet.retain(|quiet| quiet.until > now);
            let full = kept.quiet.len() >= MOST_WINDOWS;
            if !full {
                kept.quiet.push(quiet.clone());
            }
            full
        })?;
        if full { Err(CareError::Windows) } else { Ok(quiet) }
    }

    /// Ends a window before its time.
    ///
    /// # Errors
    /// [`CareError`].
    pub fn end(&self, id: &str) -> Result<(), CareError> {
        let known = self.change(|kept| {
            let before = kept.quiet.len();
            kept.quiet.retain(|quiet| quiet.id != id);
            kept.quiet.len() < before
        })?;
        if known { Ok(()) } else { Err(CareError::Unknown(id.to_owned())) }
    }

    /// The windows that have not ended, the first to begin first.
    pub fn windows(&self, now: UnixMillis) -> Vec<Quiet> {
        let mut windows: Vec<Quiet> =
            lock::read(&self.0.kept).quiet.iter().filter(|quiet| quiet.until > now).cloned().collect();
        windows.sort_by_key(|quiet| quiet.from);
        windows
    }

    /// Whether nobody is called for this cause at this node now.
    pub fn is_quiet(&self, now: UnixMillis, node: &NodeName, cause: Cause) -> bool {
        let kept = lock::read(&self.0.kept);
        let group = kept.nodes.get(node).and_then(|tag| tag.group.as_ref());
        let holds = |quiet: &&Quiet| {
            (quiet.from..quiet.until).contains(&now) && quiet.cause.is_none_or(|only| only == cause)
        };
        kept.quiet.iter().filter(holds).any(|quiet| match &quiet.scope {
            Scope::All => true,
            Scope::Group(quiet) => Some(quiet) == group,
            Scope::Node(quiet) => quiet == node,
        })
    }

    /// Changes what is kept, on the disk first.
    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> Result<T, DataError> {
        let mut kept = lock::write(&self.0.kept);
        let mut next = kept.clone();
        let done = change(&mut next);
        let text = serde_json::to_string_pretty(&next).unwrap_or_default();
        write_private(&self.0.data.path(FILE), text.as_bytes())?;
        *kept = next;
        Ok(done)
    }
}

fn is_word(word: &str) -> bool {
    let length = word.chars().count();
    (1..=LONGEST).contains(&length) && !word.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_operators_say_is_kept_and_told() {
        let folder = tempfile::tempdir().unwrap();
        let name: NodeName = "pi-1".parse().unwrap();
        let live = Live::new(0);
        live.tell([crate::live::Update::Node(Arc::new(crate::surfaces::fixtures::node("pi-1", None)))]);
        let data = Arc::new(Data::open(folder.path()).unwrap());
        let care = Care::open(&data, &live).unwrap();
        let labels = ["ssd", " attic ", "ssd", ""].map(str::to_owned).to_vec();
        let tag = care.tag(&name, Tag { group: Some("rack".to_owned()), labels }).unwrap();
        assert_eq!(tag.labels, ["attic", "ssd"]);
        assert_eq!(*live.node(&name).unwrap().tag, tag);
        let wrong = Tag { group: Some("x".repeat(33)), labels: Vec::new() };
        assert!(matches!(care.tag(&name, wrong), Err(CareError::Word(_))));

        let group = Scope::Group("rack".to_owned());
        let quiet = care.quiet(1_000, group, None, 2_000, 3_000, "new fan").unwrap();
        assert!(!care.is_quiet(1_500, &name, Cause::Crisis));
        assert!(care.is_quiet(2_000, &name, Cause::Crisis));
        assert!(!care.is_quiet(2_000, &"pi-2".parse().unwrap(), Cause::Crisis));
        assert!(!care.is_quiet(3_000, &name, Cause::Crisis));
        assert!(matches!(care.quiet(1_000, Scope::All, None, 500, 900, ""), Err(CareError::Window)));

        let again = Care::open(&data, &live).unwrap();
        assert_eq!(again.windows(1_000), std::slice::from_ref(&quiet));
        again.end(&quiet.id).unwrap();
        assert!(matches!(again.end(&quiet.id), Err(CareError::Unknown(_))));
        again.tag(&name, Tag::default()).unwrap();
        assert_eq!(*live.node(&name).unwrap().tag, Tag::default());
    }
}

//! `goldentooth forget`, `revoke` and `rename`: ask the running coordinator. Revoking alone is
//! also done without one, under the data folder's lock: it is a matter of keys, while the
//! others have to be told to the broker and to every view.

use super::running::{Running, RunningError};
use crate::cli::{DataArgs, ForgetArgs, ForgetPersonArgs, RenameArgs, RevokeArgs};
use crate::config::{self, ConfigError};
use crate::data::{Data, DataError};
use crate::enrol::{Desk, EnrolError, Keys, Reach};
use frames::{NameError, NodeName};
use node_agent::enrolment::{Enrolment, EnrolmentError};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Removing a long past may take its time on a card.
const PATIENCE: Duration = Duration::from_mins(3);

/// Writing the whole store anew takes longer.
const REWRITING: Duration = Duration::from_mins(30);

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum MembersError {
    /// The name can't be one.
    #[error("{0:?} is no node's name: {1}")]
    Name(String, NameError),
    /// Where the data folder is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The keys.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The running coordinator.
    #[error(transparent)]
    Running(#[from] RunningError),
    /// None runs.
    #[error(
        "no coordinator runs on {0}, and the broker and every view have to be told\n  \
         way out: start it (goldentooth up), or name another data folder with --data DIR"
    )]
    NoneRuns(String),
    /// The new file can't be written.
    #[error(
        "it is done, but the new file can't be written: {0}\n  way out: goldentooth enroll {1} --out FILE"
    )]
    File(EnrolmentError, NodeName),
}

/// Forgets a node.
///
/// # Errors
/// [`MembersError`], each with the way out.
pub fn forget(args: &ForgetArgs) -> Result<(), MembersError> {
    let name = node(&args.name)?;
    let body = json!({ "purge": args.purge });
    let _: Value =
        running(&args.asked.data)?.post(&format!("/api/v1/nodes/{name}/forget"), &body, PATIENCE)?;
    let past = if args.purge { "what was recorded of it is removed" } else { "its past is kept" };
    tell(
        args.asked.json,
        &json!({ "forgotten": name, "purged": args.purge }),
        &format!("{name} is forgotten: its file is void, and {past}."),
    );
    Ok(())
}

/// Forgets a person.
///
/// # Errors
/// [`MembersError`], each with the way out.
pub fn forget_person(args: &ForgetPersonArgs) -> Result<(), MembersError> {
    let body = json!({ "person": args.name });
    let done: Value = running(&args.asked.data)?.post("/api/v1/people/forget", &body, REWRITING)?;
    let count = |key: &str| done.get(key).and_then(Value::as_u64).unwrap_or_default();
    let (events, others) = (count("events"), count("others"));
    let also = match others {
        0 => "nothing else holds the name".to_owned(),
        1 => "one event of somebody else holds the name, and stays".to_owned(),
        many => format!("{many} events of others hold the name, and stay"),
    };
    tell(args.asked.json, &done, &format!("Forgotten: {events} events were overwritten; {also}."));
    Ok(())
}

/// Takes an account away.
///
/// # Errors
/// [`MembersError`], each with the way out.
pub fn revoke(args: &RevokeArgs) -> Result<(), MembersError> {
    let name = node(&args.name)?;
    let folder = config::folder(args.asked.data.data.clone())?;
    match Data::open(&folder) {
        Ok(data) => directly(data, &name)?,
        // The lock tells for sure whether one runs: a crash leaves no lock.
        Err(held @ DataError::InUse { .. }) => {
            let running = Running::on(&folder)?.ok_or(held)?;
            let _: Value = running.post(&format!("/api/v1/nodes/{name}/revoke"), &json!({}), PATIENCE)?;
        }
        Err(error) => return Err(error.into()),
    }
    tell(
        args.asked.json,
        &json!({ "revoked": name }),
        &format!("{name} is revoked: its file opens nothing any more, and its frames are refused."),
    );
    Ok(())
}

/// Gives a node another name.
///
/// # Errors
/// [`MembersError`], each with the way out.
pub fn rename(args: &RenameArgs) -> Result<(), MembersError> {
    let (old, new) = (node(&args.old)?, node(&args.new)?);
    let body = json!({ "to": new, "addresses": args.address });
    let path = format!("/api/v1/nodes/{old}/rename");
    let enrolment: Enrolment = running(&args.asked.data)?.post(&path, &body, PATIENCE)?;
    enrolment.write(&args.out).map_err(|error| MembersError::File(error, new.clone()))?;
    tell(
        args.asked.json,
        &json!({ "renamed": old, "to": new, "file": args.out }),
        &format!(
            "{old} is called {new} now, and its past went along. The file of {old} is void: carry {} to its machine.",
            args.out.display()
        ),
    );
    Ok(())
}

/// A name as it may stand in an address.
fn node(name: &str) -> Result<NodeName, MembersError> {
    name.parse().map_err(|why| MembersError::Name(name.to_owned(), why))
}

fn running(data: &DataArgs) -> Result<Running, MembersError> {
    let folder = config::folder(data.data.clone())?;
    Running::on(&folder)?.ok_or_else(|| MembersError::NoneRuns(folder.display().to_string()))
}

fn directly(data: Data, name: &NodeName) -> Result<(), MembersError> {
    let data = Arc::new(data);
    let (fleet, reach) = Reach::kept(&data);
    let keys = Arc::new(Keys::load(&data, fleet.unwrap_or_else(config::default_fleet))?);
    Ok(Desk::new(keys, data, reach, |_, _| {}).revoke(name)?)
}

#[allow(clippy::print_stdout)] // a command's answer
fn tell(json: bool, facts: &Value, words: &str) {
    if json {
        println!("{facts}");
    } else {
        println!("{words}");
    }
}

//! `goldentooth enroll`: asks the running coordinator, else opens the data
//! folder itself.

use crate::cli::EnrollArgs;
use crate::config::{self, ConfigError};
use crate::data::{self, Data, DataError, Token};
use crate::enrol::{COORDINATOR, Desk, EnrolError, Keys, Reach, Request};
use node_agent::enrolment::{Enrolment, EnrolmentError, Kind};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Why nothing was enrolled, or its file not written.
#[derive(Debug, thiserror::Error)]
pub enum EnrollError {
    /// Where the data folder is.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The enrolment itself.
    #[error(transparent)]
    Enrol(#[from] EnrolError),
    /// The running coordinator refuses.
    #[error("{0}")]
    Refused(String),
    /// The running coordinator does not answer as one.
    #[error("the coordinator at {url} does not answer: {why}")]
    Unreachable {
        /// Who was asked.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// The file can't be written.
    #[error(transparent)]
    File(#[from] EnrolmentError),
    /// The folder for all files can't be made.
    #[error("{path} can't be made: {source}; take another with --out")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Enrols, and writes the files.
///
/// # Errors
/// [`EnrollError`], each with the way out.
pub fn run(args: &EnrollArgs) -> Result<(), EnrollError> {
    let folder = config::folder(args.data.data.clone())?;
    // An unwritable place is found before older files become void.
    writable(args)?;
    let request = Request {
        name: args.name.clone(),
        kind: args.name.as_ref().map(|_| args.kind),
        addresses: args.address.clone(),
        new_key: args.new_key,
    };
    let enrolments = match Data::open(&folder) {
        Ok(data) => directly(data, &request)?,
        // The lock tells for sure whether one runs: a crash leaves no lock.
        Err(held @ DataError::InUse { .. }) => {
            let (url, token) = running(&folder)?.ok_or(held)?;
            ask(&url, &token, &request)?
        }
        Err(error) => return Err(error.into()),
    };
    for enrolment in &enrolments {
        let file =
            if args.all { args.out.join(format!("{}.toml", enrolment.name)) } else { args.out.clone() };
        enrolment.write(&file)?;
        tell(enrolment, &file);
        if args.print_mosquitto {
            print_mosquitto(enrolment);
        }
    }
    Ok(())
}

/// The coordinator that runs on this folder, with the token to show it.
fn running(folder: &Path) -> Result<Option<(String, Token)>, DataError> {
    match (data::address(folder), data::token(folder)?) {
        (Some(url), Some(token)) => Ok(Some((url, token))),
        _ => Ok(None),
    }
}

fn directly(data: Data, request: &Request) -> Result<Vec<Enrolment>, EnrollError> {
    let data = Arc::new(data);
    let (fleet, reach) = Reach::kept(&data);
    let fleet = fleet.unwrap_or_else(config::default_fleet);
    let keys = match Keys::load(&data, fleet.clone()) {
        // A lost key is just what a new one is asked for.
        Err(EnrolError::Data(DataError::Damaged { .. })) if request.new_key => {
            data.new_fleet_key()?;
            Keys::load(&data, fleet)?
        }
        loaded => loaded?,
    };
    let keys = Arc::new(keys);
    Ok(Desk::new(keys, data, reach, |_| {}).enrol(request)?)
}

fn ask(url: &str, token: &Token, request: &Request) -> Result<Vec<Enrolment>, EnrollError> {
    let unreachable = |why: String| EnrollError::Unreachable { url: url.to_owned(), why };
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .http_status_as_error(false)
        .build()
        .into();
    // A page on every interface is reached on loopback.
    let to = url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
    let mut answer = agent
        .post(format!("{to}/api/v1/enrol"))
        .header("Authorization", format!("Bearer {}", token.expose()))
        .send_json(request)
        .map_err(|error| unreachable(error.to_string()))?;
    if answer.status().is_success() {
        return answer.body_mut().read_json().map_err(|error| unreachable(error.to_string()));
    }
    let body: serde_json::Value = answer.body_mut().read_json().unwrap_or_default();
    let why = ["error", "message", "detail"].iter().find_map(|key| body.get(*key)?.as_str());
    Err(EnrollError::Refused(why.map_or_else(|| format!("refused ({})", answer.status()), str::to_owned)))
}

fn writable(args: &EnrollArgs) -> Result<(), EnrollError> {
    let folder = if args.all { Some(args.out.as_path()) } else { args.out.parent() };
    let Some(folder) = folder.filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let failed = |source| EnrollError::Folder { path: folder.to_owned(), source };
    if args.all {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::metadata(folder).map(|_| ()).map_err(failed)
}

#[allow(clippy::print_stdout)] // a command's answer
fn tell(enrolment: &Enrolment, file: &Path) {
    let addresses: Vec<String> = enrolment.addresses.iter().map(ToString::to_string).collect();
    let void = if enrolment.epoch > 1 { " Files made for it before are void." } else { "" };
    println!(
        "{} is enrolled as a {}: {}, for {}.{void}",
        enrolment.name,
        enrolment.kind.as_str(),
        file.display(),
        addresses.join(", ")
    );
    if enrolment.kind == Kind::Node {
        println!("On its machine: goldentooth-node run --enrolment {}", file.display());
    }
}

#[allow(clippy::print_stdout)] // a command's answer
fn print_mosquitto(enrolment: &Enrolment) {
    let account = match enrolment.kind {
        Kind::Node => fleet::Account::Node(&enrolment.name),
        Kind::Reader => fleet::Account::Reader(enrolment.name.as_str()),
        Kind::Service => fleet::Account::Service(enrolment.name.as_str()),
    };
    let user = enrolment.account.user.as_str();
    println!(
        "\n# Mosquitto's password file: add this line, then `mosquitto_passwd -U FILE`\n{user}:{}\n\
         \n# mosquitto.conf needs `use_username_as_clientid true`; its acl_file ({COORDINATOR} is\n\
         # the coordinator's own account, a name that no node can have, with a password of your choice:\n\
         # --broker mqtt://{COORDINATOR}:PASSWORD@HOST:PORT)\n{}",
        enrolment.account.password.expose(),
        fleet::mosquitto_acl(&enrolment.fleet, [(COORDINATOR, fleet::Account::Coordinator), (user, account)])
    );
}

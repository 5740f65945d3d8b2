//! `goldentooth enroll`: asks the running coordinator, else opens the data
//! folder itself.

use super::running::{Running, RunningError};
use crate::cli::EnrollArgs;
use crate::config::{self, ConfigError};
use crate::data::{Data, DataError};
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
    /// The running coordinator.
    #[error(transparent)]
    Running(#[from] RunningError),
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
        host: args.host.clone(),
        kind: Some(args.kind).filter(|_| !args.all),
        addresses: args.address.clone(),
        new_key: args.new_key,
    };
    let enrolments = match Data::open(&folder) {
        Ok(data) => directly(data, &request)?,
        // The lock tells for sure whether one runs: a crash leaves no lock.
        Err(held @ DataError::InUse { .. }) => {
            let running = Running::on(&folder)?.ok_or(held)?;
            running.post("/api/v1/enrol", &request, Duration::from_secs(10))?
        }
        Err(error) => return Err(error.into()),
    };
    for enrolment in &enrolments {
        let file =
            if args.all { args.out.join(format!("{}.toml", enrolment.name)) } else { args.out.clone() };
        enrolment.write(&file)?;
        tell(enrolment, &file, args.host.as_deref());
        if args.print_mosquitto {
            print_mosquitto(enrolment);
        }
    }
    Ok(())
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
    Ok(Desk::new(keys, data, reach, |_, _| {}).enrol(request)?)
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
fn tell(enrolment: &Enrolment, file: &Path, host: Option<&str>) {
    if let Some(host) = host.filter(|host| host.split('.').next() != Some(enrolment.name.as_str())) {
        println!("The machine {host} is called {} in this fleet.", enrolment.name);
    }
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

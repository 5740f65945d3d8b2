//! `goldentooth token`: makes, lists and takes away tokens. The running
//! coordinator sees it at once.

use crate::access::{self, AccessError};
use crate::cli::{TokenArgs, TokenCommand};
use crate::config;

/// Does it.
///
/// # Errors
/// What went wrong, with the way out.
#[allow(clippy::print_stdout)] // a command's answer
pub fn run(args: &TokenArgs) -> Result<(), Box<dyn std::error::Error>> {
    let folder = config::folder(args.data.clone())?;
    if !folder.is_dir() {
        return Err(format!(
            "there is no data folder {}: start `goldentooth up` first, or name another with --data DIR",
            folder.display()
        )
        .into());
    }
    match &args.what {
        TokenCommand::Add { name, role } => {
            let token = access::make(&folder, name, *role)?;
            println!("{token}");
            eprintln!(
                "This {} token is shown only this once. Set GOLDENTOOTH_TOKEN to it, or sign in with it on the page.",
                role.word()
            );
        }
        TokenCommand::List { json: true } => {
            let names = access::list(&folder).map_err(AccessError::from)?;
            let told: Vec<_> = names
                .iter()
                .map(|kept| serde_json::json!({ "name": kept.name, "role": kept.role }))
                .collect();
            println!("{}", serde_json::Value::from(told));
        }
        TokenCommand::List { json: false } => {
            for kept in access::list(&folder).map_err(AccessError::from)? {
                println!("{:<32} {}", kept.name, kept.role.word());
            }
        }
        TokenCommand::Remove { name } => {
            access::remove(&folder, name)?;
            println!("{name} counts no more.");
        }
    }
    Ok(())
}

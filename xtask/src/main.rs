//! The repository's own chores: `cargo xtask --help`.

use clap::{Command, CommandFactory as _, Parser};
use clap_complete::Shell;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The repository's own chores
#[derive(Debug, Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask manual target/manual       man pages and completions of both programs"
)]
enum Chore {
    /// Write the man pages (man/PROGRAM/) and the completions (bash/, zsh/, fish/) of both programs
    Manual {
        /// Into this folder
        folder: PathBuf,
    },
}

fn main() -> io::Result<()> {
    match Chore::parse() {
        Chore::Manual { folder } => {
            manual(&folder, node_agent::cli::Cli::command())?;
            manual(&folder, goldentooth::cli::Line::command())?;
            // `goldentooth node` has the name of the agent, whose page it must not replace.
            fs::remove_file(folder.join("man/goldentooth/goldentooth-node.1"))
        }
    }
}

fn manual(folder: &Path, mut program: Command) -> io::Result<()> {
    let name = program.get_name().to_owned();
    // Each shell looks for a program's completions under a name of its own.
    let shells = [
        (Shell::Bash, "bash", name.clone()),
        (Shell::Zsh, "zsh", format!("_{name}")),
        (Shell::Fish, "fish", format!("{name}.fish")),
    ];
    for (shell, place, file) in shells {
        let place = folder.join(place);
        fs::create_dir_all(&place)?;
        clap_complete::generate(shell, &mut program, &name, &mut fs::File::create(place.join(file))?);
    }
    let pages = folder.join("man").join(name);
    fs::create_dir_all(&pages)?;
    clap_mangen::generate_to(without_help(program), pages)
}

/// A page about `help` would say nothing.
fn without_help(command: Command) -> Command {
    command.disable_help_subcommand(true).mut_subcommands(without_help)
}

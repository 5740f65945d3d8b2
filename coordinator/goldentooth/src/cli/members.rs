//! The command line of who leaves the fleet or is called otherwise, and of backups.

use super::DataArgs;
use clap::Args;
use std::path::PathBuf;

/// Whom to ask, and how to answer.
#[derive(Args, Clone, Debug)]
pub struct AskedArgs {
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub data: DataArgs,
    /// Answer in JSON
    #[arg(long)]
    pub json: bool,
}

/// `goldentooth forget`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  goldentooth forget pi-07             it is gone from every view; its past is kept
  goldentooth forget pi-07 --purge     what was recorded of it goes, too

Its file is void: to have it back, enrol it anew.")]
pub struct ForgetArgs {
    /// Which node
    pub name: String,
    /// Remove what was recorded of it, too: this can't be undone
    #[arg(long)]
    pub purge: bool,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub asked: AskedArgs,
}

/// `goldentooth forget-person`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  goldentooth forget-person ann        by the name that she asked under (--as, or her token's)

Of their events the id, the time and the kind stay; what was said is overwritten, and the
store's file written anew: that takes room for a second one, and a minute for each 100 MB on
an SD card. Backups, and copies that were set aside (store.*.sqlite), are left as they are.")]
pub struct ForgetPersonArgs {
    /// Under which name
    pub name: String,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub asked: AskedArgs,
}

/// `goldentooth revoke`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  goldentooth revoke pi-07             its file is stolen: it opens nothing any more

The node stays in every view. `goldentooth enroll pi-07 --out FILE` lets it in again.")]
pub struct RevokeArgs {
    /// Whose account: a node's, a reader's or a service's
    pub name: String,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub asked: AskedArgs,
}

/// `goldentooth rename`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  goldentooth rename raspberrypi attic --out attic.toml

Its past goes along. The old name's file is void: carry the new one to the machine.")]
pub struct RenameArgs {
    /// Which node
    pub old: String,
    /// Its name from now on: at most 32 letters, digits, '-' and '_'
    pub new: String,
    /// Write its new enrolment here (mode 0600)
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Under which host names or addresses its machine finds this one
    #[arg(long, value_name = "HOST", num_args = 1..)]
    pub address: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub asked: AskedArgs,
}

/// `goldentooth backup`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  goldentooth backup /mnt/usb/goldentooth-2026-11-27.tar

It may run meanwhile. The file (mode 0600) holds the history, and every key and token.")]
pub struct BackupArgs {
    /// The new file
    pub file: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub asked: AskedArgs,
}

/// `goldentooth restore`
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example:
  goldentooth restore /mnt/usb/goldentooth-2026-11-27.tar     then: goldentooth up

Stop the coordinator first. What is there is set aside, never overwritten; whatever was
voided since the backup stays void.")]
pub struct RestoreArgs {
    /// What `goldentooth backup` made
    pub file: PathBuf,
    #[command(flatten)]
    #[allow(missing_docs)] // a doc here would become the group's help
    pub asked: AskedArgs,
}

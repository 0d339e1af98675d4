//! The words of the command line: the global options and the list of commands. Each command's own options stand in its file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::{
    check, completions, create, destroy, documents, drift, fleet, forget, import, init, man, plan, pool, power,
    recover, reinstall, show, sim,
};
use crate::examples;

const AFTER: &str = "\
Exit status: 0 done; else the number of the error, as zmgr_status in C and
`number` in Python:
  1 internal            8 address-in-use       15 io
  2 invalid-argument    9 busy                 16 recovery-needed
  3 config             10 permission-denied    17 partial
  4 not-found          11 command-failed       18 stale-plan
  5 exists             12 timed-out            19 drift
  6 wrong-state        13 cancelled
  7 pool-exhausted     14 unsupported-host";

/// Manage illumos zones from flat KDL files.
#[derive(Debug, Parser)]
#[command(name = "zmgr", version, after_help = AFTER, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

const GLOBAL: &str = "Options of every command";

/// What every command understands.
#[derive(Debug, Clone, Args)]
pub struct Globals {
    /// The tree of documents [default: /etc/zmgr of the host] [env: ZMGR_ROOT]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Work on a simulated machine in this directory, made when absent [env: ZMGR_SIMULATE]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR", conflicts_with = "host_root")]
    pub simulate: Option<PathBuf>,
    /// Use the real programs and files below this directory
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR")]
    pub host_root: Option<PathBuf>,
    /// Print one JSON document on standard output, and errors as JSON on standard error
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    /// Say nothing while working
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show the commands as they run
    #[arg(short, long, global = true, help_heading = GLOBAL, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a starter tree that works, with comments that teach the format
    Init(init::Init),
    /// Check all configuration files, and what they count on
    Check(check::Check),
    /// Create zones: allocate addresses, configure, install, boot
    #[command(after_help = examples::CREATE)]
    Create(create::Create),
    /// List zones
    #[command(after_help = examples::LIST)]
    List(show::List),
    /// Show one zone
    #[command(after_help = examples::SHOW)]
    Show(show::Show),
    /// Destroy zones, and what zmgr made for them
    #[command(after_help = examples::DESTROY)]
    Destroy(destroy::Destroy),
    /// Install zones again: their files go and come anew
    Reinstall(reinstall::Reinstall),
    /// Run a plan that was made with --dry-run --json
    #[command(after_help = examples::RUN)]
    Run(plan::Run),
    /// Boot zones and wait until they run
    Boot(power::Boot),
    /// Ask zones to shut down and wait until they are down
    Shutdown(power::Down),
    /// Halt zones at once, without their own scripts
    Halt(power::Down),
    /// Shut zones down and boot them again
    Reboot(power::Down),
    /// Run a command inside a zone
    #[command(after_help = examples::EXEC)]
    Exec(power::Exec),
    /// Log into a zone on this terminal
    Login(power::Login),
    /// Adopt zones that the host has, as they are
    #[command(after_help = examples::IMPORT)]
    Import(import::Import),
    /// Remove zones from the registry, and leave them as they are on the host
    #[command(after_help = examples::FORGET)]
    Forget(forget::Forget),
    /// Tell in what the host differs from the files
    #[command(after_help = examples::DIFF)]
    Diff(drift::Diff),
    /// Bring the host to the files
    #[command(after_help = examples::APPLY)]
    Apply(drift::Apply),
    /// Change single settings of a zone's file
    #[command(after_help = examples::SET)]
    Set(drift::Set),
    /// Finish or take back what a killed or failed zmgr left
    #[command(after_help = examples::RECOVER)]
    Recover(recover::Recover),
    /// Pools of addresses
    #[command(subcommand)]
    Pool(pool::Pool),
    /// Compare the trees of several hosts
    #[command(subcommand)]
    Fleet(fleet::Fleet),
    /// Templates of zones
    #[command(subcommand)]
    Template(documents::Documents),
    /// Publishers of packages
    #[command(subcommand)]
    Publisher(documents::Documents),
    /// What a node of the documents means, and how it is written
    #[command(after_help = examples::EXPLAIN)]
    Explain(documents::Explain),
    /// The simulated machine
    #[command(subcommand)]
    Sim(sim::Sim),
    /// Print a completion script for a shell
    Completions(completions::Completions),
    /// Write the man pages into a folder
    #[command(hide = true)]
    Man(man::Man),
}

//! Options that every command accepts.

use std::path::PathBuf;

use clap::Args;

const GLOBAL: &str = "Global options";

/// Options that every command accepts.
#[derive(Debug, Clone, Args)]
pub struct Globals {
    /// Directory of the configuration files [default: /etc/zmgr of the host] [env: ZMGR_ROOT]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR")]
    pub root: Option<PathBuf>,
    /// Use a simulated host in this directory, created if missing [env: ZMGR_SIMULATE]
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR", conflicts_with = "host_root")]
    pub simulate: Option<PathBuf>,
    /// Use the host programs and files under this directory
    #[arg(long, global = true, help_heading = GLOBAL, value_name = "DIR")]
    pub host_root: Option<PathBuf>,
    /// Print one JSON document on standard output and errors as JSON on standard error
    #[arg(long, global = true, help_heading = GLOBAL)]
    pub json: bool,
    /// Do not print progress, notes or hints
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Print each host command as it runs
    #[arg(short, long, global = true, help_heading = GLOBAL, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

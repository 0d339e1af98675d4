//! The commands of `fleet`, which compare the configuration files of several hosts.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::check::findings;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output;

/// The commands of `fleet`.
#[derive(Debug, Subcommand)]
pub enum Fleet {
    /// Report addresses and MAC addresses that several zones hold
    Check(Check),
    /// List the zones of all hosts with their addresses
    List(Trees),
}

/// Directories to compare.
#[derive(Debug, Args)]
pub struct Trees {
    /// Directory with one host's configuration files, such as h1/etc/zmgr
    #[arg(required = true, value_name = "TREE")]
    trees: Vec<PathBuf>,
}

/// Options of `fleet check`.
#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    trees: Trees,
    /// Exit with 3 on warnings too
    #[arg(long)]
    strict: bool,
}

impl Fleet {
    /// Runs the command.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        match self {
            Fleet::Check(check) => {
                let fleet = zmgr::Fleet::read(&check.trees.trees)?;
                findings(globals, &fleet.check(), check.strict)
            }
            Fleet::List(trees) => list(globals, &zmgr::Fleet::read(&trees.trees)?),
        }
    }
}

fn list(globals: &Globals, fleet: &zmgr::Fleet) -> Result<u8, Failure> {
    if globals.json {
        output::json_array(fleet.zones().map(|zone| json!(zone)))?;
        return Ok(0);
    }
    let mut rows = Vec::new();
    for zone in fleet.zones() {
        let addresses: Vec<String> = zone.addresses.iter().map(ToString::to_string).collect();
        rows.push([zone.host.clone(), zone.name.clone(), addresses.join(", ")]);
    }
    output::table(["HOST", "ZONE", "ADDRESSES"], &rows)?;
    Ok(0)
}

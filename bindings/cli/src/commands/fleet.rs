//! The commands of `fleet`: compare the configuration files of several hosts, and share addresses with other hosts.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use zmgr::{FleetClaim, FleetStatus, Manager, RunOptions};

use super::check::findings;
use super::confirm::{check_terminal, typed};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{examples, output, session};

/// The commands of `fleet`.
#[derive(Debug, Subcommand)]
pub enum Fleet {
    /// Report addresses and MAC addresses that several zones hold
    Check(Check),
    /// List the zones of all hosts with their addresses
    List(Trees),
    /// Compare this host with its fleet
    Status,
    /// Join the fleet: claim everything that this host holds
    Join,
    /// Make this host's definition of a shared pool the fleet's
    Push(Push),
    /// Free what a host holds that is gone for good
    #[command(after_help = examples::FLEET_FORGET)]
    Forget(Forget),
}

/// Options of `fleet push`.
#[derive(Debug, Args)]
pub struct Push {
    /// Name of the pool
    #[arg(add = super::completions::pools())]
    pool: String,
}

/// Options of `fleet forget`.
#[derive(Debug, Args)]
pub struct Forget {
    /// Name of the host
    host: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
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
            Fleet::Status => status(globals, &session::manager(globals)?.fleet_status()?),
            Fleet::Join => status(globals, &session::manager(globals)?.fleet_join(&mut RunOptions::new())?),
            Fleet::Push(push) => {
                session::manager(globals)?.fleet_push(&push.pool, &mut RunOptions::new())?;
                Ok(0)
            }
            Fleet::Forget(forget) => forget.run(globals, &session::manager(globals)?),
        }
    }
}

impl Forget {
    fn run(&self, globals: &Globals, manager: &Manager) -> Result<u8, Failure> {
        if !self.yes {
            check_terminal("forget")?;
            let held = manager.fleet_status()?.claims;
            table(&held.iter().filter(|held| held.host.as_deref() == Some(&self.host)).collect::<Vec<_>>())?;
            typed("forget", "Type the host's name to free what it holds: ", &self.host)?;
        }
        let free = manager.fleet_forget(&self.host)?;
        if globals.json {
            output::json_array(free.iter().map(|claim| json!(claim)))?;
        } else if self.yes {
            table(&free.iter().collect::<Vec<_>>())?;
        }
        Ok(0)
    }
}

fn table(claims: &[&FleetClaim]) -> Result<(), Failure> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let rows: Vec<_> = claims
        .iter()
        .map(|claim| [claim.value.clone(), text(&claim.segment), text(&claim.host), text(&claim.holder)])
        .collect();
    output::table(["HELD", "SEGMENT", "HOST", "BY"], &rows)?;
    Ok(())
}

/// Prints the status; exits with 3 if anything is wrong.
fn status(globals: &Globals, status: &FleetStatus) -> Result<u8, Failure> {
    if globals.json {
        output::json(&status.to_json())?;
        return Ok(if status.problems.is_empty() { 0 } else { 3 });
    }
    let rows: Vec<_> = status
        .hosts
        .iter()
        .map(|host| {
            let joined = host.joined.clone().unwrap_or_else(|| "not a member".to_owned());
            [host.name.clone(), joined, host.claims.to_string()]
        })
        .collect();
    output::table(["HOST", "JOINED", "HOLDS"], &rows)?;
    match status.problems.is_empty() {
        true => Ok(0),
        false => findings(globals, &status.problems, true),
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

//! The commands `diff`, `apply` and `set`.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use zmgr::{ApplyOptions, Drift, DriftStatus, RunOptions};

use super::operation::{Work, key_value, plan_or_run};
use super::zone_args;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::terminal::{NOTICE, styled};
use crate::{output, session};

/// Exit status of `diff` if the host differs.
const DRIFT: u8 = zmgr::Code::Drift.number() as u8;

/// Number of zones that are named; of more, the number is given.
const NAMED: usize = 3;

/// Options of `diff`.
#[derive(Debug, Args)]
pub struct Diff {
    #[command(flatten)]
    zones: zone_args::OptionalZoneArgs,
    /// Also exit with 19 for changes that need a reinstall and for nets that the zone lacks but its template has
    #[arg(long)]
    strict: bool,
    /// Do not query the host: compare the files with what was last applied
    #[arg(long)]
    offline: bool,
}

/// Options of `apply`.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    zones: zone_args::OptionalZoneArgs,
    /// Also remove settings that are not in the files
    #[arg(long)]
    prune: bool,
    /// Reboot running zones if a change needs it
    #[arg(long)]
    reboot: bool,
    /// Create zones again that are in the registry but missing on the host
    #[arg(long)]
    recreate: bool,
    /// Take a snapshot of each zone before it is changed, labelled with the time
    #[arg(long)]
    snapshot: bool,
    #[command(flatten)]
    work: Work,
}

/// Options of `set`.
#[derive(Debug, Args)]
pub struct Set {
    /// Name of the zone
    #[arg(add = super::completions::zones())]
    name: String,
    /// Settings such as attr.owner=alice or capped-memory.physical=2G; an empty value removes the zone's own setting
    #[arg(required = true, value_name = "KEY=VALUE", value_parser = key_value, add = super::completions::keys())]
    pairs: Vec<(String, String)>,
}

impl Diff {
    /// Prints the differences.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let names = self.zones.names(&manager)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let drift = if self.offline { manager.diff_offline(&names)? } else { manager.diff(&names)? };
        if globals.json {
            output::json(&drift.to_json())?;
        } else {
            match globals.verbose {
                0 => grouped(&drift, manager.root())?,
                _ => by_zone(&drift)?,
            }
            if drift.is_empty() {
                let unchecked = drift.zones.iter().any(|zone| zone.unchecked);
                let host = if unchecked { " between files and applied state; the host was not queried" } else { "" };
                output::remark(globals, format_args!("no differences{host}"));
            }
        }
        let clean = if self.strict { drift.is_empty() } else { drift.is_clean() };
        Ok(if clean { 0 } else { DRIFT })
    }
}

/// Prints each difference once, in the words of the files, with the zones that have it.
fn grouped(drift: &Drift, tree: &Path) -> Result<(), Failure> {
    for group in drift.groups() {
        output::prose(&format!("{}\n", output::below(&group.to_string(), tree)), 2)?;
    }
    let mut said: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for zone in &drift.zones {
        match zone.status {
            DriftStatus::Clean | DriftStatus::Differs | DriftStatus::Minor | DriftStatus::Pending => {}
            status => {
                let fault = zone.fault.as_ref().map(|fault| format!(": {fault}")).unwrap_or_default();
                said.entry(format!("{}{fault}", status.describe())).or_default().push(&zone.name);
            }
        }
        if !zone.pending.is_empty() {
            let unchecked = if zone.unchecked { "; the host was not queried" } else { "" };
            let pending = format!("{}: applied, takes effect at the next reboot{unchecked}", zone.pending.join(", "));
            said.entry(pending).or_default().push(&zone.name);
        }
    }
    let mut said: Vec<(String, Vec<&str>)> = said.into_iter().collect();
    said.sort_by_key(|(_, zones)| zones.first().copied());
    for (words, zones) in said {
        let zones = if zones.len() > NAMED { format!("{} zones", zones.len()) } else { zones.join(", ") };
        output::prose(&format!("{zones}: {}\n", output::below(&words, tree)), 2)?;
    }
    Ok(())
}

/// Prints the differences of each zone, in zonecfg's words.
fn by_zone(drift: &Drift) -> Result<(), Failure> {
    for zone in drift.zones.iter().filter(|zone| zone.status != DriftStatus::Clean) {
        let mark = if zone.unchecked && zone.status != DriftStatus::Unchecked { ", host unchecked" } else { "" };
        output::line(format_args!("{}: {}{mark}", zone.name, styled(NOTICE, zone.status.as_str())))?;
        for item in &zone.items {
            output::prose(&format!("  {item}\n"), 2)?;
        }
        for change in &zone.pending {
            output::prose(&format!("  {change}: applied, takes effect at the next reboot\n"), 2)?;
        }
        if let Some(fault) = &zone.fault {
            output::prose(&format!("  {fault}\n"), 2)?;
        }
    }
    Ok(())
}

impl Apply {
    /// Applies the files, or prints the plan.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let options =
            ApplyOptions::new().prune(self.prune).reboot(self.reboot).recreate(self.recreate).snapshot(self.snapshot);
        let manager = session::manager(globals)?;
        let names = self.zones.names(&manager)?;
        let plan = |all: &[&str]| manager.plan_apply(all, &options);
        plan_or_run(globals, &self.work, &names, plan, |all, run| manager.apply(all, &options, run))
    }
}

impl Set {
    /// Changes the zone's file.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let pairs: Vec<(&str, &str)> = self.pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        let manager = session::manager(globals)?;
        let zone = manager.set(&self.name, &pairs, &mut RunOptions::new())?;
        if globals.json {
            output::json(&serde_json::Value::Array(vec![zone.to_json()]))?;
        }
        output::remark(globals, format_args!("run `zmgr apply {}` to change the host", self.name));
        Ok(0)
    }
}

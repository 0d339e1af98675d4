//! The commands of `snapshot`.

use clap::{Args, Subcommand};
use serde_json::json;
use zmgr::{RollbackOptions, Snapshot as Taken, SnapshotState};

use super::confirm::confirm;
use super::operation::{Work, plan_or_run, tell_plan, with_run_options};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{examples, output, session};

/// The commands of `snapshot`.
#[derive(Debug, Subcommand)]
pub enum Snapshot {
    /// Take a snapshot of a zone's files and keep a copy of its configuration file
    Create(Create),
    /// List the snapshots that zmgr took
    List(List),
    /// Make a zone's files what they were when a snapshot was taken
    #[command(after_help = examples::SNAPSHOT_ROLLBACK)]
    Rollback(Rollback),
    /// Delete a snapshot that zmgr took
    Delete(Delete),
}

/// Options of `snapshot create`.
#[derive(Debug, Args)]
pub struct Create {
    /// Name of the zone
    #[arg(add = super::completions::zones())]
    name: String,
    /// Label of the snapshot [default: the time]
    label: Option<String>,
    #[command(flatten)]
    planned: Planned,
}

/// Options of `snapshot list`.
#[derive(Debug, Args)]
pub struct List {
    /// Names of the zones [default: all]
    #[arg(value_name = "NAME", add = super::completions::zones())]
    names: Vec<String>,
}

/// Options of `snapshot delete`.
#[derive(Debug, Args)]
pub struct Delete {
    #[command(flatten)]
    one: One,
    #[command(flatten)]
    planned: Planned,
}

/// Options of `snapshot rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    #[command(flatten)]
    one: One,
    /// Destroy later snapshots that zmgr took, which are in the way
    #[arg(long)]
    force: bool,
    /// Act on a real host even if what a step does is only inferred (see `zmgr explain brand`)
    #[arg(long)]
    unproven: bool,
    #[command(flatten)]
    planned: Planned,
}

/// Selects a snapshot.
#[derive(Debug, Args)]
pub struct One {
    /// Name of the zone
    #[arg(add = super::completions::zones())]
    name: String,
    /// Label of the snapshot
    #[arg(add = super::completions::labels())]
    label: String,
    /// Do not ask for confirmation
    #[arg(short, long)]
    yes: bool,
}

/// Option of commands that can print what they would do.
#[derive(Debug, Args)]
pub struct Planned {
    /// Print the exact commands without running them; with --json, print a plan for `zmgr run`
    #[arg(long)]
    dry_run: bool,
}

impl Snapshot {
    /// Runs the command.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        match self {
            Snapshot::Create(create) => create.run(globals),
            Snapshot::List(list) => list.run(globals),
            Snapshot::Rollback(rollback) => rollback.run(globals),
            Snapshot::Delete(delete) => delete.run(globals),
        }
    }
}

impl Create {
    fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let label = self.label.as_deref();
        if self.planned.dry_run {
            return tell_plan(globals, &manager.plan_create_snapshot(&self.name, label)?);
        }
        let taken = with_run_options(globals, &Work::default(), |run| manager.create_snapshot(&self.name, label, run))?;
        if globals.json {
            output::json(&json!(taken))?;
        } else {
            output::line(format_args!("snapshot {}: {}", taken.label, taken.name))?;
        }
        for what in taken.excluded.iter().filter(|_| !globals.quiet) {
            output::aside(format_args!("{}: {what} is not in the snapshot", taken.zone));
        }
        Ok(0)
    }
}

impl List {
    fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        let found = session::manager(globals)?.snapshots(&names)?;
        if globals.json {
            output::json_array(found.iter().map(|taken| json!(taken)))?;
            return Ok(0);
        }
        let rows: Vec<[String; 5]> = found.iter().map(row).collect();
        output::table(["ZONE", "LABEL", "CREATED", "USED", "STATE"], &rows)?;
        let mut last = "";
        for taken in found.iter().filter(|_| !globals.quiet) {
            if last != taken.zone {
                for what in &taken.excluded {
                    output::remark(globals, format_args!("{}: {what} is not in its snapshots", taken.zone));
                }
            }
            last = &taken.zone;
        }
        Ok(0)
    }
}

fn row(taken: &Taken) -> [String; 5] {
    let used = taken.used.map(size).unwrap_or_default();
    let state = if taken.state == SnapshotState::Complete { "" } else { taken.state.as_str() };
    [taken.zone.clone(), taken.label.clone(), taken.created.clone(), used, state.to_owned()]
}

/// Returns a number of bytes as zfs shows it.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["", "K", "M", "G", "T", "P", "E"];
    let mut scaled = UNITS.iter().enumerate().map(|(n, unit)| (bytes.div_ceil(1 << (10 * n)), unit));
    scaled.find(|(rest, _)| *rest < 1024).map(|(rest, unit)| format!("{rest}{unit}")).unwrap_or_default()
}

impl Delete {
    fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let manager = session::manager(globals)?;
        let One { name, label, yes } = &self.one;
        let plan = |_: &[&str]| manager.plan_delete_snapshot(name, label);
        if !yes && !self.planned.dry_run {
            confirm("delete the snapshot of", std::slice::from_ref(name), plan)?;
        }
        let work = Work { dry_run: self.planned.dry_run, ..Work::default() };
        plan_or_run(globals, &work, &[], plan, |_, run| manager.delete_snapshot(name, label, run))
    }
}

impl Rollback {
    fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let options = RollbackOptions::new().force(self.force).unproven(self.unproven);
        let manager = session::manager(globals)?;
        let One { name, label, yes } = &self.one;
        let plan = |_: &[&str]| manager.plan_roll_back(name, label, &options);
        if !yes && !self.planned.dry_run {
            confirm("roll back", std::slice::from_ref(name), plan)?;
        }
        let work = Work { dry_run: self.planned.dry_run, ..Work::default() };
        plan_or_run(globals, &work, &[], plan, |_, run| manager.roll_back(name, label, &options, run))
    }
}

//! Options of commands that change zones, and the printing of plans and reports.

use std::cell::RefCell;
use std::collections::BTreeMap;

use clap::Args;
use serde_json::Value;
use zmgr::{Action, Code, Error, Event, Manager, OnFailure, Plan, Query, QueryHost, Report, Result, RunOptions, Zone};

use crate::failure::Failure;
use crate::globals::Globals;
use crate::progress::Progress;
use crate::{output, session};

/// Options of commands that first plan and then run.
#[derive(Debug, Clone, Default, Args)]
pub struct Work {
    /// Print the exact commands without running them; with --json, print a plan for `zmgr run`
    #[arg(long)]
    pub dry_run: bool,
    /// Number of zones to process in parallel
    #[arg(short, long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: u16,
    /// Do not roll back if a step fails
    #[arg(long)]
    pub keep: bool,
}

/// Prints a plan: with `--json` the plan itself, otherwise its commands.
pub fn tell_plan(globals: &Globals, plan: &Plan) -> std::result::Result<u8, Failure> {
    let text = if globals.json { plan.to_json() + "\n" } else { plan.to_string() };
    output::text(&text)?;
    Ok(0)
}

/// Calls an operation with progress on standard error and cancellation by signals.
pub fn with_run_options<T>(
    globals: &Globals,
    work: &Work,
    call: impl FnOnce(&mut RunOptions<'_>) -> Result<T>,
) -> std::result::Result<T, Failure> {
    let cancel = session::cancel_on_signals()?;
    let progress = RefCell::new(Progress::new(globals));
    let mut hear = |event: &Event| {
        progress.borrow_mut().hear(event);
        true
    };
    let mut tick = || {
        progress.borrow().tick();
        true
    };
    let mut options = RunOptions::new().progress(&mut hear).pulse(&mut tick).cancel(&cancel).jobs(work.jobs.into());
    if work.keep {
        options = options.on_failure(OnFailure::Keep);
    }
    let done = call(&mut options);
    progress.into_inner().end()?;
    Ok(done?)
}

/// Prints the plan with `--dry-run`; otherwise runs the operation, and prints its report.
pub fn plan_or_run(
    globals: &Globals,
    work: &Work,
    names: &[String],
    plan: impl FnOnce(&[&str]) -> Result<Plan>,
    run: impl FnOnce(&[&str], &mut RunOptions<'_>) -> Result<Report>,
) -> std::result::Result<u8, Failure> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    if work.dry_run {
        return tell_plan(globals, &plan(&names)?);
    }
    tell_report(globals, &with_run_options(globals, work, |options| run(&names, options))?)
}

/// Prints what is left to say of each zone: with `--json` an array of the zones, otherwise the zones that were left alone, because
/// every other one was printed when it was finished. Fails if any zone failed.
pub fn tell_report(globals: &Globals, report: &Report) -> std::result::Result<u8, Failure> {
    if globals.json {
        output::json(&Value::Array(report.zones().map(Zone::to_json).collect()))?;
    } else {
        tell_outcomes(report)?;
    }
    for outcome in report.outcomes.iter().filter(|outcome| globals.json || outcome.action != Action::Skipped) {
        for note in outcome.notes.iter().filter(|_| !globals.quiet) {
            let named = note.starts_with(&outcome.name);
            let name = if named { String::new() } else { format!("{}: ", outcome.name) };
            output::aside(format_args!("{name}{note}"));
        }
    }
    match report.error() {
        Some(error) => Err(error.into()),
        None => Ok(0),
    }
}

/// Prints one line per group of unchanged or skipped zones.
fn tell_outcomes(report: &Report) -> std::result::Result<(), Failure> {
    let mut unchanged = Vec::new();
    let mut skipped: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for outcome in report.outcomes.iter().filter(|outcome| outcome.result.is_ok()) {
        match outcome.action {
            Action::Unchanged => unchanged.push(outcome.name.as_str()),
            Action::Skipped => skipped.entry(outcome.notes.join("; ")).or_default().push(&outcome.name),
            _ => {}
        }
    }
    match unchanged.as_slice() {
        [] => {}
        [one] => output::line(format_args!("unchanged {one}"))?,
        several => output::line(format_args!("unchanged {} zones", several.len()))?,
    }
    for (why, names) in skipped {
        let names = if names.len() == 1 { names[0].to_owned() } else { format!("{} zones", names.len()) };
        output::prose(&format!("skipped {names}: {why}\n"), 2)?;
    }
    Ok(())
}

/// Returns the addresses of a zone, separated by commas.
pub fn addresses(zone: &Zone) -> String {
    let all = zone.nets.iter().flat_map(|net| &net.addresses).map(|a| a.address.to_string());
    all.collect::<Vec<_>>().join(",")
}

/// Adds a hint to a not-found error if the host has a zone of this name.
pub fn absent(manager: &Manager, name: &str, error: Error) -> Failure {
    if error.code() == Code::NotFound {
        let query = Query::new().name(name).unregistered(true).query_host(QueryHost::Required);
        if manager.zones(&query).is_ok_and(|zones| !zones.is_empty()) {
            return error.with_help(format!("the host has this zone; run `zmgr import {name}` to adopt it")).into();
        }
    }
    error.into()
}

/// Splits `NAME=VALUE`.
pub fn key_value(text: &str) -> std::result::Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

/// Returns a usage error.
pub fn misused(message: impl Into<String>, help: &str) -> Failure {
    Error::new(Code::InvalidArgument, message).with_help(help).into()
}

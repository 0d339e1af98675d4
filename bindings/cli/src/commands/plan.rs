//! The command `run`, which runs a saved plan.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use zmgr::{Error, Plan};

use super::operation::{Work, tell_plan, tell_report, with_run_options};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::session;

/// Size limit of a plan file in bytes; a plan for 8,000 zones has about 20 MiB.
const LIMIT: u64 = 256 << 20;

const HELP: &str = "name a regular file that `--dry-run --json` wrote, or pass it on standard input: `zmgr run -`";

/// Reads a regular file. Never blocks on a FIFO and never reads an endless device.
fn file(path: &Path) -> io::Result<String> {
    let check = |meta: &fs::Metadata| match meta.is_file() {
        true => Ok(()),
        false => Err(io::Error::other("it is not a regular file")),
    };
    check(&fs::metadata(path)?)?;
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    check(&file.metadata()?)?;
    text(file)
}

fn text(reader: impl Read) -> io::Result<String> {
    let mut text = String::new();
    reader.take(LIMIT + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LIMIT {
        return Err(io::Error::other(format!("it is larger than {} MiB", LIMIT >> 20)));
    }
    Ok(text)
}

/// Options of `run`.
#[derive(Debug, Args)]
pub struct Run {
    /// File with the plan; - for standard input
    plan: PathBuf,
    #[command(flatten)]
    work: Work,
}

impl Run {
    /// Runs the plan, unless its basis has changed.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let json = if self.plan.as_os_str() == "-" { text(std::io::stdin().lock()) } else { file(&self.plan) };
        let json = json.map_err(|error| Error::io("read", &self.plan, error).with_help(HELP))?;
        let plan = Plan::from_json(&json)?;
        if self.work.dry_run {
            return tell_plan(globals, &plan);
        }
        let manager = session::manager(globals)?;
        tell_report(globals, &with_run_options(globals, &self.work, |run| manager.run(&plan, run))?)
    }
}

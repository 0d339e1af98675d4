//! Faults: what a command does in place of, or besides, its work, until they are cleared.
//!
//! Invariant: a fault is a file of the simulation's own, so that one set by one process acts in every other.

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::record::Record;
use super::{Error, Machine};

const DIRECTORY: &str = "faults";

/// When the caller of a command dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Abort {
    /// Before the command has done anything.
    Before,
    /// When it has done all, and the caller does not know yet.
    After,
}

/// A fault to inject, and the commands that it affects.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Fault {
    /// The program: `zoneadm`, `dladm`, …
    pub program: String,
    /// Only this subcommand: `install`, `create-vnic`, …
    pub subcommand: Option<String>,
    /// Only commands on this zone; with programs that know no zones, those of whose arguments one contains this.
    pub zone: Option<String>,
    /// The command fails with this status, after the change of state with which the real one would have begun. For
    /// install, clone, attach, detach and uninstall, 253 to 255 are the statuses of the brand's hook (`zoneadm` itself
    /// then exits with 1).
    pub exit: Option<i32>,
    /// Written to standard error.
    pub stderr: Option<String>,
    /// Written to standard output.
    pub stdout: Option<String>,
    /// The command takes this long, the zone in its middle state meanwhile.
    pub delay: Option<Duration>,
    /// The caller dies by SIGKILL.
    pub abort: Option<Abort>,
    /// The command panics in the caller's thread.
    pub panic: bool,
    /// Number of times; every time if absent.
    pub times: Option<u32>,
}

impl Fault {
    /// A fault of every command of `program` that does nothing yet: set its effects.
    pub fn new(program: impl Into<String>) -> Fault {
        Fault { program: program.into(), ..Fault::default() }
    }

    fn matches(&self, program: &str, subcommand: Option<&str>, zone: Option<&str>, args: &[String]) -> bool {
        let about = |wanted: &str| match zone {
            Some(zone) => zone == wanted,
            None => args.iter().any(|arg| arg.contains(wanted)),
        };
        self.program == program
            && self.subcommand.as_deref().is_none_or(|wanted| subcommand == Some(wanted))
            && self.zone.as_deref().is_none_or(about)
    }

    pub(crate) fn encode(&self) -> Record {
        let mut record = Record::default();
        record.push("program", &self.program);
        let mut push = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                record.push(key, value);
            }
        };
        push("subcommand", self.subcommand.clone());
        push("zone", self.zone.clone());
        push("exit", self.exit.map(|code| code.to_string()));
        push("stderr", self.stderr.clone());
        push("stdout", self.stdout.clone());
        push("delay", self.delay.map(|delay| delay.as_micros().to_string()));
        push("abort", self.abort.map(|when| if when == Abort::Before { "before" } else { "after" }.to_owned()));
        push("panic", self.panic.then(|| "yes".to_owned()));
        push("times", self.times.map(|times| times.to_string()));
        record
    }

    pub(crate) fn decode(record: &Record) -> Option<Fault> {
        let text = |key: &str| record.get(key).map(str::to_owned);
        Some(Fault {
            program: text("program")?,
            subcommand: text("subcommand"),
            zone: text("zone"),
            exit: record.get("exit").and_then(|code| code.parse().ok()),
            stderr: text("stderr"),
            stdout: text("stdout"),
            delay: record.get("delay").and_then(|delay| delay.parse().ok()).map(Duration::from_micros),
            abort: record.get("abort").map(|when| if when == "before" { Abort::Before } else { Abort::After }),
            panic: record.get("panic").is_some(),
            times: record.get("times").and_then(|times| times.parse().ok()),
        })
    }
}

impl Machine {
    /// Writes a fault to the machine.
    pub(crate) fn put_fault(&self, fault: &Fault) -> Result<(), Error> {
        let set = || {
            let _lock = self.lock("faults")?;
            fs::create_dir_all(self.own(DIRECTORY))?;
            let last = self.fault_files()?.first().and_then(|path| path.file_name()?.to_str()?.parse::<u64>().ok());
            let name = format!("{DIRECTORY}/{:06}", last.unwrap_or(0) + 1);
            self.replace_own(&name, fault.encode().text().as_bytes())
        };
        set().map_err(|source| Error::io(&self.own(DIRECTORY), source))
    }

    /// Forgets every fault.
    pub fn clear_faults(&self) -> Result<(), Error> {
        let clear = || -> io::Result<()> {
            let _lock = self.lock("faults")?;
            self.fault_files()?.into_iter().try_for_each(fs::remove_file)
        };
        clear().map_err(|source| Error::io(&self.own(DIRECTORY), source))
    }

    /// The faults that are set, the one asked first in front.
    pub fn faults(&self) -> Result<Vec<Fault>, Error> {
        let read = || -> io::Result<Vec<Fault>> {
            let files = self.fault_files()?;
            Ok(files.iter().filter_map(|file| Fault::decode(&Record::read(file).ok()??)).collect())
        };
        read().map_err(|source| Error::io(&self.own(DIRECTORY), source))
    }

    /// The fault of this command, counted down.
    pub(crate) fn take_fault(
        &self,
        program: &str,
        subcommand: Option<&str>,
        zone: Option<&str>,
        args: &[String],
    ) -> io::Result<Option<Fault>> {
        if self.fault_files()?.is_empty() {
            return Ok(None);
        }
        let _lock = self.lock("faults")?;
        for file in self.fault_files()? {
            let Some(fault) = Record::read(&file)?.as_ref().and_then(Fault::decode) else { continue };
            if !fault.matches(program, subcommand, zone, args) {
                continue;
            }
            match fault.times {
                Some(0 | 1) => fs::remove_file(&file)?,
                Some(times) => {
                    let left = Fault { times: Some(times - 1), ..fault.clone() };
                    let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    self.replace_own(&format!("{DIRECTORY}/{name}"), left.encode().text().as_bytes())?;
                }
                None => {}
            }
            return Ok(Some(fault));
        }
        Ok(None)
    }

    /// The files of the faults, the newest first.
    fn fault_files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(self.own(DIRECTORY)) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files: Vec<PathBuf> = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
        files.sort();
        files.reverse();
        Ok(files)
    }
}

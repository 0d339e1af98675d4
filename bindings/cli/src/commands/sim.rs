//! `sim`: the simulated machine.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zmgr::{Abort, Dialect, Error, Fault, SimHost, SimStatus, Surroundings};

use super::work::misused;
use crate::args::Globals;
use crate::examples;
use crate::failure::Failure;
use crate::{output, session};

/// The commands of `sim`.
#[derive(Debug, Subcommand)]
pub enum Sim {
    /// Make a machine in the directory that --simulate names
    New(New),
    /// Write programs named zonecfg, zoneadm, dladm, … that act on the machine into a folder
    Link(Link),
    /// Set a fault, until it is cleared or has happened as often as it says
    #[command(after_help = examples::SIM_FAULT)]
    Fault(SetFault),
    /// Reboot the machine
    Reboot,
    /// What the programs of `sim link` run
    #[command(hide = true)]
    Answer(Answer),
}

/// Options of `sim new`.
#[derive(Debug, Args)]
pub struct New {
    /// The line of illumos that it speaks: illumos, openindiana, omnios or smartos
    #[arg(long, default_value = "openindiana", value_parser = dialect)]
    dialect: Dialect,
}

/// Options of `sim link`.
#[derive(Debug, Args)]
pub struct Link {
    /// The folder
    bin: PathBuf,
}

/// Options of `sim fault`.
#[derive(Debug, Args)]
pub struct SetFault {
    /// The program: zoneadm, dladm, …
    #[arg(required_unless_present_any = ["clear", "list"])]
    program: Option<String>,
    /// Only this subcommand: install, create-vnic, …
    subcommand: Option<String>,
    /// Only commands on this zone
    #[arg(long)]
    zone: Option<String>,
    /// Fail with this status, after the change of state with which the real command would have begun
    #[arg(long, value_name = "N")]
    exit: Option<i32>,
    /// Write this to standard error
    #[arg(long, value_name = "TEXT")]
    stderr: Option<String>,
    /// Write this to standard output
    #[arg(long, value_name = "TEXT")]
    stdout: Option<String>,
    /// Take so long
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    delay: Option<Duration>,
    /// Kill the caller before the command has done anything, or when it has done all
    #[arg(long, value_name = "WHEN", value_parser = ["before", "after"])]
    abort: Option<String>,
    /// Panic in the caller's thread
    #[arg(long)]
    panic: bool,
    /// So many times
    #[arg(long, value_name = "N")]
    times: Option<u32>,
    /// List the faults that are set, the one asked first in front
    #[arg(long, conflicts_with_all = ["program", "clear"])]
    list: bool,
    /// Forget every fault
    #[arg(long, conflicts_with_all = ["program", "zone", "exit", "stderr", "stdout", "delay", "abort", "panic", "times"])]
    clear: bool,
}

/// Options of `sim answer`.
#[derive(Debug, Args)]
pub struct Answer {
    directory: PathBuf,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    argv: Vec<OsString>,
}

impl Sim {
    /// Runs one.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        match self {
            Sim::New(new) => {
                let machine = SimHost::create(directory(globals)?, new.dialect)?;
                if globals.json {
                    output::json(&json!({
                        "directory": machine.dir().to_string_lossy(),
                        "dialect": machine.dialect().name(),
                    }))?;
                } else {
                    output::line(machine.dir().display())?;
                }
                Ok(0)
            }
            Sim::Link(link) => link.run(globals),
            Sim::Fault(fault) => fault.run(globals),
            Sim::Reboot => {
                let failed = machine(globals)?.reboot()?;
                if globals.json {
                    let failed = failed.iter().map(|f| json!({ "zone": f.zone, "stderr": f.stderr }));
                    output::json(&failed.collect())?;
                } else {
                    for failed in failed {
                        output::line(format_args!("{} did not boot: {}", failed.zone, failed.stderr.trim_end()))?;
                    }
                }
                Ok(0)
            }
            Sim::Answer(answer) => answer.run(),
        }
    }
}

impl Link {
    fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let machine = match machine(globals) {
            Err(_) => SimHost::create(directory(globals)?, Dialect::default())?,
            found => found?,
        };
        let program = std::env::current_exe().map_err(|error| Error::io("find", "the program itself", error))?;
        let programs = machine.link(&self.bin, &[program.into(), "sim".into(), "answer".into()])?;
        if globals.json {
            output::json(&programs.iter().map(|path| json!(path.to_string_lossy())).collect())?;
        } else {
            for program in programs {
                output::line(program.display())?;
            }
        }
        Ok(0)
    }
}

fn list(globals: &Globals, faults: &[Fault]) -> Result<u8, Failure> {
    let mut all = Vec::new();
    for fault in faults {
        let mut about = serde_json::Map::new();
        let mut say = |key: &str, value: Option<Value>| {
            if let Some(value) = value {
                about.insert(key.to_owned(), value);
            }
        };
        say("program", Some(json!(fault.program)));
        say("subcommand", fault.subcommand.as_ref().map(|text| json!(text)));
        say("zone", fault.zone.as_ref().map(|text| json!(text)));
        say("exit", fault.exit.map(|exit| json!(exit)));
        say("stderr", fault.stderr.as_ref().map(|text| json!(text)));
        say("stdout", fault.stdout.as_ref().map(|text| json!(text)));
        say("delay", fault.delay.map(|delay| json!(delay.as_secs_f64())));
        say("abort", fault.abort.map(|when| json!(if when == Abort::Before { "before" } else { "after" })));
        say("panic", fault.panic.then(|| json!(true)));
        say("times", fault.times.map(|times| json!(times)));
        all.push(Value::Object(about));
    }
    if globals.json {
        output::json(&Value::Array(all))?;
        return Ok(0);
    }
    let mut rows = Vec::new();
    for about in &all {
        let words = |keys: &[&str]| {
            let known = keys.iter().filter_map(|key| Some((key, about.get(*key)?)));
            known.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ")
        };
        let text = |key: &str| about[key].as_str().unwrap_or_default().to_owned();
        let effect = words(&["exit", "stderr", "stdout", "delay", "abort", "panic"]);
        let left = about.get("times").map_or_else(|| "always".to_owned(), Value::to_string);
        rows.push([text("program"), text("subcommand"), text("zone"), left, effect]);
    }
    if rows.is_empty() {
        output::remark(globals, "no faults are set");
        return Ok(0);
    }
    output::table(["PROGRAM", "SUBCOMMAND", "ZONE", "TIMES", "EFFECT"], &rows)?;
    Ok(0)
}

impl SetFault {
    fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        let machine = machine(globals)?;
        if self.clear {
            machine.clear_faults()?;
            return Ok(0);
        }
        if self.list {
            return list(globals, &machine.faults()?);
        }
        let mut fault = Fault::new(self.program.clone().unwrap_or_default());
        fault.subcommand = self.subcommand.clone();
        fault.zone = self.zone.clone();
        fault.exit = self.exit;
        fault.stderr = self.stderr.clone();
        fault.stdout = self.stdout.clone();
        fault.delay = self.delay;
        fault.abort = self.abort.as_deref().map(|when| if when == "before" { Abort::Before } else { Abort::After });
        fault.panic = self.panic;
        fault.times = self.times;
        machine.fault(&fault)?;
        Ok(0)
    }
}

impl Answer {
    /// The status of the command, as a program of the machine would exit with it.
    fn run(&self) -> Result<u8, Failure> {
        let machine = SimHost::open(&self.directory)?;
        let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let interrupted = session::cancel_on_signals()?;
        let (mut stdin, mut stdout, mut stderr) = (io::stdin().lock(), io::stdout().lock(), io::stderr().lock());
        let around = Surroundings {
            env: &env,
            cwd: &cwd,
            stdin: &mut stdin as &mut dyn Read,
            stdout: &mut stdout as &mut dyn Write,
            stderr: &mut stderr as &mut dyn Write,
            interrupted: &|| interrupted.is_cancelled(),
            hooks: Some(&|argv: &[OsString]| self.start(argv)),
        };
        match machine.answer(&self.argv, around) {
            SimStatus::Exited(status) => Ok(u8::try_from(status & 0xff).unwrap_or(1)),
            SimStatus::Signalled(signal) => {
                // As the signal would have ended it; where that does not take, the status that a shell gives for it.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                Ok(u8::try_from(128 + signal).unwrap_or(1))
            }
            _ => Ok(1),
        }
    }
}

impl Answer {
    /// Answers in a process of its own, on the same streams.
    fn start(&self, argv: &[OsString]) -> io::Result<SimStatus> {
        let mut command = Command::new(std::env::current_exe()?);
        let status = command.args(["sim", "answer"]).arg(&self.directory).args(argv).status()?;
        Ok(match (status.code(), status.signal()) {
            (Some(status), _) => SimStatus::Exited(status),
            (None, signal) => SimStatus::Signalled(signal.unwrap_or(9)),
        })
    }
}

fn directory(globals: &Globals) -> Result<PathBuf, Failure> {
    session::simulate(globals)
        .ok_or_else(|| misused("which machine?", "name its directory: --simulate DIR, or ZMGR_SIMULATE"))
}

fn machine(globals: &Globals) -> Result<SimHost, Failure> {
    Ok(SimHost::open(directory(globals)?)?)
}

fn dialect(name: &str) -> Result<Dialect, String> {
    Dialect::from_name(name).ok_or_else(|| "expected illumos, openindiana, omnios or smartos".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected seconds, such as 1.5".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

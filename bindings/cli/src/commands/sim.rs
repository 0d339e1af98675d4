//! The commands of `sim`.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use zmgr::{Abort, Code, CommandIo, Dialect, Error, Fault, SimHost, SimStatus};

use super::operation::misused;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{examples, invocation, output, session};

/// The commands of `sim`.
#[derive(Debug, Subcommand)]
pub enum Sim {
    /// Create a simulated host in the --simulate directory
    New(New),
    /// Write zonecfg, zoneadm, dladm, … programs that act on the simulated host into a directory
    Link(Link),
    /// Make commands of the simulated host fail
    #[command(after_help = examples::SIM_FAULT)]
    Fault(SetFault),
    /// Reboot the simulated host
    Reboot,
    /// Run one command of the simulated host, for the programs of `sim link`
    #[command(hide = true)]
    Answer(Answer),
}

/// Options of `sim new`.
#[derive(Debug, Args)]
pub struct New {
    /// Distribution to simulate: illumos, openindiana, omnios or smartos
    #[arg(long, default_value = "openindiana", value_parser = dialect)]
    dialect: Dialect,
}

/// Options of `sim link`.
#[derive(Debug, Args)]
pub struct Link {
    /// Directory for the programs
    bin: PathBuf,
}

/// Options of `sim fault`.
#[derive(Debug, Args)]
pub struct SetFault {
    /// Program that fails: zoneadm, dladm, …
    #[arg(required_unless_present_any = ["clear", "list"])]
    program: Option<String>,
    /// Only for this subcommand: install, create-vnic, …
    subcommand: Option<String>,
    /// Only for this zone
    #[arg(long)]
    zone: Option<String>,
    /// Exit status; the command fails after its first change of state
    #[arg(long, value_name = "N")]
    exit: Option<i32>,
    /// Text to print on standard error
    #[arg(long, value_name = "TEXT")]
    stderr: Option<String>,
    /// Text to print on standard output
    #[arg(long, value_name = "TEXT")]
    stdout: Option<String>,
    /// Duration of the command
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    delay: Option<Duration>,
    /// Kill the caller before the command starts, or after it has finished
    #[arg(long, value_name = "WHEN", value_parser = ["before", "after"])]
    abort: Option<String>,
    /// Panic in the thread of the caller
    #[arg(long)]
    panic: bool,
    /// Number of times the fault happens [default: no limit]
    #[arg(long, value_name = "N")]
    times: Option<u32>,
    /// List the active faults; the first that matches applies
    #[arg(long, conflicts_with_all = ["program", "clear"])]
    list: bool,
    /// Remove all faults
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
    /// Runs the command.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        match self {
            Sim::New(new) => {
                let machine = SimHost::create(directory(globals)?, new.dialect)?;
                let directory = machine.dir().to_string_lossy();
                let about = json!({ "directory": directory, "dialect": machine.dialect().name() });
                output::lines(globals, &about, [machine.dir().display()])
            }
            Sim::Link(link) => link.run(globals),
            Sim::Fault(fault) => fault.run(globals),
            Sim::Reboot => {
                let failed = machine(globals)?.reboot()?;
                let about = failed.iter().map(|f| json!({ "zone": f.zone, "stderr": f.stderr })).collect();
                let lines = failed.iter().map(|f| format!("{} did not boot: {}", f.zone, f.stderr.trim_end()));
                output::lines(globals, &about, lines)
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
        let mut program = invocation::program().to_vec();
        if program.is_empty() {
            return Err(Error::new(Code::Io, "cannot find the program itself").into());
        }
        program.extend(["sim".into(), "answer".into()]);
        let programs = machine.link(&self.bin, &program)?;
        let about = programs.iter().map(|path| json!(path.to_string_lossy())).collect();
        output::lines(globals, &about, programs.iter().map(|path| path.display()))
    }
}

fn list(globals: &Globals, faults: &[Fault]) -> Result<u8, Failure> {
    let about = |fault: &Fault| {
        let known = [
            ("program", Some(json!(fault.program))),
            ("subcommand", fault.subcommand.as_ref().map(|text| json!(text))),
            ("zone", fault.zone.as_ref().map(|text| json!(text))),
            ("exit", fault.exit.map(|exit| json!(exit))),
            ("stderr", fault.stderr.as_ref().map(|text| json!(text))),
            ("stdout", fault.stdout.as_ref().map(|text| json!(text))),
            ("delay", fault.delay.map(|delay| json!(delay.as_secs_f64()))),
            ("abort", fault.abort.map(|when| json!(if when == Abort::Before { "before" } else { "after" }))),
            ("panic", fault.panic.then(|| json!(true))),
            ("times", fault.times.map(|times| json!(times))),
        ];
        known.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    };
    let all: Vec<Value> = faults.iter().map(|fault| Value::Object(about(fault))).collect();
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
    /// Runs the command of the simulated host and returns its exit status.
    fn run(&self) -> Result<u8, Failure> {
        let machine = SimHost::open(&self.directory)?;
        let env: Vec<(OsString, OsString)> = std::env::vars_os().collect();
        let cwd = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        let interrupted = session::cancel_on_signals()?;
        let (mut stdin, mut stdout, mut stderr) = (io::stdin().lock(), io::stdout().lock(), io::stderr().lock());
        let around = CommandIo {
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
                // Die of the signal; if that fails, exit as a shell reports it.
                let _ = signal_hook::low_level::emulate_default_handler(signal);
                Ok(u8::try_from(128 + signal).unwrap_or(1))
            }
            _ => Ok(1),
        }
    }

    /// Runs a command in a separate process, on the same streams.
    fn start(&self, argv: &[OsString]) -> io::Result<SimStatus> {
        let (program, words) = invocation::program().split_first().ok_or(io::ErrorKind::NotFound)?;
        let mut command = Command::new(program);
        let status = command.args(words).args(["sim", "answer"]).arg(&self.directory).args(argv).status()?;
        Ok(match (status.code(), status.signal()) {
            (Some(status), _) => SimStatus::Exited(status),
            (None, signal) => SimStatus::Signalled(signal.unwrap_or(9)),
        })
    }
}

fn directory(globals: &Globals) -> Result<PathBuf, Failure> {
    session::simulate(globals)
        .ok_or_else(|| misused("no simulated host given", "pass `--simulate DIR` or set ZMGR_SIMULATE"))
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

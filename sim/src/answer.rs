//! Dispatch from programs to commands, and the context that every command gets.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fmt, io};

use rustix::process::{Pid, Signal, getpid, getppid, kill_process};

use super::fault::{Abort, Fault};
use super::{Call, Caller, Machine, Output, Status, dladm, ipadm, pkg, small, svcs, zfs, zlogin, zoneadm, zonecfg};

/// A program's way to answer.
type Program = fn(&mut Session<'_, '_>) -> Answer;

/// Result of a command. An `io::Error` is the machine's own trouble (the disk is full, a file is unreadable).
pub(crate) type Answer = io::Result<Status>;

pub(crate) const OK: Status = Status::Exited(0);
pub(crate) const FAILED: Status = Status::Exited(1);
pub(crate) const USAGE: Status = Status::Exited(2);

const PROGRAMS: &[(&str, Program)] = &[
    ("beadm", small::beadm),
    ("dladm", dladm::run),
    ("ipadm", ipadm::run),
    ("kstat", small::kstat),
    ("pfexec", small::pfexec),
    ("pkg", pkg::run),
    ("svcs", svcs::run),
    ("uname", small::uname),
    ("zfs", zfs::run),
    ("zlogin", zlogin::run),
    ("zoneadm", zoneadm::run),
    ("zonecfg", zonecfg::run),
    ("zonename", small::zonename),
];

/// The programs that a machine of this kind can be linked with.
pub(crate) fn programs(machine: &Machine) -> impl Iterator<Item = &'static str> {
    let all = !machine.line().configuration_only;
    PROGRAMS.iter().map(|(name, _)| *name).filter(move |name| all || matches!(*name, "zonecfg" | "zoneadm"))
}

/// Returns true if faults can be set for a program of this name: one of those, or what `zoneadm` starts.
pub(crate) fn is_program(name: &str) -> bool {
    PROGRAMS.iter().any(|(known, _)| *known == name) || name == zoneadm::play::PROGRAM
}

impl Machine {
    /// Returns true if the machine has a program of this name.
    pub fn has_program(&self, name: &str) -> bool {
        programs(self).any(|known| known == name)
    }

    /// Answers one command.
    pub fn answer(&self, call: &mut Call<'_>, out: &mut dyn Output) -> Status {
        let invoked = call.argv.first().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let args: Vec<String> = call.argv.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
        let name = Path::new(&invoked).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let program = programs(self).find(|known| *known == name);
        let known = PROGRAMS.iter().find(|(known, _)| Some(*known) == program).map(|(_, program)| *program);
        let hook = (name == zoneadm::play::PROGRAM).then_some(zoneadm::play::program as Program);
        let Some(program) = known.or(hook) else {
            out.stderr(format!("{invoked}: not a command of this machine\n").as_bytes());
            return Status::Exited(127);
        };
        let (subcommand, zone) = aim(&name, &args, call.cwd);
        let fault = match self.take_fault(&name, subcommand.as_deref(), zone.as_deref(), &args) {
            Ok(fault) => fault.unwrap_or_default(),
            Err(error) => {
                out.stderr(format!("{name}: {error}\n").as_bytes());
                return FAILED;
            }
        };
        let abort = fault.abort;
        if abort == Some(Abort::Before) {
            end_caller(call.caller);
            return Status::Signalled(9);
        }
        if fault.panic {
            panic!("the fault set for {name} panics");
        }
        let mut session = Session { machine: self, call, out, program: invoked, args, fault: Some(fault) };
        let status = program(&mut session).unwrap_or_else(|error| {
            session.complain(format_args!("{name}: {error}\n"));
            FAILED
        });
        if abort == Some(Abort::After) {
            end_caller(session.call.caller);
        }
        status
    }
}

impl Machine {
    /// Runs a command as a script of the machine does: its standard output is not read.
    pub(crate) fn ask(&self, argv: &[&str]) -> (Status, String) {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let mut heard = Stderr(Vec::new());
        let mut call = Call {
            argv: &argv,
            env: &[],
            cwd: Path::new("/"),
            stdin: &mut io::empty(),
            interrupted: &|| false,
            hooks: None,
            caller: Caller::InProcess,
        };
        let status = self.answer(&mut call, &mut heard);
        (status, String::from_utf8_lossy(&heard.0).into_owned())
    }
}

struct Stderr(Vec<u8>);

impl Output for Stderr {
    fn stdout(&mut self, _: &[u8]) {}

    fn stderr(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

fn end_caller(caller: Caller) {
    let process: Option<Pid> = match caller {
        Caller::InProcess => Some(getpid()),
        Caller::Parent => getppid(),
    };
    if let Some(process) = process {
        // A caller that is gone already is as dead as was asked for.
        let _ = kill_process(process, Signal::KILL);
    }
}

/// The subcommand and the zone that a command line is about, as far as faults need to know.
fn aim(program: &str, args: &[String], cwd: &Path) -> (Option<String>, Option<String>) {
    let mut zone = None;
    let mut words = args.iter();
    let mut first = None;
    let takes_value: &[&str] = match program {
        "zoneadm" => &["-z", "-u", "-R"],
        "zonecfg" => &["-z", "-u", "-R", "-f"],
        "zlogin" => &["-e", "-l"],
        "pkg" => &["-R"],
        "svcs" => &["-z", "-o"],
        _ => &[],
    };
    while let Some(word) = words.next() {
        if takes_value.contains(&word.as_str()) {
            let value = words.next();
            match word.as_str() {
                "-z" => zone = value.cloned(),
                "-f" => first = value.and_then(|file| first_command(&cwd.join(file))),
                _ => {}
            }
        } else if let Some(name) = word.strip_prefix("-z").filter(|_| program.starts_with("zone")) {
            zone = Some(name.to_owned());
        } else if !word.starts_with('-') {
            first =
                first.or_else(|| word.split([' ', ';', '\t', '\n']).find(|part| !part.is_empty()).map(str::to_owned));
            break;
        }
    }
    match program {
        "zlogin" => (words.next().cloned(), first),
        _ => (first, zone),
    }
}

fn first_command(file: &Path) -> Option<String> {
    let text = std::fs::read(file).ok()?;
    let text = String::from_utf8_lossy(&text);
    let line = text.lines().map(str::trim_start).find(|line| !line.is_empty() && !line.starts_with('#'))?;
    line.split([' ', ';', '\t']).next().map(str::to_owned)
}

/// One command at work.
pub(crate) struct Session<'s, 'a> {
    pub(crate) machine: &'s Machine,
    pub(crate) call: &'s mut Call<'a>,
    pub(crate) out: &'s mut dyn Output,
    /// The program as it was invoked, which some messages begin with.
    pub(crate) program: String,
    /// The arguments after the program.
    pub(crate) args: Vec<String>,
    fault: Option<Fault>,
}

/// Why a command did not get past its middle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halt {
    /// A fault ends it with this status.
    Fault(i32),
    /// An interrupt reached it.
    Interrupted,
}

impl Session<'_, '_> {
    /// Writes to standard output.
    pub(crate) fn say(&mut self, text: fmt::Arguments<'_>) {
        self.out.stdout(text.to_string().as_bytes());
    }

    /// Writes to standard error.
    pub(crate) fn complain(&mut self, text: fmt::Arguments<'_>) {
        self.out.stderr(text.to_string().as_bytes());
    }

    /// The fault that has not acted yet, for a hook to act it out.
    pub(crate) fn take_fault(&mut self) -> Fault {
        self.fault.take().unwrap_or_default()
    }

    /// As a hook, the fault of the command that runs it.
    pub(crate) fn set_fault(&mut self, fault: Fault) {
        self.fault = Some(fault);
    }

    /// The middle of the command: its first change of state is made, the rest of its work is not. Here a fault acts, once.
    pub(crate) fn middle(&mut self) -> Result<(), Halt> {
        let Some(fault) = self.fault.take() else { return Ok(()) };
        if let Some(text) = &fault.stdout {
            self.out.stdout(line(text).as_bytes());
        }
        if let Some(text) = &fault.stderr {
            self.out.stderr(line(text).as_bytes());
        }
        if let Some(delay) = fault.delay {
            self.wait(delay)?;
        }
        fault.exit.map_or(Ok(()), |code| Err(Halt::Fault(code)))
    }

    /// Lets time pass, unless an interrupt comes.
    pub(crate) fn wait(&self, delay: Duration) -> Result<(), Halt> {
        let began = Instant::now();
        loop {
            if (self.call.interrupted)() {
                return Err(Halt::Interrupted);
            }
            match delay.checked_sub(began.elapsed()) {
                Some(left) if !left.is_zero() => std::thread::sleep(left.min(Duration::from_millis(10))),
                _ => return Ok(()),
            }
        }
    }
}

impl Halt {
    /// The end of a command that has nothing to tidy.
    pub(crate) fn status(self) -> Status {
        match self {
            Halt::Fault(code) => Status::Exited(code),
            Halt::Interrupted => Status::Signalled(2),
        }
    }
}

fn line(text: &str) -> String {
    if text.is_empty() || text.ends_with('\n') { text.to_owned() } else { format!("{text}\n") }
}

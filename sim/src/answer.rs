//! Dispatch from programs to commands.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use rustix::process::{Pid, Signal, getpid, getppid, kill_process};

use super::fault::Abort;
use super::session::{Answer, FAILED, Session};
use super::{Call, Caller, Machine, Output, Status, dladm, ipadm, pkg, small, svcs, zfs, zlogin, zoneadm, zonecfg};

/// A program's way to answer.
type Program = fn(&mut Session<'_, '_>) -> Answer;

const PROGRAMS: &[(&str, Program)] = &[
    ("beadm", small::beadm),
    ("dladm", dladm::run),
    ("ipadm", ipadm::run),
    ("kstat", small::kstat),
    ("pfexec", small::pfexec),
    ("pkg", pkg::run),
    ("svcs", svcs::run),
    ("umount", zfs::umount),
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

//! The command `edit`: an editor on a private copy of a configuration file, which replaces the file only if it is valid.

use std::fs;
use std::io::{self, BufRead, IsTerminal, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use signal_hook::consts::{SIGINT, SIGQUIT};
use zmgr::{ApplyOptions, Code, Error, Manager, RunOptions};

use super::check::findings;
use super::operation::{misused, tell_plan};
use crate::failure::Failure;
use crate::globals::Globals;
use crate::{output, session};

/// Options of `edit`.
#[derive(Debug, Args)]
pub struct Edit {
    /// Name of the zone; or one of template, pool, publisher, reservation and zone, followed by a name; or config [default: config]
    #[arg(value_name = "NAME", num_args = 0..=2, add = super::completions::editable())]
    what: Vec<String>,
    /// Create a file that does not exist yet
    #[arg(long)]
    new: bool,
}

/// A file to edit: its path below the tree, and the zones that it is about; none means all.
struct Target {
    path: PathBuf,
    text: String,
    zones: Vec<String>,
}

impl Edit {
    /// Edits the file until it is valid or discarded.
    pub fn run(&self, globals: &Globals) -> Result<u8, Failure> {
        if globals.json {
            return Err(misused("edit has no output that is JSON", "leave out `--json`"));
        }
        let manager = session::manager(globals)?;
        let target = self.target()?;
        let was = match self.new {
            true => None,
            false => Some(manager.read_file(&target.path).map_err(|error| self.of_another_kind(&manager, error))?),
        };
        let copy = Copy::new(&target.path, was.as_deref().unwrap_or(&target.text))?;
        let editing = signals()?;
        loop {
            run_editor(&copy.path, &editing)?;
            let text = match copy.read() {
                Ok(text) => text,
                Err(error) => return Err(copy.keep(error)),
            };
            if was.as_ref().is_none_or(|was| *was == text) && (was.is_some() || text == target.text) {
                output::aside("nothing was changed");
                return Ok(0);
            }
            match manager.write_file(&target.path, &text, was.as_deref(), &mut RunOptions::new()) {
                Ok(warnings) => {
                    findings(globals, &warnings, false)?;
                    return target.offer(globals, &manager);
                }
                Err(error) if matches!(error.code(), Code::Config | Code::InvalidArgument) && asks() => {
                    Failure::from(error).show();
                    if !again()? {
                        output::aside("discarded; nothing was written");
                        return Ok(Code::Config.number() as u8);
                    }
                }
                Err(error) => return Err(copy.keep(error)),
            }
        }
    }

    /// Names the file of another kind that has the name of a zone that does not exist.
    fn of_another_kind(&self, manager: &Manager, error: Error) -> Error {
        let [name] = self.what.as_slice() else { return error };
        let has = |kind: &&str| manager.read_file(format!("{kind}s/{name}.kdl")).is_ok();
        match ["template", "pool", "publisher", "reservation"].iter().find(|kind| has(kind)) {
            Some(kind) if error.code() == Code::NotFound => {
                error.with_help(format!("did you mean `zmgr edit {kind} {name}`?"))
            }
            _ => error,
        }
    }

    fn target(&self) -> Result<Target, Failure> {
        let (kind, name) = match self.what.as_slice() {
            [] => ("config", ""),
            [one] if one == "config" => ("config", ""),
            [name] => ("zone", name.as_str()),
            [kind, name, ..] => (kind.as_str(), name.as_str()),
        };
        let path = match kind {
            "config" => PathBuf::from("config.kdl"),
            "zone" | "template" | "pool" | "publisher" | "reservation" => format!("{kind}s/{name}.kdl").into(),
            other => {
                let message = format!("{other:?} is not a kind of file");
                return Err(misused(
                    message,
                    "name a zone, or one of template, pool, publisher, reservation and a name",
                ));
            }
        };
        let text = if kind == "config" { String::new() } else { format!("{kind} {name:?} {{\n}}\n") };
        let zones = if kind == "zone" { vec![name.to_owned()] } else { Vec::new() };
        Ok(Target { path, text, zones })
    }
}

impl Target {
    /// Says what is next, and on a terminal offers to show it.
    fn offer(&self, globals: &Globals, manager: &Manager) -> Result<u8, Failure> {
        let names: Vec<&str> = self.zones.iter().map(String::as_str).collect();
        let command = [&["apply", "--dry-run"], names.as_slice()].concat().join(" ");
        if globals.quiet || !asks() {
            output::remark(globals, format_args!("run `zmgr {command}` to see what it changes on the host"));
            return Ok(0);
        }
        if question(&format!("Run `zmgr {command}` now? [y/N] "))?.starts_with(['y', 'Y']) {
            let plan = manager.plan_apply(&names, &ApplyOptions::new())?;
            if plan.is_empty() {
                output::line("the host needs no change")?;
            }
            return tell_plan(globals, &plan);
        }
        Ok(0)
    }
}

/// A private copy of a file; removed on drop.
struct Copy {
    directory: PathBuf,
    path: PathBuf,
    kept: bool,
}

impl Copy {
    fn new(file: &Path, text: &str) -> Result<Copy, Failure> {
        let directory = private_directory().map_err(|error| Error::io("make", std::env::temp_dir(), error))?;
        // The name lets the editor recognize the kind of file.
        let path = directory.join(file.file_name().unwrap_or_default());
        let copy = Copy { directory, path, kept: false };
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&copy.path);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|error| Error::io("write", &copy.path, error))?;
        Ok(copy)
    }

    fn read(&self) -> Result<String, Error> {
        fs::read_to_string(&self.path).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => Error::new(Code::Config, "the file is not UTF-8; nothing was written"),
            _ => Error::io("read", &self.path, error),
        })
    }

    /// Leaves the copy in its place, and names it in the error.
    fn keep(mut self, error: Error) -> Failure {
        self.kept = true;
        let help = error.help().map(|help| format!("{help}; ")).unwrap_or_default();
        let kept = format!("{help}your text is in {}", self.path.display());
        error.with_help(kept).into()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if !self.kept {
            let _ = fs::remove_dir_all(&self.directory);
        }
    }
}

fn private_directory() -> io::Result<PathBuf> {
    let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
    for n in 0..100 {
        let path = std::env::temp_dir().join(format!("zmgr-edit-{}-{n}", std::process::id()));
        match fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

/// While the flag is set, signals of the terminal are the editor's; otherwise they act as usual.
fn signals() -> Result<Arc<AtomicBool>, Failure> {
    let usual = Arc::new(AtomicBool::new(true));
    for signal in [SIGINT, SIGQUIT] {
        signal_hook::flag::register_conditional_default(signal, Arc::clone(&usual))
            .map_err(|error| Error::new(Code::Io, format!("cannot listen for signals: {error}")))?;
    }
    Ok(usual)
}

/// Runs the editor, as git does: through a shell, so that `VISUAL` and `EDITOR` may have arguments.
fn run_editor(path: &Path, usual_signals: &AtomicBool) -> Result<(), Failure> {
    let named = |variable: &str| std::env::var(variable).ok().filter(|editor| !editor.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg(&editor).arg(path);
    usual_signals.store(false, Ordering::SeqCst);
    let ended = command.status();
    usual_signals.store(true, Ordering::SeqCst);
    match ended {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(misused(
            format!("the editor {editor:?} failed ({status}); nothing was written"),
            "set VISUAL or EDITOR to the editor to use",
        )),
        Err(error) => Err(Error::new(Code::Io, format!("cannot run the editor {editor:?}: {error}")).into()),
    }
}

/// Returns true if the user can be asked.
fn asks() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn again() -> Result<bool, Failure> {
    loop {
        let answer = question("Edit again or discard? [E/d] ")?;
        match answer.to_lowercase().as_str() {
            "" | "e" | "edit" => return Ok(true),
            "d" | "discard" => return Ok(false),
            _ => {}
        }
    }
}

/// Asks on standard error and returns the answer; the end of the input discards.
fn question(words: &str) -> Result<String, Failure> {
    let _ = write!(io::stderr().lock(), "{words}").and_then(|()| io::stderr().flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    let read = read.map_err(|error| Error::new(Code::Io, format!("cannot read the answer: {error}")))?;
    Ok(if read == 0 { "discard".to_owned() } else { answer.trim().to_owned() })
}

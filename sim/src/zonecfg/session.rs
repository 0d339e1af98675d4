//! One run of the command: what it knows, what it says, and how its input is read and its work ended.
//!
//! [source: do_interactive, one_command_at_a_time, cmd_file of zonecfg.c; recorded: stdin-*, cmdline-*, f-*, err-*]

use super::command::Command;
use super::handle::Handle;
use super::help::{self, Topic};
use super::lexer::Lexer;
use super::memory::Memory;
use super::resources::Draft;
use super::text::text;
use super::words::{Cmd, Res};
use crate::dialect::Line;
use crate::document::Error;
use crate::index::State;
use crate::session::Session;
use crate::{Machine, Status, index, kernel};

/// Why a run ends before its input does.
#[derive(Debug)]
pub(super) enum Stop {
    Exit(i32),
    /// An assertion of the program's own has failed.
    Abort,
    /// A fault or an interrupt ends it.
    Halted(Status),
}

pub(super) type Flow<T = ()> = Result<T, Stop>;

/// Result of `end` for a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EndsIn {
    Addition,
    Change,
}

/// Scope in which commands apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    Zone,
    /// Within a resource; none where `add` named a property and no resource.
    Resource(Option<Res>),
}

/// The input of a run, which decides how it takes errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Arguments(Vec<u8>),
    Stdin,
    /// `-f FILE`, where `-` is standard input.
    File(Vec<u8>),
}

/// One run.
pub(super) struct Zonecfg<'h, 's, 'a> {
    pub(super) host: &'h mut Session<'s, 'a>,
    pub(super) machine: &'s Machine,
    pub(super) line: &'static Line,
    /// The program's name in messages.
    pub(super) name: Vec<u8>,
    pub(super) zone: Vec<u8>,
    /// The name under which the zone was last saved.
    pub(super) revert_zone: Vec<u8>,
    pub(super) global_zone: bool,
    pub(super) read_only: bool,
    pub(super) lexer: Lexer,
    pub(super) memory: Memory,
    /// The command file as it was named.
    pub(super) file: Option<Vec<u8>>,
    /// Standard input or `-f -`.
    pub(super) interactive: bool,
    /// The last line that a message was about.
    reported: usize,
    /// An error was seen: the exit status will say so.
    pub(super) saw_error: bool,
    pub(super) need_to_commit: bool,
    pub(super) time_to_exit: bool,
    pub(super) force_exit: bool,
    /// The options of commands are no longer complained of by the option parser itself.
    pub(super) options_quiet: bool,
    pub(super) handle: Option<Handle>,
    pub(super) got_handle: bool,
    pub(super) scope: Scope,
    pub(super) ends_in: Option<EndsIn>,
    /// The resource being worked on, by type, and as it was when it was selected.
    pub(super) drafts: Vec<Draft>,
    pub(super) selected: Vec<Draft>,
    /// The uuid to give the zone when it is saved (SmartOS).
    pub(super) new_uuid: Vec<u8>,
    at_middle: bool,
}

impl<'h, 's, 'a> Zonecfg<'h, 's, 'a> {
    pub(super) fn new(host: &'h mut Session<'s, 'a>, name: Vec<u8>) -> Self {
        let machine = host.machine;
        Zonecfg {
            host,
            machine,
            line: machine.line(),
            name,
            zone: Vec::new(),
            revert_zone: Vec::new(),
            global_zone: false,
            read_only: false,
            lexer: Lexer::new(Vec::new(), machine.line()),
            memory: Memory::default(),
            file: None,
            interactive: false,
            reported: 0,
            saw_error: false,
            need_to_commit: false,
            time_to_exit: false,
            force_exit: false,
            options_quiet: false,
            handle: None,
            got_handle: false,
            scope: Scope::Zone,
            ends_in: None,
            drafts: Res::ALL.into_iter().map(Draft::new).collect(),
            selected: Res::ALL.into_iter().map(Draft::new).collect(),
            new_uuid: Vec::new(),
            at_middle: false,
        }
    }

    /// The middle of the run, where a fault acts: reached once, at the first change made or the first thing shown.
    pub(super) fn middle(&mut self) -> Flow {
        if std::mem::replace(&mut self.at_middle, true) {
            return Ok(());
        }
        self.host.middle().map_err(|halt| Stop::Halted(halt.status()))
    }

    /// Writes a message to standard error, after the line that it is about where that is new.
    pub(super) fn zerr(&mut self, message: impl AsRef<[u8]>) {
        if let Some(file) = &self.file
            && self.lexer.number > self.reported
        {
            let number = self.lexer.number - 1;
            let place = if file == b"-" {
                format!("On line {number}:\n").into_bytes()
            } else {
                text!(format!("On line {number} of "), file, ":\n")
            };
            self.reported = self.lexer.number;
            self.host.out.stderr(&place);
        }
        self.host.out.stderr(&text!(message, "\n"));
    }

    /// Prints a message, and records that the run has seen an error.
    pub(super) fn fail(&mut self, message: impl AsRef<[u8]>) {
        self.zerr(message);
        self.saw_error = true;
    }

    /// An error of the library's, about `what`.
    pub(super) fn fail_on(&mut self, what: impl AsRef<[u8]>, error: Error) {
        self.fail(text!(what, ": ", error.text()));
    }

    /// An error of the library's, about a command on a resource type.
    pub(super) fn fail_at(&mut self, command: Cmd, what: &str, error: Error) {
        self.fail(text!(command.word(), " ", what, ": ", error.text()));
    }

    /// An error of the library's, about the zone.
    pub(super) fn fail_zone(&mut self, error: Error) {
        self.fail_on(self.zone.clone(), error);
    }

    /// Asks the user: there is no terminal, which is a separate error.
    pub(super) fn cannot_ask(&mut self) {
        self.saw_error = true;
    }

    /// Usage after a command that was not well formed.
    pub(super) fn short_usage(&mut self, command: Cmd) {
        if let Some(file) = &self.file {
            let number = self.lexer.number - 1;
            let message = if file == b"-" {
                format!("syntax error on line {number}\n").into_bytes()
            } else {
                text!(format!("syntax error on line {number} of "), file, "\n")
            };
            self.host.out.stderr(&message);
        }
        let usage = help::short(self.line, command);
        self.host.complain(format_args!("usage:\n{usage}\n"));
        self.saw_error = true;
    }

    /// Usage and what the command is for, after one that asked for what there is not.
    pub(super) fn long_usage(&mut self, command: Cmd) {
        self.host.complain(format_args!("usage:\n{}\n\t{}\n", help::short(self.line, command), help::long(command)));
        self.saw_error = true;
    }

    /// Text of `help COMMAND`.
    pub(super) fn longer_usage(&mut self, command: Cmd) {
        self.host.say(format_args!("usage:\n{}\n\t{}\n", help::short(self.line, command), help::long(command)));
        let topics = help::topics(command);
        if !topics.is_empty() {
            self.host.say(format_args!("\n"));
            self.usage(help::Stream::Help, topics);
        }
    }

    /// A command in the wrong scope.
    pub(super) fn scope_usage(&mut self, command: Cmd) {
        let scope = if self.scope == Scope::Zone { "resource" } else { "global" };
        self.fail(format!("The {} command only makes sense in the {scope} scope.", command.word()));
    }

    /// The property type is none of the resource's.
    pub(super) fn no_such_property(&mut self, command: Cmd, property: &str) {
        self.fail_on(property, Error::NoPropertyType);
        self.long_usage(command);
        self.usage(help::Stream::Errors, &[Topic::Properties]);
    }

    /// The resource type does not take the command.
    pub(super) fn no_such_resource(&mut self, command: Cmd, resource: &str) {
        self.fail_on(resource, Error::NoResourceType);
        self.long_usage(command);
        self.usage(help::Stream::Errors, &[Topic::Resources]);
    }

    /// Returns true if the zone may not be changed; says so.
    pub(super) fn refuses_change(&mut self, command: Cmd) -> bool {
        if self.zone.starts_with(b"SUNW") {
            self.fail(text!(self.zone, ": zones beginning with SUNW are read-only."));
            return true;
        }
        if self.read_only {
            self.fail(text!(self.zone, ": cannot ", command.word(), " in read-only mode."));
        }
        self.read_only
    }

    /// The resource being worked on, of this type.
    pub(super) fn draft(&mut self, res: Res) -> &mut Draft {
        &mut self.drafts[res as usize]
    }

    /// Makes sure that there is a document to work on. False when there is none, of which it tells.
    pub(super) fn initialize(&mut self) -> Flow<bool> {
        Ok(self.load(true)?.is_ok())
    }

    /// Checks the zone like above. Without `expected`, a missing zone is not an error unless it existed before.
    fn load(&mut self, expected: bool) -> Flow<Result<(), Error>> {
        if self.handle.is_some() {
            return Ok(Ok(()));
        }
        match Handle::load(self.machine, &self.zone) {
            Ok(mut handle) => {
                if self.line.memory_cap_is_rctl {
                    handle.fix_obsolete();
                }
                self.got_handle = true;
                let brand = match handle.brand(self.machine) {
                    Ok(brand) => brand,
                    Err(_) => {
                        self.zerr(text!("Zone ", self.zone, " is inconsistent: missing brand attribute"));
                        return Err(Stop::Exit(1));
                    }
                };
                if !super::brand::exists(self.machine, &brand) {
                    let quoted = text!("\"", brand, "\"");
                    self.zerr(text!("Zone ", self.zone, " uses non-existent brand ", quoted, ".  Unable to continue"));
                    return Err(Stop::Exit(1));
                }
                self.handle = Some(handle);
                if self.need_to_commit {
                    self.zerr("admin rights were updated to match RBAC configuration.");
                }
                Ok(Ok(()))
            }
            Err(Error::NoZone) if self.global_zone && !self.got_handle && !self.read_only => {
                match Handle::from_template(self.machine, b"SUNWblank", &self.zone) {
                    Ok(handle) => {
                        self.need_to_commit = true;
                        self.handle = Some(handle);
                        self.got_handle = true;
                        Ok(Ok(()))
                    }
                    Err(error) => {
                        self.fail_on("SUNWblank", error);
                        Ok(Err(error))
                    }
                }
            }
            Err(error) => {
                self.zerr(text!(self.zone, ": ", error.text()));
                self.saw_error |= expected || self.got_handle;
                if error == Error::InvalidDocument {
                    // Told once: from now on it is worked on.
                    self.handle = Handle::load_invalid(self.machine, &self.zone);
                }
                if error == Error::NoZone && !self.got_handle && self.interactive && !self.read_only {
                    self.host.say(format_args!("Use 'create' to begin configuring a new zone.\n"));
                }
                Ok(Err(error))
            }
        }
    }

    /// Returns true if the zone of this name is at least installed.
    pub(super) fn is_installed(&self, zone: &[u8]) -> bool {
        self.state(zone).is_some_and(|state| state.is_none_or(|state| state >= State::Installed))
    }

    /// The state of a zone: none where there is no such zone, `Some(None)` for an active one.
    pub(super) fn state(&self, zone: &[u8]) -> Option<Option<State>> {
        let active = std::str::from_utf8(zone).ok().and_then(|name| kernel::find(self.machine, name).ok().flatten());
        match active {
            Some(_) => Some(None),
            None if zone == b"global" => Some(None),
            None => index::find(self.machine, zone).map(|entry| Some(entry.state)),
        }
    }

    /// Runs one command.
    pub(super) fn run(&mut self, command: Command) -> Flow {
        match command.cmd {
            Cmd::Add => self.add(&command),
            Cmd::Cancel => self.cancel(&command),
            Cmd::Clear => self.clear(&command),
            Cmd::Commit => self.commit(&command),
            Cmd::Create => self.create(&command),
            Cmd::Delete => self.delete(&command),
            Cmd::End => self.end(&command),
            Cmd::Exit => self.exit(&command),
            Cmd::Export => self.export(&command),
            Cmd::Help => self.help(&command),
            Cmd::Info => self.info(&command),
            Cmd::Remove => self.remove(&command),
            Cmd::Revert => self.revert(&command),
            Cmd::Select => self.select(&command),
            Cmd::Set => self.set(&command),
            Cmd::Verify => self.verify(&command),
        }
    }

    /// Reads and runs everything that `source` holds, and saves what is left to save.
    pub(super) fn read(&mut self, source: Source) -> Flow<i32> {
        let arguments = matches!(source, Source::Arguments(_));
        let input = match source {
            Source::Arguments(text) => text,
            Source::Stdin => {
                self.interactive = true;
                if !self.read_only {
                    // A zone that does not exist yet is worth only a hint.
                    let _ = self.load(false)?;
                }
                self.stdin()
            }
            Source::File(name) if name == b"-" => {
                self.interactive = true;
                self.file = Some(name);
                self.stdin()
            }
            Source::File(name) => match super::files::command_file(self.host.call.cwd, &name) {
                Ok(input) => {
                    self.file = Some(name);
                    input
                }
                Err(message) => {
                    self.zerr(message);
                    return Ok(1);
                }
            },
        };
        self.lexer = Lexer::new(input, self.line);
        while !self.lexer.at_end {
            self.parse()?;
            if arguments {
                continue;
            }
            if self.saw_error && self.file.is_some() && !self.interactive {
                self.time_to_exit = true;
            }
            if self.time_to_exit {
                break;
            }
        }
        self.clean_up()
    }

    fn stdin(&mut self) -> Vec<u8> {
        let mut input = Vec::new();
        // Unreadable input counts as the end.
        let _ = self.host.call.stdin.read_to_end(&mut input);
        input
    }

    /// The end of the input: an unfinished resource is an error, and what was changed is saved.
    fn clean_up(&mut self) -> Flow<i32> {
        if self.scope != Scope::Zone {
            if !self.time_to_exit {
                self.cannot_ask();
                self.zerr("Resource incomplete.");
                return Ok(1);
            }
            self.saw_error = true;
        }
        if self.need_to_commit && self.handle.is_some() {
            self.commit(&Command::new(Cmd::Commit))?;
            if self.need_to_commit {
                self.saw_error |= !self.force_exit;
                self.zerr("Configuration not saved.");
                return Ok(1);
            }
        }
        self.middle()?;
        Ok(i32::from(self.need_to_commit || self.saw_error))
    }
}

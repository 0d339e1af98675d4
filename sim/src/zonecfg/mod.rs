//! `zonecfg`: the editor of zone configurations, with the real grammar, scopes, messages and exit statuses.
//!
//! Invariant: what a run changes on disk it changes by saving a document ([`handle`]) or by `delete`, and by nothing else.
//!
//! [source: zonecfg.c, libzonecfg.c of illumos; recorded: zonecfg.jsonl, whose ids the files below name]

mod add;
mod admin;
mod brand;
mod clear;
mod command;
mod create;
mod dataset;
mod delete;
mod end;
mod export;
mod files;
mod getopt;
mod grammar;
mod handle;
mod help;
mod info;
mod leave;
mod lexer;
mod lookup;
mod memory;
mod net;
mod numbers;
mod options;
mod parser;
mod privileges;
mod rctl;
mod remove;
mod resources;
mod secflags;
mod select;
mod session;
mod set;
mod set_resource;
mod text;
mod usage;
mod verify;
mod words;
mod yacc;

#[cfg(test)]
mod tests;

use std::os::unix::ffi::OsStrExt as _;

use super::Status;
use super::document::Error;
use super::session::{Answer, Session, USAGE};
use getopt::Found;
use help::{Stream, Topic};
use session::{Source, Stop, Zonecfg};
use text::text;

/// Answers one command line.
pub(crate) fn run(host: &mut Session<'_, '_>) -> Answer {
    let argv: Vec<Vec<u8>> = host.call.argv.iter().map(|arg| arg.as_bytes().to_vec()).collect();
    let program = argv.first().cloned().unwrap_or_default();
    let base = program.rsplit(|b| *b == b'/').find(|part| !part.is_empty()).unwrap_or(&program).to_vec();
    let mut run = Zonecfg::new(host, base);
    let status = match run.main(&program, argv.get(1..).unwrap_or_default()) {
        Ok(code) | Err(Stop::Exit(code)) => Status::Exited(code),
        Err(Stop::Abort) => Status::Signalled(6),
        Err(Stop::Halted(status)) => status,
    };
    Ok(status)
}

impl Zonecfg<'_, '_, '_> {
    fn main(&mut self, program: &[u8], args: &[Vec<u8>]) -> Result<i32, Stop> {
        let Status::Exited(bad_usage) = USAGE else { return Ok(2) };
        match args.first() {
            None => {
                self.usage(Stream::Errors, &[Topic::Usage, Topic::Commands]);
                return Ok(bad_usage);
            }
            Some(first) if first == b"help" => {
                self.read(Source::Arguments(joined(args)))?;
                return Ok(0);
            }
            Some(_) => {}
        }
        let known = if self.line.uuid_property { "?f:R:z:u:" } else { "?f:R:z:" };
        let options = getopt::read(args, known);
        let (mut by_name, mut by_uuid) = (false, false);
        for found in &options.found {
            if let Some(complaint) = getopt::complaint(program, found, known) {
                self.host.out.stderr(&complaint);
            }
            match found {
                Found::WithValue(b'f', file) => self.file = Some(file.clone()),
                Found::WithValue(b'R', root) => {
                    if !root.starts_with(b"/") {
                        self.zerr(text!("root path must be absolute: ", root));
                    } else if !files::resolve(self.machine.root(), &root[1..]).is_dir() {
                        self.zerr(text!("root path must be a directory: ", root));
                    } else if root.iter().all(|b| *b == b'/') {
                        continue;
                    } else {
                        self.zerr(text!("this machine has no alternate root: ", root));
                    }
                    return Ok(bad_usage);
                }
                Found::WithValue(b'u', uuid) => {
                    let wanted = String::from_utf8_lossy(uuid).to_lowercase();
                    if !super::index::is_uuid(&wanted) {
                        return Ok(Error::InvalidProperty.number());
                    }
                    let known = super::index::read(self.machine).unwrap_or_default();
                    match known.into_iter().find(|entry| entry.uuid.as_deref() == Some(wanted.as_str())) {
                        Some(entry) => self.name_zone(&entry.name),
                        None => return Ok(self.no_such_name(uuid, bad_usage)),
                    }
                    by_uuid = true;
                }
                Found::WithValue(b'z', zone) => {
                    if zone == b"global" {
                        self.global_zone = true;
                    } else if handle::validate_name(zone).is_err() {
                        return Ok(self.no_such_name(zone, bad_usage));
                    }
                    self.name_zone(zone);
                    by_name = true;
                }
                Found::Bad(b'?') => {
                    self.usage(Stream::Help, &[Topic::Usage, Topic::Commands]);
                    return Ok(bad_usage);
                }
                _ => {
                    self.usage(Stream::Errors, &[Topic::Usage]);
                    return Ok(bad_usage);
                }
            }
        }
        if self.zone.is_empty() || (by_name && by_uuid) {
            self.usage(Stream::Errors, &[Topic::Usage]);
            return Ok(bad_usage);
        }
        let rest = &args[options.words..];
        self.check_access(rest.is_empty())?;
        let source = match self.file.clone() {
            _ if !rest.is_empty() => Source::Arguments(joined(rest)),
            None => Source::Stdin,
            Some(file) => {
                // Until the file is open there is no line to name.
                self.file = None;
                Source::File(file)
            }
        };
        self.read(source)
    }

    fn name_zone(&mut self, zone: &[u8]) {
        self.zone = zone.to_vec();
        self.revert_zone = zone.to_vec();
    }

    fn no_such_name(&mut self, name: &[u8], status: i32) -> i32 {
        self.fail_on(name, Error::BogusZoneName);
        self.usage(Stream::Errors, &[Topic::Names]);
        status
    }

    /// Finds out whether the zone may be changed.
    fn check_access(&mut self, warn: bool) -> Result<(), Stop> {
        use rustix::fs::{Access, access};
        use rustix::io::Errno;
        let file = self.machine.path(super::document::path(&self.zone));
        let access = match access(&file, Access::WRITE_OK) {
            Err(Errno::NOENT) => access(self.machine.path(super::document::CONFIG_ROOT), Access::WRITE_OK),
            other => other,
        };
        let error = match access {
            Ok(()) => return Ok(()),
            Err(Errno::ACCESS) => {
                self.read_only = true;
                if warn {
                    let warning = "WARNING: you do not have write access to this zone's configuration file;\n\
                                   going into read-only mode.\n";
                    self.host.out.stderr(warning.as_bytes());
                }
                return Ok(());
            }
            Err(Errno::INVAL) => Error::Invalid,
            Err(_) => Error::MiscFs,
        };
        let message = text!(self.name, ": Could not access zone configuration store: ", error.text(), "\n");
        self.host.out.stderr(&message);
        Err(Stop::Exit(1))
    }
}

fn joined(words: &[Vec<u8>]) -> Vec<u8> {
    let mut text = words.join(&b' ');
    text.push(b'\n');
    text
}

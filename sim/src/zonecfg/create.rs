//! `create` and `revert`: where a document to work on comes from.
//!
//! [source: create_func, revert_func of zonecfg.c; recorded: create-*, revert-*]

use super::command::Command;
use super::getopt::Found;
use super::handle::Handle;
use super::options::Unknown;
use super::session::{Flow, Stop, Zonecfg};
use super::text::text;
use crate::document::Error;
use crate::index;

impl Zonecfg<'_, '_, '_> {
    /// `create`.
    pub(super) fn create(&mut self, command: &Command) -> Flow {
        let known = if self.line.uuid_property { "?a:bFt:X" } else { "?a:bFt:" };
        let Some(options) = self.options(command, known, Unknown::Usage) else { return Ok(()) };
        let mut template = b"SUNWdefault".to_vec();
        let mut detached = None;
        let mut force = false;
        for option in options {
            match option {
                Found::WithValue(b'a', path) => detached = Some(path),
                Found::Option(b'b') => template = b"SUNWblank".to_vec(),
                Found::Option(b'F') => force = true,
                Found::WithValue(b't', name) => template = self.template_named(&name[..name.len().min(63)]),
                Found::Option(b'X') => return self.adopt(),
                _ => {}
            }
        }
        if self.refuses_change(command.cmd) || !self.may_be_created(force)? {
            return Ok(());
        }
        let handle = match &detached {
            Some(path) => Handle::detached(self.machine, path, &self.zone),
            None => Handle::from_template(self.machine, &template, &self.zone),
        };
        match handle {
            Ok(handle) => {
                self.need_to_commit = true;
                self.got_handle = true;
                self.handle = Some(handle);
                if self.line.uuid_property {
                    self.new_uuid = index::new_uuid().into_bytes();
                }
            }
            Err(Error::NoZone) if detached.is_some() => {
                self.host.out.stderr(b"invalid path to detached zone\n");
            }
            Err(Error::InvalidDocument) if detached.is_some() => {
                self.host.out.stderr(b"Cannot attach to an earlier release of the operating system\n");
            }
            Err(error) => self.fail_on(template, error),
        }
        Ok(())
    }

    /// The template of that name; some distributions have one for each brand, under the brand's own name too.
    fn template_named(&self, name: &[u8]) -> Vec<u8> {
        let prefixed = self.line.template_prefix.map(|prefix| [prefix.as_bytes(), name].concat());
        let is_brand = name.iter().all(u8::is_ascii_lowercase);
        match prefixed.filter(|prefixed| is_brand && Handle::load(self.machine, prefixed).is_ok()) {
            Some(prefixed) => prefixed,
            None => name.to_vec(),
        }
    }

    fn adopt(&mut self) -> Flow {
        match Handle::adopted(self.machine, &self.zone) {
            Ok(handle) => {
                self.handle = Some(handle);
                self.got_handle = true;
                self.need_to_commit = true;
                Ok(())
            }
            Err(error) => {
                self.fail_on(self.name.clone(), error);
                Err(Stop::Exit(1))
            }
        }
    }

    /// Returns true if a zone may be made where there may be one already.
    fn may_be_created(&mut self, force: bool) -> Flow<bool> {
        if Handle::load(self.machine, &self.zone).is_err() {
            return Ok(true);
        }
        if self.is_installed(&self.zone) {
            self.zerr(text!("Zone ", self.zone, " already installed; create not allowed."));
            return Ok(false);
        }
        if force {
            let message = text!("Zone ", self.zone, " already exists; overwriting.\n");
            self.host.out.stdout(&message);
            return Ok(true);
        }
        self.cannot_ask();
        self.zerr("Zone exists, input not from terminal and -F not specified:\ncreate command ignored, exiting.");
        Err(Stop::Exit(1))
    }

    /// `revert`.
    pub(super) fn revert(&mut self, command: &Command) -> Flow {
        let Some(force) = self.forced(command, "?F") else { return Ok(()) };
        if self.refuses_change(command.cmd) {
            return Ok(());
        }
        if self.scope != super::session::Scope::Zone {
            self.fail(
                "You can only use revert in the global scope.\nUse 'cancel' to cancel changes to a resource specification.",
            );
            return Ok(());
        }
        if self.handle.is_none() {
            self.fail("No changes to revert.");
            return Ok(());
        }
        if !force {
            self.cannot_ask();
            self.zerr("Input not from terminal and -F not specified:\nrevert command ignored, exiting.");
            return Err(Stop::Exit(1));
        }
        self.handle = None;
        match Handle::load(self.machine, &self.revert_zone) {
            Ok(handle) => self.handle = Some(handle),
            Err(error) => {
                self.saw_error = true;
                self.got_handle = false;
                self.handle = Handle::load_invalid(self.machine, &self.revert_zone);
                if error == Error::NoZone {
                    self.zerr(text!(self.revert_zone, ": no such saved zone to revert to."));
                } else {
                    self.fail_zone(error);
                }
            }
        }
        self.zone = self.revert_zone.clone();
        Ok(())
    }
}

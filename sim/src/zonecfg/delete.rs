//! `delete`: the zone's document and its line in the index go at once, whatever of them there is.
//!
//! [source: delete_func of zonecfg.c, zonecfg_destroy of libzonecfg.c; recorded: delete-*]

use std::fs;
use std::io;

use super::command::Command;
use super::handle::Handle;
use super::session::{Flow, Stop, Zonecfg};
use crate::document::{self, Error};
use crate::index;

impl Zonecfg<'_, '_, '_> {
    /// `delete`.
    pub(super) fn delete(&mut self, command: &Command) -> Flow {
        let Some(force) = self.forced(command, "?F") else { return Ok(()) };
        if self.refuses_change(command.cmd) {
            return Ok(());
        }
        if !force {
            if self.initialize()? {
                self.cannot_ask();
                self.zerr("Input not from terminal and -F not specified:\ndelete command ignored, exiting.");
                return Err(Stop::Exit(1));
            }
            return Ok(());
        }
        // Loads the document for the sake of the rights that it gives, and says so where there is none.
        let _ = self.initialize()?;
        match self.destroy() {
            Ok(()) => self.middle()?,
            Err(error) => self.fail_zone(error),
        }
        self.need_to_commit = false;
        if self.handle.is_none() && self.interactive {
            self.host.say(format_args!("Use 'create' to begin configuring a new zone.\n"));
        }
        if self.got_handle {
            self.handle = None;
            match Handle::load(self.machine, &self.zone) {
                Ok(handle) => self.handle = Some(handle),
                Err(error) => {
                    if error != Error::NoZone {
                        self.fail_zone(error);
                    }
                    self.got_handle = false;
                    self.handle = Handle::load_invalid(self.machine, &self.zone);
                }
            }
        }
        Ok(())
    }

    fn destroy(&self) -> Result<(), Error> {
        let file = self.machine.path(document::path(&self.zone));
        let state = self.state(&self.zone);
        let access = rustix::fs::access(&file, rustix::fs::Access::WRITE_OK);
        match (state, access) {
            (None, Err(rustix::io::Errno::NOENT)) => return Err(Error::NoZone),
            (_, Err(rustix::io::Errno::ACCESS)) => return Err(Error::Access),
            (Some(None), _) => return Err(Error::BadZoneState),
            _ => {}
        }
        // As much as can be is taken away: that the index cannot be changed is not told.
        let _ = index::remove(self.machine, &self.zone);
        match fs::remove_file(&file) {
            Ok(()) => Ok(()),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                io::ErrorKind::PermissionDenied => Err(Error::Access),
                _ => Err(Error::MiscFs),
            },
        }
    }
}

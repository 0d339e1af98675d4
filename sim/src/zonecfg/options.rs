//! The options that commands take, and how a command answers to those that it does not.
//!
//! [source: the getopt loops of zonecfg.c; recorded: options-*, create-*]

use super::command::Command;
use super::getopt::{self, Found, Options};
use super::session::Zonecfg;

/// Result for an unknown option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknown {
    /// Usage; `-?` the whole help.
    Usage,
    /// The whole help, as `-?`.
    Help,
}

impl Zonecfg<'_, '_, '_> {
    /// Reads a command's options, with what getopt itself has to say.
    pub(super) fn getopt(&mut self, command: &Command, known: &str) -> Options {
        let options = getopt::read(&command.args, known);
        let program = command.args.first().cloned().unwrap_or_default();
        for found in options.found.iter().filter(|_| !self.options_quiet) {
            if let Some(complaint) = getopt::complaint(&program, found, known) {
                self.host.out.stderr(&complaint);
            }
        }
        options
    }

    /// Reads the options of a command that takes nothing else. None when it is not to be run.
    pub(super) fn options(&mut self, command: &Command, known: &str, unknown: Unknown) -> Option<Vec<Found>> {
        let options = self.getopt(command, known);
        let mut wrong = false;
        for found in &options.found {
            match found {
                Found::Bad(b'?') => self.longer_usage(command.cmd),
                Found::Bad(_) | Found::NoValue(_) if unknown == Unknown::Help => self.longer_usage(command.cmd),
                Found::Bad(_) | Found::NoValue(_) => self.short_usage(command.cmd),
                _ => continue,
            }
            wrong = true;
        }
        if wrong {
            return None;
        }
        if options.words != command.args.len() {
            self.short_usage(command.cmd);
            return None;
        }
        Some(options.found)
    }

    /// Parses the options of a command that knows only `-F`; returns true if it was given.
    pub(super) fn forced(&mut self, command: &Command, known: &str) -> Option<bool> {
        Some(self.options(command, known, Unknown::Help)?.contains(&Found::Option(b'F')))
    }
}

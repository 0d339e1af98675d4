//! `exit`, `cancel` and `commit`.
//!
//! [source: exit_func, cancel_func, commit_func, verify_func of zonecfg.c; recorded: exit-*, cancel-*, commit-*, verify-*]

use super::command::Command;
use super::session::{Flow, Scope, Stop, Zonecfg};
use super::words::{Cmd, Res};

impl Zonecfg<'_, '_, '_> {
    /// `exit`.
    pub(super) fn exit(&mut self, command: &Command) -> Flow {
        let Some(force) = self.forced(command, "?F") else { return Ok(()) };
        self.force_exit |= force;
        if self.scope == Scope::Zone || self.force_exit {
            self.time_to_exit = true;
            return Ok(());
        }
        self.cannot_ask();
        self.zerr(
            "Resource incomplete, input not from terminal and -F not specified:\nexit command ignored, but exiting anyway.",
        );
        Err(Stop::Exit(1))
    }

    /// `cancel`.
    pub(super) fn cancel(&mut self, command: &Command) -> Flow {
        if self.forced(command, "?").is_none() {
            return Ok(());
        }
        if self.scope == Scope::Zone {
            self.scope_usage(Cmd::Cancel);
        }
        self.scope = Scope::Zone;
        for res in [Res::Fs, Res::Net, Res::Device, Res::Rctl, Res::Attr, Res::Dataset] {
            *self.draft(res) = super::resources::Draft::new(res);
        }
        Ok(())
    }

    /// `commit`.
    pub(super) fn commit(&mut self, command: &Command) -> Flow {
        if self.forced(command, "?").is_none() || self.refuses_change(Cmd::Commit) {
            return Ok(());
        }
        self.check(true)
    }

    /// `verify`. As the real one, it saves the zone when its word is `save`.
    pub(super) fn verify(&mut self, command: &Command) -> Flow {
        let save = command.args.first().is_some_and(|word| word == b"save");
        let options =
            Command { args: command.args.iter().filter(|w| w.starts_with(b"-")).cloned().collect(), ..command.clone() };
        if self.forced(&options, "?").is_none() || self.refuses_change(Cmd::Verify) {
            return Ok(());
        }
        self.check(save)
    }
}

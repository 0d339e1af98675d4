//! `clear`: properties back to what they are without being set.
//!
//! [source: clear_func, clear_global, clear_property of zonecfg.c; recorded: clear-*]

use super::command::Command;
use super::rctl;
use super::session::{Flow, Scope, Zonecfg};
use super::words::{Cmd, Prop, Res};
use crate::document::Error;

impl Zonecfg<'_, '_, '_> {
    /// `clear`.
    pub(super) fn clear(&mut self, command: &Command) -> Flow {
        let Some(prop) = command.prop() else { return Ok(()) };
        if self.refuses_change(Cmd::Clear) {
            return Ok(());
        }
        if self.scope != Scope::Zone {
            return self.clear_in_resource(prop);
        }
        if self.global_zone && prop.never_global() {
            self.fail(format!("{} is not a valid property for the global zone.", prop.word()));
            return Ok(());
        }
        if !self.initialize()? {
            return Ok(());
        }
        let Some(handle) = &mut self.handle else { return Ok(()) };
        let zone = &mut handle.document.zone;
        match prop {
            Prop::Zonename | Prop::Zonepath | Prop::Brand | Prop::Uuid => {
                self.fail_on(prop.word(), Error::ClearDisallow);
                return Ok(());
            }
            Prop::Autoboot => zone.set("autoboot", "false"),
            Prop::Pool
            | Prop::Limitpriv
            | Prop::Bootargs
            | Prop::SchedulingClass
            | Prop::IpType
            | Prop::Hostid
            | Prop::FsAllowed => zone.unset(prop.word()),
            alias if alias.is_alias() => {
                self.clear_alias(prop.word(), prop.word());
                return Ok(());
            }
            _ => {
                self.no_such_property(Cmd::Clear, prop.word());
                return Ok(());
            }
        }
        self.need_to_commit = true;
        Ok(())
    }

    fn clear_alias(&mut self, property: &str, alias: &str) {
        let Some(handle) = &mut self.handle else { return };
        match rctl::get_alias(&handle.document, alias) {
            Ok(_) => {
                rctl::remove_alias(&mut handle.document, alias);
                self.need_to_commit = true;
            }
            Err(error) => self.fail_at(Cmd::Clear, property, error),
        }
    }

    fn clear_in_resource(&mut self, prop: Prop) -> Flow {
        let Scope::Resource(Some(res)) = self.scope else {
            self.long_usage(Cmd::Clear);
            return Ok(());
        };
        if !self.initialize()? {
            return Ok(());
        }
        match (res, prop) {
            (Res::CappedMemory, Prop::Physical) if self.line.memory_cap_is_rctl => {
                self.clear_alias("physical", rctl::MAX_PHYSICAL);
            }
            (Res::CappedMemory, Prop::Swap) => self.clear_alias("swap", rctl::MAX_SWAP),
            (Res::CappedMemory, Prop::Locked) => self.clear_alias("locked", rctl::MAX_LOCKED),
            (Res::Fs, Prop::Raw)
            | (Res::DedicatedCpu, Prop::Importance)
            | (Res::CappedMemory, Prop::Physical)
            | (Res::SecurityFlags, Prop::Default | Prop::Lower | Prop::Upper) => self.empty(res, prop),
            (Res::Net, Prop::AllowedAddress | Prop::Defrouter | Prop::GlobalNic | Prop::MacAddr | Prop::VlanId)
                if self.line.net_extras =>
            {
                self.empty(res, prop)
            }
            _ => self.fail_on(prop.word(), Error::ClearDisallow),
        }
        Ok(())
    }

    fn empty(&mut self, res: Res, prop: Prop) {
        self.draft(res).set(prop, b"");
        self.need_to_commit = true;
    }
}

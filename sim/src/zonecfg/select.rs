//! `select`, and finding the resource that a command describes.
//!
//! [source: select_func, fill_in_* of zonecfg.c; recorded: net-select-*, select-*]

use super::command::Command;
use super::lookup;
use super::rctl;
use super::resources::Draft;
use super::session::{EndsIn, Flow, Scope, Zonecfg};
use super::words::{Cmd, Res};
use crate::document::Error;

impl Zonecfg<'_, '_, '_> {
    /// Reads a command's selector of a resource; reports what is wrong with it.
    pub(super) fn describe(&mut self, command: &Command, res: Res) -> Flow<Result<Draft, Error>> {
        let mut draft = Draft::new(res);
        for (at, prop) in command.props.iter().enumerate().take(command.pairs) {
            let Some(text) = command.values.get(at).and_then(super::command::Value::simple) else {
                self.fail("A simple value was expected here.");
                return Ok(Err(Error::InsufficientSpec));
            };
            if !res.fields().iter().any(|field| field.prop == *prop) {
                self.fail_on(prop.word(), Error::NoPropertyType);
                return Ok(Err(Error::InsufficientSpec));
            }
            if *prop == super::words::Prop::MacAddr {
                let mac = super::net::normal_mac(text);
                draft.set(*prop, &mac);
            } else {
                draft.set(*prop, text);
            }
        }
        Ok(Ok(draft))
    }

    /// The one resource that a command describes.
    pub(super) fn fill_in(&mut self, command: &Command, res: Res) -> Flow<Result<Draft, Error>> {
        let described = self.describe(command, res)?;
        let Some(handle) = &self.handle else { return Ok(Err(Error::NoZone)) };
        Ok(described.and_then(|mut draft| lookup::find(&handle.document, &mut draft, res).map(|()| draft)))
    }

    /// `select`.
    pub(super) fn select(&mut self, command: &Command) -> Flow {
        if self.refuses_change(Cmd::Select) {
            return Ok(());
        }
        if self.scope != Scope::Zone {
            self.scope_usage(Cmd::Select);
            return Ok(());
        }
        self.scope = Scope::Resource(command.res);
        self.ends_in = Some(EndsIn::Change);
        let Some(res) = command.res else { return Ok(()) };
        if !self.initialize()? {
            return Ok(());
        }
        let Some(handle) = &self.handle else { return Ok(()) };
        let document = &handle.document;
        let alias = |name: &str| rctl::get_alias(document, name);
        let found = match res {
            Res::DedicatedCpu => {
                let mut draft = Draft::new(res);
                lookup::find(document, &mut draft, res).map(|()| draft)
            }
            Res::CappedCpu => alias(rctl::CPU_CAP).map(|_| Draft::new(res)),
            Res::CappedMemory => {
                let mut draft = Draft::new(res);
                let physical = if self.line.memory_cap_is_rctl {
                    alias(rctl::MAX_PHYSICAL).is_ok()
                } else {
                    lookup::find(document, &mut draft, res).is_ok()
                };
                if physical || alias(rctl::MAX_SWAP).is_ok() || alias(rctl::MAX_LOCKED).is_ok() {
                    Ok(draft)
                } else {
                    Err(Error::NoResourceType)
                }
            }
            _ => self.fill_in(command, res)?,
        };
        match found {
            Ok(draft) => {
                self.selected[res as usize] = draft.clone();
                *self.draft(res) = draft;
            }
            Err(error) => {
                self.fail_at(Cmd::Select, res.word(), error);
                self.scope = Scope::Zone;
            }
        }
        Ok(())
    }
}

//! `add`: a resource in the zone's scope, a value in a resource's.
//!
//! [source: add_func, add_property of zonecfg.c; recorded: add-*, dcpu-twice, secflags-*, options-*, j-net-*]

use super::command::{Command, Value};
use super::lookup;
use super::options::Unknown;
use super::rctl;
use super::resources::{Draft, NAME, PART};
use super::session::{EndsIn, Flow, Scope, Zonecfg};
use super::words::{Cmd, Prop, Res};
use crate::document::Error;

pub(super) const TOO_LOW: &str = "could deny\nservice to even the root user; this could render the system impossible\nto \
                                  administer.  Please use caution.";

impl Zonecfg<'_, '_, '_> {
    /// `add`.
    pub(super) fn add(&mut self, command: &Command) -> Flow {
        if self.options(command, "?", Unknown::Help).is_none() || self.refuses_change(Cmd::Add) || !self.initialize()? {
            return Ok(());
        }
        if self.scope != Scope::Zone {
            return self.add_value(command);
        }
        if let Some(res) = command.res.filter(|res| self.global_zone && res.never_global()) {
            self.fail(format!("Cannot add a {} resource to the global zone.", res.word()));
            return Ok(());
        }
        let Some(res) = command.res else {
            self.long_usage(Cmd::Add);
            self.ends_in = None;
            return Ok(());
        };
        if self.may_be_added(res) {
            *self.draft(res) = Draft::new(res);
            self.scope = Scope::Resource(Some(res));
            self.ends_in = Some(EndsIn::Addition);
        } else {
            self.ends_in = None;
        }
        Ok(())
    }

    /// Returns true if there can be another resource of this type. A second one is reported, but is not an error.
    fn may_be_added(&mut self, res: Res) -> bool {
        let Some(handle) = &self.handle else { return false };
        let document = &handle.document;
        let exists = |res: Res| lookup::find(document, &mut Draft::new(res), res).is_ok();
        let alias = |name: &str| rctl::get_alias(document, name);
        let taken = |res: Res| format!("The {} resource already exists.", res.word());
        match res {
            Res::Rctl if self.global_zone => {
                self.zerr(format!("WARNING: Setting a global zone resource control too low {TOO_LOW}"));
                true
            }
            Res::DedicatedCpu if exists(Res::DedicatedCpu) => {
                self.zerr(taken(Res::DedicatedCpu));
                false
            }
            Res::DedicatedCpu if alias(rctl::CPU_CAP) != Err(Error::NoEntry) => {
                self.zerr(taken(Res::CappedCpu));
                false
            }
            Res::DedicatedCpu if !document.fetch("pool", NAME).unwrap_or_default().is_empty() => {
                self.zerr(
                    "The pool property is already set.  A persistent pool is incompatible with\nthe dedicated-cpu \
                     resource.",
                );
                false
            }
            Res::CappedCpu if exists(Res::DedicatedCpu) => {
                self.zerr(taken(Res::DedicatedCpu));
                false
            }
            Res::CappedCpu => match alias(rctl::CPU_CAP) {
                Err(Error::AliasDisallow) => {
                    self.zerr(format!("{}: {}", res.word(), Error::AliasDisallow.text()));
                    false
                }
                Ok(_) => {
                    self.zerr(taken(res));
                    false
                }
                Err(_) => true,
            },
            Res::CappedMemory => {
                let physical = if self.line.memory_cap_is_rctl {
                    alias(rctl::MAX_PHYSICAL).is_ok()
                } else {
                    exists(Res::CappedMemory)
                };
                if physical || alias(rctl::MAX_SWAP).is_ok() || alias(rctl::MAX_LOCKED).is_ok() {
                    self.zerr("The capped-memory resource or a related resource control already exists.");
                    return false;
                }
                if self.global_zone {
                    self.zerr(format!("WARNING: Setting a global zone memory cap too low {TOO_LOW}"));
                }
                true
            }
            Res::SecurityFlags if exists(Res::SecurityFlags) => {
                // It is told, and then added all the same.
                self.zerr(taken(res));
                true
            }
            _ => true,
        }
    }

    /// Adds a value to the resource being worked on.
    pub(super) fn add_value(&mut self, command: &Command) -> Flow {
        let (Scope::Resource(Some(res)), Some(prop), 1) = (self.scope, command.prop(), command.pairs) else {
            self.long_usage(Cmd::Add);
            return Ok(());
        };
        if !self.initialize()? {
            return Ok(());
        }
        let wanted = match res {
            Res::Fs => Prop::Options,
            Res::Rctl => Prop::Value,
            Res::Net | Res::Device if self.line.net_extras => Prop::Property,
            _ => {
                self.no_such_resource(Cmd::Add, res.word());
                return Ok(());
            }
        };
        if prop != wanted {
            self.no_such_property(Cmd::Add, prop.word());
            return Ok(());
        }
        match (res, command.values.first()) {
            (Res::Fs, Some(Value::Simple(option))) => self.draft(res).push(&[option]),
            (Res::Fs, Some(Value::List(options))) => {
                for option in options.iter().map_while(Value::simple) {
                    self.draft(res).push(&[option]);
                }
            }
            (Res::Fs, _) => self.fail("A simple or list value was expected here."),
            (Res::Rctl, Some(Value::Complex(parts))) => self.add_rctl_value(parts),
            (Res::Rctl, Some(Value::List(values))) => {
                for value in values {
                    match value {
                        Value::Complex(parts) => self.add_rctl_value(parts),
                        _ => self.add_rctl_value(&[]),
                    }
                }
            }
            (Res::Rctl, _) => self.fail("A complex or list value was expected here."),
            (_, Some(Value::Complex(parts))) => self.add_property(res, parts),
            _ => self.fail("A complex value was expected here."),
        }
        Ok(())
    }

    /// A value of a resource control. What is wrong with it is told, but is mostly no error.
    fn add_rctl_value(&mut self, parts: &[(Prop, Vec<u8>)]) {
        let mut values: [Option<Vec<u8>>; 3] = [None, None, None];
        const PROPS: [Prop; 3] = [Prop::Priv, Prop::Limit, Prop::Action];
        for (prop, text) in parts {
            let Some(at) = PROPS.iter().position(|p| p == prop) else {
                self.no_such_property(Cmd::Add, Prop::Value.word());
                return;
            };
            if values[at].is_some() {
                self.zerr(format!("{} already specified", prop.word()));
                return;
            }
            values[at] = Some(text[..text.len().min(NAME - 1)].to_vec());
        }
        for (prop, _) in PROPS.iter().zip(&values).filter(|(_, value)| value.is_none()) {
            self.zerr(format!("{} not specified", prop.word()));
        }
        let [Some(privilege), Some(limit), Some(action)] = values else { return };
        if rctl::valid_value(&privilege, &limit, &action) {
            self.draft(Res::Rctl).push(&[&privilege, &limit, &action]);
        } else {
            self.zerr("Invalid rctl value specification");
        }
    }

    /// A property of a net or device. One that lacks a part is told of, and added all the same.
    fn add_property(&mut self, res: Res, parts: &[(Prop, Vec<u8>)]) {
        let mut values: [Option<&[u8]>; 2] = [None, None];
        const PROPS: [(Prop, usize); 2] = [(Prop::Name, NAME), (Prop::Value, PART)];
        for (prop, text) in parts {
            let Some(at) = PROPS.iter().position(|(p, _)| p == prop) else {
                self.no_such_property(Cmd::Add, Prop::Property.word());
                return;
            };
            if values[at].is_some() {
                self.zerr(format!("{} already specified", prop.word()));
                return;
            }
            if text.len() >= PROPS[at].1 {
                self.zerr(format!("Input for {} is too long", prop.word()));
                return;
            }
            values[at] = Some(text);
        }
        for ((prop, _), _) in PROPS.iter().zip(values).filter(|(_, value)| value.is_none()) {
            self.zerr(format!("{} not specified", prop.word()));
        }
        let [name, value] = values.map(Option::unwrap_or_default);
        self.draft(res).push(&[name, value]);
    }
}

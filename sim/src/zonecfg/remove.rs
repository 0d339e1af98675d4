//! `remove`: resources in the zone's scope, values in a resource's.
//!
//! [source: remove_func, remove_property of zonecfg.c; recorded: net-remove-*, fs-*]

use super::command::{Command, Value};
use super::getopt::Found;
use super::lookup;
use super::rctl;
use super::resources::Draft;
use super::session::{Flow, Scope, Zonecfg};
use super::words::{Cmd, Prop, Res};
use crate::document::Error;

impl Zonecfg<'_, '_, '_> {
    /// `remove`.
    pub(super) fn remove(&mut self, command: &Command) -> Flow {
        if self.refuses_change(Cmd::Remove) {
            return Ok(());
        }
        if self.scope != Scope::Zone {
            return self.remove_value(command);
        }
        if let Some(res) = command.res.filter(|res| self.global_zone && res.never_global()) {
            self.fail(format!("{} is not a valid resource for the global zone.", res.word()));
            return Ok(());
        }
        let Some(res) = command.res else {
            self.long_usage(Cmd::Remove);
            return Ok(());
        };
        let options = self.getopt(command, "?F");
        let wrong = options.found.iter().filter(|found| **found != Found::Option(b'F')).count();
        for _ in 0..wrong {
            self.longer_usage(Cmd::Remove);
        }
        if wrong > 0 || !self.initialize()? {
            return Ok(());
        }
        let force = options.found.contains(&Found::Option(b'F'));
        // On lines that remove properties without naming them, `-F` also prints nothing.
        let quiet = force && self.line.net_extras;
        match res {
            Res::DedicatedCpu => {
                let found = self.handle.as_ref().map(|h| lookup::find(&h.document, &mut Draft::new(res), res));
                match found {
                    Some(Ok(())) => self.drop_one(&Draft::new(res), res, quiet),
                    Some(Err(error)) if !quiet => self.fail_at(Cmd::Remove, res.word(), error),
                    _ => {}
                }
            }
            Res::CappedCpu => self.remove_aliases(res, &[rctl::CPU_CAP], quiet),
            Res::CappedMemory => self.remove_memory_cap(quiet),
            Res::SecurityFlags => {
                let mut draft = Draft::new(res);
                match self.handle.as_ref().map(|h| lookup::find(&h.document, &mut draft, res)) {
                    Some(Ok(())) => self.drop_one(&draft, res, false),
                    _ => self.zerr(format!("remove {}: {}", res.word(), Error::NoResourceType.text())),
                }
            }
            _ if command.pairs > 0 => {
                let found = self.fill_in(command, res)?;
                match found {
                    Ok(draft) => self.drop_one(&draft, res, quiet),
                    Err(error) if !quiet => self.fail_at(Cmd::Remove, res.word(), error),
                    Err(_) => {}
                }
            }
            _ => self.remove_all(res, force),
        }
        Ok(())
    }

    fn drop_one(&mut self, draft: &Draft, res: Res, quiet: bool) {
        let extras = self.line.net_extras;
        match self.handle.as_mut().map(|handle| lookup::delete(&mut handle.document, draft, res, extras)) {
            Some(Ok(())) => self.need_to_commit = true,
            Some(Err(error)) if !quiet => self.fail_at(Cmd::Remove, res.word(), error),
            _ => {}
        }
    }

    fn remove_all(&mut self, res: Res, force: bool) {
        let Some(handle) = &mut self.handle else { return };
        let count = handle.document.resources(res.element()).count();
        if count == 0 && !(force && self.line.net_extras) {
            self.fail_at(Cmd::Remove, res.word(), Error::NoEntry);
        } else if count > 1 && !force && self.interactive {
            self.cannot_ask();
            self.zerr("Resource incomplete.");
        } else if count > 1 && !force {
            self.fail(
                "There are multiple instances of this resource.  Either qualify the resource to\nremove a single instance \
                 or use the -F option to remove all instances.",
            );
        } else if count == 0 && res == Res::Admin {
            self.fail_at(Cmd::Remove, res.word(), Error::NoEntry);
        } else {
            lookup::delete_all(&mut handle.document, res);
            self.need_to_commit = true;
        }
    }

    fn remove_aliases(&mut self, res: Res, names: &[&str], quiet: bool) {
        let Some(handle) = &mut self.handle else { return };
        let mut found = false;
        for name in names {
            if rctl::get_alias(&handle.document, name).is_ok() {
                rctl::remove_alias(&mut handle.document, name);
                found = true;
            }
        }
        if found {
            self.need_to_commit = true;
        } else if !quiet {
            self.fail_at(Cmd::Remove, res.word(), Error::NoResourceType);
        }
    }

    fn remove_memory_cap(&mut self, quiet: bool) {
        let res = Res::CappedMemory;
        if self.line.memory_cap_is_rctl {
            return self.remove_aliases(res, &[rctl::MAX_PHYSICAL, rctl::MAX_SWAP, rctl::MAX_LOCKED], quiet);
        }
        let Some(handle) = &mut self.handle else { return };
        let had_cap = lookup::delete(&mut handle.document, &Draft::new(res), res, false).is_ok();
        self.need_to_commit |= had_cap;
        // With a cap there is something to remove, and the rest is removed where it is there.
        self.remove_aliases(res, &[rctl::MAX_SWAP, rctl::MAX_LOCKED], had_cap || quiet);
    }

    /// Takes a value from the resource being worked on.
    fn remove_value(&mut self, command: &Command) -> Flow {
        let extras = self.line.net_extras;
        let mut force = false;
        if extras {
            let options = self.getopt(command, "F");
            force = options.found.contains(&Found::Option(b'F'));
            if options.found.iter().any(|found| *found != Found::Option(b'F')) {
                self.saw_error = true;
                return Ok(());
            }
        }
        let (Scope::Resource(Some(res)), Some(prop)) = (self.scope, command.prop()) else {
            self.long_usage(Cmd::Remove);
            return Ok(());
        };
        // The stock command shows the usage of another one.
        let shown = if extras { Cmd::Remove } else { Cmd::Add };
        if !extras && command.pairs != 1 {
            self.long_usage(shown);
            return Ok(());
        }
        if !self.initialize()? {
            return Ok(());
        }
        let of_several = extras && matches!(res, Res::Net | Res::Device);
        let known = matches!(res, Res::Fs | Res::Rctl | Res::Net) || of_several;
        if known && if of_several { command.pairs > 1 } else { command.pairs != 1 } {
            self.long_usage(shown);
            return Ok(());
        }
        let value = command.values.first();
        let wanted = match res {
            Res::Fs => Prop::Options,
            Res::Rctl => Prop::Value,
            _ if of_several => Prop::Property,
            Res::Net => Prop::Defrouter,
            _ => {
                self.no_such_resource(Cmd::Remove, res.word());
                return Ok(());
            }
        };
        if prop != wanted {
            self.no_such_property(Cmd::Remove, prop.word());
            return Ok(());
        }
        match (wanted, value) {
            (Prop::Defrouter, _) => self.draft(res).set(Prop::Defrouter, b""),
            (Prop::Options, Some(Value::Simple(option))) => self.drop_value(res, prop, &[option], force),
            (Prop::Options, Some(Value::List(options))) => {
                for option in options.iter().map_while(Value::simple) {
                    self.drop_value(res, prop, &[option], force);
                }
            }
            (Prop::Options, _) => self.fail("A simple or list value was expected here."),
            (Prop::Property, None) => self.draft(res).parts.clear(),
            (_, Some(Value::Complex(parts))) => {
                let props: &[Prop] = if res == Res::Rctl {
                    &[Prop::Priv, Prop::Limit, Prop::Action]
                } else {
                    &[Prop::Name, Prop::Value]
                };
                if parts.iter().any(|(part, _)| !props.contains(part)) {
                    self.fail_on(prop.word(), Error::NoPropertyType);
                    self.long_usage(shown);
                    self.usage(super::help::Stream::Errors, &[super::help::Topic::Properties]);
                    return Ok(());
                }
                let last = |prop: &Prop| {
                    parts.iter().rev().find(|(part, _)| part == prop).map_or(b"".as_slice(), |(_, text)| text)
                };
                let wanted: Vec<&[u8]> = props.iter().map(last).collect();
                self.drop_value(res, prop, &wanted, force);
            }
            _ => self.fail("A complex value was expected here."),
        }
        Ok(())
    }

    fn drop_value(&mut self, res: Res, prop: Prop, value: &[&[u8]], force: bool) {
        if !self.draft(res).drop_part(value) && !force {
            self.fail_on(prop.word(), Error::NoPropertyId);
        }
    }
}
